"""Say with quantifiers how many there are, where a number is compared with a small one.

`usage[c] = 0` becomes "no frame is charged to c", `1 < mappers[g]` "two entries name g". A counter
stands for what it counts, in a run where it is exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations

from splitspec.model.expressions import free_locals, map_children, subterms
from splitspec.model.ir import (
    And,
    Compare,
    Count,
    Counted,
    Equal,
    Expression,
    Literal,
    Local,
    Not,
    Or,
    Parameter,
    Quantifier,
    Read,
)
from splitspec.model.passes.substitute import fresh_name, substitute
from splitspec.model.types import Boolean, Integer

MOST = 3
"""So many elements are told apart; beyond, the quantifiers are too many to read."""


@dataclass(frozen=True)
class Thresholds:
    """Replaces comparisons of numbers of elements. `counters` are all, `exact` those that are."""

    counters: frozenset[str]
    exact: Mapping[str, Counted]

    def rewrite(self, term: Expression) -> Expression:
        """Return the expression with every such comparison replaced that can be."""
        replaced = self._threshold(term)
        if replaced is not None:
            return self.rewrite(replaced)
        return map_children(self.rewrite, term)

    def numbers_in(self, term: Expression) -> tuple[str, ...]:
        """Return the numbers of elements that an expression reads, by name, each once."""
        return tuple(dict.fromkeys(self._numbers(term)))

    def _numbers(self, term: Expression) -> Iterator[str]:
        for part in subterms(term):
            if isinstance(part, Count):
                yield "a number of elements"
            if isinstance(part, Read) and part.variable in self.counters:
                yield f"counter {part.variable}"

    def _threshold(self, term: Expression) -> Expression | None:
        match term:
            case Equal(left, Literal(int() as number)) | Equal(Literal(int() as number), left):
                count = self._count(left)
                return None if count is None else _exactly(count, number)
            case Compare(operator, left, Literal(int() as number)):
                count = self._count(left)
                most = number - 1 if operator == "<" else number
                return None if count is None else _denied(_at_least(count, most + 1))
            case Compare(operator, Literal(int() as number), right):
                count = self._count(right)
                return None if count is None else _at_least(count, number + (operator == "<"))
            case _:
                return None

    def _count(self, term: Expression) -> Count | None:
        """Return what an expression counts, if it is a number of elements."""
        match term:
            case Count():
                return term
            case Read(variable, indices) if variable in self.exact:
                counted = self.exact[variable]
                count = Count(counted.binders, counted.condition, Integer(), term.span)
                keys = (key.name for key in counted.keys)
                found = substitute(count, dict(zip(keys, indices, strict=True)))
                assert isinstance(found, Count)
                return found
            case _:
                return None


def _exactly(count: Count, number: int) -> Expression | None:
    least, more = _at_least(count, number), _at_least(count, number + 1)
    if least is None or more is None:
        return None
    none_more = Not(more, Boolean(), count.span)
    return none_more if number <= 0 else And((least, none_more), Boolean(), count.span)


def _denied(term: Expression | None) -> Expression | None:
    return None if term is None else Not(term, Boolean(), term.span)


def _at_least(count: Count, number: int) -> Expression | None:
    """Return that so many different bindings satisfy the condition; None if they are too many."""
    if number > MOST:
        return None
    if number <= 0:
        return Literal(True, Boolean(), count.span)
    taken = set(free_locals(count)) | {binder.name for binder in count.binders}
    rows = [count.binders]
    while len(rows) < number:
        rows.append(tuple(_renamed(binder, taken) for binder in count.binders))
    conditions = [
        substitute(count.condition, dict(zip(_names(count.binders), map(_local, row), strict=True)))
        for row in rows
    ]
    conditions += [_differ(one, other) for one, other in combinations(rows, 2)]
    body = conditions[0] if number == 1 else And(tuple(conditions), Boolean(), count.span)
    return Quantifier("some", tuple(b for row in rows for b in row), body, Boolean(), count.span)


def _renamed(binder: Parameter, taken: set[str]) -> Parameter:
    name = fresh_name(binder.name, taken)
    taken.add(name)
    return replace(binder, name=name)


def _names(binders: tuple[Parameter, ...]) -> list[str]:
    return [binder.name for binder in binders]


def _local(binder: Parameter) -> Local:
    return Local(binder.name, binder.type, binder.span)


def _differ(one: tuple[Parameter, ...], other: tuple[Parameter, ...]) -> Expression:
    unequal = tuple(
        Not(Equal(_local(a), _local(b), Boolean(), a.span), Boolean(), a.span)
        for a, b in zip(one, other, strict=True)
    )
    return unequal[0] if len(unequal) == 1 else Or(unequal, Boolean(), one[0].span)
