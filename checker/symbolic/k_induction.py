"""Prove by induction over several steps what one step does not show, at the scope of a setting.

Soundness: no run of fewer than k steps refutes the claim; and after k states in a row that satisfy
it, all of them states of the facts that are proved, comes no state that does not. So none ever
comes. Both halves are exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from splitspec.checker.symbolic import cvc5_solver
from splitspec.checker.symbolic.bounded import explore_bounded
from splitspec.checker.symbolic.encoder import Moment
from splitspec.checker.symbolic.finite import CellState
from splitspec.checker.symbolic.instance import Instance
from splitspec.checker.symbolic.prover import Proof
from splitspec.checker.symbolic.satisfaction import Satisfaction
from splitspec.checker.symbolic.term import Term
from splitspec.checker.symbolic.theory import INDUCTIVE, Claim
from splitspec.checker.symbolic.unrolling import Unrolling
from splitspec.checker.symbolic.z3_solver import Answer, Reply, lost_answer
from splitspec.model.ir import PropertyKind
from splitspec.model.verdict import Outcome


def induct(proof: Proof, paths: Iterable[str], steps: int) -> Mapping[str, int]:
    """Return the claims on states that are proved by induction over at most `steps` steps, each
    with the number of steps that it took."""
    found = {}
    for path in paths:
        claims = _claims(proof, path)
        if claims and claims[0].kind in (*INDUCTIVE, PropertyKind.EXACT):
            number = proof.journal.ask(partial(_shown, proof, claims, steps), lambda _: None)
            if number is not None:
                found[path] = number
    return found


def confirm(proof: Proof, path: str, number: int) -> Answer:
    """Ask cvc5 alone about what was proved by induction over so many steps."""
    about = f"{path} over {number} steps"
    return proof.journal.ask(partial(_confirmed, proof, path, number), lost_answer, about)


def _claims(proof: Proof, path: str) -> list[Claim]:
    return [claim for claim in proof.theory.claims if claim.path == path]


def _facts(proof: Proof) -> list[Claim]:
    return [proof.claims[name] for name in sorted(proof.live) if proof.is_settled(name)]


def _shown(proof: Proof, claims: list[Claim], steps: int) -> int | None:
    """Return the number of steps over which the claims of one path are shown by induction."""
    number = _closing(proof, claims, steps)
    return number if number and _holds_before(proof, claims[0].path, number) else None


class _Row:
    """Good states in a row, from anywhere, and one behind them."""

    def __init__(self, proof: Proof, claims: list[Claim], solver: Satisfaction) -> None:
        self.instance = Instance(proof.theory, proof.setting.scope)
        self._facts, self._claims, self._solver = _facts(proof), claims, solver
        self._states = Unrolling(self.instance, solver, initial=False)
        solver.add(_all_hold(self.instance, self._facts, self._states.states[0]))

    def extend(self) -> Term:
        """Let the last state be a good one, add one behind it, and return that it is good."""
        self._solver.add(_all_hold(self.instance, self._claims, self._states.states[-1]))
        self._states.extend()
        self._solver.add(_all_hold(self.instance, self._facts, self._states.states[-1]))
        return _all_hold(self.instance, self._claims, self._states.states[-1])


def _closing(proof: Proof, claims: list[Claim], steps: int) -> int | None:
    """Return the number of good states in a row after which no bad one comes."""
    solver = Satisfaction(steps=proof.limits.steps)
    row = _Row(proof, claims, solver)
    for number in range(1, steps + 1):
        if solver.check(row.instance.terms.negation(row.extend())) is False:
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


def _confirmed(proof: Proof, path: str, number: int) -> Answer:
    """Return what cvc5 says of both halves: of the row of states, and of each state of the first
    runs."""
    claims, budget, solver = _claims(proof, path), proof.limits.steps, Satisfaction()
    row = _Row(proof, claims, solver)
    goals = [row.extend() for _ in range(number)]
    answer = cvc5_solver.ask(row.instance.terms, solver.told, goals[-1], steps=budget)
    instance, solver = Instance(proof.theory, proof.setting.scope), Satisfaction()
    runs = Unrolling(instance, solver, initial=True)
    while answer.reply is Reply.PROVED and runs.depth < number:
        goal = _all_hold(instance, claims, runs.states[-1])
        answer = cvc5_solver.ask(instance.terms, solver.told, goal, steps=budget)
        runs.extend()
    return answer
