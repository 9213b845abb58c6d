"""A copy of this process works for the one that made it, and is nothing without it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

SET_DEATH_SIGNAL = 1
"""An operation of prctl(2)."""


def end_with(parent: int) -> None:
    """Have this process killed when the one dies that made it and waits for it. Elsewhere than on
    Linux it has to ask `is_orphan` at its own opportunities."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_DEATH_SIGNAL, signal.SIGKILL)
    if is_orphan(parent):  # It died before it could be watched.
        os._exit(1)


def is_orphan(parent: int) -> bool:
    """Return whether the process that made this one is gone."""
    return os.getppid() != parent
