"""From a system and a scope to the bits in which native code holds a state.

Every state function is an array of cells of equal width. A cell lies in one 64-bit word, an array
in one word where that costs no word; cells of one chunk are adjacent, so that a dynamic index
becomes a shift. Places with one value take no bits. The number of words is the least for which the
cells fit.

An option is encoded as 0 for `none` and one more than its value otherwise; everything else as
itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from splitspec.model.frozen import frozen
from splitspec.model.ir import Value, Variable
from splitspec.model.scope import Places, Scope, State
from splitspec.model.types import Boolean, Option, Type


@frozen
class Chunk:
    """The cells `first`, `first + 1`, … of an array, `count` of them, at bit `shift` of a word."""

    word: int
    shift: int
    first: int
    count: int


@frozen
class Array:
    """The cells of a variable. `fixed` is the one encoded value of all, if they have no bits."""

    variable: Variable
    offset: int  # the number of its first place
    strides: tuple[int, ...]
    cells: int
    size: int  # the number of encoded values of a cell, from 0
    bits: int
    fixed: int | None
    chunks: tuple[Chunk, ...]

    def locate(self, cell: int) -> tuple[int, int]:
        """Return the word and the bit at which a cell begins."""
        for chunk in self.chunks:
            if chunk.first <= cell < chunk.first + chunk.count:
                return chunk.word, chunk.shift + self.bits * (cell - chunk.first)
        raise AssertionError(f"{self.variable.path} has no bits for cell {cell}")


@frozen
class Layout:
    """Where every place of a state lies in its words."""

    words: int
    places: Places
    arrays: Mapping[str, Array]

    def pack(self, state: State) -> tuple[int, ...]:
        """Return the words of a state over `places`."""
        words = [0] * self.words
        for array in self.arrays.values():
            for chunk in array.chunks:
                begin = array.offset + chunk.first
                for i in range(chunk.count):
                    code = encode(state[begin + i], array.variable.type)
                    assert 0 <= code < array.size, (array.variable.path, state[begin + i])
                    words[chunk.word] |= code << (chunk.shift + array.bits * i)
        return tuple(words)

    def unpack(self, words: Sequence[int]) -> State:
        """Return the state over `places` that the words hold."""
        state: list[Value] = []
        for array in self.arrays.values():
            type_ = array.variable.type
            if array.fixed is not None:
                state += [decode(array.fixed, type_)] * array.cells
                continue
            mask = (1 << array.bits) - 1
            for chunk in array.chunks:
                word = int(words[chunk.word])
                for i in range(chunk.count):
                    state.append(decode(word >> (chunk.shift + array.bits * i) & mask, type_))
        return tuple(state)

    def positions(self, full: Places) -> tuple[int, ...]:
        """Return where the places of this layout stand in a state that has more variables."""
        return tuple(
            full.offsets[array.variable.path] + cell
            for array in self.arrays.values()
            for cell in range(array.cells)
        )


def encode(value: Value, type_: Type) -> int:
    """Return the number that stands for a value in a cell."""
    if isinstance(type_, Option):
        return 0 if value is None else int(value) + 1
    assert value is not None
    return int(value)


def decode(code: int, type_: Type) -> Value:
    """Return the value for which a number stands in a cell."""
    match type_:
        case Option(of):
            return None if code == 0 else decode(code - 1, of)
        case Boolean():
            return bool(code)
        case _:
            return code


def lay_out(variables: Iterable[Variable], scope: Scope) -> Layout:
    """Return a layout with the least number of words."""
    places = Places(tuple(variables), scope)
    arrays = [_measure(variable, places) for variable in places.variables]
    total = sum(array.cells * array.bits for array in arrays)
    words = -(-total // 64)
    while True:
        chunks = _fill(arrays, words)
        if chunks is not None:
            break
        words += 1
    placed = {a.variable.path: _place(a, chunks[a.variable.path]) for a in arrays}
    # A state needs an address even if nothing of it can change.
    return Layout(max(words, 1), places, placed)


def _measure(variable: Variable, places: Places) -> Array:
    scope, path = places.scope, variable.path
    cells = len(places.index_tuples(variable))
    size = len(scope.values(variable.type, scope.bound(variable)))
    if path in scope.pins:
        fixed: int | None = encode(scope.pins[path], variable.type)
    else:
        fixed = 0 if size == 1 else None
    bits = 0 if fixed is not None else (size - 1).bit_length()
    return Array(variable, places.offsets[path], places.strides[path], cells, size, bits, fixed, ())


def _place(array: Array, chunks: list[Chunk]) -> Array:
    ordered = tuple(sorted(chunks, key=lambda chunk: chunk.first))
    return Array(
        array.variable,
        array.offset,
        array.strides,
        array.cells,
        array.size,
        array.bits,
        array.fixed,
        ordered,
    )


def _fill(arrays: list[Array], words: int) -> dict[str, list[Chunk]] | None:
    """Place every array in the given number of words, splitting only what fits into no word; None
    if they are too few.
    """
    used = [0] * words
    chunks: dict[str, list[Chunk]] = {array.variable.path: [] for array in arrays}
    by_size = sorted(arrays, key=lambda array: -array.cells * array.bits)
    split = []
    for array in by_size:
        need = array.cells * array.bits
        if not need:
            continue
        word = next((w for w in range(words) if used[w] + need <= 64), None)
        if word is None:
            split.append(array)
        else:
            chunks[array.variable.path].append(Chunk(word, used[word], 0, array.cells))
            used[word] += need
    # Wide cells first: the narrow ones fill the gaps that these leave.
    for array in sorted(split, key=lambda array: -array.bits):
        first = 0
        for word in sorted(range(words), key=lambda w: used[w]):
            count = min((64 - used[word]) // array.bits, array.cells - first)
            if count:
                chunks[array.variable.path].append(Chunk(word, used[word], first, count))
                used[word] += count * array.bits
                first += count
        if first < array.cells:
            return None
    return chunks
