"""What a permutation of sort elements does to the cells of a state.

Elements can only be compared for equality, so every permutation of a sort is an automorphism of the
transition system: it moves the cells that the sort indexes and renames the values of the sort. A
pinned constant names an element; that element stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

from splitspec.checker.explicit.native.layout import Array, Layout
from splitspec.model.frozen import frozen
from splitspec.model.scope import Scope
from splitspec.model.types import Option, Sort, Type

ELEMENTS_MAX = 15
"""A permutation is held in 64 bits, four for each element."""


@frozen
class Orbits:
    """The permuted sorts: for each, by path, the elements that move. Sorts with fewer than two are
    left out.
    """

    moving: Mapping[str, tuple[int, ...]]
    sizes: Mapping[str, int]

    def sort_of(self, type_: Type) -> str | None:
        """Return the permuted sort whose elements are the values of a type, options included."""
        sort = _sort(type_)
        return sort.path if sort is not None and sort.path in self.moving else None


@frozen
class Position:
    """A cell as the permutations see it: `indices` are (position, sort, element), `plain` the other
    indices.
    """

    array: Array
    cell: int
    indices: tuple[tuple[int, str, int], ...]
    plain: tuple[int, ...]
    value: str | None  # The sort of its values.

    @property
    def participants(self) -> int:
        """How many elements the cell ties together."""
        return len(self.indices) + (self.value is not None)


def orbits(layout: Layout) -> Orbits:
    """Return which elements of which sorts may be permuted."""
    scope = layout.places.scope
    used: dict[str, None] = {}
    pinned: dict[str, set[int]] = {}
    for array in layout.arrays.values():
        for type_ in (*array.variable.indices, array.variable.type):
            sort = _sort(type_)
            if sort is not None and array.fixed is None:
                used[sort.path] = None
        value = scope.pins.get(array.variable.path)
        pinned_sort = _sort(array.variable.type)
        if pinned_sort is not None and value is not None:
            pinned.setdefault(pinned_sort.path, set()).add(int(value))
    moving = {}
    for path in used:
        size = scope.sizes[path]
        free = tuple(e for e in range(size) if e not in pinned.get(path, ()))
        if len(free) >= 2 and size <= ELEMENTS_MAX:
            moving[path] = free
    return Orbits(moving, {path: scope.sizes[path] for path in moving})


def unreduced(scope: Scope) -> tuple[str, ...]:
    """Return the sorts that are too large to be permuted, by path."""
    return tuple(path for path, size in scope.sizes.items() if size > ELEMENTS_MAX)


def positions(layout: Layout, group: Orbits) -> Iterator[Position]:
    """Iterate over the cells of a state that have bits."""
    for array in layout.arrays.values():
        if array.fixed is not None:
            continue
        types = array.variable.indices
        sorts = [group.sort_of(type_) for type_ in types]
        value = group.sort_of(array.variable.type)
        ranges = [range(len(layout.places.scope.values(type_))) for type_ in types]
        for cell, indices in enumerate(product(*ranges)):
            yield Position(
                array,
                cell,
                tuple((p, s, indices[p]) for p, s in enumerate(sorts) if s is not None),
                tuple(indices[p] for p, s in enumerate(sorts) if s is None),
                value,
            )


def _sort(type_: Type) -> Sort | None:
    inner = type_.of if isinstance(type_, Option) else type_
    return inner if isinstance(inner, Sort) else None
