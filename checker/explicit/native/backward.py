"""Decide, after a complete search, whether a goal can be reached from every state.

The predecessor lists take 8 bytes a state and 4 a transition; the sweep back takes 5 bytes a state
more.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from dataclasses import dataclass

from splitspec.checker.explicit.memory import available_memory
from splitspec.checker.explicit.native import blocks
from splitspec.checker.explicit.native.exploration import Exploration
from splitspec.checker.explicit.native.order import Explored
from splitspec.checker.explicit.native.store import Region
from splitspec.checker.explicit.native.sweeper import sweep
from splitspec.checker.explicit.native.workers import set_members
from splitspec.checker.result import Phase, Stop

OFFSET_BYTES, TARGET_BYTES, QUEUE_BYTES = 8, 4, 4


@dataclass(frozen=True)
class Predecessors:
    """The graph of a complete search, to be walked against its steps."""

    exploration: Exploration
    explored: Explored
    offsets: Region
    targets: Region


def list_predecessors(exploration: Exploration, explored: Explored) -> Predecessors | Stop:
    """Return the predecessor lists of a complete search, or what forbids to make them."""
    assert explored.complete
    states, edges = explored.end, explored.transitions
    needed = states * (OFFSET_BYTES + QUEUE_BYTES + 1) + edges * TARGET_BYTES
    if needed > _memory_left(exploration, explored):
        return Stop.MEMORY
    offsets = Region(OFFSET_BYTES * (states + 1))
    targets = Region(TARGET_BYTES * max(edges, 1))
    control = exploration.control
    control[blocks.EDGE_OFFSETS], control[blocks.EDGE_TARGETS] = offsets.address, targets.address
    control[blocks.SOLO] = 0
    for entry in ("count_predecessors", "accumulate", "list_predecessors"):
        solo = entry == "accumulate"
        stop = sweep(exploration, explored, entry, Phase.RECOVERING, solo=solo)
        if stop is not None:
            return stop
    return Predecessors(exploration, explored, offsets, targets)


def first_unable(graph: Predecessors, goal: int, also: Iterable[int] = ()) -> int | Stop | None:
    """Return the first state that cannot reach goal number `goal`, or None if all can.

    States whose steps set one of the marks `also` count as goals.
    """
    exploration, explored = graph.exploration, graph.explored
    marked, queue = Region(explored.end), Region(QUEUE_BYTES * explored.end)
    extra = set_members(also, exploration.kernel.bits)
    control = exploration.control
    control[blocks.GOAL] = goal
    control[blocks.GOAL_MARKS] = ctypes.addressof(extra)
    control[blocks.MARKED], control[blocks.QUEUE] = marked.address, queue.address
    control[blocks.QUEUE_HEAD] = control[blocks.QUEUE_TAIL] = 0
    for entry in ("mark_goals", "go_back"):
        stop = sweep(exploration, explored, entry, Phase.RECOVERING, solo=True)
        if stop is not None:
            return stop
    return _first_unmarked(marked, explored)


def _first_unmarked(marked: Region, explored: Explored) -> int | None:
    index = marked.memory.find(b"\0", 0, explored.end)
    while 0 <= index < explored.end and explored.store.is_hole(index):
        index = marked.memory.find(b"\0", index + 1, explored.end)
    return index if 0 <= index < explored.end else None


def _memory_left(exploration: Exploration, explored: Explored) -> int:
    if exploration.limits.memory is None:
        return available_memory()
    return exploration.limits.memory - explored.store.memory(explored.end)


def unable_to_reach(
    exploration: Exploration, explored: Explored, goal: int, also: Iterable[int] = ()
) -> int | Stop | None:
    """Return the first state of a complete search that cannot reach a goal, None if all can; or
    what forbids to find out.

    States whose steps set one of the marks `also` count as goals.
    """
    graph = list_predecessors(exploration, explored)
    return graph if isinstance(graph, Stop) else first_unable(graph, goal, also)
