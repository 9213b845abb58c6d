"""The allocators of a pool: private pages for data, and blocks of the shared part for I/O.

Of private pages the pool's own page of metadata says which are handed out, a byte for each page of
the pool; so the records of a container's memory are in memory that it pays for, and nobody else can
read or write them. What is handed out is a claim to an address: who accepts or maps a page of the
pool is not asked for it, because a program is loaded before its container can claim anything. So a
page may be in use without a claim, and the allocator passes it over.

Blocks are given to buffers, which the kernel numbers for all containers. Both end where their part
ends, and what comes back is handed out again.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from splitspec.impl.kernel.direct_map import DirectMap
from splitspec.impl.kernel.records import Buffer, Container, Layout, Page, Phase, State, Use
from splitspec.impl.kernel.shootdown import Shootdown
from splitspec.impl.refusal import Guards, KernelRefusal

FREE, HELD = 0, 1
UNUSED = Use.FREE, Use.RAW
"""The uses of a page that is accepted, and that nothing uses."""


class Allocators:
    """The allocators of all pools."""

    __slots__ = ("_memory", "_shootdown", "_state")

    def __init__(self, state: State, *, memory: DirectMap, shootdown: Shootdown) -> None:
        self._state = state
        self._memory = memory
        self._shootdown = shootdown

    def held(self, layout: Layout) -> list[int]:
        """Return the private pages that are handed out."""
        marks = self._memory.read(layout.metadata)
        return [page for page in layout.data if marks[page - layout.first] != FREE]

    def allocate_page(self, container: int) -> int:
        """Hand a private page out, for a fault of a running container; return it."""
        guards = Guards(KernelRefusal, "allocate_page")
        self._running(guards, container)
        layout = self._laid_out(guards, container)
        spare = self._spare(layout)
        guards.require("spare", bool(spare), f"the pool of container {container} is used up")
        self._mark(layout, spare[0], HELD)
        return spare[0]

    def free_page(self, container: int, page: int) -> None:
        """Take a private page back that nothing uses any more."""
        guards = Guards(KernelRefusal, "free_page")
        layout = self._laid_out(guards, container)
        inside = page in layout.pages
        guards.require("in_pool", inside, f"page {page} is not in the pool of {container}")
        guards.require("held", page in self.held(layout), f"page {page} is not handed out")
        record = self._state.pages.get(page)
        unused = record is None or record.use in (*UNUSED, Use.LOST)
        guards.require("unused", unused, f"page {page} is in use")
        self._mark(layout, page, FREE)

    def run_out(self, container: int) -> None:
        """End a container that needs a page when none is left. If a fault of its is under way, that
        ends too: nobody waits for the lock of its pool."""
        guards = Guards(KernelRefusal, "run_out")
        row = self._running(guards, container)
        spare = self._spare(self._laid_out(guards, container))
        guards.require("empty", not spare, f"pages {spare} are free")
        self._state.containers[container] = replace(row, phase=Phase.EXITING)
        self._state.faults.discard(container)

    def allocate_block(self, container: int) -> int:
        """Give a buffer of a running container a block of the shared part; return its number.

        A page that the kernel still remembers is another buffer's, or was lost to the host when it
        was private, under a pool with a smaller shared part.
        """
        guards = Guards(KernelRefusal, "allocate_block")
        self._running(guards, container)
        layout = self._laid_out(guards, container)
        blocks = [page for page in layout.shared_part if page not in self._state.pages]
        guards.require("spare", bool(blocks), f"the shared part of {container} is used up")
        number = next(n for n in count() if n not in self._state.buffers)
        self._state.pools[blocks[0]] = container
        self._state.pages[blocks[0]] = Page(Use.SHARED)
        self._state.buffers[number] = Buffer(container, blocks[0])
        return number

    def free_block(self, container: int, number: int) -> None:
        """Take the block of a buffer back that nothing maps and no vCPU can reach."""
        guards = Guards(KernelRefusal, "free_block")
        buffer = self._state.buffers.get(number)
        if buffer is None or buffer.container != container:
            guards.fail("own", f"container {container} has no buffer {number}")
        references = self._state.pages[buffer.page].references
        guards.require("unreferenced", references == 0, f"page {buffer.page} is mapped")
        self._shootdown.check_settled(guards, buffer.page)
        del self._state.buffers[number]
        del self._state.pages[buffer.page]
        del self._state.pools[buffer.page]

    def _spare(self, layout: Layout) -> list[int]:
        """Return the private pages that can be handed out: neither claimed, nor in use, nor lost to
        the host for good."""
        held, pages = self.held(layout), self._state.pages
        used = [page for page in layout.data if page in pages and pages[page].use not in UNUSED]
        return [page for page in layout.data if page not in held and page not in used]

    def _mark(self, layout: Layout, page: int, mark: int) -> None:
        self._memory.write(layout.metadata, bytes([mark]), offset=page - layout.first)

    def _laid_out(self, guards: Guards, container: int) -> Layout:
        found = self._state.layout(container)
        if found is None:
            guards.fail("laid_out", f"container {container} has no pool")
        return found[1]

    def _running(self, guards: Guards, container: int) -> Container:
        row = self._state.containers.get(container)
        if row is None or row.phase is not Phase.RUNNING:
            guards.fail("running", f"container {container} is not")
        return row
