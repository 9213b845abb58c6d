"""Prove obligations for any size.

An obligation climbs a ladder: the incremental solver, from the facts near it, from those in its
cone and from all, a fresh one with another seed and the facts near it alone, another one with all
facts, cvc5. What none of them proves is left to the search for counterexamples and to finite
scopes.

Soundness: an obligation counts as proved when one solver says that facts, guards and hypotheses
imply the goal. The core names what was used, no less: hypotheses that are not named there hold by
the meaning of the language.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import chain, tee

from splitspec.checker.proof import Method, ProofLimits
from splitspec.checker.symbolic import cvc5_solver, z3_solver
from splitspec.checker.symbolic.calculus import Facts, Outcome, StepCalculus
from splitspec.checker.symbolic.condition import Conditions, Query, Step
from splitspec.checker.symbolic.journal import Journal
from splitspec.checker.symbolic.relevance import Relevance
from splitspec.checker.symbolic.response import Posed
from splitspec.checker.symbolic.term import Term, Truth
from splitspec.checker.symbolic.theory import Claim, Theory
from splitspec.checker.symbolic.unsat_core import minimised
from splitspec.checker.symbolic.z3_solver import (
    Answer,
    Reply,
    Session,
    Translator,
    lost_answer,
)
from splitspec.model import ir

FIRST_STEPS = 600_000
"""The budget of the incremental solver: what it does not prove soon, a fresh one may."""

COHERENCE_STEPS = 60_000
"""The budget of the question whether facts contradict themselves."""


@dataclass
class UnboundedStep:
    """The obligations of one action, for any size, in a scope of the incremental solver."""

    calculus: UnboundedCalculus
    step: Step
    guards: dict[str, Term]
    is_open: bool = False  # The solver knows the guards.
    written: dict[tuple[str, int], Query] = field(default_factory=dict)  # by claim and attempt

    def open(self, session: Session) -> None:
        """Let the solver know limits and guards, if it does not yet."""
        if not self.is_open:
            session.push()
            for limit in self.step.limits:
                session.assume(limit)
            for name, guard in self.guards.items():
                session.name(name, guard)
            self.is_open = True

    def close(self, session: Session) -> None:
        if self.is_open:
            session.pop()
            self.is_open = False

    def decide(self, claim: Claim, live: Facts, without: str = "") -> Outcome:
        self.calculus.turn_to(f"{claim.name} after {self.step.action.path}")
        ways = (query for query in self._queries(claim) if query.rests <= live)
        first = next(ways, None)
        if first is None:
            return _lost("all that it would rest on was not proved")
        if isinstance(first.goal, Truth) and first.goal.value:
            return Outcome(Reply.PROVED, Method.FOLDED, first.rests, attempt=first.attempt)
        queries = chain((first,), ways)  # One that is not needed is not written.
        guards = {name: term for name, term in self.guards.items() if name != without}
        if without:
            return self.calculus.ask_once(queries, live, guards)
        return self.calculus.climb(queries, live, self.step.limits, guards)

    def query(self, claim: Claim, attempt: int) -> Query:
        """Return the question of an attempt; it is written if it was not asked here."""
        found = self.written.get((claim.name, attempt))
        return found or next(q for q in self._queries(claim) if q.attempt == attempt)

    def _queries(self, claim: Claim) -> Iterator[Query]:
        for query in self.step.queries(claim):
            self.written[(claim.name, query.attempt)] = query
            yield query


class UnboundedCalculus:
    """Proof for any size."""

    def __init__(
        self, theory: Theory, limits: ProofLimits, seed: int, journal: Journal | None = None
    ) -> None:
        self._theory, self._limits, self._seed = theory, limits, seed
        self._journal = journal or Journal()
        # A seed other than 0 also renames all symbols and shuffles the facts.
        self._order = [claim.name for claim in theory.facts]
        if seed:
            random.Random(seed).shuffle(self._order)
        self._assumptions = tuple(a.path for a in theory.system.assumptions)
        self._relevance = Relevance(theory)
        self._steps: dict[str, UnboundedStep] = {}
        self._entered: UnboundedStep | None = None
        self._about = ""

    @cached_property
    def conditions(self) -> Conditions:
        """What is asked, with all that is assumed written first: the names of bound variables, on
        which answers may depend, are numbered as they are made."""
        found = Conditions(self._theory)
        assert found.axioms is not None
        assert found.assumptions is not None
        assert found.facts is not None
        assert found.initial_axioms is not None
        return found

    # Solvers know nothing before they are asked: what they are told may be the end of them.

    @cached_property
    def _translator(self) -> Translator:
        return Translator(f"{self._seed}." if self._seed else "")

    @cached_property
    def _session(self) -> Session:
        return self._opened(self.conditions.axioms, self._order)

    @cached_property
    def _initial(self) -> Session:
        return self._opened(self.conditions.initial_axioms, ())

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
        return self._journal.ask(lambda: self._initially(query), _lost, claim.name)

    def _initially(self, query: Query) -> Outcome:
        session = self._initial
        session.push()
        for hypothesis in query.hypotheses:
            session.assume(hypothesis)
        session.deny(query.goal)
        answer = session.check(self._assumptions)
        core = answer.core
        if answer.reply is Reply.PROVED:
            core = minimised(session, answer)
        session.pop()
        return _outcome(answer, Method.Z3, core, query)

    @contextmanager
    def step(self, action: ir.FlatAction) -> Iterator[StepCalculus]:
        """Enter the scope of an action."""
        if action.path not in self._steps:
            step = self.conditions.step(action)
            guards = {f"{action.path}.{name}": term for name, term in step.guards.items()}
            self._steps[action.path] = UnboundedStep(self, step, guards)
        entered = self._steps[action.path]
        self._entered = entered
        try:
            yield entered
        finally:
            self._entered = None
            if entered.is_open:
                entered.close(self._session)

    def contradicts_itself(self, live: Facts) -> bool:
        """Whether the first solver derives a contradiction from the facts alone, and so anything.

        It has a small budget: that it finds none is no proof that there is none.
        """
        names = self._names(live, {})
        return self._journal.ask(lambda: self._clash(names), lambda _: False, ", ".join(names))

    def is_excluded(self, action: ir.FlatAction, live: Facts) -> bool:
        """Whether it derives one from the facts and an action's guards: no state enables it."""
        with self.step(action):
            names = self._names(live, self._steps[action.path].guards)
            return self._journal.ask(lambda: self._clash(names), lambda _: False, action.path)

    def _clash(self, names: list[str]) -> bool:
        if self._entered is not None:
            self._entered.open(self._session)
        return self._session.check(names, COHERENCE_STEPS).reply is Reply.PROVED

    def begins(self) -> Answer:
        """Return whether it derives one from what is assumed of constants: no run begins."""
        return self._journal.ask(lambda: self._initial.check(self._assumptions), lost_answer)

    # The ladder

    def turn_to(self, obligation: str) -> None:
        """Say which obligation the next questions are about."""
        self._about = obligation

    def climb(
        self,
        queries: Iterable[Query],
        live: Facts,
        limits: tuple[Term, ...],
        guards: Mapping[str, Term],
    ) -> Outcome:
        """Return the first proof of any of the queries, else what was said of the last."""
        queries, others = tee(queries)
        names = self._names(live, guards)
        # Fewer facts have fewer instances, and are enough for most proofs.
        outcome = self._first_of(queries, names, FIRST_STEPS, self._choices)
        if outcome.reply is Reply.PROVED:
            return outcome
        spent, seconds = outcome.steps, outcome.seconds
        for query in others if outcome.reply is Reply.UNKNOWN else ():
            for again in (self._near, self._fresh, self._second_solver):
                make = partial(again, query, names, limits, guards)
                found = self._journal.ask(make, _lost, self._about)
                spent, seconds = spent + found.steps, seconds + found.seconds
                if found.reply is Reply.PROVED:
                    return replace(found, steps=spent, seconds=seconds)
        return replace(outcome, steps=spent, seconds=seconds)

    def ask_once(
        self,
        queries: Iterable[Query],
        live: Facts,
        guards: Mapping[str, Term],
        steps: int | None = None,
    ) -> Outcome:
        """Return what the incremental solver says, in the scope of the action that was entered."""
        names = self._names(live, guards)
        return self._first_of(queries, names, steps or FIRST_STEPS, lambda _, names: [names])

    def _first_of(
        self,
        queries: Iterable[Query],
        names: list[str],
        steps: int,
        choices: Callable[[Query, list[str]], list[list[str]]],
    ) -> Outcome:
        """Return the incremental solver's first proof of any query, from the first choice of names
        that is enough; else what was said of the last."""
        spent, seconds = 0, 0.0
        outcome = Outcome(Reply.UNKNOWN, None, reason="nothing was tried")
        for query in queries:
            make = partial(self._incremental, query, choices(query, names), steps)
            outcome = self._journal.ask(make, _lost, self._about)
            spent, seconds = spent + outcome.steps, seconds + outcome.seconds
            if outcome.reply is Reply.PROVED:
                break
        return replace(outcome, steps=spent, seconds=seconds)

    def _names(self, live: Facts, guards: Mapping[str, Term]) -> list[str]:
        """Return assumptions, facts and guards in one order, on which answers may depend."""
        return [*self._assumptions, *(name for name in self._order if name in live), *guards]

    def _choices(self, query: Query, names: list[str]) -> list[list[str]]:
        """Return the names without those of facts that are far from a question, and all of them."""
        always = frozenset(names).difference(self.conditions.facts) | query.rests
        choices = (always | facts for facts in self._relevance.choices(query))
        return [*([name for name in names if name in few] for few in choices), names]

    def _incremental(self, query: Query, choices: list[list[str]], steps: int) -> Outcome:
        session = self._session
        if self._entered is not None:
            self._entered.open(session)
        session.push()
        for hypothesis in query.hypotheses:
            session.assume(hypothesis)
        session.deny(query.goal)
        answer = session.check_in_turn(choices, min(steps, self._limits.steps))
        core = answer.core
        if answer.reply is Reply.PROVED:
            core = minimised(session, answer)
        session.pop()
        return _outcome(answer, Method.Z3, core, query)

    def _near(
        self,
        query: Query,
        names: list[str],
        limits: tuple[Term, ...],
        guards: Mapping[str, Term],
    ) -> Outcome:
        """Ask a new solver, from the facts near the obligation: the third choice from the last."""
        return self._fresh(query, self._choices(query, names)[-3:][0], limits, guards)

    def _fresh(
        self,
        query: Query,
        names: list[str],
        limits: tuple[Term, ...],
        guards: Mapping[str, Term],
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
        guards: Mapping[str, Term],
    ) -> Outcome:
        """Ask cvc5; it gives no core, so all facts count as used."""
        facts = [
            *self.conditions.axioms,
            *limits,
            *query.hypotheses,
            *(self._named(name, guards) for name in names),
        ]
        terms, steps = self.conditions.terms, self._limits.steps
        answer = cvc5_solver.ask(terms, facts, query.goal, steps=steps)
        return _outcome(answer, Method.CVC5, frozenset(names), query)

    def _named(self, name: str, guards: Mapping[str, Term]) -> Term:
        if name in guards:
            return guards[name]
        assumed = self.conditions.assumptions.get(name)
        return self.conditions.facts[name] if assumed is None else assumed

    # The second opinion

    @cached_property
    def _sessions(self) -> cvc5_solver.Sessions:
        return cvc5_solver.Sessions(self.conditions.terms, steps=self._limits.steps)

    def recheck(self, claim: Claim, action: ir.FlatAction | None, outcome: Outcome) -> Answer:
        where = "initially" if action is None else f"after {action.path}"
        make = partial(self._rechecked, claim, action, outcome)
        return self._journal.ask(make, lost_answer, f"{claim.name} {where}")

    def _rechecked(self, claim: Claim, action: ir.FlatAction | None, outcome: Outcome) -> Answer:
        conditions = self.conditions
        if action is None:
            query = conditions.initiation(claim)
            known = (*conditions.initial_axioms, *conditions.assumptions.values())
            return self._sessions.ask(known, query.hypotheses, query.goal)
        with self.step(action):  # Its proof may be one that was kept.
            entered = self._steps[action.path]
        query = entered.query(claim, outcome.attempt)
        return self._confirmed(Posed(query, entered.step.limits, entered.guards), outcome.core)

    def recheck_posed(self, posed: Posed, outcome: Outcome) -> Answer:
        """Ask cvc5 alone about what was proved for a claim of progress."""
        query = posed.query
        about = f"{query.claim.name} after {query.action}"
        return self._journal.ask(lambda: self._confirmed(posed, outcome.core), lost_answer, about)

    def _confirmed(self, posed: Posed, core: Facts) -> Answer:
        """Return what cvc5 says of a question, from what its proof used and from nothing else: what
        is believed besides may be given up yet, and a proof that is kept is guarded by its core.
        """
        conditions, query, guards = self.conditions, posed.query, posed.guards
        own = (*posed.limits, *query.hypotheses)
        used = [self._named(name, guards) for name in sorted(core)]
        return self._sessions.ask(conditions.axioms, (*own, *used), query.goal)


def _lost(reason: str) -> Outcome:
    return Outcome(Reply.UNKNOWN, None, reason=reason)


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
