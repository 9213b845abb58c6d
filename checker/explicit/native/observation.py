"""Find out, after a search, which coverage bits its states show."""

from __future__ import annotations

from splitspec.checker.explicit.native import blocks
from splitspec.checker.explicit.native.crew import Crew
from splitspec.checker.explicit.native.exploration import Exploration, Explored
from splitspec.checker.explicit.native.workers import members_of


def seen_bits(exploration: Exploration, explored: Explored, count: int) -> frozenset[int] | None:
    """Return which of the first `count` coverage bits some stored state shows; None if interrupted.

    The sweep ends as soon as all are seen, which usually is soon.
    """
    control, workers = exploration.control, exploration.workers
    control[blocks.TAKE], control[blocks.HI] = 0, explored.end
    wanted = frozenset(range(count))
    entry = exploration.runtime.entry("observe")
    with Crew(control, workers) as crew:
        while True:
            done = crew.run(entry)
            seen = wanted & _union(exploration)
            if all(done) or seen == wanted:
                return seen
            if crew.interrupted:
                return None


def _union(exploration: Exploration) -> frozenset[int]:
    return frozenset(bit for worker in exploration.workers for bit in members_of(worker.seen))
