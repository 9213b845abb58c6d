"""Find, among the states that a search to a depth stored and did not expand, one at which the run
may end.

Soundness: a deadlock shows when the steps of a state are made, and the states of the last level are
never expanded. A run of so many steps ends in one of them, so each is looked at.
"""

from __future__ import annotations

import ctypes

from splitspec.checker.explicit.native import blocks
from splitspec.checker.explicit.native.backward import QUEUE_BYTES
from splitspec.checker.explicit.native.exploration import Exploration
from splitspec.checker.explicit.native.order import Explored
from splitspec.checker.explicit.native.store import Region
from splitspec.checker.explicit.native.sweeper import sweep
from splitspec.checker.explicit.native.workers import set_members
from splitspec.checker.result import Phase, Stop

NO_GOAL = -1


def first_marking(exploration: Exploration, explored: Explored, mark: int) -> int | Stop | None:
    """Return the first state of the last level of which some step sets a mark, None if there is
    none; or what forbids to find out.
    """
    assert explored.stop is Stop.DEPTH
    marked, queue = Region(explored.end), Region(QUEUE_BYTES * explored.end)
    wanted = set_members([mark], exploration.kernel.bits)
    control = exploration.control
    control[blocks.GOAL] = NO_GOAL
    control[blocks.GOAL_MARKS] = ctypes.addressof(wanted)
    control[blocks.MARKED], control[blocks.QUEUE] = marked.address, queue.address
    control[blocks.QUEUE_HEAD] = control[blocks.QUEUE_TAIL] = 0
    stop = sweep(
        exploration,
        explored,
        "mark_goals",
        Phase.EXPLORING,
        start=explored.starts[-1],
        solo=True,
        is_enough=lambda: control[blocks.QUEUE_TAIL] > 0,
    )
    if stop is not None:
        return stop
    if control[blocks.QUEUE_TAIL] == 0:
        return None
    return int.from_bytes(queue.memory[:QUEUE_BYTES], "little")
