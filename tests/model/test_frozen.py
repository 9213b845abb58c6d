"""A frozen class is what `dataclass(frozen=True, slots=True)` makes of the same text."""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from typing import Any, Generic, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from splitspec.model.frozen import frozen

T = TypeVar("T")
Make = Callable[[type[Any]], type[Any]]

by_dataclasses = dataclass(frozen=True, slots=True)


def _pair(make: Make) -> type[Any]:
    class Pair:
        left: int
        right: object = ()

    return make(Pair)


def _odd(make: Make) -> type[Any]:
    class Odd:
        """Has a field of every kind."""

        name: str
        hidden: int = field(default=0, repr=False)
        ignored: list[int] = field(default_factory=list, compare=False)
        made: dict[str, int] = field(default_factory=dict, init=False, compare=False)
        fixed: int = field(default=7, init=False)
        only: int = field(default=1, kw_only=True)

        def __post_init__(self) -> None:
            self.made[self.name] = self.only

        @property
        def length(self) -> int:
            return len(self.name)

    return make(Odd)


def _empty(make: Make) -> type[Any]:
    class Empty:
        pass

    return make(Empty)


def _single(make: Make) -> type[Any]:
    class Single:
        value: object

    return make(Single)


SHAPES = (_pair, _odd, _empty, _single)
VALUES = st.one_of(st.integers(0, 2), st.tuples(st.integers(0, 1)), st.text(max_size=1))


def _instances(shape: Callable[[Make], type[Any]], words: dict[str, Any]) -> tuple[Any, Any]:
    return shape(frozen)(**words), shape(by_dataclasses)(**words)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_class_has_the_same_fields_slots_and_parameters(
    shape: Callable[[Make], type[Any]],
) -> None:
    ours, theirs = shape(frozen), shape(by_dataclasses)
    assert [f.name for f in fields(ours)] == [f.name for f in fields(theirs)]
    assert ours.__slots__ == theirs.__slots__
    assert ours.__match_args__ == theirs.__match_args__
    assert _parameters(ours) == _parameters(theirs)
    assert "__dict__" not in dir(ours)


def _parameters(cls: type[Any]) -> list[tuple[str, object, bool]]:
    """Return names, kinds, and whether there is a default: a default that is made has no value."""
    return [
        (each.name, each.kind, each.default is inspect.Parameter.empty)
        for each in inspect.signature(cls).parameters.values()
    ]


@given(st.lists(st.tuples(VALUES, VALUES), min_size=2, max_size=2))
def test_instances_are_equal_and_hash_and_print_alike(pairs: list[tuple[object, object]]) -> None:
    ours, theirs = _pair(frozen), _pair(by_dataclasses)
    a, b = (ours(*pair) for pair in pairs)
    c, d = (theirs(*pair) for pair in pairs)
    assert (a == b) == (c == d)
    assert (a != b) == (c != d)
    assert len({a, b}) == len({c, d})
    assert repr(a).rpartition(".")[2] == repr(c).rpartition(".")[2]


def test_all_kinds_of_fields_are_set_as_by_dataclasses() -> None:
    for words in ({"name": "a"}, {"name": "b", "hidden": 3, "ignored": [1], "only": 5}):
        ours, theirs = _instances(_odd, words)
        assert repr(ours).rpartition(".")[2] == repr(theirs).rpartition(".")[2]
        for each in fields(ours):
            assert getattr(ours, each.name) == getattr(theirs, each.name)
        assert ours.length == 1
    first, second = _odd(frozen)("a"), _odd(frozen)("a")
    assert first.ignored is not second.ignored, "a default is made for each instance"


def test_what_does_not_count_is_not_compared() -> None:
    odd = _odd(frozen)
    assert odd("a", ignored=[1]) == odd("a", ignored=[2])
    assert odd("a", hidden=1) != odd("a", hidden=2)
    assert odd("a", only=1) != odd("a", only=2)
    assert hash(odd("a", ignored=[1])) == hash(odd("a", ignored=[2]))


@pytest.mark.parametrize("shape", SHAPES)
def test_instances_of_two_classes_are_not_equal(shape: Callable[[Make], type[Any]]) -> None:
    words = {f.name: "a" for f in fields(shape(frozen)) if f.name in ("name", "left", "value")}
    assert shape(frozen)(**words) != shape(frozen)(**words)
    one = shape(frozen)
    assert one(**words) == one(**words)


def test_nothing_is_assigned_deleted_or_added() -> None:
    one = _pair(frozen)(1)
    with pytest.raises(FrozenInstanceError):
        one.left = 2
    with pytest.raises(FrozenInstanceError):
        del one.left
    with pytest.raises(FrozenInstanceError):
        one.other = 2
    assert one.left == 1


@frozen
class Node(Generic[T]):
    value: T
    below: tuple[Node[T], ...] = ()


@frozen
class Marked(Node[int]):
    mark: str = ""


@frozen(eq=False)
class Itself:
    value: int


@frozen
class Own:
    """Says itself what is equal."""

    value: int

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Own) and self.value % 2 == other.value % 2

    def __hash__(self) -> int:
        return self.value % 2

    def __repr__(self) -> str:
        return f"<{self.value}>"


def test_instances_are_copied_pickled_and_replaced() -> None:
    tree = Node(1, (Node(2), Marked(3, (), "here")))
    for number in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(tree, number)) == tree
    assert copy.copy(tree) == copy.deepcopy(tree) == tree
    assert replace(tree, value=4) == Node(4, tree.below)
    assert replace(Marked(3, (), "here"), mark="there") == Marked(3, (), "there")


def test_a_class_inherits_fields_and_is_matched() -> None:
    assert Marked(1, (), "x") != Node(1)
    match Marked(1, (), "x"):
        case Marked(value, below, mark):
            assert (value, below, mark) == (1, (), "x")


def test_without_equality_an_instance_is_equal_to_itself_alone() -> None:
    one = Itself(1)
    assert one == one
    assert one != Itself(1)
    assert len({one, Itself(1)}) == 2


def test_what_a_class_defines_itself_stays() -> None:
    assert Own(1) == Own(3)
    assert len({Own(1), Own(3), Own(2)}) == 2
    assert repr(Own(1)) == "<1>"
