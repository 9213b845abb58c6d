"""Guest page tables: entries of 8 bytes in frames, walked in two levels of 512.

They are the lower two levels of x86-64's four. The bits are its own too: present 0, writable 1,
user 2, software 9 (copy on write), page number from 12, shared 51 (TDX; SNP's C-bit, inverted),
execute-disable 63.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from splitspec.impl.geometry import ENTRIES, PAGE
from splitspec.impl.hardware.memory import Memory
from splitspec.impl.hardware.platform import Platform

WIDTH = PAGE // ENTRIES
TABLE = struct.Struct(f"<{ENTRIES}Q")
PRESENT, WRITABLE, USER, COPY, SHARED, NO_EXECUTE = (1 << n for n in (0, 1, 2, 9, 51, 63))
PAGE_SHIFT = 12
PAGE_MASK = (1 << 51) - (1 << PAGE_SHIFT)


@dataclass(frozen=True, slots=True)
class Entry:
    """A present entry: where it points, and what it allows."""

    page: int
    writable: bool = False
    copy_on_write: bool = False
    shared: bool = False
    executable: bool = False

    @property
    def permits_writing(self) -> bool:
        """A write is done, or is served with a copy."""
        return self.writable or self.copy_on_write


def encode(entry: Entry | None) -> bytes:
    """Return the 8 bytes of an entry; `None` is not present."""
    if entry is None:
        return bytes(WIDTH)
    bits = PRESENT | USER | entry.page << PAGE_SHIFT
    bits |= WRITABLE if entry.writable else 0
    bits |= COPY if entry.copy_on_write else 0
    bits |= SHARED if entry.shared else 0
    bits |= 0 if entry.executable else NO_EXECUTE
    return bits.to_bytes(WIDTH, "little")


def decode(data: bytes) -> Entry | None:
    """Return the entry of 8 bytes, or None if it is not present."""
    return _decode(int.from_bytes(data, "little"))


def _decode(bits: int) -> Entry | None:
    if not bits & PRESENT:
        return None
    return Entry(
        page=(bits & PAGE_MASK) >> PAGE_SHIFT,
        writable=bool(bits & WRITABLE),
        copy_on_write=bool(bits & COPY),
        shared=bool(bits & SHARED),
        executable=not bits & NO_EXECUTE,
    )


@lru_cache(maxsize=256)
def _present(table: bytes) -> tuple[tuple[int, Entry], ...]:
    """Return the present entries of a page of entries; the same page is asked for often."""
    decoded = ((index, _decode(bits)) for index, bits in enumerate(TABLE.unpack(table)) if bits)
    return tuple((index, entry) for index, entry in decoded if entry is not None)


class Walker:
    """Reads page tables as the hardware does: through the second stage, privately."""

    __slots__ = ("_memory", "_platform")

    def __init__(self, platform: Platform, memory: Memory) -> None:
        self._platform = platform
        self._memory = memory

    def find(self, directory: int, address: int) -> Entry | None:
        """Return the entry of a virtual page in the tables below the guest page `directory`."""
        index, offset = divmod(address, ENTRIES)
        leaf = self._entry(directory, index) if 0 <= index < ENTRIES else None
        return None if leaf is None else self._entry(leaf.page, offset)

    def tables(self, directory: int) -> Iterator[tuple[int, int]]:
        """Yield the place and the page of each table that the directory names, in order."""
        for index, leaf in self._present(directory):
            yield index, leaf.page

    def entries(self, directory: int) -> Iterator[tuple[int, Entry]]:
        """Yield each present virtual page with its entry, in order."""
        for index, leaf in self._present(directory):
            for offset, entry in self._present(leaf.page):
                yield index * ENTRIES + offset, entry

    def _entry(self, table: int, index: int) -> Entry | None:
        return decode(self._load(table)[index * WIDTH : (index + 1) * WIDTH])

    def _present(self, table: int) -> tuple[tuple[int, Entry], ...]:
        return _present(self._load(table))

    def _load(self, page: int) -> bytes:
        frame = self._platform.resolve(page, private=True)
        return self._memory.load(frame, private=True)
