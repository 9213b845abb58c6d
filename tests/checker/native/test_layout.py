"""States and words: every state has its own words, and no bit is spent on what cannot change."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from splitspec.checker.explicit.native.layout import Layout, lay_out
from splitspec.model.ir import Variable, VariableKind
from splitspec.model.scope import Places, Scope, State
from splitspec.model.source import Source, Span
from splitspec.model.types import Boolean, Enumeration, IndexType, Option, Range, Sort, Type

SPAN = Span(Source("test", ""), 1, 1, 1, 1)
SORT = Sort("m.S")
PHASE = Enumeration("m.Phase", ("off", "on", "gone"))


def variable(name: str, type_: Type, *indices: IndexType) -> Variable:
    return Variable(f"m.{name}", VariableKind.STATE, indices, type_, None, "", SPAN)


def cell_types() -> st.SearchStrategy[Type]:
    plain: list[IndexType] = [SORT, PHASE, Boolean(), Range(0), Range(4), Range(200)]
    optional: list[Type] = [Option(type_) for type_ in plain]
    return st.sampled_from([*plain, *optional])


def arrays() -> st.SearchStrategy[list[tuple[Type, tuple[IndexType, ...]]]]:
    indices = st.lists(st.sampled_from([SORT, PHASE, Boolean(), Range(2)]), max_size=3)
    return st.lists(st.tuples(cell_types(), indices.map(tuple)), max_size=6)


def values(layout: Layout) -> st.SearchStrategy[State]:
    """Return all states of a layout."""
    places = layout.places
    choices = [st.sampled_from(places.scope.values(v.type)) for v, _ in places]
    return st.tuples(*choices)


@given(arrays(), st.integers(1, 5), st.data())
def test_unpacking_undoes_packing(
    declared: list[tuple[Type, tuple[IndexType, ...]]], size: int, data: st.DataObject
) -> None:
    variables = [variable(f"v{i}", t, *indices) for i, (t, indices) in enumerate(declared)]
    layout = lay_out(variables, Scope({"m.S": size}, {}, {}))
    state = data.draw(values(layout))
    words = layout.pack(state)
    assert len(words) == layout.words
    assert all(0 <= word < 1 << 64 for word in words)
    assert layout.unpack(words) == state


@given(arrays(), st.integers(1, 5))
def test_no_two_cells_share_a_bit_and_none_straddles_words(
    declared: list[tuple[Type, tuple[IndexType, ...]]], size: int
) -> None:
    variables = [variable(f"v{i}", t, *indices) for i, (t, indices) in enumerate(declared)]
    layout = lay_out(variables, Scope({"m.S": size}, {}, {}))
    used = [0] * layout.words
    for array in layout.arrays.values():
        for cell in range(array.cells if array.fixed is None else 0):
            word, shift = array.locate(cell)
            mask = ((1 << array.bits) - 1) << shift
            assert mask < 1 << 64
            assert used[word] & mask == 0
            used[word] |= mask


@given(st.integers(1, 200), st.integers(1, 60))
def test_cells_of_one_width_need_no_more_words_than_they_must(cells: int, high: int) -> None:
    layout = lay_out([variable("a", Range(high), Range(cells - 1))], Scope({}, {}, {}))
    # high + 1 values need as many bits as the largest has; a word holds whole cells.
    assert layout.words == -(-cells // (64 // high.bit_length()))


def test_what_has_one_value_takes_no_bits() -> None:
    constants = Variable("m.limit", VariableKind.CONSTANT, (), Range(3), None, "", SPAN)
    one = variable("one", SORT)
    free = variable("free", Boolean(), SORT)
    layout = lay_out([constants, one, free], Scope({"m.S": 1}, {}, {"m.limit": 3}))
    assert layout.pack((3, 0, True)) == (1,)
    assert layout.unpack((0,)) == (3, 0, False)
    assert [array.bits for array in layout.arrays.values()] == [0, 0, 1]


def test_an_array_that_fits_lies_in_one_word() -> None:
    # 60, 40 and 20 bits: the last fits beside the second only.
    wide, middle, small = (
        variable(name, Boolean(), Range(cells - 1))
        for name, cells in (("wide", 60), ("middle", 40), ("small", 20))
    )
    layout = lay_out([small, middle, wide], Scope({}, {}, {}))
    assert layout.words == 2
    assert all(len(array.chunks) == 1 for array in layout.arrays.values())


def test_positions_find_the_places_among_those_of_a_larger_state() -> None:
    first, second, third = (variable(name, Boolean(), SORT) for name in ("a", "b", "c"))
    scope = Scope({"m.S": 2}, {}, {})
    layout = lay_out([first, third], scope)
    assert layout.positions(Places((first, second, third), scope)) == (0, 1, 4, 5)
