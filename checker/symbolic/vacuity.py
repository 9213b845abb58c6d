"""What makes a proof worth nothing: that no run begins, or not as `init` says; and actions that no
state of the facts enables.

Both are looked for at the sizes of the model first. A proof for any size speaks of other sizes and
constants, too, so that there the assumptions, or the guards with the facts, have to contradict one
another at every size.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from splitspec.checker.proof import ILL_BEGUN
from splitspec.checker.result import NOTHING_STARTS
from splitspec.checker.symbolic.beginning import begins_well
from splitspec.checker.symbolic.calculus import Facts
from splitspec.checker.symbolic.enabling import Enabling, starts
from splitspec.checker.symbolic.finite_calculus import FiniteCalculus
from splitspec.checker.symbolic.prover import Proof
from splitspec.checker.symbolic.unbounded_calculus import UnboundedCalculus
from splitspec.checker.symbolic.z3_solver import Reply
from splitspec.model.ir import FlatAction

WHETHER_IT_STARTS = "whether there is a run"


def why_nothing_starts(proof: Proof) -> str:
    """Return why nothing is claimed of any run: there is none, or it is not known, or not how runs
    begin; else ""."""
    found = _why_no_run(proof)
    if found or begins_well(proof.calculus, proof.theory.system, confirmed=proof.confirms):
        return found
    return ILL_BEGUN


def begins(proof: Proof) -> bool:
    """Whether there is a run at all, as far as is known."""
    return not why_nothing_starts(proof)


def _why_no_run(proof: Proof) -> str:
    """Return "" if there is a run. Where no small scope has one, a number may be too large for it,
    or pinned there."""

    def reason() -> str:
        begun = starts(proof.setting, proof.theory, sizes_max=_sizes_max(proof))
        return "" if begun else NOTHING_STARTS

    found = proof.journal.ask(reason, lambda reason: f"{WHETHER_IT_STARTS}: {reason}")
    if found != NOTHING_STARTS or not isinstance(proof.calculus, UnboundedCalculus):
        return found
    answer = proof.calculus.begins()
    match answer.reply:
        case Reply.PROVED:
            return NOTHING_STARTS
        case Reply.REFUTED:
            return ""
        case Reply.UNKNOWN:
            return f"{WHETHER_IT_STARTS}: {answer.reason}"
        case _:
            assert_never(answer.reply)


def _sizes_max(proof: Proof) -> int:
    """Return the sizes at which an initial state may be sought, besides the setting's own."""
    return 0 if isinstance(proof.calculus, FiniteCalculus) else proof.limits.scope_max


def never_enabled(proof: Proof, facts: Facts) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the actions that cannot happen, and in words those of which that is not known."""
    enabling = Enabling(proof.setting, proof.theory, facts)
    dead: list[str] = []
    open_: list[str] = []
    for action in proof.theory.system.actions:

        def is_dead(action: FlatAction = action) -> tuple[bool, str]:
            return enabling.is_dead(action), ""

        found, reason = proof.journal.ask(is_dead, lambda reason: (False, reason), action.path)
        if found:
            dead.append(action.path)
        if reason:
            open_.append(f"whether {action.path} can happen: {reason}")
    return tuple(dead), tuple(open_)


def idle_at_the_scope(proof: Proof, facts: Facts, idle: Iterable[str]) -> tuple[str, ...]:
    """Return the actions that are idle at the scope, and not found to be so at every size."""
    if not isinstance(proof.calculus, UnboundedCalculus):
        return ()
    actions = {action.path: action for action in proof.theory.system.actions}
    calculus = proof.calculus
    return tuple(path for path in idle if not calculus.is_excluded(actions[path], facts))
