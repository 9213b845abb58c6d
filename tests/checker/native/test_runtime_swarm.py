"""Random walks are a function of the seed and their number."""

from __future__ import annotations

import pytest
from tests.checker.native import hand_kernels
from tests.checker.native.hand_kernels import HandKernel, load

from splitspec.checker.budget import Budget
from splitspec.checker.explicit.native.machine_code import Runtime, load_runtime
from splitspec.checker.explicit.native.object_cache import cache_folder
from splitspec.checker.explicit.native.order import Order
from splitspec.checker.explicit.native.swarm import Swarm, walk, walk_again
from splitspec.checker.result import Limits, Stop

WORD = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15


@pytest.fixture
def runtime() -> Runtime:
    return load_runtime(cache_folder())


@pytest.fixture
def kernel() -> HandKernel:
    return load(hand_kernels.grid(3, 40, forbidden=0x010203), words=1, fanout=3)


def swarm(runtime: Runtime, kernel: HandKernel, seed: int = 7) -> Swarm:
    order = Order(frozenset({0}), frozenset())
    return Swarm(runtime, kernel.addresses, order, [(0,)], seed, depth=50)


def mixed(z: int) -> int:
    """SplitMix64's output function, in Python's unbounded integers."""
    z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & WORD
    z = ((z ^ z >> 27) * 0x94D049BB133111EB) & WORD
    return z ^ z >> 31


def test_a_walk_takes_the_steps_that_its_generator_draws(
    runtime: Runtime, kernel: HandKernel
) -> None:
    """In the middle of the grid all three steps are possible, so each draw is a third of 2^64."""
    for number in range(20):
        random = mixed((7 + mixed(number * GOLDEN & WORD)) & WORD)
        drawn = []
        for _ in range(30):
            random = (random + GOLDEN) & WORD
            drawn.append(mixed(random) * 3 >> 64)
        _, actions = walk_again(swarm(runtime, kernel), number, 30)
        assert actions == drawn


def test_a_walk_is_a_run_of_the_kernel(runtime: Runtime, kernel: HandKernel) -> None:
    states, actions = walk_again(swarm(runtime, kernel), 3, 50)
    assert states[0] == (0,)
    for before, action, after in zip(states, actions, states[1:], strict=False):
        assert after[0] == before[0] + (1 << 8 * action)


def test_findings_do_not_depend_on_the_number_of_threads(
    runtime: Runtime, kernel: HandKernel
) -> None:
    """0x010203 is 6 steps away, by 6!/(1!2!3!) = 60 of 3^6 walks: about every twelfth finds it."""
    one = walk(swarm(runtime, kernel), 500, budget=Budget(), workers=1)
    two = walk(swarm(runtime, kernel), 500, budget=Budget(), workers=2)
    assert (one.walks, one.steps, one.first, one.seen) == (
        two.walks,
        two.steps,
        two.first,
        two.seen,
    )
    number, steps = one.first[0]
    assert steps == 6
    states, _ = walk_again(swarm(runtime, kernel), number, steps)
    assert states[-1] == (0x010203,)


def test_walks_end_at_their_depth_or_where_no_step_is_possible(
    runtime: Runtime, kernel: HandKernel
) -> None:
    walked = walk(swarm(runtime, kernel), 200, budget=Budget(), workers=1)
    assert (walked.walks, walked.longest, walked.steps) == (200, 50, 200 * 50)
    small = load(hand_kernels.grid(3, 5), words=1, fanout=3)
    ended = walk(swarm(runtime, small), 200, budget=Budget(), workers=1)
    assert (ended.longest, ended.steps) == (3 * 4, 200 * 3 * 4)


def test_a_limit_of_time_leaves_walks_unwalked(runtime: Runtime, kernel: HandKernel) -> None:
    walked = walk(swarm(runtime, kernel), 1 << 40, budget=Budget(Limits(time=0.1)), workers=2)
    assert walked.stop is Stop.TIME
    assert 0 < walked.walks < 1 << 40
