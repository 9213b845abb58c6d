"""Find out, after a search, which observations its states show.

Soundness: an observation is missing only if every stored state was looked at; a sweep that the
budget cut short says nothing.
"""

from __future__ import annotations

import ctypes

from splitspec.checker.explicit.native import blocks
from splitspec.checker.explicit.native.exploration import Exploration
from splitspec.checker.explicit.native.order import Explored
from splitspec.checker.explicit.native.sweeper import sweep
from splitspec.checker.explicit.native.workers import members_of, words
from splitspec.checker.result import Phase, Stop

WORD = 64


def seen_bits(exploration: Exploration, explored: Explored, count: int) -> frozenset[int] | Stop:
    """Return which of the first `count` observations of the kernel some stored state shows, or why
    that was not found out.

    The sweep ends as soon as all are seen, which usually is soon.
    """
    sets = [words(-(-count // WORD)) for _ in exploration.workers]
    for worker, seen in zip(exploration.workers, sets, strict=True):
        worker.block[blocks.SEEN] = ctypes.addressof(seen)
    wanted = frozenset(range(count))

    def found() -> frozenset[int]:
        return wanted & frozenset(bit for seen in sets for bit in members_of(seen))

    stop = sweep(
        exploration, explored, "observe", Phase.COVERING, is_enough=lambda: found() == wanted
    )
    return found() if stop is None else stop
