"""Run native functions on threads in slices, so that Python keeps the reins.

A slice lasts some 60 ms: short enough to show progress and to heed limits and Ctrl-C, long enough
to cost nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import TracebackType

from splitspec.checker.explicit.native.blocks import STOP
from splitspec.checker.explicit.native.workers import Words, Worker

SLICE_SECONDS = 0.06

Entry = Callable[[Words, Words], int]


class Crew:
    """The threads of one search."""

    def __init__(self, control: Words, workers: Sequence[Worker]) -> None:
        self.control = control
        self.workers = tuple(workers)
        self._pool = ThreadPoolExecutor(len(workers), thread_name_prefix="search")

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # Whatever went wrong, no thread may outlive the memory that it works on.
        self.control[STOP] = 1
        self._pool.shutdown(wait=True)

    def run(self, entry: Entry, workers: Sequence[Worker] | None = None) -> list[int]:
        """Run `entry` with every worker for one slice at most, and return what the threads
        returned.

        A thread that failed raises here: an error of this program, which must never look like a
        verdict.
        """
        chosen = self.workers if workers is None else workers
        self.control[STOP] = 0
        futures = [self._pool.submit(entry, self.control, w.block) for w in chosen]
        self._join(futures)
        return [future.result() for future in futures]

    def _join(self, futures: Sequence[Future[int]]) -> None:
        deadline = SLICE_SECONDS
        while True:
            _, running = wait(futures, timeout=deadline)
            if not running:
                return
            self.control[STOP] = 1
            deadline = 1.0
