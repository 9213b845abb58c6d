"""Turn Ctrl-C into a request that every phase of a run obeys at its next opportunity.

An exception would fly from wherever the program happens to be: from a search whose threads are at
work, from half a report. So the first signal is noted, and what can take long asks for it. The
second signal gives up what is under way, but not the report of what was judged before. The third
gives up everything, in the way that the caller says.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread


class Interruption:
    """Whether the user asked for the end; one that nobody notifies never does."""

    def __init__(self, give_up: Callable[[], None] | None = None) -> None:
        self._give_up = give_up
        self._signals = 0
        self._is_settled = False

    @property
    def requested(self) -> bool:
        return self._signals > 0

    def settle(self) -> None:
        """Let no signal but the third disturb what follows, since it is short and must be whole."""
        self._is_settled = True

    def notify(self) -> None:
        """Take note of a signal; raise KeyboardInterrupt at the second."""
        self._signals += 1
        if self._signals > 2 and self._give_up is not None:
            self._give_up()
        if self._signals == 2 and not self._is_settled:
            raise KeyboardInterrupt


@contextmanager
def heed(give_up: Callable[[], None] | None = None) -> Iterator[Interruption]:
    """Let SIGINT notify the interruption; only a main thread can, elsewhere nothing does."""
    interruption = Interruption(give_up)
    if current_thread() is not main_thread():
        yield interruption
        return
    before = signal.signal(signal.SIGINT, lambda *_: interruption.notify())
    try:
        yield interruption
    finally:
        signal.signal(signal.SIGINT, before)
