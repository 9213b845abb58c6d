"""The finite sizes of a run, and the places that a state then has.

A `Scope` gives every sort a size, every `nat` a bound, and pinned constants a value. `Places` lays
the state functions out in one flat tuple, the form in which the evaluator and traces hold a state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import assert_never

from splitspec.model.ir import Value, Variable
from splitspec.model.types import (
    Boolean,
    Enumeration,
    IndexType,
    Integer,
    Natural,
    Nothing,
    Option,
    Range,
    Sort,
    Type,
)

State = tuple[Value, ...]


@dataclass(frozen=True)
class Scope:
    """Sizes by sort path, bounds by variable path, values by constant path."""

    sizes: Mapping[str, int]
    bounds: Mapping[str, int]
    pins: Mapping[str, Value]

    def high(self, type_: Range) -> int:
        """Return the upper end of a range; its constant must be pinned."""
        if isinstance(type_.high, int):
            return type_.high
        value = self.pins[type_.high]
        assert isinstance(value, int)
        return value

    def values(self, type_: Type, bound: int | None = None) -> tuple[Value, ...]:
        """Return the values of a type in order; `bound` is that of a `nat` or counter."""
        match type_:
            case Sort(path):
                return tuple(range(self.sizes[path]))
            case Enumeration(_, members):
                return tuple(range(len(members)))
            case Boolean():
                return (False, True)
            case Range():
                return tuple(range(self.high(type_) + 1))
            case Option(of):
                return (None, *self.values(of))
            case Natural():
                assert bound is not None
                return tuple(range(bound + 1))
            case Integer() | Nothing():
                raise AssertionError(f"{type_} has no values of its own")
            case _:
                assert_never(type_)

    def count(self, type_: IndexType) -> int:
        """Return how many values an index can have."""
        match type_:
            case Sort(path):
                return self.sizes[path]
            case Enumeration(_, members):
                return len(members)
            case Boolean():
                return 2
            case Range():
                return self.high(type_) + 1
            case _:
                assert_never(type_)

    def bound(self, variable: Variable) -> int | None:
        """Return the largest value of a counter or `nat`, None for other variables.

        A counter cannot exceed the number of bindings that it counts.
        """
        if variable.counted is not None:
            total = 1
            for binder in variable.counted.binders:
                total *= len(self.values(binder.type))
            return total
        if isinstance(variable.type, Natural):
            pin = self.pins.get(variable.path)
            return self.bounds[variable.path] if pin is None else int(pin)
        return None

    @cached_property
    def element_prefixes(self) -> Mapping[str, str]:
        """The shortest prefixes that tell the sorts apart: Container gives c1, c2, Page gives
        p1."""
        names = {path: path.rpartition(".")[2].lower() for path in self.sizes}
        prefixes = {}
        for path, name in names.items():
            others = [other for key, other in names.items() if key != path]
            length = 1
            while length < len(name) and any(o.startswith(name[:length]) for o in others):
                length += 1
            prefixes[path] = name[:length]
        return prefixes

    def show(self, value: Value, type_: Type) -> str:
        """Return how a value of a type is written in traces and messages."""
        if value is None:
            return "none"
        match type_:
            case Option(of):
                return self.show(value, of)
            case Sort(path):
                assert isinstance(value, int)
                return f"{self.element_prefixes[path]}{value + 1}"
            case Enumeration(_, members):
                return members[value]
            case Boolean():
                return "true" if value else "false"
            case _:
                return str(value)


@dataclass(frozen=True)
class Places:
    """The places of a state: for each variable, its cells in lexicographic order of indices."""

    variables: tuple[Variable, ...]
    scope: Scope

    @cached_property
    def offsets(self) -> Mapping[str, int]:
        """The number of the first place of each variable."""
        offsets, offset = {}, 0
        for variable in self.variables:
            offsets[variable.path] = offset
            offset += len(self.index_tuples(variable))
        return offsets

    def index_tuples(self, variable: Variable) -> list[tuple[Value, ...]]:
        """Return the index tuples of a variable in the order of its places."""
        return list(product(*(self.scope.values(t) for t in variable.indices)))

    @cached_property
    def strides(self) -> Mapping[str, tuple[int, ...]]:
        """What one step of each index adds to the number of the place."""
        strides = {}
        for variable in self.variables:
            sizes = [len(self.scope.values(t)) for t in variable.indices]
            steps = [1] * len(sizes)
            for i in range(len(sizes) - 2, -1, -1):
                steps[i] = steps[i + 1] * sizes[i + 1]
            strides[variable.path] = tuple(steps)
        return strides

    def place(self, variable: str, indices: Iterable[Value]) -> int:
        """Return the number of the place `variable[indices]`."""
        number = self.offsets[variable]
        for index, stride in zip(indices, self.strides[variable], strict=True):
            assert index is not None
            number += int(index) * stride
        return number

    def __iter__(self) -> Iterator[tuple[Variable, tuple[Value, ...]]]:
        """Iterate over all places in order, as variable and indices."""
        for variable in self.variables:
            for indices in self.index_tuples(variable):
                yield variable, indices

    @cached_property
    def names(self) -> tuple[str, ...]:
        """How the places are written: "npt[p1]", "phase[c2]"; the module is left out where the
        name is unique."""
        plain = [variable.path.rpartition(".")[2] for variable in self.variables]
        names = []
        for variable, indices in self:
            short = variable.path.rpartition(".")[2]
            name = short if plain.count(short) == 1 else variable.path
            shown = [
                self.scope.show(index, type_)
                for index, type_ in zip(indices, variable.indices, strict=True)
            ]
            names.append(f"{name}[{', '.join(shown)}]" if shown else name)
        return tuple(names)
