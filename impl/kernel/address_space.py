"""Address spaces of containers: who maps what, and how.

Only the kernel writes page tables. Those that it has no page of its own for are pages of the
container's pool, which nobody maps meanwhile. A page is mapped privately by the one container whose
pool has it; several map one only if it is of a sealed zygote, and then read-only, or of a channel.
An entry without the right to write says whether a write is served with a copy, or is a violation.
Only measured pages are executable, and they are not writable. The bit that makes an access shared
is the kernel's choice, from the use of the page.
"""

from __future__ import annotations

from dataclasses import replace

from splitspec.impl.geometry import ENTRIES
from splitspec.impl.hardware.paging import Entry
from splitspec.impl.kernel.direct_map import DirectMap
from splitspec.impl.kernel.pools import Pools
from splitspec.impl.kernel.records import Page, Phase, Pin, State, Use
from splitspec.impl.kernel.shootdown import Shootdown
from splitspec.impl.refusal import Guards, KernelRefusal


class AddressSpaces:
    """The page tables of all containers."""

    __slots__ = ("_memory", "_pools", "_shootdown", "_state")

    def __init__(
        self, state: State, *, memory: DirectMap, pools: Pools, shootdown: Shootdown
    ) -> None:
        self._state = state
        self._memory = memory
        self._pools = pools
        self._shootdown = shootdown

    def map_page(self, container: int, address: int, page: int, *, writable: bool = True) -> None:
        """Map a free page of the container's pool, full of zeros, where nothing is mapped."""
        guards = Guards(KernelRefusal, "map_page")
        self.check_vacant(guards, container, address)
        self._pools.check_usable(guards, container, page)
        self._memory.set_entry(container, address, Entry(page, writable))
        self._state.pages[page] = Page(Use.PRIVATE, references=1)

    def map_shared(self, container: int, address: int, page: int) -> None:
        """Map a page that the container has given to the host for I/O."""
        guards = Guards(KernelRefusal, "map_shared")
        self.check_vacant(guards, container, address)
        own = self._state.pools.get(page) == container
        guards.require("in_pool", own, f"page {page} is not in the pool of {container}")
        record = self._state.pages.get(page)
        if record is None or record.use is not Use.SHARED:
            guards.fail("shared", f"page {page} is private")
        guards.require("unreferenced", record.references == 0, f"page {page} is mapped")
        self._memory.set_entry(container, address, Entry(page, writable=True, shared=True))
        self.hold(page)

    def unmap_page(self, container: int, address: int, *, vcpu: int | None = None) -> None:
        """Remove a mapping; the page waits until no vCPU can still translate to it.

        An exit does it too, one mapping after the other.
        """
        guards = Guards(KernelRefusal, "unmap_page")
        self._shootdown.check_vcpu(guards, vcpu)
        entry = self._check_mapped(guards, container, address, is_leaving=True)
        self._check_unaimed(guards, entry.page)
        self._memory.set_entry(container, address, None)
        self.drop(entry.page)
        self._shootdown.retire(container, address, entry.page, vcpu)

    def unmap_all(self, container: int, *, vcpu: int | None = None) -> None:
        """Remove all mappings of a container that leaves, and the address at which the kernel was
        to write; whoever calls has reached its tables."""
        self._state.targets.discard(container)
        for address, entry in list(self._memory.entries(container)):
            self._memory.set_entry(container, address, None)
            self.drop(entry.page)
            self._shootdown.retire(container, address, entry.page, vcpu)
        for page in self._memory.pool_tables(container).values():
            self.remove_table(container, page, vcpu=vcpu)

    def protect(self, container: int, address: int, *, vcpu: int | None = None) -> None:
        """Permit no more writing at a virtual page: neither is it done, nor served with a copy."""
        guards = Guards(KernelRefusal, "protect")
        self._shootdown.check_vcpu(guards, vcpu)
        entry = self.check_mapped(guards, container, address)
        self._check_unaimed(guards, entry.page)
        pins = self._state.pins.items()
        written = [c for (c, page), use in pins if (page, use) == (entry.page, Pin.WRITING)]
        # Who may write again gets a copy, and would never see what comes in to this page.
        guards.require("settled", not written, f"bytes are still to come in to page {entry.page}")
        protected = replace(entry, writable=False, copy_on_write=False)
        self._memory.set_entry(container, address, protected)
        self._shootdown.protect(container, vcpu, address)

    def unprotect(self, container: int, address: int) -> None:
        """Permit writing at a virtual page again: the next write is served with a copy.

        So it is if nobody else has the page, as with every write fault.
        """
        guards = Guards(KernelRefusal, "unprotect")
        entry = self.check_mapped(guards, container, address)
        protected = not entry.permits_writing
        guards.require("protected", protected, f"virtual page {address} may be written")
        guards.require("not_code", not entry.executable, "measured code stays as it is")
        private = self._state.pages[entry.page].use in (Use.PRIVATE, Use.IMAGE)
        guards.require("private", private, f"page {entry.page} is not the container's alone")
        self._memory.set_entry(container, address, replace(entry, copy_on_write=True))

    def add_table(self, container: int, page: int, place: int | None = None) -> None:
        """Let the table grow by a free page of the container's pool, full of zeros: what the
        container wrote there while the page was its own would be entries. It goes to a place of
        the directory, or to the first that is empty."""
        guards = Guards(KernelRefusal, "add_table")
        guards.require("alive", self._state.is_alive(container), f"container {container} is not")
        self._memory.check_tables(guards, container)
        index = self._unnamed(container) if place is None else place
        is_place = index is not None and 0 <= index < ENTRIES
        if index is None or not is_place or self._memory.leaf(container, index) is not None:
            guards.fail("room", f"container {container} has no room for a table at {index}")
        self._pools.check_usable(guards, container, page)
        self._memory.set_table(container, index, page)
        self._state.pages[page] = Page(Use.TABLE)

    def remove_table(self, container: int, page: int, *, vcpu: int | None = None) -> None:
        """Take a page of the table back while the container leaves, when no entry is left: until
        then a core may walk it. What a core remembers of the walk keeps the page waiting."""
        guards = Guards(KernelRefusal, "remove_table")
        self._shootdown.check_vcpu(guards, vcpu)
        row = self._state.containers.get(container)
        exiting = row is not None and row.phase is Phase.EXITING
        guards.require("exiting", exiting, f"container {container} is not")
        self._memory.check_tables(guards, container)
        named = self._memory.pool_tables(container).items()
        index = next((index for index, own in named if own == page), None)
        if index is None:
            guards.fail("mine", f"page {page} is of another table, or of none")
        mapped = [address for address, _ in self._memory.entries(container)]
        guards.require("empty", not mapped, f"virtual pages {mapped} are mapped")
        self._memory.set_table(container, index, None)
        if self._state.pages[page].use is Use.TABLE:  # not lost to the host
            self._state.pages[page] = Page(Use.FREE)
        self._shootdown.retire(container, index * ENTRIES, page, vcpu)

    def _unnamed(self, container: int) -> int | None:
        """Return the first place of the directory for which there is no table."""
        places = range(ENTRIES)
        return next((n for n in places if self._memory.leaf(container, n) is None), None)

    def check_vacant(self, guards: Guards, container: int, address: int) -> None:
        """Refuse unless the container may map something at the virtual page."""
        guards.require("alive", self._state.is_alive(container), f"container {container} is not")
        self._memory.check_tables(guards, container, address)
        vacant = self._memory.entry(container, address) is None
        guards.require("vacant", vacant, f"virtual page {address} is mapped")

    def check_mapped(self, guards: Guards, container: int, address: int) -> Entry:
        """Refuse unless something is mapped at the virtual page of a living container."""
        return self._check_mapped(guards, container, address, is_leaving=False)

    def _check_mapped(
        self, guards: Guards, container: int, address: int, *, is_leaving: bool
    ) -> Entry:
        row = self._state.containers.get(container)
        leaves = is_leaving and row is not None and row.phase is Phase.EXITING
        present = leaves or self._state.is_alive(container)
        guards.require("alive", present, f"container {container} is not")
        self._memory.check_tables(guards, container, address)
        entry = self._memory.entry(container, address)
        if entry is None:
            guards.fail("mapped", f"virtual page {address} is not mapped")
        return entry

    def _check_unaimed(self, guards: Guards, page: int) -> None:
        """Refuse to change what maps a page as long as the kernel is to write there."""
        aimed = [c for c, target in self._state.targets.items() if target.page == page]
        guards.require("unaimed", not aimed, f"the kernel writes to page {page} for {aimed}")

    def hold(self, page: int) -> None:
        """Count one entry or pin more."""
        record = self._state.pages[page]
        self._state.pages[page] = replace(record, references=record.references + 1)

    def drop(self, page: int) -> None:
        """Count one entry or pin less; a private page that nothing names is free, and dirty."""
        record = self._state.pages[page]
        left = record.references - 1
        if left == 0 and record.use in (Use.PRIVATE, Use.IMAGE):
            self._state.pages[page] = Page(Use.FREE)
        else:
            self._state.pages[page] = replace(record, references=left)
