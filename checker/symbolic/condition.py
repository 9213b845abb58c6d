"""From a theory to queries: what has to follow from what, for every claim and action.

* *Initiation*: the claim holds in every initial state.
* *Consecution*: from all facts and the guards of an action follows the claim in the state after it.
* A *step* claim follows from all facts and the guards.
* A counter stays *exact*: it moves as what it counts (`splitspec.checker.symbolic.counting`).
* No *overlap*, and new values in *range*, follow from all facts and the guards.

An action that writes nothing that a claim on states reads keeps it: the frame rule, by syntax.

Soundness: a query is an implication between formulas over one arbitrary state (and arbitrary
parameters), so its validity speaks of every step at every size. Claims are assumed before a step
that are claimed after it: that is induction, and whoever reports a proof must see that all facts it
used are themselves proved.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, partial

from splitspec.checker.proof import ObligationKind
from splitspec.checker.symbolic.algebra import Environment, Maybe, Places, Value, as_term
from splitspec.checker.symbolic.counting import (
    POINTS_MAX,
    Accountant,
    Delta,
    Tally,
    count_tally,
    counter_tally,
    counts_in,
)
from splitspec.checker.symbolic.encoder import Encoder, Moment, is_of_a_step
from splitspec.checker.symbolic.partition import Pointwise, partition_of
from splitspec.checker.symbolic.successor import Lenience, Successor, initial_state, places_of
from splitspec.checker.symbolic.term import Function, Term, Terms
from splitspec.checker.symbolic.theory import Claim, Theory, claimed_counters
from splitspec.checker.symbolic.unbounded import (
    FreeState,
    Unbounded,
    apply_count,
    kind,
    read_function,
)
from splitspec.model import ir
from splitspec.model.frozen import frozen
from splitspec.model.passes.oblige import overflows, overlaps, raised
from splitspec.model.types import Natural, Option, Range

AFTER = "'"
PARTITIONED = 100
"""The attempt that shows an equation between counts element by element."""


@frozen
class Query:
    """A goal with what may be assumed for it besides facts and guards; `attempt` numbers the
    ways to prove one obligation, of which one is enough. `rests` names facts that it takes for
    granted."""

    kind: ObligationKind
    action: str
    claim: Claim
    attempt: int
    hypotheses: tuple[Term, ...]
    goal: Term
    rests: frozenset[str] = frozenset()


class Conditions:
    """The facts and queries of a theory, over uninterpreted sorts."""

    def __init__(self, theory: Theory) -> None:
        self.theory = theory
        self.system = theory.system
        self.terms = Terms()
        self.algebra = Unbounded(self.terms, self._end)
        self.encoder = Encoder(self.algebra, dict(self.system.variables))
        self.accountant = Accountant(self.encoder, self.algebra)
        self.before = FreeState(self.algebra)

    def _end(self, constant: str) -> Term:
        """Return the upper end of a range as a term."""
        return as_term(self.before.read(self.system.variables[constant], ()))

    # What is assumed

    @cached_property
    def axioms(self) -> tuple[Term, ...]:
        """What holds in every state by its type alone, and what a variant sets."""
        return (*self._domains(), *self._rigid())

    @cached_property
    def assumptions(self) -> dict[str, Term]:
        """What is assumed of constants, by path; it is named, so that a core says what was used."""
        moment = Moment(self.before)
        return {
            assumption.path: self.terms.conjunction(
                *(self.encoder.holds(line.expression, {}, moment) for line in assumption.lines)
            )
            for assumption in self.system.assumptions
        }

    def _rigid(self) -> Iterator[Term]:
        for path, value in self.theory.constants.items():
            variable = self.system.variables[path]
            literal = self.algebra.literal(value, variable.type)
            literal = self.algebra.convert(literal, variable.type)
            yield self.algebra.equal(self.before.read(variable, ()), literal)

    def _domains(self) -> Iterator[Term]:
        """Iterate over the bounds of integer variables."""
        for variable in self.system.variables.values():
            inner = variable.type.of if isinstance(variable.type, Option) else variable.type
            if isinstance(inner, Range | Natural):
                yield self._everywhere(variable)

    def _everywhere(self, variable: ir.Variable) -> Term:
        binders = places_of(variable)

        def inside(env: Environment) -> Term:
            value = self.before.read(variable, tuple(env[b.name] for b in binders))
            number = value.value if isinstance(value, Maybe) else as_term(value)
            return self.algebra.within(number, variable.type)

        return self.algebra.all_of(binders, {}, inside)

    @cached_property
    def facts(self) -> dict[str, Term]:
        """The claims on states, by name; an exact counter says what follows from it."""
        moment = Moment(self.before)
        found: dict[str, Term] = {}
        for claim in self.theory.facts:
            if claim.kind is ir.PropertyKind.EXACT:
                tally = self.tally(claim)
                thresholds = self.accountant.thresholds(tally, self.before, "")
                found[claim.name] = self.terms.conjunction(*thresholds)
            else:
                assert claim.expression is not None
                found[claim.name] = self.encoder.holds(claim.expression, {}, moment)
        return found

    def definitions(self, claim: Claim, state: FreeState | Successor, moment: str) -> list[Term]:
        """Return what follows from the meaning of the counts that a claim speaks of."""
        return [
            threshold
            for tally in self.tallies(claim)
            for threshold in self.accountant.thresholds(tally, state, moment)
        ]

    def tallies(self, claim: Claim) -> tuple[Tally, ...]:
        """Return the counts that stand in a claim, each of one state."""
        if claim.expression is None or claim.kind is ir.PropertyKind.EXACT:
            return ()
        counts = (c for c in counts_in(claim.expression) if not is_of_a_step(c.condition))
        return tuple(count_tally(c, f"{claim.name} count {i}") for i, c in enumerate(counts))

    def tally(self, claim: Claim) -> Tally:
        """Return the counter that a claim says to be exact."""
        return counter_tally(self.system.variables[claim.path.removesuffix(".exact")])

    # Initial states

    @cached_property
    def initial(self) -> Successor:
        """The initial states: all values of the constants."""
        default = FreeState(self.algebra, "@0")
        return initial_state(self.encoder, self.before, self.system, default.number, default)

    @cached_property
    def initial_axioms(self) -> tuple[Term, ...]:
        """What holds initially besides: counters are what they count."""
        constants = (
            v for v in self.system.variables.values() if v.kind is ir.VariableKind.CONSTANT
        )
        bounds = (self._everywhere(v) for v in constants if isinstance(v.type, Range | Natural))
        counters = (v for v in self.system.variables.values() if v.counted is not None)
        thresholds = (
            threshold
            for counter in counters
            for threshold in self.accountant.thresholds(counter_tally(counter), self.initial, "@0")
        )
        return (*bounds, *self._rigid(), *thresholds)

    def initiation(self, claim: Claim) -> Query:
        """Return the query whether a claim holds initially."""
        assert claim.expression is not None
        goal = self.encoder.holds(claim.expression, {}, Moment(self.initial))
        hypotheses = tuple(self.definitions(claim, self.initial, "@0"))
        return Query(ObligationKind.INITIATION, "", claim, 0, hypotheses, goal)

    # Steps

    def step(self, action: ir.FlatAction) -> Step:
        """Return the step of an action, with parameters of which only the type is known."""
        return Step(self, action)


class Step:
    """An arbitrary step of one action, and what has to be shown of it."""

    def __init__(self, conditions: Conditions, action: ir.FlatAction) -> None:
        self._all = conditions
        self.action = action
        algebra, terms = conditions.algebra, conditions.terms
        self.parameters: dict[str, Value] = {
            p.name: terms.symbol(f"{action.path} {p.name}", kind(p.type)) for p in action.parameters
        }
        self.limits = tuple(
            algebra.within(as_term(self.parameters[p.name]), p.type) for p in action.parameters
        )
        moment = Moment(conditions.before)
        self.guards = {
            guard.name: terms.conjunction(
                *(
                    conditions.encoder.holds(line.expression, self.parameters, moment)
                    for line in guard.lines
                )
            )
            for guard in action.guards
        }
        counts: dict[ir.Count, Function] = {}
        self.after = Successor(
            conditions.encoder,
            conditions.before,
            action.updates,
            self.parameters,
            lambda count, env: apply_count(algebra, count, env, AFTER, counts),
            self._unclaimed(),
        )

    def _unclaimed(self) -> dict[str, Lenience]:
        """Return the counters that the run does not claim: any number may follow."""
        system, terms = self._all.system, self._all.terms
        claimed = {counter.path for counter in claimed_counters(system)}

        def arbitrary(variable: ir.Variable) -> Lenience:
            def read(indices: Places, _value: Value) -> Value:
                name = f"{variable.path}{AFTER}"
                number = as_term(read_function(self._all.algebra, name, variable, indices))
                zero = terms.number(0)
                return terms.choice(terms.at_most(zero, number), number, zero)

            return read

        return {
            path: arbitrary(variable)
            for path, variable in system.variables.items()
            if variable.counted is not None and path not in claimed
        }

    def queries(self, claim: Claim) -> Iterator[Query]:
        """Iterate over the ways to prove what the step owes to a claim, the simplest first."""
        match claim.kind:
            case ir.PropertyKind.EXACT:
                yield from self._exact(claim)
            case ir.PropertyKind.OVERLAP:
                yield self._query(ObligationKind.OVERLAP, claim, 0, (), self.no_overlap)
            case ir.PropertyKind.RANGE:
                yield self._in_range(claim)
            case ir.PropertyKind.STEP:
                yield from self._claimed(ObligationKind.STEP, claim)
            case _:
                yield from self._claimed(ObligationKind.CONSECUTION, claim)

    def _in_range(self, claim: Claim) -> Query:
        """Return the question whether new values are in range. That a counter is not above what
        there is to count follows from its being exact after the step."""
        rests = frozenset(f"{path}.exact" for path in raised(self._all.system, self.action))
        return self._query(ObligationKind.RANGE, claim, 0, (self.no_overlap,), self.in_range, rests)

    def _query(
        self,
        kind: ObligationKind,
        claim: Claim,
        attempt: int,
        hypotheses: tuple[Term, ...],
        goal: Term,
        rests: frozenset[str] = frozenset(),
    ) -> Query:
        return Query(kind, self.action.path, claim, attempt, hypotheses, goal, rests)

    def _claimed(self, kind: ObligationKind, claim: Claim) -> Iterator[Query]:
        """Iterate over the ways to show a formula; counts in it move by their deltas."""
        conditions, terms = self._all, self._all.terms
        expression, before = claim.expression, conditions.before
        assert expression is not None
        moment = Moment(self.after)
        if kind is ObligationKind.STEP:
            moment = Moment(before, self.after, self.action.actor.kind)
        goal = conditions.encoder.holds(expression, {}, moment)
        tallies = conditions.tallies(claim)
        if not tallies:
            yield self._query(kind, claim, 0, (self.exists,), goal)
            return
        yield from self._element_by_element(kind, claim)
        # How counts move is often enough, and what they mean makes a question dearer.
        meaning = (
            *conditions.definitions(claim, before, ""),
            *conditions.definitions(claim, self.after, AFTER),
        )
        for attempt, (points, known) in enumerate(
            ((points, known) for points in range(1, POINTS_MAX + 1) for known in ((), meaning)),
            start=1,
        ):
            choices, bounded, moved = self._deltas(tallies, points)
            shown = terms.conjunction(*bounded, terms.implication(terms.conjunction(*moved), goal))
            yield self._query(kind, claim, attempt, (self.exists, *known, *choices), shown)

    def _element_by_element(self, kind: ObligationKind, claim: Claim) -> Iterator[Query]:
        """Iterate over the way to show an equation between counts by its summands, if it is one."""
        conditions = self._all
        assert claim.expression is not None
        found = partition_of(claim.expression, conditions.system)
        if found is None or kind is ObligationKind.STEP:
            return
        pointwise = Pointwise(conditions.encoder, conditions.algebra, found, claim.name)
        hypotheses, goal = (self.exists, pointwise.choice(self.after)), pointwise.goal(self.after)
        rests = frozenset(f"{path}.exact" for path in found.counters)
        yield self._query(kind, claim, PARTITIONED, hypotheses, goal, rests)

    def _deltas(
        self, tallies: tuple[Tally, ...], points: int
    ) -> tuple[list[Term], list[Term], list[Term]]:
        """Return, for all keys of counts: the choices of points, that no others change, and how
        the counts move."""
        algebra, before = self._all.algebra, self._all.before
        choices: list[Term] = []
        bounded: list[Term] = []
        moved: list[Term] = []
        for tally in tallies:

            def delta(env: Environment, tally: Tally = tally) -> Delta:
                return self._all.accountant.delta(tally, before, self.after, env, points)

            def move(env: Environment, tally: Tally = tally) -> Term:
                old, new = tally.value(before, env), tally.value(self.after, env)
                return self._all.terms.equality(
                    new, self._all.terms.sum(old, delta(env, tally).amount)
                )

            keys = tally.keys
            choices.append(
                algebra.all_of(
                    keys, {}, lambda env: self._all.terms.conjunction(*delta(env).choices)
                )
            )
            bounded.append(algebra.all_of(keys, {}, lambda env: delta(env).bounded))
            moved.append(algebra.all_of(keys, {}, move))
        return choices, bounded, moved

    def _exact(self, claim: Claim) -> Iterator[Query]:
        """Iterate over the ways to show that a counter moves as what it counts."""
        conditions, terms = self._all, self._all.terms
        tally = conditions.tally(claim)
        keys: dict[str, Value] = {
            key.name: terms.symbol(f"{tally.name} at {key.name}", kind(key.type))
            for key in tally.keys
        }
        limits = [conditions.algebra.within(as_term(keys[k.name]), k.type) for k in tally.keys]
        before, after = conditions.before, self.after
        old, new = tally.value(before, keys), tally.value(after, keys)
        for points in range(1, POINTS_MAX + 1):
            delta = conditions.accountant.delta(tally, before, after, keys, points)
            moved = terms.equality(new, terms.sum(old, delta.amount))
            goal = terms.conjunction(delta.bounded, moved)
            hypotheses = (self.exists, *limits, *delta.choices)
            yield self._query(ObligationKind.EXACTNESS, claim, points, hypotheses, goal)

    @cached_property
    def no_overlap(self) -> Term:
        """That no two updates compete for a place."""
        terms = self._all.terms
        return terms.conjunction(
            *(
                terms.negation(self.after.overlaps(first, second))
                for first, second in overlaps(self.action)
            )
        )

    @cached_property
    def in_range(self) -> Term:
        """That what is written are values of the variables' types."""
        paths = dict.fromkeys(u.variable for u in overflows(self._all.system, self.action))
        variables = (self._all.system.variables[path] for path in paths)
        return self._all.terms.conjunction(
            *(self.after.everywhere_written(v, partial(self._fits, v)) for v in variables)
        )

    def _fits(self, variable: ir.Variable, value: Value) -> Term:
        algebra = self._all.algebra
        if isinstance(value, Maybe):
            inside = algebra.within(value.value, variable.type)
            return self._all.terms.implication(value.present, inside)
        return algebra.within(as_term(value), variable.type)

    @cached_property
    def exists(self) -> Term:
        """That an enabled instance has a successor: it breaks no obligation of its own."""
        return self._all.terms.conjunction(self.no_overlap, self.in_range)
