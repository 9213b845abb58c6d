"""Turn Ctrl-C into requests: the first for an end with a report, the second for the report alone,
the third for the end of the process.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread

from splitspec.checker.interruption import Interruption
from splitspec.cli.exitcode import ExitCode


@contextmanager
def heed() -> Iterator[Interruption]:
    """Let SIGINT notify the interruption; only a main thread can, elsewhere nothing does."""
    interruption = Interruption()

    def handle(*_: object) -> None:
        if interruption.signals >= 2:
            os._exit(ExitCode.INTERRUPTED)
        interruption.notify()

    if current_thread() is not main_thread():
        yield interruption
        return
    before = signal.signal(signal.SIGINT, handle)
    try:
        yield interruption
    finally:
        signal.signal(signal.SIGINT, before)
