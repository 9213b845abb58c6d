"""Prove obligations for the sizes of one scope.

Soundness: the formulas are exact (`splitspec.checker.symbolic.instance`), so a proof is one of all
states and steps of the scope, and a model is a step of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial

from splitspec.checker.proof import Method
from splitspec.checker.symbolic import cvc5_solver, z3_solver
from splitspec.checker.symbolic.calculus import Facts, Outcome, StepCalculus
from splitspec.checker.symbolic.encoder import Moment
from splitspec.checker.symbolic.instance import FiniteStep, Instance
from splitspec.checker.symbolic.journal import Journal
from splitspec.checker.symbolic.satisfaction import Satisfaction
from splitspec.checker.symbolic.term import Term
from splitspec.checker.symbolic.theory import Claim, Theory
from splitspec.checker.symbolic.z3_solver import Answer, Reply, lost_answer
from splitspec.model import ir
from splitspec.model.scope import Scope


@dataclass
class _Step:
    """The obligations of one action at the scope."""

    calculus: FiniteCalculus
    step: FiniteStep
    guards: dict[str, Term]

    @cached_property
    def solver(self) -> Satisfaction:
        """What knows everything but the claim."""
        solver = self.calculus.solver()
        solver.add(self.step.limits)
        for name, fact in (*self.calculus.facts.items(), *self.guards.items()):
            solver.name(name, fact)
        return solver

    def decide(self, claim: Claim, live: Facts, without: str = "") -> Outcome:
        return self.calculus.ask(partial(self._decide, claim, live, without))

    def _decide(self, claim: Claim, live: Facts, without: str) -> Answer:
        self.solver.push()
        self.solver.add(self.step.breaks(claim))
        names = [name for name in self.calculus.facts if name in live]
        answer = self.solver.contradiction(
            [*names, *(guard for guard in self.guards if guard != without)]
        )
        self.solver.pop()
        return answer


class FiniteCalculus:
    """Proof at one scope."""

    def __init__(
        self,
        theory: Theory,
        scope: Scope,
        seed: int,
        steps: int,
        journal: Journal | None = None,
    ) -> None:
        self.instance = Instance(theory, scope)
        self.facts = self.instance.facts()
        self._seed, self._steps = seed, steps
        self._journal = journal or Journal()

    @property
    def solvers(self) -> tuple[str, ...]:
        return (z3_solver.version(), cvc5_solver.version())

    def solver(self) -> Satisfaction:
        """Return a solver that knows what is legal at the scope."""
        solver = Satisfaction(seed=self._seed, steps=self._steps)
        solver.add(self.instance.legal(self.instance.before))
        return solver

    def ask(self, make: Callable[[], Answer]) -> Outcome:
        """Return the answer to a query as the outcome of an obligation."""
        return self.outcome(self._journal.ask(make, lost_answer))

    def initially(self, claim: Claim) -> Outcome:
        instance = self.instance

        def answer() -> Answer:
            goal = instance.holds(claim, Moment(instance.initial))
            solver = self.solver()
            solver.add(instance.terms.negation(goal))
            return solver.contradiction(())

        return self.ask(answer)

    @contextmanager
    def step(self, action: ir.FlatAction) -> Iterator[StepCalculus]:
        step = self.instance.step(action)
        guards = {f"{action.path}.{name}": term for name, term in step.guards.items()}
        yield _Step(self, step, guards)

    def outcome(self, answer: Answer) -> Outcome:
        """Return the answer to a query as the outcome of an obligation."""
        if answer.reply is not Reply.PROVED:
            method = None if answer == lost_answer(answer.reason) else Method.FINITE
            return Outcome(answer.reply, method, answer.core, 0, answer.seconds, answer.reason)
        # What is legal at the scope says what is assumed, so all assumptions count as used.
        assumed = {assumption.path for assumption in self.instance.system.assumptions}
        core = answer.core | assumed
        return Outcome(answer.reply, Method.FINITE, core, 0, answer.seconds, answer.reason)

    def contradicts_itself(self, live: Facts) -> bool:
        def contradicts() -> bool:
            solver = self.solver()
            solver.add(*(fact for name, fact in self.facts.items() if name in live))
            return solver.check() is False

        return self._journal.ask(contradicts, lambda _: False)

    def recheck(self, claim: Claim, action: ir.FlatAction | None, outcome: Outcome) -> Answer:
        return self._journal.ask(partial(self._rechecked, claim, action, outcome), lost_answer)

    def _rechecked(self, claim: Claim, action: ir.FlatAction | None, outcome: Outcome) -> Answer:
        instance = self.instance
        facts = [instance.legal(instance.before)]
        if action is None:
            goal = instance.holds(claim, Moment(instance.initial))
        else:
            step = instance.step(action)
            goal = instance.terms.negation(step.breaks(claim))
            facts += [step.limits]
            guards = {f"{action.path}.{name}": term for name, term in step.guards.items()}
            facts += [guards[name] for name in sorted(outcome.core) if name in guards]
            facts += [self.facts[name] for name in sorted(outcome.core) if name in self.facts]
        return cvc5_solver.ask(instance.terms, facts, goal, steps=self._steps)
