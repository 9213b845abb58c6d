"""Translation look-aside buffers: one a core, tagged by address space.

An entry may outlive the page-table entry it was filled from until it is flushed, and a core may
then have the old translation in one of its buffers and the new one in another: an access uses
whichever allows it. Nothing is evicted, so that what is cached is all that may be. INVLPG and
INVPCID are local to their core. A change of ownership of a frame drops the entries that name it
everywhere, on SNP.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from splitspec.impl.journal import Journal, Table

Key = tuple[int, int, int]
"""Core, tag and virtual page."""


@dataclass(frozen=True, slots=True)
class Translation:
    """What a core remembers of a walk of both stages."""

    page: int
    frame: int
    writable: bool
    private: bool


class Tlb:
    """Cached translations by core, tag and virtual page, the oldest first."""

    __slots__ = ("entries",)

    def __init__(self, journal: Journal) -> None:
        self.entries: Table[Key, tuple[Translation, ...]] = Table(journal)

    def find(self, core: int, tag: int, address: int, *, write: bool) -> Translation | None:
        """Return the oldest translation that allows the access, if any."""
        known = self.entries.get((core, tag, address), ())
        return next((entry for entry in known if entry.writable or not write), None)

    def fill(self, core: int, tag: int, address: int, translation: Translation) -> None:
        """Remember a translation, as a walk does, beside older ones."""
        key = core, tag, address
        known = self.entries.get(key, ())
        if translation not in known:
            self.entries[key] = (*known, translation)

    def flush_address(self, core: int, tag: int, address: int) -> None:
        """INVLPG: forget one virtual page on one core."""
        self.entries.discard((core, tag, address))

    def flush_tag(self, core: int, tag: int) -> None:
        """INVPCID of a single context: forget one address space on one core."""
        self._forget(lambda key: key[:2] == (core, tag))

    def flush_core(self, core: int) -> None:
        """Forget everything on one core."""
        self._forget(lambda key: key[0] == core)

    def flush_frame(self, frame: int) -> None:
        """Forget what names the frame, on every core."""
        for key, known in list(self.entries.items()):
            left = tuple(entry for entry in known if entry.frame != frame)
            if left:
                self.entries[key] = left
            else:
                del self.entries[key]

    def _forget(self, concerns: Callable[[Key], bool]) -> None:
        for key in [key for key in self.entries if concerns(key)]:
            del self.entries[key]
