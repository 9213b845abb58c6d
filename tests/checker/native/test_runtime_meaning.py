"""The runtime does as machine code what its text does as Python.

The operations of the machine that the text uses have a meaning in Python too, to which their
instructions are held here.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.checker.native import hand_kernels
from tests.checker.native.execution import (
    BUFFERS,
    ELEMENTS,
    INTEGERS,
    call_machine,
    compiled,
    outcome,
)
from tests.checker.native.hand_kernels import HandKernel, load

from splitspec.checker.budget import Budget
from splitspec.checker.explicit.native import blocks, intrinsics
from splitspec.checker.explicit.native.backward import unable_to_reach
from splitspec.checker.explicit.native.exploration import Exploration
from splitspec.checker.explicit.native.machine_code import (
    Block,
    Runtime,
    load_runtime,
)
from splitspec.checker.explicit.native.object_cache import cache_folder
from splitspec.checker.explicit.native.observation import seen_bits
from splitspec.checker.explicit.native.order import Explored, Order
from splitspec.checker.explicit.native.slots import TAG_MASK, matching
from splitspec.checker.explicit.native.swarm import Swarm, walk, walk_again
from splitspec.checker.explicit.native.translation import entry_functions
from splitspec.checker.explicit.native.translator.subset import Words
from splitspec.checker.explicit.native.workers import make_control, make_worker, words
from splitspec.checker.result import Limits

ONES = (1 << 64) - 1


@dataclass(frozen=True)
class PlainRuntime(Runtime):
    """Runs the text of the runtime as Python."""

    def entry(self, name: str) -> Callable[[Block, Block], int]:
        function = entry_functions()[name]

        def run(control: Block, worker: Block) -> int:
            result: int = function(
                Words(ctypes.addressof(control)), Words(ctypes.addressof(worker))
            )
            return result

        return run


def runtimes() -> tuple[Runtime, Runtime]:
    return PlainRuntime(None, {}), load_runtime(cache_folder())


# Searches -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A search that Python can do in a moment."""

    text: str
    words: int
    fanout: int
    initial: Sequence[tuple[int, ...]]
    order: Order
    canonical: bool = False

    def load(self) -> HandKernel:
        return load(self.text, words=self.words, fanout=self.fanout, canonical=self.canonical)


UNTIL = Order(frozenset({0}), frozenset(), until=0)
EVERYTHING = Order(frozenset({0}), frozenset({1}), exhaust=True)
CASES = {
    "a grid with a forbidden state": Case(
        hand_kernels.grid(3, 7, forbidden=0x020301), 1, 3, [(0,), (5,), (0,)], EVERYTHING
    ),
    "two words, and a step that fails": Case(
        hand_kernels.ring(90, faulty=60), 2, 1, [(0, ONES), (70, ONES ^ 70)], EVERYTHING
    ),
    "representatives": Case(hand_kernels.sorted_grid(9), 1, 2, [(0,)], EVERYTHING, canonical=True),
    "until a property is decided": Case(
        hand_kernels.grid(2, 40, forbidden=0x0302),
        1,
        2,
        [(0,)],
        Order(frozenset({0}), frozenset(), until=0),
    ),
}


def explored(runtime: Runtime, kernel: HandKernel, case: Case) -> tuple[Exploration, Explored]:
    exploration = Exploration(runtime, kernel.addresses, case.order, limits=Limits(memory=1 << 24))
    return exploration, exploration.run(case.initial)


def figures(found: Explored) -> tuple[Any, ...]:
    """Return all that a search found, but for the time it took."""
    stored = [
        (found.store.state(i), found.store.parent(i), found.store.action(i))
        for i in range(found.end)
    ]
    counts = (found.states, found.transitions, found.starts, found.first, found.complete)
    return stored, counts, found.store.slots.memory[: 8 * found.store.size]


@pytest.mark.parametrize("name", CASES)
def test_a_search_stores_the_same_in_the_same_places(name: str) -> None:
    case = CASES[name]
    kernel = case.load()
    plain, machine = (figures(explored(runtime, kernel, case)[1]) for runtime in runtimes())
    assert plain == machine


def test_sweeps_over_what_was_stored_agree() -> None:
    case = CASES["a grid with a forbidden state"]
    kernel = case.load()
    answers = []
    for runtime in runtimes():
        exploration, found = explored(runtime, kernel, case)
        unable = [unable_to_reach(exploration, found, goal) for goal in (0, 5, 0x060606)]
        answers.append((unable, seen_bits(exploration, found, 3)))
    assert answers[0] == answers[1]


def test_walks_agree() -> None:
    kernel = load(hand_kernels.grid(3, 40, forbidden=0x000102), words=1, fanout=3)
    order = Order(frozenset({0}), frozenset())
    walks = []
    for runtime in runtimes():
        swarm = Swarm(runtime, kernel.addresses, order, [(0,), (7,)], seed=-5, depth=12)
        walked = walk(swarm, 40, budget=Budget(), workers=1)
        walks.append((walked, walk_again(swarm, 11, 12)))
    assert walks[0] == walks[1]
    assert walks[0][0].first


@pytest.mark.parametrize("entry", ["reinsert", "spread"])
def test_a_table_is_filled_and_spread_alike(entry: str) -> None:
    """Random states, put into a table of 64 lines, which then grows to 160."""
    random = Random(1)
    states = [random.getrandbits(63) for _ in range(300)]
    tables = [grown_table(runtime, states, entry) for runtime in runtimes()]
    assert tables[0] == tables[1]
    assert sum(1 for slot in tables[0][0] if slot) == len(states)


def grown_table(runtime: Runtime, states: list[int], entry: str) -> tuple[list[int], list[int]]:
    """Return the slots and the control block after the entry has run on a full table."""
    kernel = hand_grid().addresses
    control = make_control(kernel, 0)
    keep = make_worker(kernel, (), ())
    worker, stored = keep.block, words(len(states))
    for i, state in enumerate(states):
        stored[i] = state
    parents = (ctypes.c_uint32 * len(states))()
    memory = words(160 * 8 + 8)
    skip = -ctypes.addressof(memory) % 64 // 8
    control[blocks.SLOTS] = ctypes.addressof(memory) + 8 * skip
    control[blocks.STATES] = ctypes.addressof(stored)
    control[blocks.PARENTS] = ctypes.addressof(parents)
    control[blocks.SIZE], control[blocks.REACH] = 64 * 8, 2
    control[blocks.TAKE], control[blocks.HI] = 0, len(states)
    assert runtime.entry("reinsert")(control, worker) == 1
    if entry == "spread":
        low = words(64 * 8)
        control[blocks.OLD_SIZE], control[blocks.SIZE] = 64 * 8, 160 * 8
        control[blocks.SCAN], control[blocks.LOW] = 64, 9
        control[blocks.LOW_SLOTS] = ctypes.addressof(low)
        assert runtime.entry("spread")(control, worker) == 1
    addresses = {blocks.SLOTS, blocks.STATES, blocks.PARENTS, blocks.LOW_SLOTS}
    rest = [word for number, word in enumerate(control) if number not in addresses]
    return memory[skip : skip + 160 * 8], rest


@cache
def hand_grid() -> HandKernel:
    return load(hand_kernels.grid(2, 3), words=1, fanout=2)


# Operations of the machine --------------------------------------------------------------


MACHINE = (
    intrinsics.load,
    intrinsics.exchange,
    intrinsics.fetch_add,
    intrinsics.survey,
    intrinsics.wrapped,
    intrinsics.lowest_bit,
    intrinsics.high_product,
)


@cache
def operations() -> Runtime:
    return compiled({function.__name__: function for function in MACHINE})


@given(p=BUFFERS, i=st.integers(0, ELEMENTS - 1), a=INTEGERS, b=INTEGERS, is_there=st.booleans())
def test_operations_on_shared_words_do_what_they_say(
    p: list[int], i: int, a: int, b: int, is_there: bool
) -> None:
    old = p[i] if is_there else a
    for function, inputs in (
        (intrinsics.load, {"pointer": p, "index": i}),
        (intrinsics.exchange, {"pointer": p, "index": i, "old": old, "new": b}),
        (intrinsics.fetch_add, {"pointer": p, "index": i, "amount": a}),
    ):
        assert outcome(function, inputs, operations()) == outcome(function, inputs, None)


@given(a=INTEGERS, b=INTEGERS)
def test_arithmetic_operations_do_what_they_say(a: int, b: int) -> None:
    for function, inputs in (
        (intrinsics.wrapped, {"value": a}),
        (intrinsics.high_product, {"left": a, "right": b}),
        (intrinsics.lowest_bit, {"bits": a or 1}),
    ):
        assert outcome(function, inputs, operations()) == outcome(function, inputs, None)
    assert intrinsics.high_product(a, b) & ONES == (a & ONES) * (b & ONES) >> 64


TAGS = st.sampled_from([0, 1 << 40, 2 << 40, -1 << 40])


@given(
    line=st.lists(
        st.builds(lambda tag, index: tag | index, TAGS, st.integers(0, 2)), min_size=8, max_size=8
    ),
    tag=TAGS,
)
def test_a_survey_finds_tags_and_empty_slots(line: list[int], tag: int) -> None:
    memory = words(3 * 8)
    skip = -ctypes.addressof(memory) % 64 // 8
    for i, slot in enumerate(line):
        memory[skip + 8 + i] = slot
    slots = Words(ctypes.addressof(memory) + 8 * skip)
    expected = sum(
        (each & TAG_MASK == tag) << i | (each == 0) << 8 + i for i, each in enumerate(line)
    )
    assert intrinsics.survey(slots, 8, tag, TAG_MASK) == expected
    arguments = [slots.address, 8, tag, TAG_MASK]
    assert call_machine(operations(), "survey", "int", arguments) == expected


def test_an_empty_slot_has_no_state_to_compare_though_its_tag_is_that_of_some_states() -> None:
    stored = (ctypes.c_int64 * 6)(5, 6, 7, 5, 6, 7)
    sought = (ctypes.c_int64 * 3)(5, 6, 7)
    # What stands before the array is no state, even if it looks like one.
    line, control = words(8), words(blocks.CONTROL_WORDS)
    line[1] = 1  # Tag 0 and index 0; the slot before it is empty.
    control[blocks.WORDS] = 3
    control[blocks.STATES] = ctypes.addressof(stored) + 8 * 3
    control[blocks.SLOTS] = ctypes.addressof(line)
    found = matching(
        Words(ctypes.addressof(control)), 0, 0b11, 0, Words(ctypes.addressof(sought)), 0
    )
    assert found == 0
