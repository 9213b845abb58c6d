"""Prove obligations for any size.

An obligation climbs a ladder: the incremental solver, a fresh one with another seed and the facts
near it alone, another one with all facts, cvc5. What none of them proves is left to the search for
counterexamples and to finite scopes.

Soundness: an obligation counts as proved when one solver says that facts, guards and hypotheses
imply the goal. The core names what was used, no less: hypotheses that are not named there hold by
the meaning of the language.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from splitspec.checker.proof import Method, ProofLimits
from splitspec.checker.symbolic import cvc5_solver, z3_solver
from splitspec.checker.symbolic.calculus import Facts, Outcome, StepCalculus
from splitspec.checker.symbolic.condition import Conditions, Query, Step
from splitspec.checker.symbolic.relevance import facts_near
from splitspec.checker.symbolic.term import Term, Truth
from splitspec.checker.symbolic.theory import Claim, Theory
from splitspec.checker.symbolic.z3_solver import Answer, Reply, Session, Translator
from splitspec.model import ir

FIRST_STEPS = 600_000
"""The budget of the incremental solver: what it does not prove soon, a fresh one may."""

MINIMISING_STEPS = 60_000


@dataclass
class UnboundedStep:
    """The obligations of one action, for any size, in a scope of the incremental solver."""

    calculus: UnboundedCalculus
    step: Step
    guards: dict[str, Term]

    def decide(self, claim: Claim, live: Facts, without: str = "") -> Outcome:
        queries = tuple(query for query in self.step.queries(claim) if query.rests <= live)
        first = queries[0]
        if isinstance(first.goal, Truth) and first.goal.value:
            return Outcome(Reply.PROVED, Method.FOLDED, attempt=first.attempt)
        guards = {name: term for name, term in self.guards.items() if name != without}
        if without:
            return self.calculus.ask_once(queries, live, guards)
        return self.calculus.climb(queries, live, self.step.limits, guards)


class UnboundedCalculus:
    """Proof for any size."""

    def __init__(self, theory: Theory, limits: ProofLimits, seed: int) -> None:
        self.conditions = Conditions(theory)
        self._limits, self._seed = limits, seed
        # A seed other than 0 also renames all symbols and shuffles the facts.
        self._translator = Translator(f"{seed}." if seed else "")
        self._order = list(self.conditions.facts)
        if seed:
            random.Random(seed).shuffle(self._order)
        self._assumptions = tuple(self.conditions.assumptions)
        self._session = self._opened(self.conditions.axioms, self._order)
        self._initial = self._opened(self.conditions.initial_axioms, ())
        self._steps: dict[str, UnboundedStep] = {}

    def _opened(self, axioms: tuple[Term, ...], facts: Iterable[str]) -> Session:
        """Return a session that knows axioms, and by name the assumptions and some facts."""
        session = Session(self._translator, seed=self._seed, steps=self._limits.steps)
        for axiom in axioms:
            session.assume(axiom)
        for name in (*self._assumptions, *facts):
            session.name(name, self._named(name, {}))
        return session

    @property
    def solvers(self) -> tuple[str, ...]:
        return (z3_solver.version(), cvc5_solver.version())

    def initially(self, claim: Claim) -> Outcome:
        """Decide whether a claim holds in all initial states."""
        query = self.conditions.initiation(claim)
        if isinstance(query.goal, Truth) and query.goal.value:
            return Outcome(Reply.PROVED, Method.FOLDED)
        session = self._initial
        session.push()
        for hypothesis in query.hypotheses:
            session.assume(hypothesis)
        session.deny(query.goal)
        answer = session.check(self._assumptions)
        core = answer.core
        if answer.reply is Reply.PROVED:
            core = self._minimised(session, core)
        session.pop()
        return Outcome(
            answer.reply,
            Method.Z3,
            core,
            steps=answer.steps,
            seconds=answer.seconds,
            reason=answer.reason,
        )

    @contextmanager
    def step(self, action: ir.FlatAction) -> Iterator[StepCalculus]:
        """Enter the scope of an action."""
        if action.path not in self._steps:
            step = self.conditions.step(action)
            guards = {f"{action.path}.{name}": term for name, term in step.guards.items()}
            self._steps[action.path] = UnboundedStep(self, step, guards)
        entered = self._steps[action.path]
        self._session.push()
        for limit in entered.step.limits:
            self._session.assume(limit)
        for name, guard in entered.guards.items():
            self._session.name(name, guard)
        try:
            yield entered
        finally:
            self._session.pop()

    def contradicts_itself(self, live: Facts) -> bool:
        """Whether the first solver derives a contradiction from the facts alone, and so anything.

        It has a small budget: that it finds none is no proof that there is none.
        """
        answer = self._session.check(self._names(live, {}), MINIMISING_STEPS)
        return answer.reply is Reply.PROVED

    # The ladder

    def climb(
        self,
        queries: tuple[Query, ...],
        live: Facts,
        limits: tuple[Term, ...],
        guards: dict[str, Term],
    ) -> Outcome:
        """Return the first proof of any of the queries, else what was said of the last."""
        outcome = self.ask_once(queries, live, guards)
        if outcome.reply is Reply.PROVED:
            return outcome
        names = self._names(live, guards)
        spent, seconds = outcome.steps, outcome.seconds
        for query in queries if outcome.reply is Reply.UNKNOWN else ():
            for again in (self._near, self._fresh, self._second_solver):
                found = again(query, names, limits, guards)
                spent, seconds = spent + found.steps, seconds + found.seconds
                if found.reply is Reply.PROVED:
                    return replace(found, steps=spent, seconds=seconds)
        return replace(outcome, steps=spent, seconds=seconds)

    def ask_once(self, queries: tuple[Query, ...], live: Facts, guards: dict[str, Term]) -> Outcome:
        """Return what the incremental solver says, in the scope of the action that was entered."""
        names = self._names(live, guards)
        spent, seconds = 0, 0.0
        outcome = Outcome(Reply.UNKNOWN, None, reason="nothing was tried")
        for query in queries:
            outcome = self._incremental(query, names)
            spent, seconds = spent + outcome.steps, seconds + outcome.seconds
            if outcome.reply is Reply.PROVED:
                break
        return replace(outcome, steps=spent, seconds=seconds)

    def _names(self, live: Facts, guards: dict[str, Term]) -> list[str]:
        """Return assumptions, facts and guards in one order, on which answers may depend."""
        return [*self._assumptions, *(name for name in self._order if name in live), *guards]

    def _incremental(self, query: Query, names: list[str]) -> Outcome:
        session = self._session
        session.push()
        for hypothesis in query.hypotheses:
            session.assume(hypothesis)
        session.deny(query.goal)
        answer = session.check(names, min(FIRST_STEPS, self._limits.steps))
        core = answer.core
        if answer.reply is Reply.PROVED:
            core = self._minimised(session, core)
        session.pop()
        return _outcome(answer, Method.Z3, core, query)

    def _minimised(self, session: Session, core: Facts) -> Facts:
        """Return a core of which nothing can be left out, as far as a small budget shows."""
        for name in sorted(core):
            rest = core - {name}
            if rest == core:
                continue
            answer = session.check(sorted(rest), MINIMISING_STEPS)
            if answer.reply is Reply.PROVED:
                core = answer.core & rest
        return core

    def _near(
        self,
        query: Query,
        names: list[str],
        limits: tuple[Term, ...],
        guards: dict[str, Term],
    ) -> Outcome:
        """Ask a new solver, from the facts near the obligation alone."""
        action = next(a for a in self.conditions.system.actions if a.path == query.action)
        near = facts_near(self.conditions.theory, action, query.claim) | query.rests
        few = [n for n in names if n in near or n in guards or n not in self.conditions.facts]
        return self._fresh(query, few, limits, guards)

    def _fresh(
        self,
        query: Query,
        names: list[str],
        limits: tuple[Term, ...],
        guards: dict[str, Term],
    ) -> Outcome:
        """Ask a new solver, with another seed."""
        session = Session(Translator(), seed=self._seed + 1, steps=self._limits.steps)
        for term in (*self.conditions.axioms, *limits, *query.hypotheses):
            session.assume(term)
        for name in names:
            session.name(name, self._named(name, guards))
        session.deny(query.goal)
        answer = session.check(names)
        return _outcome(answer, Method.Z3_FRESH, answer.core, query)

    def _second_solver(
        self,
        query: Query,
        names: list[str],
        limits: tuple[Term, ...],
        guards: dict[str, Term],
    ) -> Outcome:
        """Ask cvc5; it gives no core, so all facts count as used."""
        facts = [
            *self.conditions.axioms,
            *limits,
            *query.hypotheses,
            *(self._named(name, guards) for name in names),
        ]
        answer = self._asked(facts, query.goal)
        return _outcome(answer, Method.CVC5, frozenset(names), query)

    def _named(self, name: str, guards: dict[str, Term]) -> Term:
        if name in guards:
            return guards[name]
        assumed = self.conditions.assumptions.get(name)
        return self.conditions.facts[name] if assumed is None else assumed

    # The second opinion

    def recheck(self, claim: Claim, action: ir.FlatAction | None, outcome: Outcome) -> Answer:
        conditions = self.conditions
        if action is None:
            query = conditions.initiation(claim)
            known = (*conditions.initial_axioms, *conditions.assumptions.values())
            return self._asked((*known, *query.hypotheses), query.goal)
        entered = self._steps[action.path]
        query = next(q for q in entered.step.queries(claim) if q.attempt == outcome.attempt)
        axioms = (*conditions.axioms, *entered.step.limits, *query.hypotheses)
        used = [self._named(name, entered.guards) for name in sorted(outcome.core)]
        answer = self._asked((*axioms, *used), query.goal)
        if answer.reply is Reply.PROVED:
            return answer
        known = (*conditions.assumptions.values(), *conditions.facts.values())
        everything = (*known, *entered.guards.values())
        return self._asked((*axioms, *everything), query.goal)

    def _asked(self, facts: Iterable[Term], goal: Term) -> Answer:
        return cvc5_solver.ask(self.conditions.terms, facts, goal, steps=self._limits.steps)


def _outcome(answer: Answer, method: Method, core: Facts, query: Query) -> Outcome:
    return Outcome(
        reply=answer.reply,
        method=method,
        core=core | query.rests if answer.reply is Reply.PROVED else core,
        steps=answer.steps,
        seconds=answer.seconds,
        reason=answer.reason,
        attempt=query.attempt,
    )
