"""Equations between counts that hold because a whole is parted.

`a = b + c + 1`, where a, b and c count elements of one kind, follows if every element of a is one
of b, one of c, or one that is named, and no two of these at once. So no step has to be followed,
and it does not matter how many elements a step changes.

Soundness: a finite set has as many elements as disjoint parts of it together, of which it is the
union. The element besides is named by choice: if there is one, the name is one. A counter stands
for what it counts, which is a fact of its own: whoever uses this rule rests on it, and its proof
uses no such rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

from splitspec.checker.symbolic.algebra import Environment, State, as_term
from splitspec.checker.symbolic.encoder import Encoder, Moment
from splitspec.checker.symbolic.term import Function, Term
from splitspec.checker.symbolic.unbounded import Unbounded, kind
from splitspec.model import ir
from splitspec.model.passes.substitute import fresh_name, substitute


@dataclass(frozen=True)
class Partition:
    """For all keys: if the premise holds, the whole has `more` elements more than all parts."""

    keys: tuple[ir.Parameter, ...]
    premise: ir.Expression | None
    binders: tuple[ir.Parameter, ...]
    whole: ir.Expression
    parts: tuple[ir.Expression, ...]
    more: int
    counters: frozenset[str]


def partition_of(expression: ir.Expression, system: ir.System) -> Partition | None:
    """Return a claim as such an equation, None if it is none."""
    keys: list[ir.Parameter] = []
    while isinstance(expression, ir.Quantifier) and expression.kind == "all":
        keys += expression.binders
        expression = expression.body
    premise = None
    if isinstance(expression, ir.Implies):
        premise, expression = expression.premise, expression.conclusion
    if not isinstance(expression, ir.Equal):
        return None
    found = [*_summands(expression.left, 1), *_summands(expression.right, -1)]
    more = -sum(sign * t.value for sign, t in found if isinstance(t, ir.Literal) and t.value)
    if more < 0:
        found, more = [(-sign, term) for sign, term in found], -more
    counts = [(sign, _counted(term, system)) for sign, term in found if not _is_literal(term)]
    wholes = [count for sign, count in counts if sign > 0]
    if more > 1 or len(wholes) != 1 or any(count is None for _, count in counts):
        return None
    binders = _apart(next(count.binders for _, count in counts if count is not None), keys)
    sides: dict[int, list[ir.Expression]] = {1: [], -1: []}
    for sign, count in counts:
        assert count is not None
        if [b.type for b in count.binders] != [b.type for b in binders]:
            return None
        names: dict[str, ir.Expression] = {
            own.name: ir.Local(b.name, b.type, b.span)
            for own, b in zip(count.binders, binders, strict=True)
        }
        sides[sign].append(substitute(count.condition, names))
    counters = frozenset(t.variable for _, t in found if isinstance(t, ir.Read))
    (whole,), parts = sides[1], tuple(sides[-1])
    return Partition(tuple(keys), premise, binders, whole, parts, more, counters)


def _summands(term: ir.Expression, sign: int) -> Iterator[tuple[int, ir.Expression]]:
    if isinstance(term, ir.Arithmetic):
        yield from _summands(term.left, sign)
        yield from _summands(term.right, sign if term.operator == "+" else -sign)
    else:
        yield sign, term


def _is_literal(term: ir.Expression) -> bool:
    return isinstance(term, ir.Literal)


def _counted(term: ir.Expression, system: ir.System) -> ir.Count | None:
    """Return a summand as a count; a counter as what it counts."""
    if isinstance(term, ir.Count):
        return term
    if not isinstance(term, ir.Read):
        return None
    of = system.variables[term.variable].counted
    if of is None:
        return None
    values = {key.name: value for key, value in zip(of.keys, term.indices, strict=True)}
    counted = substitute(ir.Count(of.binders, of.condition, term.type, term.span), values)
    assert isinstance(counted, ir.Count)
    return counted


def _apart(binders: tuple[ir.Parameter, ...], keys: list[ir.Parameter]) -> tuple[ir.Parameter, ...]:
    """Return the binders under names that no key has: a counter's declaration, which has none of
    the claim's names in its scope, may use one."""
    taken, apart = {key.name for key in keys}, []
    for binder in binders:
        apart.append(replace(binder, name=fresh_name(binder.name, taken)))
        taken.add(apart[-1].name)
    return tuple(apart)


@dataclass(frozen=True)
class Pointwise:
    """Says of a partition in a state that it holds element by element."""

    encoder: Encoder
    algebra: Unbounded
    partition: Partition
    name: str

    def goal(self, state: State) -> Term:
        """Return that the whole is parted, for all keys that meet the premise."""
        terms, partition = self.algebra.terms, self.partition

        def inside(env: Environment) -> Term:
            holds = self.algebra.all_of(partition.binders, env, lambda e: self._is_parted(state, e))
            if partition.premise is None:
                return holds
            premise = self.encoder.holds(partition.premise, env, Moment(state))
            return terms.implication(premise, holds)

        return self.algebra.all_of(partition.keys, {}, inside)

    def _is_parted(self, state: State, env: Environment) -> Term:
        """Return that an element is in the whole iff it is in a part, and in one part only."""
        terms, (whole, *parts) = self.algebra.terms, self._sides(state, env)
        if self.partition.more:
            parts.append(self._is_chosen(env))
        apart = (terms.negation(terms.conjunction(a, b)) for a, b in combinations(parts, 2))
        return terms.conjunction(terms.equality(whole, terms.disjunction(*parts)), *apart)

    def choice(self, state: State) -> Term:
        """Return that the chosen element is in no part of the whole, if any is in none."""
        terms, partition = self.algebra.terms, self.partition

        def inside(env: Environment) -> Term:
            point = self._point(env)
            named = self._is_more(state, {**env, **point})
            return terms.implication(self._is_more(state, env), named)

        if not partition.more:
            return terms.true
        return self.algebra.all_of((*partition.keys, *partition.binders), {}, inside)

    def _is_more(self, state: State, env: Environment) -> Term:
        """Return that an element of the whole is in no part."""
        whole, *parts = self._sides(state, env)
        terms = self.algebra.terms
        return terms.conjunction(whole, *(terms.negation(part) for part in parts))

    def _sides(self, state: State, env: Environment) -> list[Term]:
        conditions = (self.partition.whole, *self.partition.parts)
        return [self.encoder.holds(condition, env, Moment(state)) for condition in conditions]

    def _is_chosen(self, env: Environment) -> Term:
        point = self._point(env)
        pairs = ((as_term(env[name]), value) for name, value in point.items())
        return self.algebra.terms.conjunction(*(self.algebra.terms.equality(*p) for p in pairs))

    def _point(self, env: Environment) -> dict[str, Term]:
        keys = self.partition.keys
        kinds = tuple(kind(key.type) for key in keys)
        arguments = [as_term(env[key.name]) for key in keys]
        return {
            b.name: self.algebra.terms.apply(
                Function(f"{self.name} more {b.name}", kinds, kind(b.type)), *arguments
            )
            for b in self.partition.binders
        }
