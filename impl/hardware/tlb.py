"""Translation look-aside buffers: one a core, tagged by address space.

An entry may outlive the page-table entry it was filled from until it is flushed. INVLPG is local to
its core. A change of ownership of a frame drops the entries that name it everywhere, on SNP.
"""

from __future__ import annotations

from dataclasses import dataclass

from splitspec.impl.journal import Journal, Table


@dataclass(frozen=True, slots=True)
class Translation:
    """What a core remembers of a walk of both stages."""

    page: int
    frame: int
    writable: bool
    private: bool


class Tlb:
    """Cached translations by core, tag and virtual page."""

    __slots__ = ("entries",)

    def __init__(self, journal: Journal) -> None:
        self.entries: Table[tuple[int, int, int], Translation] = Table(journal)

    def find(self, core: int, tag: int, address: int) -> Translation | None:
        """Return the cached translation, if any."""
        return self.entries.get((core, tag, address))

    def fill(self, core: int, tag: int, address: int, translation: Translation) -> None:
        """Remember a translation, as a walk does."""
        self.entries[core, tag, address] = translation

    def flush_address(self, core: int, tag: int, address: int) -> None:
        """INVLPG: forget one virtual page on one core."""
        self.entries.discard((core, tag, address))

    def flush_core(self, core: int) -> None:
        """Forget everything on one core."""
        for key in [key for key in self.entries if key[0] == core]:
            del self.entries[key]

    def flush_frame(self, frame: int) -> None:
        """Forget what names the frame, on every core."""
        for key in [key for key, entry in self.entries.items() if entry.frame == frame]:
            del self.entries[key]
