"""Pins: pages of a container that input and output under way use, without mapping them.

A call that ends long after it began goes by the page that its address meant when it began; the
container may unmap it meanwhile. So a pin counts like an entry of a page table: a pinned page is
not given to anybody else. The kernel's own mapping of all memory has no W bit. So a page is pinned
for writing only where its container could store: it breaks copy-on-write first, by a fault.
"""

from __future__ import annotations

from splitspec.impl.geometry import PAGE
from splitspec.impl.kernel.address_space import AddressSpaces
from splitspec.impl.kernel.direct_map import DirectMap
from splitspec.impl.kernel.records import Phase, Pin, State, Use
from splitspec.impl.refusal import Guards, KernelRefusal


class Pins:
    """The pins of all containers."""

    __slots__ = ("_memory", "_spaces", "_state")

    def __init__(self, state: State, *, memory: DirectMap, spaces: AddressSpaces) -> None:
        self._state = state
        self._memory = memory
        self._spaces = spaces

    def of(self, container: int) -> list[int]:
        """Return the pages that the container has pinned."""
        return sorted(page for holder, page in self._state.pins if holder == container)

    def pin(self, container: int, address: int, use: Pin) -> int:
        """Pin what a running container maps at a virtual page; return the page."""
        guards = Guards(KernelRefusal, "pin")
        row = self._state.containers.get(container)
        running = row is not None and row.phase is Phase.RUNNING
        guards.require("running", running, f"container {container} is not")
        entry = self._spaces.check_mapped(guards, container, address)
        kind = self._state.pages[entry.page].use
        private = kind in (Use.PRIVATE, Use.IMAGE)
        guards.require("private", private, f"page {entry.page} is {kind.value}")
        writable = entry.writable or use is Pin.READING
        guards.require("writable", writable, f"virtual page {address} is read-only: fault first")
        unpinned = (container, entry.page) not in self._state.pins
        guards.require("unpinned", unpinned, f"page {entry.page} is in use")
        self._state.pins[container, entry.page] = use
        self._spaces.hold(entry.page)
        return entry.page

    def load(self, container: int, page: int) -> bytes:
        """Return what goes out of a pinned page."""
        guards = Guards(KernelRefusal, "load_pinned")
        self._pinned(guards, container, page)
        return self._memory.read(page)

    def store(self, container: int, page: int, data: bytes) -> None:
        """Write what came in to a page that is pinned for it."""
        guards = Guards(KernelRefusal, "store_pinned")
        use = self._pinned(guards, container, page)
        guards.require("writing", use is Pin.WRITING, f"page {page} is pinned for reading")
        guards.require("fits", len(data) <= PAGE, f"{len(data)} bytes do not fit in a page")
        self._memory.write(page, data)

    def unpin(self, container: int, page: int) -> None:
        """Input or output has ended, or was called off because the container leaves."""
        guards = Guards(KernelRefusal, "unpin")
        self._pinned(guards, container, page)
        del self._state.pins[container, page]
        self._spaces.drop(page)

    def _pinned(self, guards: Guards, container: int, page: int) -> Pin:
        use = self._state.pins.get((container, page))
        if use is None:
            guards.fail("pinned", f"container {container} has not pinned page {page}")
        return use
