"""From updates to writes: what an instance leaves behind, and what could go wrong with it.

Everything is read before the step. Assignments to one place by two updates compete; additions to
one place are summed, and the sum is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from splitspec.checker.explicit.native.circuit import Integer, Predicate
from splitspec.checker.explicit.native.layout import Array
from splitspec.checker.explicit.native.lowering import Environment, Lowering
from splitspec.model.frozen import frozen
from splitspec.model.ir import Conditional, Expression, FlatUpdate
from splitspec.model.types import Boolean, Natural, Nothing, Option


@frozen
class Write:
    """An encoded value that a cell gets if the condition holds."""

    array: str
    index: Integer
    value: Integer
    condition: Predicate


@dataclass(slots=True)
class _Target:
    """The writes of one instance to one array, by update."""

    assigned: list[tuple[int, Integer, Integer, Predicate]] = field(default_factory=list)
    added: list[tuple[int, Integer, Integer, Predicate]] = field(default_factory=list)


class After:
    """Reads the state after a step whose writes do not compete."""

    def __init__(self, lowering: Lowering, writes: Sequence[Write]) -> None:
        self._lowering = lowering
        self._writes: dict[str, list[Write]] = {}
        for write in writes:
            self._writes.setdefault(write.array, []).append(write)

    def read(self, path: str, index: Integer) -> Integer:
        """Return the encoded value of a cell after the step."""
        make = self._lowering.circuit
        value = self._lowering.read(path, index)
        for write in self._writes.get(path, ()):
            hit = make.all((make.equal(write.index, index), write.condition))
            value = make.choice(hit, write.value, value)
        return value


class Effect:
    """Collects the updates of one instance, and what could go wrong with them."""

    def __init__(self, lowering: Lowering, lenient: frozenset[str]) -> None:
        self._lowering = lowering
        self._lenient = lenient
        self._make = lowering.circuit
        self._targets: dict[str, _Target] = {}
        self.faults: list[Predicate] = []
        self.cuts: dict[str, list[Predicate]] = {}

    def add(self, number: int, update: FlatUpdate, env: Environment, dropped: Predicate) -> None:
        """Take up update `number` of the action, unless it is dropped."""
        lowering, make = self._lowering, self._make
        lasts = make.negate(dropped)
        target = self._targets.setdefault(update.variable, _Target())
        for inner in lowering.bindings(update.binders, env):
            condition = lasts
            if update.condition is not None:
                holds = lowering.truth(update.condition, inner, lowering.present)
                condition = make.all((lasts, holds))
            if condition is make.false:
                continue
            index = lowering.index(update.variable, update.indices, inner, lowering.present)
            if update.operator == ":=":
                value = self._assigned(update, inner, condition)
                target.assigned.append((number, index, value, condition))
            else:
                value = lowering.value(update.value, inner, lowering.present)
                if update.operator == "-=":
                    value = make.plus(make.constant(0), value, -1)
                target.added.append((number, index, value, condition))

    def _assigned(self, update: FlatUpdate, env: Environment, condition: Predicate) -> Integer:
        array = self._lowering.layout.arrays[update.variable]
        return self._written(update.value, array, env, condition)

    def _written(
        self, expression: Expression, array: Array, env: Environment, condition: Predicate
    ) -> Integer:
        """Return the encoded value; note when it would leave the type while the condition holds."""
        lowering, make = self._lowering, self._make
        type_ = array.variable.type
        if isinstance(expression, Conditional) and expression.type != Boolean():
            chosen = lowering.truth(expression.condition, env, lowering.present)
            other = make.negate(chosen)
            return make.choice(
                chosen,
                self._written(expression.positive, array, env, make.all((condition, chosen))),
                self._written(expression.negative, array, env, make.all((condition, other))),
            )
        code = lowering.coded(expression, type_, env, lowering.present)
        is_given = isinstance(type_, Option) and not isinstance(expression.type, Option | Nothing)
        return self._limited(code, array, int(is_given), condition)

    def _limited(self, code: Integer, array: Array, low: int, condition: Predicate) -> Integer:
        """Return the code, limited where nobody claims a counter; else note faults and cuts."""
        make = self._make
        least, most = make.constant(low), make.constant(array.size - 1)
        below, above = make.less(code, least), make.less(most, code)
        path = array.variable.path
        if path in self._lenient:
            return make.choice(below, least, make.choice(above, most, code))
        self.faults.append(make.all((condition, below)))
        over = make.all((condition, above))
        if isinstance(array.variable.type, Natural) and array.variable.counted is None:
            if over is not make.false:
                self.cuts.setdefault(path, []).append(over)
        else:
            self.faults.append(over)
        return code

    @property
    def overlaps(self) -> Iterator[Predicate]:
        """Iterate over the conditions under which two updates compete for a place."""
        for path, target in self._targets.items():
            if path in self._lenient:
                continue
            pairs = [
                *combinations(target.assigned, 2),
                *((one, other) for one in target.assigned for other in target.added),
            ]
            for (first, i, _, p), (second, j, _, q) in pairs:
                if first != second:
                    yield self._make.all((self._make.equal(i, j), p, q))

    def writes(self) -> Iterator[Write]:
        """Iterate over the writes; those to one place write the same value, unless they compete."""
        make = self._make
        for path, target in self._targets.items():
            array = self._lowering.layout.arrays[path]
            for _, index, value, condition in target.assigned:
                yield Write(path, index, value, condition)
            totals: dict[Integer, list[Predicate]] = {}
            for _, index, _, condition in target.added:
                totals.setdefault(index, []).append(condition)
            for index, conditions in totals.items():
                total = self._lowering.read(path, index)
                for _, other, delta, condition in target.added:
                    hit = make.all((make.equal(index, other), condition))
                    total = make.plus(total, make.choice(hit, delta, make.constant(0)))
                written = make.any(conditions)
                value = self._limited(total, array, 0, written)
                yield Write(path, index, value, written)
