"""Drive random walks on threads, and walk one of them again to see where it went.

A walk depends on the seed and its number alone. So do the findings: of each property, the walk with
the smallest number that shows it, however many threads there are.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from splitspec.checker.budget import Budget
from splitspec.checker.explicit.native import blocks
from splitspec.checker.explicit.native.addresses import Addresses
from splitspec.checker.explicit.native.crew import Crew
from splitspec.checker.explicit.native.machine_code import Runtime
from splitspec.checker.explicit.native.order import Order
from splitspec.checker.explicit.native.workers import (
    Words,
    Worker,
    make_control,
    make_worker,
    members_of,
    words,
)
from splitspec.checker.result import Phase, Progress, Stop

Packed = tuple[int, ...]


@dataclass(frozen=True)
class Swarm:
    """What is walked: the kernel, where walks begin, what they look for, and their seed."""

    runtime: Runtime
    kernel: Addresses
    order: Order
    initial: Sequence[Packed]
    seed: int
    depth: int


@dataclass(frozen=True)
class Walked:
    """What the walks found: for each property the walk that shows it, and after how many steps."""

    walks: int
    steps: int
    longest: int
    first: Mapping[int, tuple[int, int]]
    seen: frozenset[int]
    stop: Stop | None


def walk(
    swarm: Swarm,
    runs: int,
    *,
    budget: Budget,
    workers: int,
    on_progress: Callable[[Progress], None] | None = None,
) -> Walked:
    """Walk the walks with numbers below `runs`, or as many of them as the budget allows."""
    control, _source = _control(swarm, runs, workers)
    team = [_worker(swarm, number) for number in range(workers)]
    stop = budget.spent()
    with Crew(control, team) as crew:
        while stop is None and not all(crew.run(swarm.runtime.entry("walk"))):
            if on_progress is not None:
                on_progress(_progress(team, budget.seconds))
            stop = budget.spent()
    return Walked(
        walks=sum(w.block[blocks.WALKS] for w in team),
        steps=sum(w.block[blocks.STEPS] for w in team),
        longest=max(w.block[blocks.LONGEST] for w in team),
        first=_first(team),
        seen=frozenset(bit for w in team for bit in members_of(w.seen)),
        stop=stop,
    )


def walk_again(swarm: Swarm, number: int, steps: int) -> tuple[list[Packed], list[int]]:
    """Return the states and the actions of the first steps of a walk."""
    size = swarm.kernel.words
    control, _source = _control(swarm, number + 1, 1)
    states, actions = words(size * (steps + 1)), (ctypes.c_uint16 * (steps + 1))()
    control[blocks.RECORD] = ctypes.addressof(states)
    control[blocks.RECORD_ACTIONS] = ctypes.addressof(actions)
    control[blocks.WALK_DEPTH] = steps
    with Crew(control, [_worker(swarm, number)]) as crew:
        while not all(crew.run(swarm.runtime.entry("walk"))):
            pass
    whole = (ctypes.c_uint64 * len(states)).from_buffer(states)
    path = [tuple(whole[i * size : (i + 1) * size]) for i in range(steps + 1)]
    return path, list(actions[:steps])


def _control(swarm: Swarm, runs: int, workers: int) -> tuple[Words, Words]:
    control = make_control(swarm.kernel, swarm.order.mask)
    source = words(len(swarm.initial) * swarm.kernel.words)
    for i, word in enumerate(word for state in swarm.initial for word in state):
        source[i] = ctypes.c_int64(word).value
    control[blocks.SOURCE], control[blocks.SOURCE_COUNT] = (
        ctypes.addressof(source),
        len(swarm.initial),
    )
    control[blocks.SEED] = ctypes.c_int64(swarm.seed).value
    control[blocks.WALK_DEPTH], control[blocks.WALK_LIMIT] = swarm.depth, runs
    control[blocks.WALK_STRIDE] = workers
    return control, source


def _worker(swarm: Swarm, first_walk: int) -> Worker:
    worker = make_worker(swarm.kernel, swarm.order.pending, swarm.order.undecided)
    worker.block[blocks.WALK] = first_walk
    return worker


def _first(team: Sequence[Worker]) -> dict[int, tuple[int, int]]:
    first: dict[int, tuple[int, int]] = {}
    for worker in team:
        for number, walked in worker.decided():
            found = (walked, worker.first_step[number])
            first[number] = min(found, first.get(number, found))
    return first


def _progress(team: Sequence[Worker], seconds: float) -> Progress:
    steps = sum(w.block[blocks.STEPS] for w in team)
    walks = sum(w.block[blocks.WALKS] for w in team)
    return Progress(
        Phase.WALKING,
        seconds,
        depth=max(w.block[blocks.LONGEST] for w in team),
        states=steps + walks,
        transitions=steps,
    )
