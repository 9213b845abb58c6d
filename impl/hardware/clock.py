"""The time-stamp counter of the VM: it goes up, and its host cannot set it.

On SEV-SNP this is Secure TSC, on TDX the virtual TSC of the trust domain. How fast time goes does
not matter here; `advance` lets some of it go by.
"""

from __future__ import annotations

from splitspec.impl.journal import Journal, Table


class Clock:
    """What a vCPU reads as the time."""

    __slots__ = ("_ticks",)

    def __init__(self, journal: Journal) -> None:
        self._ticks: Table[str, int] = Table(journal)

    @property
    def now(self) -> int:
        """Return the time."""
        return self._ticks.get("now", 0)

    def advance(self, ticks: int) -> None:
        """Let time go by."""
        self._ticks["now"] = self.now + ticks
