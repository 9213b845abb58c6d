"""Prove by induction over several steps what one step does not show, at the scope of a setting.

Soundness: no run of fewer than k steps refutes the claim; and after k states in a row that satisfy
it, all of them states of the facts that are proved, comes no state that does not. So none ever
comes. Both halves are exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from splitspec.checker.symbolic.bounded import explore_bounded
from splitspec.checker.symbolic.encoder import Moment
from splitspec.checker.symbolic.finite import CellState
from splitspec.checker.symbolic.instance import Instance
from splitspec.checker.symbolic.prover import Proof
from splitspec.checker.symbolic.satisfaction import Satisfaction
from splitspec.checker.symbolic.term import Term
from splitspec.checker.symbolic.theory import INDUCTIVE, Claim
from splitspec.checker.symbolic.unrolling import Unrolling
from splitspec.model.ir import PropertyKind
from splitspec.model.verdict import Outcome


def induct(proof: Proof, paths: Iterable[str], steps: int) -> Mapping[str, int]:
    """Return the claims on states that are proved by induction over at most `steps` steps, each
    with the number of steps that it took."""
    facts = [proof.claims[name] for name in sorted(proof.live) if proof.is_settled(name)]
    found = {}
    for path in paths:
        claims = [claim for claim in proof.theory.claims if claim.path == path]
        if claims and claims[0].kind in (*INDUCTIVE, PropertyKind.EXACT):
            number = proof.journal.ask(partial(_shown, proof, facts, claims, steps), lambda _: None)
            if number is not None:
                found[path] = number
    return found


def _shown(proof: Proof, facts: list[Claim], claims: list[Claim], steps: int) -> int | None:
    """Return the number of steps over which the claims of one path are shown by induction."""
    number = _closing(proof, facts, claims, steps)
    return number if number and _holds_before(proof, claims[0].path, number) else None


def _closing(proof: Proof, facts: list[Claim], claims: list[Claim], steps: int) -> int | None:
    """Return the number of good states in a row after which no bad one comes."""
    instance = Instance(proof.theory, proof.setting.scope)
    solver = Satisfaction(steps=proof.limits.steps)
    unrolling = Unrolling(instance, solver, initial=False)
    solver.add(_all_hold(instance, facts, unrolling.states[0]))
    for number in range(1, steps + 1):
        solver.add(_all_hold(instance, claims, unrolling.states[-1]))
        unrolling.extend()
        solver.add(_all_hold(instance, facts, unrolling.states[-1]))
        bad = instance.terms.negation(_all_hold(instance, claims, unrolling.states[-1]))
        if solver.check(bad) is False:
            return number
    return None


def _all_hold(instance: Instance, claims: Iterable[Claim], state: CellState) -> Term:
    return instance.terms.conjunction(*(instance.holds(claim, Moment(state)) for claim in claims))


def _holds_before(proof: Proof, path: str, number: int) -> bool:
    """Whether no run of fewer than `number` steps refutes the claim."""
    result = explore_bounded(
        proof.setting, number - 1, selected=frozenset({path}), limits=proof.limits, apart=False
    )
    if result.run.interrupted:  # So it did not come to the last of these steps.
        raise KeyboardInterrupt
    return [verdict.outcome for verdict in result.verdicts] == [Outcome.HOLDS]
