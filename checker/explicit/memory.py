"""The memory that this process takes, where a search has no arrays of its own to count."""

from __future__ import annotations

import mmap
from pathlib import Path

STATM = Path("/proc/self/statm")
"""Linux's figures of the process, in pages; the second is what is resident."""


def resident_memory() -> int:
    """Return the bytes of the process that are in memory, 0 where nothing tells."""
    try:
        return int(STATM.read_text(encoding="ascii").split()[1]) * mmap.PAGESIZE
    except (OSError, ValueError, IndexError):
        return 0
