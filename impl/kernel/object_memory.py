"""The pages of memory objects, and the ways to them: mappings, and calls that go past these.

A part of an object gets its page when it is first touched, from the pool of the container that
touches it, which pays for it. From then on the page is the object's, mapped or not, until the
object goes: what an object holds does not depend on who maps it. A page is mapped at one address,
and writable, hence only by who may write the object; clones get their entries with the zygote's
table. A copy on write is part of no object.
"""

from __future__ import annotations

from splitspec.impl.geometry import PAGE
from splitspec.impl.hardware.paging import Entry
from splitspec.impl.kernel.address_space import AddressSpaces
from splitspec.impl.kernel.capabilities import Right
from splitspec.impl.kernel.direct_map import DirectMap
from splitspec.impl.kernel.objects import Objects
from splitspec.impl.kernel.pools import Pools
from splitspec.impl.kernel.records import Page, State, Use
from splitspec.impl.refusal import Guards, KernelRefusal


class ObjectMemory:
    """The pages of all memory objects."""

    __slots__ = ("_memory", "_objects", "_pools", "_spaces", "_state")

    def __init__(
        self,
        state: State,
        *,
        memory: DirectMap,
        pools: Pools,
        spaces: AddressSpaces,
        objects: Objects,
    ) -> None:
        self._state = state
        self._memory = memory
        self._pools = pools
        self._spaces = spaces
        self._objects = objects

    def map_page(self, container: int, slot: int, offset: int, address: int, page: int) -> None:
        """Serve a fault in a mapping of an object: map the page of that part, or, if it has none,
        a free and clean page of the container's pool, which is the object's from now on."""
        guards = Guards(KernelRefusal, "map_object")
        number = self._check_part(guards, container, slot, offset, Right.WRITE)
        committed = self._state.commits.get((number, offset))
        if committed is None:
            self._spaces.map_page(container, address, page)
            self._commit(number, offset, page)
            return
        own = committed == page
        guards.require("own", own, f"part {offset} of object {number} is page {committed}")
        self._spaces.check_vacant(guards, container, address)
        mapped = [at for at, each in self._memory.entries(container) if each.page == page]
        guards.require("unmapped", not mapped, f"page {page} is mapped at {mapped}")
        self._memory.reach(page)
        self._memory.set_entry(container, address, Entry(page, writable=True))
        self._spaces.hold(page)

    def write(
        self, container: int, slot: int, start: int, data: bytes, page: int | None = None
    ) -> None:
        """Write bytes of one page of an object. A part that was not touched yet needs a page."""
        guards = Guards(KernelRefusal, "write_object")
        self._objects.check_calling(guards, container)
        offset, at = divmod(start, PAGE)
        number = self._check_part(guards, container, slot, offset, Right.WRITE)
        self._check_inside(guards, at, len(data))
        target = self._state.commits.get((number, offset), page)
        if target is None:
            guards.fail("touched", f"part {offset} of object {number} has no page")
        if (number, offset) in self._state.commits:
            self._memory.reach(target)
        else:
            self._pools.check_usable(guards, container, target)
            self._state.pages[target] = Page(Use.PRIVATE)
            self._commit(number, offset, target)
        self._memory.write(target, data, offset=at)

    def read(self, container: int, slot: int, start: int, length: int) -> bytes:
        """Return bytes of one page of an object; where nothing was touched there are zeros."""
        guards = Guards(KernelRefusal, "read_object")
        self._objects.check_calling(guards, container)
        offset, at = divmod(start, PAGE)
        number = self._check_part(guards, container, slot, offset, Right.READ)
        self._check_inside(guards, at, length)
        page = self._state.commits.get((number, offset))
        return bytes(length) if page is None else self._memory.read(page)[at : at + length]

    def _commit(self, number: int, offset: int, page: int) -> None:
        self._state.commits[number, offset] = page
        self._spaces.hold(page)

    def _check_part(
        self, guards: Guards, container: int, slot: int, offset: int, right: Right
    ) -> int:
        """Refuse unless the container may do that with a part of an object; return the object."""
        number = self._objects.check(guards, container, slot, right).object
        size = self._state.objects[number].size
        guards.require("part", 0 <= offset < size, f"object {number} has {size} pages")
        return number

    @staticmethod
    def _check_inside(guards: Guards, at: int, length: int) -> None:
        inside = 0 < length <= PAGE - at
        guards.require("inside", inside, f"{length} bytes from {at} are not in one page")
