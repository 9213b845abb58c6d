"""Pools of guest pages, and the life of a page in them: accept, scrub, share, release.

The host says which pages a container gets; the kernel checks that they lie in the grantable part
and in no other pool, and where there are strides, in what is laid out in the container's own
(`layouts`). A page is accepted once: the kernel remembers it, because a host can attach a second
frame to an accepted page and the hardware would validate that too. An accepted page reaches a
container only when it holds zeros, because all containers share one memory key and a frame that the
host moves from one pool to another decrypts to what it held.
"""

from __future__ import annotations

from splitspec.impl.geometry import Geometry
from splitspec.impl.hardware.platform import Platform
from splitspec.impl.kernel.direct_map import DirectMap
from splitspec.impl.kernel.records import Page, Phase, State, Use
from splitspec.impl.kernel.shootdown import Shootdown
from splitspec.impl.refusal import Guards, KernelRefusal, Refusal


class Pools:
    """The pools of all containers."""

    __slots__ = ("_geometry", "_memory", "_platform", "_shootdown", "_state")

    def __init__(
        self,
        state: State,
        geometry: Geometry,
        *,
        platform: Platform,
        memory: DirectMap,
        shootdown: Shootdown,
    ) -> None:
        self._state = state
        self._geometry = geometry
        self._platform = platform
        self._memory = memory
        self._shootdown = shootdown

    def admit(self, container: int, first: int, count: int = 1) -> None:
        """Take pages that the host granted into the container's pool."""
        guards = Guards(KernelRefusal, "admit")
        self._check_growing(guards, container)
        grantable = self._geometry.pool_pages
        inside = count > 0 and first in grantable and first + count - 1 in grantable
        guards.require("inside", inside, f"{count} pages from {first} are not grantable")
        pages = range(first, first + count)
        self._check_laid_out(guards, container, pages)
        apart = not any(page in self._state.pools or page in self._state.pages for page in pages)
        guards.require("disjoint", apart, f"{count} pages from {first} overlap a pool")
        for page in pages:
            self._state.pools[page] = container

    def validate(self, container: int, page: int) -> None:
        """Take the frame that the host offers for a page into use; on SNP, with what it holds."""
        self._check_new(Guards(KernelRefusal, "validate"), container, page)
        self._platform.accept(page)
        is_clean = self._platform.clears_on_accept
        self._state.pages[page] = Page(Use.FREE if is_clean else Use.RAW, is_clean)

    def accept(self, container: int, page: int) -> None:
        """Validate a page and scrub it, in one step."""
        self._check_new(Guards(KernelRefusal, "accept"), container, page)
        self._platform.accept(page)
        if not self._platform.clears_on_accept:
            self._memory.clear(page)
        self._state.pages[page] = Page(is_clean=True)

    def accept_metadata(self, container: int, page: int) -> None:
        """Accept the page for the records of a pool's allocators, which begin with zeros."""
        guards = Guards(KernelRefusal, "accept_metadata")
        guards.require("once", page not in self._state.pages, f"page {page} is accepted")
        self._platform.accept(page)
        if not self._platform.clears_on_accept:
            self._memory.clear(page)
        self._state.pages[page] = Page(Use.METADATA)
        self._state.pools[page] = container

    def release_metadata(self, page: int) -> None:
        """Give the page of metadata up, with nothing left to read in it; whoever calls has read
        it."""
        self._memory.clear(page)
        self._platform.rescind(page)
        del self._state.pages[page]

    def complete(self, container: int, page: int) -> None:
        """Scrub a page that was validated for the container: now it is accepted."""
        guards = Guards(KernelRefusal, "complete")
        self._check_taking(guards, container, page)
        record = self._state.pages.get(page)
        raw = record is not None and record.use is Use.RAW
        guards.require("raw", raw, f"page {page} was not just validated")
        self._memory.clear(page)
        self._state.pages[page] = Page(is_clean=True)

    def scrub(self, page: int) -> None:
        """Fill a free page with zeros, when no translation to it is left anywhere."""
        guards = Guards(KernelRefusal, "scrub")
        record = self._unused(guards, page, Use.FREE, Use.RAW)
        guards.require("dirty", not record.is_clean, f"page {page} is clean")
        self._memory.clear(page)
        self._state.pages[page] = Page(is_clean=True)

    def release(self, page: int) -> None:
        """Give a free and clean page up: the host may take its frame."""
        guards = Guards(KernelRefusal, "release")
        record = self._unused(guards, page)
        guards.require("clean", record.is_clean, f"page {page} is not scrubbed")
        self._platform.rescind(page)
        del self._state.pages[page]

    def retract(self, page: int) -> None:
        """Give a page up that was accepted and never scrubbed: nobody of this VM has used it."""
        self._unused(Guards(KernelRefusal, "retract"), page, Use.RAW)
        self._platform.rescind(page)
        del self._state.pages[page]

    def share(self, container: int, page: int) -> None:
        """Give a free and clean page to the host for I/O: it is private no longer."""
        guards = Guards(KernelRefusal, "share")
        self.check_usable(guards, container, page)
        self._platform.rescind(page)
        self._state.pages[page] = Page(Use.SHARED)

    def unshare(self, page: int) -> None:
        """Forget a shared page that nothing maps; before private use it is accepted anew."""
        guards = Guards(KernelRefusal, "unshare")
        record = self._state.pages.get(page)
        shared = record is not None and record.use is Use.SHARED
        guards.require("shared", shared, f"page {page} is not shared")
        assert record is not None
        blocks = [buffer.page for buffer in self._state.buffers.values()]
        guards.require("no_block", page not in blocks, f"page {page} is the block of a buffer")
        guards.require("unreferenced", record.references == 0, f"page {page} is mapped")
        self._shootdown.check_settled(guards, page)
        del self._state.pages[page]

    def abandon(self, page: int) -> None:
        """Write a page off that the host took while it was in use: it is never accepted again."""
        guards = Guards(KernelRefusal, "abandon")
        owner = self._state.pools.get(page, -1)
        row = self._state.containers.get(owner)
        exiting = row is not None and row.phase is Phase.EXITING
        guards.require("exiting", exiting, f"container {owner} still uses page {page}")
        record = self._state.pages.get(page)
        if record is None:
            guards.fail("accepted", f"page {page} is not")
        private = record.use not in (Use.SHARED, Use.LOST)
        guards.require("private", private, f"page {page} is {record.use.value}")
        guards.require("taken", not self._is_reachable(page), f"page {page} is still there")
        self._state.pages[page] = Page(Use.LOST, references=record.references)

    def check_drained(self, guards: Guards, container: int) -> None:
        """Refuse unless every page of the pool was given up, or written off; metadata go last."""
        kept = [
            page
            for page in self._state.pool(container)
            if page in self._state.pages
            and self._state.pages[page].use not in (Use.LOST, Use.METADATA)
        ]
        guards.require("drained", not kept, f"pages {kept} are accepted")

    def check_pooled(self, guards: Guards, container: int) -> None:
        """Refuse a container that has no pool yet, where pools are laid out."""
        pooled = not self._geometry.stride or self._state.layout(container) is not None
        guards.require("pooled", pooled, f"no pool is laid out for container {container}")

    def check_usable(self, guards: Guards, container: int, page: int) -> None:
        """Refuse unless the container may be given the page: its own, free, clean, reachable."""
        record = self.check_own(guards, container, page)
        guards.require("clean", record.is_clean, f"page {page} is not scrubbed")
        self._memory.reach(page)

    def check_own(self, guards: Guards, container: int, page: int) -> Page:
        """Refuse unless the page is a free one of the container's; it may hold what it held."""
        guards.require("alive", self._state.is_alive(container), f"container {container} is not")
        own = self._state.pools.get(page) == container
        guards.require("in_pool", own, f"page {page} is not in the pool of {container}")
        return self._unused(guards, page)

    def _check_growing(self, guards: Guards, container: int) -> None:
        """Refuse unless the container takes memory; a sealed zygote is complete."""
        row = self._state.containers.get(container)
        if row is None or row.phase is Phase.EXITING:
            guards.fail("alive", f"container {container} is not")
        guards.require("unsealed", row.phase is not Phase.SEALED, f"container {container} is")

    def _check_taking(self, guards: Guards, container: int, page: int) -> None:
        """Refuse unless the container takes memory, and may take this page."""
        self._check_growing(guards, container)
        own = self._state.pools.get(page) == container
        guards.require("in_pool", own, f"page {page} is not in the pool of {container}")

    def _check_laid_out(self, guards: Guards, container: int, pages: range) -> None:
        """Refuse pages outside of what is laid out for the container's data, if pools are."""
        if self._geometry.stride:
            found = self._state.layout(container)
            data = range(0) if found is None else found[1].data
            own = all(page in data for page in pages)
            guards.require("laid_out", own, f"{pages} are not for data of {container}")

    def _check_new(self, guards: Guards, container: int, page: int) -> None:
        self._check_taking(guards, container, page)
        guards.require("once", page not in self._state.pages, f"page {page} is accepted")

    def _unused(self, guards: Guards, page: int, *uses: Use) -> Page:
        record = self._state.pages.get(page)
        if record is None:
            guards.fail("accepted", f"page {page} is not")
        unused = record.use in (uses or (Use.FREE,))
        guards.require("free", unused, f"page {page} is {record.use.value}")
        self._shootdown.check_settled(guards, page)
        return record

    def _is_reachable(self, page: int) -> bool:
        try:
            self._memory.reach(page)
        except Refusal:
            return False
        return True
