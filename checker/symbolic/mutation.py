"""Leave out each guard in turn, and find the obligations that no longer follow.

The cores of a proof say which obligations used a guard; only these are asked again, in one solver,
without it. An obligation that has another proof is not lost.

Soundness: a guard is called redundant for what is proved only when every obligation of its action
has a proof that does not use it. That one does *not* follow says that the proof is lost, not that a
run breaks the property.
"""

from __future__ import annotations

from collections.abc import Iterator

from splitspec.checker.proof import Mutant, Status
from splitspec.checker.symbolic.calculus import StepCalculus
from splitspec.checker.symbolic.prover import Proof
from splitspec.checker.symbolic.z3_solver import Reply
from splitspec.model import ir


def mutants(proof: Proof) -> tuple[Mutant, ...]:
    """Return, for each guard of a settled proof, what is lost without it."""
    return tuple(mutant for action in proof.theory.system.actions for mutant in _of(proof, action))


def _of(proof: Proof, action: ir.FlatAction) -> Iterator[Mutant]:
    with proof.calculus.step(action) as step:
        for guard in action.guards:
            yield _without(proof, action, guard, step)


def _without(
    proof: Proof, action: ir.FlatAction, guard: ir.FlatGuard, step: StepCalculus
) -> Mutant:
    name = f"{action.path}.{guard.name}"
    lost: dict[str, None] = {}
    open_: dict[str, None] = {}
    for (claim, path), decision in proof.decisions.items():
        uses = decision.status is Status.PROVED and name in decision.outcome.core
        if path != action.path or not uses:
            continue
        outcome = step.decide(proof.claims[claim], proof.live, without=name)
        if outcome.reply is Reply.REFUTED:
            lost[proof.claims[claim].path] = None
        elif outcome.reply is Reply.UNKNOWN:
            open_[proof.claims[claim].path] = None
    undecided = tuple(path for path in open_ if path not in lost)
    return Mutant(action.path, guard.name, guard.kind, guard.origin, tuple(lost), undecided)
