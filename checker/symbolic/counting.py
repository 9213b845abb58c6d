"""Counting without arithmetic on sets: what solvers are told of a number that is a cardinality.

A *tally* is a number with what it counts: a counter, or a count in a property.

* *Threshold facts* follow from its being exact: it is at least 0; one satisfying binding makes it
  at least 1, two make it at least 2; and where it is at least 1 or 2, so many bindings exist.
* *The pointwise delta*: if a step changes the condition at no more than n bindings w1 … wn of a
  key, then the number of the key changes by the sum of what it gains and loses at these. The
  points are named by choice: each wi is a changed binding that is none of those before it, if
  there is one. To show are that no binding but these changes, and that the number moves by the sum.

Soundness: each holds of cardinalities of finite sets. That the sets are finite is no assumption:
the sizes of a run are. (Pointwise delta: the recipe for permutation-free reference counts over
substitution encodings, in the spirit of Hyperkernel, SOSP'17, section 4.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations

from splitspec.checker.symbolic.algebra import Environment, State, as_term
from splitspec.checker.symbolic.encoder import Encoder, Moment
from splitspec.checker.symbolic.term import Function, Term
from splitspec.checker.symbolic.unbounded import Unbounded, kind
from splitspec.model import ir
from splitspec.model.expressions import children, subterms
from splitspec.model.types import Boolean, Enumeration, Range, Sort

THRESHOLDS = 2
POINTS_MAX = 3


@dataclass(frozen=True)
class Tally:
    """For each value of the keys, the number of bindings that satisfy the condition."""

    name: str
    keys: tuple[ir.Parameter, ...]
    binders: tuple[ir.Parameter, ...]
    condition: ir.Expression
    value: Callable[[State, Environment], Term]


@dataclass(frozen=True)
class Delta:
    """How a step changes a tally at some keys: by `amount`, if `bounded`, under the `choices`
    of points."""

    choices: tuple[Term, ...]
    bounded: Term
    amount: Term


def counter_tally(counter: ir.Variable) -> Tally:
    """Return a maintained counter as a tally; its value is what actions keep."""
    counted = counter.counted
    assert counted is not None

    def value(state: State, env: Environment) -> Term:
        return as_term(state.read(counter, tuple(env[key.name] for key in counted.keys)))

    return Tally(counter.path, counted.keys, counted.binders, counted.condition, value)


def count_tally(count: ir.Count, name: str) -> Tally:
    """Return a count in a formula as a tally; its keys are its free names."""

    def value(state: State, env: Environment) -> Term:
        return as_term(state.number(count, env))

    return Tally(name, tuple(_free(count)), count.binders, count.condition, value)


def counts_in(*expressions: ir.Expression) -> tuple[ir.Count, ...]:
    """Return the counts that stand in some expressions, each once."""
    found = {t: None for e in expressions for t in subterms(e) if isinstance(t, ir.Count)}
    return tuple(found)


def _free(count: ir.Count) -> Iterator[ir.Parameter]:
    """Iterate over the names that a count uses and does not bind, with their types."""
    bound = {binder.name for binder in count.binders}
    found: dict[str, ir.Parameter] = {}

    def collect(term: ir.Expression, inside: set[str]) -> None:
        if isinstance(term, ir.Local) and term.name not in inside:
            type_ = term.type
            assert isinstance(type_, Sort | Enumeration | Boolean | Range)
            found[term.name] = ir.Parameter(term.name, type_, term.span)
        if isinstance(term, ir.Quantifier | ir.Count):
            inside = inside | {binder.name for binder in term.binders}
        for child in children(term):
            collect(child, inside)

    collect(count.condition, bound)
    return (found[name] for name in sorted(found))


class Accountant:
    """Makes the facts and goals about tallies."""

    def __init__(self, encoder: Encoder, algebra: Unbounded) -> None:
        self._encoder = encoder
        self._algebra = algebra
        self._terms = algebra.terms

    def thresholds(self, tally: Tally, state: State, moment: str) -> tuple[Term, ...]:
        """Return what holds of an exact tally in a state; `moment` tells witnesses apart."""
        return tuple(self._thresholds(tally, state, moment))

    def _thresholds(self, tally: Tally, state: State, moment: str) -> Iterator[Term]:
        terms, algebra = self._terms, self._algebra

        def at_least(number: int, env: Environment) -> Term:
            return terms.at_most(terms.number(number), tally.value(state, env))

        yield algebra.all_of(tally.keys, {}, lambda env: at_least(0, env))
        for number in range(1, THRESHOLDS + 1):
            copies = [_copy(tally.binders, copy) for copy in range(number)]
            binders = (*tally.keys, *(b for copy in copies for b in copy))

            def upper(
                env: Environment,
                number: int = number,
                copies: list[tuple[ir.Parameter, ...]] = copies,
            ) -> Term:
                points = [
                    {b.name: as_term(env[c.name]) for b, c in zip(tally.binders, copy, strict=True)}
                    for copy in copies
                ]
                premise = self._all_satisfy(tally, state, env, points)
                return terms.implication(premise, at_least(number, env))

            def lower(env: Environment, number: int = number) -> Term:
                points = [
                    self._point(tally, f"{tally.name} witness{moment} {number}.{i}", env)
                    for i in range(number)
                ]
                conclusion = self._all_satisfy(tally, state, env, points)
                limits = (self._limits(tally, point) for point in points)
                return terms.implication(
                    at_least(number, env), terms.conjunction(conclusion, *limits)
                )

            yield algebra.all_of(binders, {}, upper)
            yield algebra.all_of(tally.keys, {}, lower)

    def delta(
        self, tally: Tally, before: State, after: State, keys: Environment, points: int
    ) -> Delta:
        """Return how a step changes a tally at keys, if it changes at most so many bindings."""
        terms, algebra = self._terms, self._algebra
        chosen = [
            self._point(tally, f"{tally.name} changed {points}.{i}", keys) for i in range(points)
        ]

        def bounded_to(env: Environment) -> Term:
            return terms.disjunction(*(self._same(tally, env, point) for point in chosen))

        choices = [self._choice(tally, before, after, keys, chosen, i) for i in range(points)]
        choices += [self._limits(tally, point) for point in chosen]
        bounded = algebra.all_of(
            tally.binders,
            keys,
            lambda env: terms.implication(
                self._changed(tally, before, after, env), bounded_to(env)
            ),
        )
        amount: Term = terms.number(0)
        for i, point in enumerate(chosen):
            env = {**keys, **point}
            counts = terms.conjunction(
                self._changed(tally, before, after, env), self._new(tally, point, chosen[:i])
            )
            gains = terms.choice(
                self._satisfies(tally, after, env), terms.number(1), terms.number(-1)
            )
            amount = terms.sum(amount, terms.choice(counts, gains, terms.number(0)))
        return Delta(tuple(choices), bounded, amount)

    def _choice(
        self,
        tally: Tally,
        before: State,
        after: State,
        keys: Environment,
        chosen: list[dict[str, Term]],
        number: int,
    ) -> Term:
        """Return that a point is a changed binding that is none of those before it, if any is."""
        terms, earlier, point = self._terms, chosen[:number], chosen[number]
        named = terms.conjunction(
            self._changed(tally, before, after, {**keys, **point}),
            self._new(tally, point, earlier),
        )

        def premise(env: Environment) -> Term:
            candidate = {b.name: as_term(env[b.name]) for b in tally.binders}
            return terms.implication(
                terms.conjunction(
                    self._changed(tally, before, after, env), self._new(tally, candidate, earlier)
                ),
                named,
            )

        return self._algebra.all_of(tally.binders, keys, premise)

    # Parts

    def _satisfies(self, tally: Tally, state: State, env: Environment) -> Term:
        return self._encoder.holds(tally.condition, env, Moment(state))

    def _changed(self, tally: Tally, before: State, after: State, env: Environment) -> Term:
        old, new = self._satisfies(tally, before, env), self._satisfies(tally, after, env)
        return self._terms.negation(self._terms.equality(old, new))

    def _all_satisfy(
        self, tally: Tally, state: State, env: Environment, points: list[dict[str, Term]]
    ) -> Term:
        """Return that different points all satisfy the condition."""
        satisfied = (self._satisfies(tally, state, {**env, **point}) for point in points)
        apart = (self._terms.negation(self._same(tally, a, b)) for a, b in combinations(points, 2))
        return self._terms.conjunction(*satisfied, *apart)

    def _same(self, tally: Tally, one: Environment, other: Environment) -> Term:
        pairs = ((as_term(one[b.name]), as_term(other[b.name])) for b in tally.binders)
        return self._terms.conjunction(*(self._terms.equality(a, b) for a, b in pairs))

    def _new(self, tally: Tally, point: Environment, earlier: list[dict[str, Term]]) -> Term:
        return self._terms.conjunction(
            *(self._terms.negation(self._same(tally, point, other)) for other in earlier)
        )

    def _point(self, tally: Tally, name: str, env: Environment) -> dict[str, Term]:
        """Return a binding of the tally's binders as functions of its keys."""
        kinds = tuple(kind(key.type) for key in tally.keys)
        arguments = [as_term(env[key.name]) for key in tally.keys]
        return {
            binder.name: self._terms.apply(
                Function(f"{name} {binder.name}", kinds, kind(binder.type)), *arguments
            )
            for binder in tally.binders
        }

    def _limits(self, tally: Tally, point: dict[str, Term]) -> Term:
        return self._terms.conjunction(
            *(self._algebra.within(point[b.name], b.type) for b in tally.binders)
        )


def _copy(binders: tuple[ir.Parameter, ...], number: int) -> tuple[ir.Parameter, ...]:
    # A sign that cannot stand in a name of the language: it captures nothing.
    return tuple(replace(binder, name=f"{binder.name}'{number}") for binder in binders)
