"""A function comes into a container that runs: it is copied, measured, and executed.

The host keeps the file in a page that it shares with the container, and may change it at any time,
also back. So the kernel copies it once, to a private page, and what it measures and executes is the
copy. A container takes one function in its life, and none once there is evidence of what it runs:
that would be true no more. Between two of the steps others come.
"""

from __future__ import annotations

from splitspec.impl.attestation.measurement import loaded
from splitspec.impl.geometry import ZEROS
from splitspec.impl.hardware.paging import Entry
from splitspec.impl.kernel.address_space import AddressSpaces
from splitspec.impl.kernel.direct_map import DirectMap
from splitspec.impl.kernel.pools import Pools
from splitspec.impl.kernel.records import Code, Page, Phase, State, Use
from splitspec.impl.refusal import Guards, KernelRefusal


class Loading:
    """The functions of containers that run."""

    __slots__ = ("_memory", "_pools", "_spaces", "_state")

    def __init__(
        self, state: State, *, memory: DirectMap, pools: Pools, spaces: AddressSpaces
    ) -> None:
        self._state = state
        self._memory = memory
        self._pools = pools
        self._spaces = spaces

    def fetch(self, container: int, address: int, page: int, source: int) -> None:
        """Copy what the host offers in a shared page into a free page, to run at the address."""
        guards = Guards(KernelRefusal, "fetch")
        self._check_running(guards, container)
        guards.require("once", container not in self._state.code, "it has its function")
        unstated = not self._state.is_stated(container)
        guards.require("unstated", unstated, "there is evidence of what it runs")
        own = self._state.pools.get(source) == container
        record = self._state.pages.get(source)
        shared = own and record is not None and record.use is Use.SHARED
        guards.require("shared", shared, f"page {source} is not shared by container {container}")
        offered = self._memory.read(source, private=False)
        guards.require("offered", offered != ZEROS, "the host offers nothing")
        self._spaces.check_vacant(guards, container, address)
        self._pools.check_usable(guards, container, page)
        self._memory.write(page, offered)
        self._state.pages[page] = Page(Use.PRIVATE, references=1)
        self._state.code[container] = Code(page, address)

    def measure(self, container: int) -> None:
        """Measure the private copy, on top of what was loaded before the container started."""
        guards = Guards(KernelRefusal, "measure")
        self._check_running(guards, container)
        code = self._state.code.get(container)
        if code is None:
            guards.fail("fetched", f"container {container} has no function")
        page = self._memory.read(code.page)
        before = self._state.containers[container].measurement
        self._state.digests[container] = loaded(before, code.address, [page])

    def execute(self, container: int) -> None:
        """Map the function executable, unless it is, and jump to it."""
        guards = Guards(KernelRefusal, "execute")
        self._check_running(guards, container)
        code = self._state.code.get(container)
        if code is None:
            guards.fail("fetched", f"container {container} has no function")
        measured = container in self._state.digests
        guards.require("measured", measured, "its function is not measured")
        entry = Entry(code.page, executable=True)
        if self._memory.entry(container, code.address) != entry:
            self._spaces.check_vacant(guards, container, code.address)
            self._memory.set_entry(container, code.address, entry)
            self._spaces.hold(code.page)  # Besides the kernel's own: unmapped, it is not reused.

    def forget(self, container: int, *, vcpu: int | None = None) -> None:
        """Give up the function of a container that exits: its page is free, and dirty."""
        guards = Guards(KernelRefusal, "forget")
        row = self._state.containers.get(container)
        exiting = row is not None and row.phase is Phase.EXITING
        guards.require("exiting", exiting, f"container {container} is not")
        code = self._state.code.get(container)
        if code is None:
            guards.fail("fetched", f"container {container} has no function")
        entry = self._memory.entry(container, code.address)
        if entry is not None and entry.page == code.page:
            self._spaces.unmap_page(container, code.address, vcpu=vcpu)
        self._spaces.drop(code.page)
        del self._state.code[container]

    def _check_running(self, guards: Guards, container: int) -> None:
        row = self._state.containers.get(container)
        running = row is not None and row.phase is Phase.RUNNING
        guards.require("running", running, f"container {container} is not")
