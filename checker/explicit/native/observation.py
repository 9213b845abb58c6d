"""Find out, after a search, which observations its states show.

Soundness: an observation is missing only if every stored state was looked at; a sweep that the
budget cut short says nothing.
"""

from __future__ import annotations

import ctypes

from splitspec.checker.explicit.native import blocks
from splitspec.checker.explicit.native.crew import Crew
from splitspec.checker.explicit.native.exploration import Exploration
from splitspec.checker.explicit.native.order import Explored
from splitspec.checker.explicit.native.workers import members_of, words
from splitspec.checker.result import Phase, Stop

WORD = 64


def seen_bits(exploration: Exploration, explored: Explored, count: int) -> frozenset[int] | Stop:
    """Return which of the first `count` observations of the kernel some stored state shows, or why
    that was not found out.

    The sweep ends as soon as all are seen, which usually is soon.
    """
    control, workers = exploration.control, exploration.workers
    sets = [words(-(-count // WORD)) for _ in workers]
    for worker, seen in zip(workers, sets, strict=True):
        worker.block[blocks.SEEN] = ctypes.addressof(seen)
    control[blocks.TAKE], control[blocks.HI] = 0, explored.end
    wanted = frozenset(range(count))
    entry = exploration.runtime.entry("observe")
    with Crew(control, workers) as crew:
        while True:
            exploration.report_sweep(Phase.COVERING, explored)
            stop = exploration.budget.spent()
            if stop is not None:
                return stop
            done = crew.run(entry)
            found = wanted & frozenset(bit for seen in sets for bit in members_of(seen))
            if all(done) or found == wanted:
                return found
