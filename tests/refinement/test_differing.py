"""Whatever a refused call changes is seen beside a copy, wherever an implementation keeps it."""

from __future__ import annotations

import io
import itertools
import random
from collections import OrderedDict, deque
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import pytest
from tests.refinement.holding import evaluator_for

from splitspec.impl.machine import PlatformKind
from splitspec.refinement.conformance import conform
from splitspec.refinement.differing import differences
from splitspec.refinement.divergence import DivergenceKind
from splitspec.refinement.machine.models import granting
from splitspec.refinement.mapping import Copies, InexpressibleError


class Table(dict[str, int]):
    """A container of a class of its own has attributes, too."""

    def __init__(self) -> None:
        super().__init__(a=1)
        self.misses = 0


class Queue(deque[int]):
    def __init__(self, items: tuple[int, ...] = ()) -> None:
        super().__init__(items)
        self.name = "queue"


class Marked(set[int]):
    def __init__(self, items: tuple[int, ...] = ()) -> None:
        super().__init__(items)
        self.name = "marked"


class Name(str):
    note = ""


class Grid(bytearray):
    """An array whose comparison is no truth value, as those of numpy."""

    __slots__ = ()

    def __eq__(self, other: object) -> Any:
        assert isinstance(other, Grid)
        return [one == two for one, two in zip(self, other, strict=True)]

    def __ne__(self, other: object) -> Any:
        return [not equal for equal in self == other]

    __hash__ = None


class Tick:
    """An object that is called counts by what it holds, as others do."""

    times = 0

    def __call__(self) -> None:
        self.times += 1


class Device:
    """An implementation with one thing in it."""

    def __init__(self, held: Any) -> None:
        self.held = held

    def tick(self) -> None:
        self.held += 1


@dataclass(slots=True)
class Entry:
    frame: int
    cached: int = 0


def _first() -> None: ...


def _second() -> None: ...


def _put(name: str, value: Any) -> Callable[[Device], None]:
    return lambda device: setattr(device, name, value)


CHANGES: dict[str, tuple[Any, Callable[[Device], Any]]] = {
    "an attribute of a mapping": (Table(), lambda d: setattr(d.held, "misses", 1)),
    "an item of a mapping": (Table(), lambda d: d.held.update(a=2)),
    "the order of an ordered one": (OrderedDict(a=1, b=2), lambda d: d.held.move_to_end("a")),
    "an item of a queue": (Queue((1,)), lambda d: d.held.append(2)),
    "an element of a set": (Marked((1,)), lambda d: d.held.add(2)),
    "an attribute of a set": (Marked((1,)), lambda d: setattr(d.held, "name", "")),
    "a text with attributes": (Name("a"), _put("held", Name("b"))),
    "what is called": (Tick(), lambda d: d.held()),
    "the function that is called": (_first, _put("held", _second)),
    "a stream": (io.BytesIO(b"abc"), lambda d: d.held.write(b"x")),
    "a place in a stream": (io.BytesIO(b"abc"), lambda d: d.held.read(1)),
    "a random generator": (random.Random(1), lambda d: d.held.random()),
    "a counter": (itertools.count(), lambda d: next(d.held)),
    "an array": (bytearray(2), lambda d: d.held.__setitem__(0, 1)),
    "a place of a record": (Entry(1), lambda d: setattr(d.held, "frame", 2)),
}


@pytest.mark.parametrize(("held", "change"), CHANGES.values(), ids=CHANGES)
def test_what_changed_is_seen(held: Any, change: Callable[[Device], Any]) -> None:
    device = Device(deepcopy(held))
    before = deepcopy(device)
    assert list(differences(before, device)) == []
    change(device)
    found = list(differences(before, device))
    assert found
    assert all("held" in place for place in found)


def test_a_method_is_the_same_as_long_as_its_object_is() -> None:
    device = Device(1)
    holder = Device(device.tick)
    before = deepcopy(holder)
    assert list(differences(before, holder)) == []
    holder.held()
    assert list(differences(before, holder)) == ["held.held"]


def test_what_is_named_as_a_cache_may_change() -> None:
    device = Device(Entry(1))
    before = deepcopy(device)
    device.held.cached = 2
    assert list(differences(before, device, caches=("cached",))) == []
    device.held.frame = 2
    assert list(differences(before, device, caches=("cached",))) == ["held.frame"]


def test_an_array_that_compares_place_by_place_is_compared_as_it_is_kept() -> None:
    device = Device(Grid(3))
    before = deepcopy(device)
    assert list(differences(before, device)) == []
    device.held[1] = 1
    assert list(differences(before, device)) == ["held"]


@pytest.mark.parametrize("copied", [False, True], ids=["log", "copies"])
def test_a_call_that_nobody_can_make_has_done_nothing(copied: bool) -> None:
    """Else its effect, taken back by the walk, would be one that nothing is ever said of."""
    sizes = {"Container": 1, "Page": 1, "Frame": 1}
    mapping = granting(PlatformKind.SNP, honest=False, sizes=sizes)
    create = mapping.actions["create"]

    def create_first(testbed: Any, c: str) -> None:
        create(testbed, c)
        raise InexpressibleError

    actions = {**mapping.actions, "create": create_first}
    undo = Copies(caches=("_decrypted",)) if copied else mapping.undo
    wrong = replace(mapping, actions=actions, undo=undo)
    (found,) = conform(wrong, evaluator_for(wrong)).divergences
    assert found.kind is DivergenceKind.HALF_WRITTEN
    assert found.last == "create(c1)"
