"""Prove obligations for the sizes of one scope.

Soundness: the formulas are exact (`splitspec.checker.symbolic.instance`), so a proof is one of all
states and steps of the scope, and a model is a step of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from splitspec.checker.proof import Method
from splitspec.checker.symbolic import cvc5_solver, z3_solver
from splitspec.checker.symbolic.calculus import Facts, Outcome, StepCalculus
from splitspec.checker.symbolic.encoder import Moment
from splitspec.checker.symbolic.instance import FiniteStep, Instance
from splitspec.checker.symbolic.satisfaction import Satisfaction
from splitspec.checker.symbolic.term import Term
from splitspec.checker.symbolic.theory import Claim, Theory
from splitspec.checker.symbolic.z3_solver import Answer, Reply
from splitspec.model import ir
from splitspec.model.scope import Scope


@dataclass
class _Step:
    """The obligations of one action at the scope."""

    calculus: FiniteCalculus
    step: FiniteStep
    solver: Satisfaction
    guards: dict[str, Term]

    def decide(self, claim: Claim, live: Facts, without: str = "") -> Outcome:
        self.solver.push()
        self.solver.add(self.step.breaks(claim))
        names = [name for name in self.calculus.facts if name in live]
        answer = self.solver.contradiction(
            [*names, *(guard for guard in self.guards if guard != without)]
        )
        self.solver.pop()
        return self.calculus.outcome(answer)


class FiniteCalculus:
    """Proof at one scope."""

    def __init__(self, theory: Theory, scope: Scope, seed: int, steps: int) -> None:
        self.instance = Instance(theory, scope)
        self.facts = self.instance.facts()
        self._seed, self._steps = seed, steps

    @property
    def solvers(self) -> tuple[str, ...]:
        return (z3_solver.version(), cvc5_solver.version())

    def initially(self, claim: Claim) -> Outcome:
        instance = self.instance
        goal = instance.holds(claim, Moment(instance.initial))
        solver = Satisfaction(seed=self._seed, steps=self._steps)
        solver.add(instance.legal(instance.before), instance.terms.negation(goal))
        return self.outcome(solver.contradiction(()))

    @contextmanager
    def step(self, action: ir.FlatAction) -> Iterator[StepCalculus]:
        instance = self.instance
        step = instance.step(action)
        solver = Satisfaction(seed=self._seed, steps=self._steps)
        solver.add(instance.legal(instance.before), step.limits)
        for name, fact in self.facts.items():
            solver.name(name, fact)
        guards = {f"{action.path}.{name}": term for name, term in step.guards.items()}
        for name, guard in guards.items():
            solver.name(name, guard)
        yield _Step(self, step, solver, guards)

    def outcome(self, answer: Answer) -> Outcome:
        """Return the answer to a query as the outcome of an obligation."""
        if answer.reply is not Reply.PROVED:
            return Outcome(answer.reply, None, answer.core, 0, answer.seconds, answer.reason)
        # What is legal at the scope says what is assumed, so all assumptions count as used.
        assumed = {assumption.path for assumption in self.instance.system.assumptions}
        core = answer.core | assumed
        return Outcome(answer.reply, Method.FINITE, core, 0, answer.seconds, answer.reason)

    def contradicts_itself(self, live: Facts) -> bool:
        instance = self.instance
        solver = Satisfaction(seed=self._seed, steps=self._steps)
        solver.add(instance.legal(instance.before))
        solver.add(*(fact for name, fact in self.facts.items() if name in live))
        return solver.check() is False

    def recheck(self, claim: Claim, action: ir.FlatAction | None, outcome: Outcome) -> Answer:
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
