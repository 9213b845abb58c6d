"""Memory of a process: the break and anonymous mappings, in pages that appear when touched."""

from __future__ import annotations

from splitspec.impl.geometry import PAGE
from splitspec.impl.journal import Journal, Table
from splitspec.impl.libos.layout import HEAP, HEAP_END, MAPPINGS, MAPPINGS_END
from splitspec.impl.libos.runtime import Runtime
from splitspec.impl.refusal import Guards, LibraryRefusal

BREAK = "break"


class Heap:
    """The break and the mappings of one process."""

    __slots__ = ("_numbers", "_runtime", "mappings")

    def __init__(self, journal: Journal, runtime: Runtime) -> None:
        self._runtime = runtime
        self._numbers: Table[str, int] = Table(journal)
        self.mappings: Table[int, int] = Table(journal)  # first virtual page to number of pages

    def inherit(self, parent: Heap) -> None:
        """Begin where the process that was forked stood."""
        for name, end in parent._numbers.items():
            self._numbers[name] = end
        for address, count in parent.mappings.items():
            self.mappings[address] = count

    def brk(self, end: int) -> int:
        """Move the end of the heap to a byte address; 0 asks where it is. Return where it is."""
        now = self._numbers.get(BREAK, HEAP * PAGE)
        if end == 0:
            return now
        guards = Guards(LibraryRefusal, "brk")
        guards.require("inside", HEAP * PAGE <= end <= HEAP_END * PAGE, f"{end} is not in the heap")
        old, new = pages(now), pages(end)
        if new > old:
            self._runtime.reserve(old, new - old)
        elif new < old:
            self._runtime.drop(new, old - new)
        self._numbers[BREAK] = end
        return end

    def map(self, length: int) -> int:
        """Map fresh zeros; return their byte address."""
        guards = Guards(LibraryRefusal, "mmap")
        guards.require("length", length > 0, "nothing to map")
        count = pages(length)
        address = self._gap(guards, count)
        self._runtime.reserve(address, count)
        self.mappings[address] = count
        return address * PAGE

    def unmap(self, start: int) -> None:
        """End a mapping that `map` made."""
        guards = Guards(LibraryRefusal, "munmap")
        known = start % PAGE == 0 and start // PAGE in self.mappings
        guards.require("mapped", known, f"{start} is no mapping")
        address = start // PAGE
        self._runtime.drop(address, self.mappings[address])
        del self.mappings[address]

    def _gap(self, guards: Guards, count: int) -> int:
        address = MAPPINGS
        for first, size in sorted(self.mappings.items()):
            if first - address >= count:
                break
            address = first + size
        guards.require("room", address + count <= MAPPINGS_END, f"no room for {count} pages")
        return address


def pages(length: int) -> int:
    """Return how many pages hold so many bytes."""
    return -(-length // PAGE)
