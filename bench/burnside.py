"""Count orbits by Burnside's lemma: as many as states that a renaming fixes, on the average.

A renaming permutes the elements of every sort that no pin names. Nothing here knows representatives
or how they are computed; it reads stored states by their layout, in plain Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import permutations, product
from struct import iter_unpack

from splitspec.checker.explicit.native.layout import Array, Layout, decode, encode
from splitspec.checker.explicit.native.order import Explored
from splitspec.model.scope import Scope
from splitspec.model.types import Option, Sort, Type

Renaming = dict[str, tuple[int, ...]]
Words = tuple[int, ...]


def renamings(scope: Scope, layout: Layout) -> Iterator[Renaming]:
    """Iterate over the permutations of all sorts that leave the pinned elements alone."""
    pinned: dict[str, set[int]] = {sort: set() for sort in scope.sizes}
    for array in layout.arrays.values():
        value, sort = scope.pins.get(array.variable.path), _sort(array.variable.type)
        if value is not None and sort is not None:
            pinned[sort].add(int(value))
    choices = [
        [p for p in permutations(range(size)) if all(p[e] == e for e in pinned[sort])]
        for sort, size in scope.sizes.items()
    ]
    for chosen in product(*choices):
        yield dict(zip(scope.sizes, chosen, strict=True))


def count_by_burnside(layout: Layout, found: Explored, group: Sequence[Renaming]) -> int:
    """Return the number of orbits of the stored states under a group of renamings."""
    assert found.end == found.states, "one thread leaves no index without a state"
    packed = memoryview(found.store.states.memory)[: 8 * layout.words * found.end]
    fixed = sum(_count_fixed(layout, packed, renaming) for renaming in group)
    orbits, rest = divmod(fixed, len(group))
    assert rest == 0, "renaming leads out of the reachable states"
    return orbits


def _count_fixed(layout: Layout, packed: memoryview, renaming: Renaming) -> int:
    """Return how many states a renaming maps to themselves: it leaves each of their arrays as it
    was.
    """
    tests = [_test(layout, array, renaming) for array in layout.arrays.values() if array.bits]
    states = iter_unpack(f"={layout.words}Q", packed)
    return sum(all(test(state) for test in tests) for state in states)


def _test(layout: Layout, array: Array, renaming: Renaming) -> Callable[[Words], bool]:
    """Return what says whether the cells of an array in a packed state are left as they were."""
    masks = [(c.word, c.shift, (1 << array.bits * c.count) - 1) for c in array.chunks]
    moves = _moves(layout, array, renaming)
    known: dict[Words, bool] = {}

    def is_left(state: Words) -> bool:
        bits = tuple([state[word] >> shift & mask for word, shift, mask in masks])
        answer = known.get(bits)
        if answer is None:
            cells = _cells(array, bits)
            answer = known[bits] = all(
                cells[moves[cell]] == _renamed(array, code, renaming)
                for cell, code in enumerate(cells)
            )
        return answer

    return is_left


def _moves(layout: Layout, array: Array, renaming: Renaming) -> list[int]:
    """Return for each cell of an array the cell that its content moves to."""
    scope, types = layout.places.scope, array.variable.indices
    tuples = list(product(*(range(len(scope.values(type_))) for type_ in types)))
    cells = {indices: cell for cell, indices in enumerate(tuples)}
    return [
        cells[
            tuple(
                index if (sort := _sort(type_)) is None else renaming[sort][index]
                for index, type_ in zip(indices, types, strict=True)
            )
        ]
        for indices in tuples
    ]


def _cells(array: Array, chunks: tuple[int, ...]) -> list[int]:
    """Return the encoded values of all cells, from the bits of the chunks."""
    mask = (1 << array.bits) - 1
    return [
        bits >> (array.bits * i) & mask
        for chunk, bits in zip(array.chunks, chunks, strict=True)
        for i in range(chunk.count)
    ]


def _renamed(array: Array, code: int, renaming: Renaming) -> int:
    type_ = array.variable.type
    sort, value = _sort(type_), decode(code, type_)
    if sort is None or value is None:
        return code
    return encode(renaming[sort][int(value)], type_)


def _sort(type_: Type) -> str | None:
    inner = type_.of if isinstance(type_, Option) else type_
    return inner.path if isinstance(inner, Sort) else None
