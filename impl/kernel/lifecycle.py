"""The life of a container: created, running, exiting, gone.

Exit is a sequence of steps with others in between: `exit` stops and unmaps; then each page of the
pool is scrubbed and released, or written off; `retire` ends it. Slots are reused, identities not.
"""

from __future__ import annotations

from dataclasses import replace

from splitspec.impl.attestation.measurement import code_pages, loaded
from splitspec.impl.geometry import Geometry
from splitspec.impl.hardware.paging import Entry
from splitspec.impl.hardware.processor import Processor, Vcpu
from splitspec.impl.kernel.address_space import AddressSpaces
from splitspec.impl.kernel.channels import Channels
from splitspec.impl.kernel.direct_map import DirectMap
from splitspec.impl.kernel.pools import Pools
from splitspec.impl.kernel.records import Container, Page, Phase, State, Use
from splitspec.impl.kernel.shootdown import Shootdown
from splitspec.impl.refusal import Guards, KernelRefusal

ROOT_BYTES = 32


class Lifecycle:
    """Creation and end of containers."""

    __slots__ = (
        "_channels",
        "_geometry",
        "_memory",
        "_pools",
        "_processor",
        "_shootdown",
        "_spaces",
        "_state",
    )

    def __init__(
        self,
        state: State,
        geometry: Geometry,
        processor: Processor,
        *,
        memory: DirectMap,
        pools: Pools,
        spaces: AddressSpaces,
        shootdown: Shootdown,
        channels: Channels,
    ) -> None:
        self._state = state
        self._geometry = geometry
        self._processor = processor
        self._memory = memory
        self._pools = pools
        self._spaces = spaces
        self._shootdown = shootdown
        self._channels = channels

    def create(self, container: int) -> None:
        """Begin a container in a free slot, with an identity that no other ever has."""
        guards = Guards(KernelRefusal, "create")
        slot = 0 <= container < self._geometry.containers
        guards.require("slot", slot, f"there is no slot {container}")
        absent = container not in self._state.containers
        guards.require("absent", absent, f"slot {container} is taken")
        self._memory.reach(*self._memory.tables(container))
        for table in self._memory.tables(container):
            self._memory.clear(table)
        self._state.containers[container] = Container(
            identity=self._state.next("identity"), phase=Phase.CREATED
        )

    def load(self, container: int, address: int, pages: list[int], code: bytes) -> None:
        """Copy code into pages of the container, measure the copy, and map it executable.

        The digest is of what was loaded, read back from private memory; the host never has it in
        between. Loading ends with `start`.
        """
        guards = Guards(KernelRefusal, "load")
        row = self._created(guards, container)
        content = code_pages(code)
        fits = 0 < len(content) == len(pages)
        guards.require("fits", fits, f"{len(code)} bytes in {len(pages)} pages")
        guards.require("once_each", len(set(pages)) == len(pages), "a page is given twice")
        for index, page in enumerate(pages):
            self._spaces.check_vacant(guards, container, address + index)
            self._pools.check_usable(guards, container, page)

        for index, (page, data) in enumerate(zip(pages, content, strict=True)):
            self._memory.write(page, data)
            entry = Entry(page, executable=True)
            self._memory.set_entry(container, address + index, entry)
            self._state.pages[page] = Page(Use.PRIVATE, references=1)
        measurement = loaded(row.measurement, address, [self._memory.read(page) for page in pages])
        self._state.containers[container] = replace(row, measurement=measurement)

    def mount(self, container: int, root: bytes) -> None:
        """Fix the root of the tree over the container's file system; evidence will state it."""
        guards = Guards(KernelRefusal, "mount")
        self._created(guards, container)
        guards.require("length", len(root) == ROOT_BYTES, f"{len(root)} bytes of {ROOT_BYTES}")
        guards.require("once", container not in self._state.roots, "it has a file system")
        self._state.roots[container] = root

    def start(self, container: int) -> None:
        """End loading: from now on threads run, and nothing executable is added."""
        guards = Guards(KernelRefusal, "start")
        row = self._created(guards, container)
        self._state.containers[container] = replace(row, phase=Phase.RUNNING)

    def exit(self, container: int, *, vcpu: int | None = None) -> None:
        """Stop the container and unmap all that it maps; its pages wait to be scrubbed.

        A zygote waits for its clones. `vcpu` is where the kernel runs this step.
        """
        guards = Guards(KernelRefusal, "exit")
        row = self._state.containers.get(container)
        if row is None or row.phase is Phase.EXITING:
            guards.fail("present", f"container {container} is gone")
        clones = [
            other for other, clone in self._state.containers.items() if clone.image == container
        ]
        guards.require("childless", not clones, f"containers {clones} are its clones")
        self._shootdown.check_vcpu(guards, vcpu)
        running = [v for v, state in self._processor.vcpus.items() if self._runs(state, container)]
        guards.require("stopped", not running, f"vCPUs {running} run it")
        self._channels.check_leaving(guards, container)
        for loser in (container, *self._channels.dependents(container)):
            self._memory.reach(*self._memory.tables(loser))

        self._channels.leave(container)
        for address, entry in list(self._memory.entries(container)):
            self._spaces.drop(entry.page)
            self._shootdown.retire(container, address, entry.page, vcpu)
        for table in self._memory.tables(container):
            self._memory.clear(table)
        for thread in [t for t, row in self._state.threads.items() if row.container == container]:
            del self._state.threads[thread]
        state = self._state
        state.quotes.discard(container)
        for kept in (state.roots, state.keys, state.secrets, state.chains):
            kept.discard(container)
        self._state.containers[container] = Container(row.identity, Phase.EXITING)

    def retire(self, container: int) -> None:
        """End an exit: the pool is empty, no vCPU remembers the container, the slot is free."""
        guards = Guards(KernelRefusal, "retire")
        row = self._state.containers.get(container)
        if row is None or row.phase is not Phase.EXITING:
            guards.fail("exiting", f"container {container} is not")
        kept = [
            page
            for page in self._state.pool(container)
            if page in self._state.pages and self._state.pages[page].use is not Use.LOST
        ]
        guards.require("drained", not kept, f"pages {kept} are accepted")
        lagging = self._shootdown.holders(container)
        guards.require("flushed", not lagging, f"vCPUs {sorted(lagging)} have to flush")
        for page in self._state.pool(container):
            del self._state.pools[page]
        del self._state.containers[container]

    def _created(self, guards: Guards, container: int) -> Container:
        row = self._state.containers.get(container)
        if row is None or row.phase is not Phase.CREATED:
            guards.fail("created", f"container {container} is not being loaded")
        return row

    def _runs(self, state: Vcpu, container: int) -> bool:
        return state.directory == self._geometry.directory(container)
