"""Whether the steps of one scope keep claims, and the states around a step that does not.

One solver knows every fact and every breach that was asked about, each under a name, so that nearby
questions share what it learnt.

Soundness: exact at the scope, both ways, as `splitspec.checker.symbolic.instance` is. What a
counterexample here refutes has no proof for any size from the same facts.
"""

from __future__ import annotations

from collections.abc import Iterable

from splitspec.checker.symbolic.encoder import Moment
from splitspec.checker.symbolic.instance import FiniteStep, Instance
from splitspec.checker.symbolic.journal import Journal
from splitspec.checker.symbolic.satisfaction import Satisfaction
from splitspec.checker.symbolic.theory import Claim, Theory
from splitspec.checker.symbolic.z3_solver import Reply
from splitspec.model.evaluator import Evaluator
from splitspec.model.scope import State

Pair = tuple[State | None, State | None]
"""The states before and after a step; none before it if the solver was lost."""


class Consecution:
    """The facts and steps of a theory at the scope of an evaluator."""

    def __init__(self, theory: Theory, evaluator: Evaluator, journal: Journal) -> None:
        self._evaluator, self._journal = evaluator, journal
        self._instance = Instance(theory, evaluator.places.scope)
        self._actions = {action.path: action for action in theory.system.actions}
        self._steps: dict[str, FiniteStep] = {}
        self._named: set[str] = set()
        self._solver = Satisfaction()
        self._solver.add(self._instance.legal(self._instance.before))
        for fact in theory.facts:
            self.believe(fact)

    def believe(self, fact: Claim) -> None:
        """Let questions name a claim on states as a fact."""
        if fact.name not in self._named:
            self._named.add(fact.name)
            moment = Moment(self._instance.before)
            self._solver.name(fact.name, self._instance.holds(fact, moment))

    def counterexample(
        self, claim: Claim, action: str, facts: Iterable[str]
    ) -> tuple[Pair | None, frozenset[str]]:
        """Return the states around a step of the action, from where the facts hold, that breaks the
        claim; if there is none, the facts that exclude it."""

        def lost(_: str) -> tuple[Pair | None, frozenset[str]]:
            return (None, None), frozenset()

        names = list(facts)
        return self._journal.ask(
            lambda: self._asked(claim, action, names), lost, f"{claim.name} after {action}"
        )

    def _asked(
        self, claim: Claim, action: str, facts: list[str]
    ) -> tuple[Pair | None, frozenset[str]]:
        step = self._step(action)
        broken = f"{claim.name} broken by {action}"
        if broken not in self._named:
            self._named.add(broken)
            self._solver.name(broken, step.broken(claim))
        answer = self._solver.contradiction([broken, *facts])
        if answer.reply is Reply.PROVED:
            return None, answer.core - {broken}
        if answer.reply is Reply.UNKNOWN:
            return (None, None), frozenset()
        instance, value = self._instance, self._solver.value
        before = tuple(value(instance.before.cell(v, indices)) for v, indices in instance.layout)
        binding = {name: value(parameter) for name, parameter in step.parameters.items()}
        transition = self._evaluator.step(before, action, binding)
        return (before, None if transition is None else transition.successor), frozenset()

    def _step(self, action: str) -> FiniteStep:
        if action not in self._steps:
            self._steps[action] = self._instance.step(self._actions[action])
        return self._steps[action]
