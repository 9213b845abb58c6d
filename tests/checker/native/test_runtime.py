"""The native search visits each state once, whichever kernel it is given."""

from __future__ import annotations

import threading
from _thread import interrupt_main
from collections.abc import Callable
from functools import cache

import pytest
from tests.checker.native import hand_kernels
from tests.checker.native.hand_kernels import HandKernel, load

from splitspec.checker.budget import Budget
from splitspec.checker.explicit.native import blocks
from splitspec.checker.explicit.native.backward import unable_to_reach
from splitspec.checker.explicit.native.crew import Crew
from splitspec.checker.explicit.native.exploration import Exploration
from splitspec.checker.explicit.native.machine_code import Runtime, load_runtime
from splitspec.checker.explicit.native.object_cache import cache_folder
from splitspec.checker.explicit.native.observation import seen_bits
from splitspec.checker.explicit.native.order import Explored, Order
from splitspec.checker.explicit.native.store import make_store
from splitspec.checker.explicit.native.workers import make_control, make_worker
from splitspec.checker.interruption import Interruption
from splitspec.checker.result import Limits, Progress, Stop
from splitspec.cli.interrupts import heed

Report = Callable[[Progress], None]

NOTHING = Order(frozenset(), frozenset(), exhaust=True)


@pytest.fixture
def runtime() -> Runtime:
    return load_runtime(cache_folder())


@cache
def grid(sides: int, length: int, forbidden: int | None = None) -> HandKernel:
    return load(hand_kernels.grid(sides, length, forbidden=forbidden), words=1, fanout=sides)


def make(
    runtime: Runtime,
    kernel: HandKernel,
    order: Order = NOTHING,
    limits: Limits | None = None,
    workers: int = 1,
) -> Exploration:
    limits = limits or Limits(memory=1 << 30)
    return Exploration(runtime, kernel.addresses, order, limits=limits, workers=workers)


def explore(
    runtime: Runtime,
    kernel: HandKernel,
    order: Order = NOTHING,
    limits: Limits | None = None,
    workers: int = 1,
) -> Explored:
    return make(runtime, kernel, order, limits, workers).run([(0,) * kernel.addresses.words])


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_a_grid_has_its_states_and_steps_and_depth(runtime: Runtime, workers: int) -> None:
    """`n` coordinates below `k`: k^n states; each coordinate can step in k-1 of its k values."""
    found = explore(runtime, grid(4, 21), workers=workers)
    assert found.complete
    assert found.states == 21**4
    assert found.transitions == 4 * 20 * 21**3
    assert found.depth == 4 * 20


@pytest.mark.parametrize("workers", [1, 2])
def test_every_link_is_a_step_from_the_level_before(runtime: Runtime, workers: int) -> None:
    """The level of a state of the grid is the sum of its coordinates."""
    found = explore(runtime, grid(4, 21), workers=workers)
    seen = set()
    for index in range(found.end):
        if found.store.is_hole(index):
            continue
        (word,) = found.store.state(index)
        seen.add(word)
        parent = found.store.parent(index)
        if parent is None:
            assert word == 0
            continue
        (before,) = found.store.state(parent)
        assert word == before + (1 << 8 * found.store.action(index))
        level = sum(word >> 8 * k & 255 for k in range(4))
        upper = found.starts[level + 1] if level < found.depth else found.end
        assert found.starts[level] <= index < upper
    assert len(seen) == found.states


def test_a_narrow_search_stores_states_in_the_same_order_for_any_number_of_threads(
    runtime: Runtime,
) -> None:
    one = explore(runtime, grid(3, 20), workers=1)
    three = explore(runtime, grid(3, 20), workers=3)
    states = [[found.store.state(i) for i in range(found.end)] for found in (one, three)]
    assert states[0] == states[1]


def test_no_initial_state_is_a_complete_search_of_nothing(runtime: Runtime) -> None:
    found = make(runtime, grid(2, 3)).run([])
    assert found.complete
    assert (found.states, found.transitions) == (0, 0)


def test_initial_states_are_stored_once_and_judged(runtime: Runtime) -> None:
    """From (1, 2) and (2, 2) of a 3 by 3 grid: themselves only, with one step between."""
    order = Order(frozenset({0}), frozenset(), exhaust=True)
    states = [(0x0201,), (0x0202,), (0x0201,)]
    found = make(runtime, grid(2, 3, 0x0202), order).run(states)
    assert found.states == 2
    assert found.transitions == 1
    assert found.store.state(found.first[0]) == (0x0202,)
    assert found.store.parent(found.first[0]) is None


def test_a_step_that_fails_is_found_at_its_source_and_counted(runtime: Runtime) -> None:
    """The ring goes 0, 1, …, 700; the step from 700 fails, so it has no successor and counts."""
    kernel = load(hand_kernels.ring(1000, faulty=700), words=2, fanout=1)
    order = Order(frozenset(), frozenset({1}), exhaust=True)
    found = make(runtime, kernel, order).run([(0, (1 << 64) - 1)])
    assert found.complete
    assert (found.states, found.transitions) == (701, 701)
    assert found.store.state(found.first[1]) == (700, ((1 << 64) - 1) ^ 700)


def test_a_step_that_fails_is_found_on_a_wide_level_too(runtime: Runtime) -> None:
    """With every state of the ring initial, one level holds them all, and two threads share it."""
    kernel = load(hand_kernels.ring(100_000, faulty=77_777), words=2, fanout=1)
    order = Order(frozenset(), frozenset({1}), exhaust=True)
    ones = (1 << 64) - 1
    found = make(runtime, kernel, order, workers=2).run([(i, i ^ ones) for i in range(100_000)])
    assert (found.states, found.transitions) == (100_000, 100_000)
    assert found.store.state(found.first[1])[0] == 77_777


def test_a_search_until_a_property_ends_at_the_level_that_breaks_it(runtime: Runtime) -> None:
    """0x030201 lies on level 6; levels 0 to 6 of three coordinates hold C(9, 3) = 84 states."""
    order = Order(frozenset({0}), frozenset(), until=0)
    found = explore(runtime, grid(3, 50, 0x030201), order)
    assert found.stop is Stop.DECIDED
    assert not found.complete
    assert found.store.state(found.first[0]) == (0x030201,)
    assert (found.states, found.depth) == (84, 6)


def test_a_search_walks_on_when_nothing_is_looked_for(runtime: Runtime) -> None:
    order = Order(frozenset({0}), frozenset(), exhaust=True)
    found = explore(runtime, grid(3, 50, 0x030201), order)
    assert found.complete
    assert found.states == 50**3


def test_a_limit_of_depth_visits_whole_levels(runtime: Runtime) -> None:
    """Levels 0 to 5 hold C(8, 3) = 56 states."""
    found = explore(runtime, grid(3, 50), limits=Limits(depth=5))
    assert found.stop is Stop.DEPTH
    assert (found.states, found.depth, found.closed_depth) == (56, 5, 5)


def test_a_limit_of_states_says_what_is_closed(runtime: Runtime) -> None:
    found = explore(runtime, grid(3, 50), limits=Limits(states=60_000))
    assert found.stop is Stop.STATES
    assert 60_000 < found.states < 61_000
    # A level is closed when all its states are there: those of the level before are expanded.
    assert found.closed_depth in (found.depth, found.depth - 1)
    closed = found.starts[found.closed_depth + 1] if found.closed_depth < found.depth else found.end
    levels = [sum(found.store.state(i)[0] >> 8 * k & 255 for k in range(3)) for i in range(closed)]
    assert max(levels) == found.closed_depth


def test_a_limit_that_is_just_enough_is_no_limit(runtime: Runtime) -> None:
    assert explore(runtime, grid(3, 20), limits=Limits(states=20**3)).complete


def test_a_limit_of_memory_ends_the_search(runtime: Runtime) -> None:
    found = explore(runtime, grid(3, 110), limits=Limits(memory=4 << 20), workers=2)
    assert found.stop is Stop.MEMORY
    assert found.store.memory(found.end) <= (4 << 20) * 1.1


def test_a_limit_of_time_ends_the_search(runtime: Runtime) -> None:
    found = explore(runtime, grid(7, 20), limits=Limits(time=0.2))
    assert found.stop is Stop.TIME


def endless(runtime: Runtime, interruption: Interruption, on_progress: Report) -> Exploration:
    """Return a search of 20^7 states, which nobody waits for."""
    kernel = grid(7, 20).addresses
    budget = Budget(Limits(), interruption)
    return Exploration(
        runtime,
        kernel,
        NOTHING,
        limits=budget.limits,
        budget=budget,
        workers=2,
        on_progress=on_progress,
    )


def test_ctrl_c_ends_the_search_with_what_it_has(runtime: Runtime) -> None:
    with heed() as interruption:
        search = endless(runtime, interruption, lambda _: interrupt_main())
        found = search.run([(0,)])
    assert found.stop is Stop.INTERRUPTED
    assert found.states > 0


def test_an_exception_between_slices_leaves_no_thread_at_work(runtime: Runtime) -> None:
    """As the second Ctrl-C raises one: the arrays must not go while a thread writes to them."""

    def fail(_: Progress) -> None:
        raise KeyboardInterrupt

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        endless(runtime, Interruption(), fail).run([(0,)])
    assert threading.active_count() == before


def test_progress_grows_and_ends_below_the_result(runtime: Runtime) -> None:
    moments: list[Progress] = []
    kernel = grid(4, 40)
    exploration = Exploration(
        runtime,
        kernel.addresses,
        NOTHING,
        limits=Limits(memory=1 << 30),
        workers=2,
        on_progress=moments.append,
    )
    found = exploration.run([(0,)])
    assert [m.states for m in moments] == sorted(m.states for m in moments)
    assert moments[-1].states <= found.states == 40**4
    assert all(m.frontier <= m.states for m in moments)


def test_a_failing_thread_raises_and_never_looks_like_a_result() -> None:
    kernel = grid(2, 3).addresses
    control = make_control(kernel, 0)

    def fail(_control: object, _worker: object) -> int:
        raise ZeroDivisionError

    with (
        pytest.raises(ZeroDivisionError),
        Crew(control, [make_worker(kernel, (), ()) for _ in range(2)]) as crew,
    ):
        crew.run(fail)
    assert control[blocks.STOP] == 1


def test_representatives_alone_are_stored_under_symmetry(runtime: Runtime) -> None:
    """Of two coordinates below 30, the unordered pairs: 30 * 31 / 2."""
    kernel = load(hand_kernels.sorted_grid(30), words=1, fanout=2, canonical=True)
    found = explore(runtime, kernel)
    assert found.states == 30 * 31 // 2
    assert found.depth == 2 * 29


def test_representatives_of_all_states_are_those_that_a_reduced_search_finds(
    runtime: Runtime,
) -> None:
    full = explore(runtime, grid(2, 30))
    kernel = load(hand_kernels.sorted_grid(30), words=1, fanout=2, canonical=True)
    reduced = make(runtime, kernel).admit_only(
        full.store.states.address, full.store.parents.address, full.end, keep=full.store
    )
    assert reduced.states == 30 * 31 // 2


@pytest.mark.parametrize("workers", [1, 2])
def test_a_table_that_grows_in_place_keeps_every_state(runtime: Runtime, workers: int) -> None:
    """If a state were lost in growing, it would be stored again, and the count be too large."""
    exploration = make(runtime, grid(3, 160), workers=workers)
    found = exploration.run([(0,)])
    assert exploration.control[blocks.SCAN] > 0, "the table was spread at least once"
    assert found.states == 160**3
    assert found.transitions == 3 * 159 * 160**2
    # The sweep looks every successor up again, and raises if one is not found.
    assert unable_to_reach(exploration, found, 159 | 159 << 8 | 159 << 16) is None


def test_a_state_costs_at_most_36_bytes_at_two_words() -> None:
    """From ten million states on, just after every growth, where a state costs most."""
    empty = make_store(2, memory=1 << 40, slack=3000)
    while empty.size < 1 << 28:
        states = empty.full
        size = empty.larger_size()
        assert size is not None
        empty.size = size
        if states >= 10_000_000:
            assert empty.memory(states) <= 36 * states


def test_the_top_of_a_grid_is_reached_from_everywhere_and_its_bottom_from_itself_alone(
    runtime: Runtime,
) -> None:
    exploration = make(runtime, grid(3, 12), workers=2)
    found = exploration.run([(0,)])
    top = 11 | 11 << 8 | 11 << 16
    assert unable_to_reach(exploration, found, top) is None
    assert unable_to_reach(exploration, found, 0) == 1


def test_what_cannot_reach_a_goal_is_found_on_the_least_level(runtime: Runtime) -> None:
    """(0, 3) is reached from (0, 0) to (0, 3) alone, so the first state beside is (1, 0)."""
    exploration = make(runtime, grid(2, 5))
    found = exploration.run([(0,)])
    unable = unable_to_reach(exploration, found, 3 << 8)
    assert isinstance(unable, int)
    assert found.store.state(unable) == (1,)


def test_coverage_shows_what_some_state_shows(runtime: Runtime) -> None:
    exploration = make(runtime, grid(3, 12), workers=2)
    found = exploration.run([(0,)])
    assert seen_bits(exploration, found, 3) == frozenset({0, 1, 2})
    still = make(runtime, grid(3, 1))
    assert seen_bits(still, still.run([(0,)]), 3) == frozenset()
