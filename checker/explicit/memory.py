"""The memory that this process takes, and that it may take."""

from __future__ import annotations

import mmap
from pathlib import Path

SHARE_OF_MEMORY = 0.8
SMALL = 2 * 2**30
STATM = Path("/proc/self/statm")
"""Linux's figures of the process, in pages; the second is what is resident."""


def resident_memory() -> int:
    """Return the bytes of the process that are in memory, 0 where nothing tells."""
    try:
        return int(STATM.read_text(encoding="ascii").split()[1]) * mmap.PAGESIZE
    except (OSError, ValueError, IndexError):
        return 0


def available_memory() -> int:
    """Return the share of the free memory that searches may take when no limit was given.

    Where nothing tells how much is free, the share is that of a small machine.
    """
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return int(SMALL * SHARE_OF_MEMORY)
    fields = dict(line.split(":", 1) for line in text.splitlines())
    available = int(fields["MemAvailable"].split()[0]) * 1024
    group = Path("/sys/fs/cgroup")
    try:
        most = (group / "memory.max").read_text(encoding="ascii").strip()
        used = int((group / "memory.current").read_text(encoding="ascii"))
    except (OSError, ValueError):
        most = "max"
    if most != "max":
        available = min(available, max(0, int(most) - used))
    return int(available * SHARE_OF_MEMORY)
