"""The life of a container: created, running, exiting, gone.

Exit is a sequence of steps with others in between: `stop` ends what runs, the recycler takes apart
what is left (`recycler`), each page of the pool is scrubbed and released, or written off; `retire`
ends it. All that the recycler does may also be done piece by piece: threads end, entries of page
tables go (`exit` is both in one step, with `stop`), capabilities are dropped, the container's own
channels are shut, closed by whoever has them open, and destroyed. Slots are reused, identities not.
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
from splitspec.impl.kernel.notifications import Notifications
from splitspec.impl.kernel.pools import Pools
from splitspec.impl.kernel.randomness import Generators
from splitspec.impl.kernel.records import Container, Page, Phase, Stage, State, Use
from splitspec.impl.kernel.shootdown import Shootdown
from splitspec.impl.refusal import Guards, KernelRefusal

ROOT_BYTES = 32


class Lifecycle:
    """Creation and end of containers."""

    __slots__ = (
        "_channels",
        "_generators",
        "_geometry",
        "_memory",
        "_notifications",
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
        notifications: Notifications,
        generators: Generators,
    ) -> None:
        self._state = state
        self._geometry = geometry
        self._processor = processor
        self._memory = memory
        self._pools = pools
        self._spaces = spaces
        self._shootdown = shootdown
        self._channels = channels
        self._notifications = notifications
        self._generators = generators

    def create(self, container: int) -> None:
        """Begin a container in a free slot, with an identity that no other ever has."""
        guards = Guards(KernelRefusal, "create")
        guards.require("booted", bool(self._state.loops), "no loop of the kernel's runs yet")
        slot = 0 <= container < self._geometry.containers
        guards.require("slot", slot, f"there is no slot {container}")
        absent = container not in self._state.containers
        guards.require("absent", absent, f"slot {container} is taken")
        tag = self._shootdown.unused_tag(guards)
        self._memory.reach(*self._memory.tables(container))
        for table in self._memory.kernel_tables(container):
            self._memory.clear(table)
        self._state.tags[container] = tag
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
        guards.require("original", row.origin is None, "a clone is activated")
        self._pools.check_pooled(guards, container)
        self._generators.seed(container)
        self._state.containers[container] = replace(row, phase=Phase.RUNNING)

    def stop(self, container: int, *, vcpu: int | None = None, asked: bool = False) -> None:
        """Begin the exit: no thread of the container is resumed.

        A thread that runs on another vCPU runs on until it comes to the kernel. Clones of a zygote
        go on: what they map stays until none does. `vcpu` is where the kernel runs this step;
        `asked` says that a thread of the container wants it, which of a sealed zygote is not heard.
        """
        guards = Guards(KernelRefusal, "stop")
        row = self._check_leaving(guards, container, vcpu)
        sealed = row.phase is Phase.SEALED
        guards.require("unsealed", not (asked and sealed), f"container {container} is a zygote")
        self._state.containers[container] = replace(row, phase=Phase.EXITING)

    def exit(self, container: int, *, vcpu: int | None = None) -> None:
        """Stop the container, unmap all that it maps, and end its threads, in one step; its pages
        wait to be scrubbed."""
        guards = Guards(KernelRefusal, "exit")
        row = self._check_leaving(guards, container, vcpu)
        running = [v for v, state in self._processor.vcpus.items() if self._runs(state, container)]
        guards.require("stopped", not running, f"vCPUs {running} run it")
        self._memory.reach(*self._memory.tables(container))
        self._state.containers[container] = replace(row, phase=Phase.EXITING)
        self._channels.close_all(container, vcpu)
        self._spaces.unmap_all(container, vcpu=vcpu)
        for thread in self._state.threads_of(container):
            self._state.end_thread(thread)
        self._state.faults.discard(container)

    def retire(self, container: int) -> None:
        """End an exit: nothing is left of the container, nobody remembers it, the slot is free.

        Its secrets and its measurement go with it.
        """
        guards = Guards(KernelRefusal, "retire")
        row = self._state.containers.get(container)
        if row is None or row.phase is not Phase.EXITING:
            guards.fail("exiting", f"container {container} is not")
        stage, pool = self._state.recycling.get(container), self._state.pool(container)
        done = stage is None or (stage is Stage.BARE and not pool)
        guards.require("recycled", done, "the recycler is at it")
        withdrawn = container not in self._state.targets
        guards.require("withdrawn", withdrawn, "it has left an address to which the kernel writes")
        self._memory.reach(*self._memory.tables(container))
        mapped = [address for address, _ in self._memory.entries(container)]
        guards.require("unmapped", not mapped, f"it maps virtual pages {mapped}")
        left = self._state.threads_of(container)
        guards.require("threadless", not left, f"threads {left} are its own")
        kept_open = self._notifications.of(container)
        guards.require("closed", not kept_open, f"notifications {kept_open} are its own")
        pinned = [page for holder, page in self._state.pins if holder == container]
        guards.require("unpinned", not pinned, f"pages {pinned} are pinned")
        self._check_nameless(guards, container)
        self._channels.check_left(guards, container)
        poolless = self._state.layout(container) is None
        guards.require("poolless", poolless, "its pool lies in a stride")
        self._pools.check_drained(guards, container)
        self._shootdown.check_forgotten(guards, container)
        self._channels.leave(container)
        self._shootdown.forget(container)
        state = self._state
        for page in state.pool(container):
            del state.pools[page]
        state.forget(container)
        state.recycling.discard(container)
        del state.containers[container]

    def _check_nameless(self, guards: Guards, container: int) -> None:
        """Refuse to forget a container that names objects, or is at the list of one."""
        tables = (self._state.slots, self._state.calls)
        named = sorted(number for table in tables for own, number in table if own == container)
        guards.require("nameless", not named, f"slots, or objects of calls, {named} are its own")
        begun = sorted(number for own, number in self._state.insertions if own == container)
        guards.require("unlocked", not begun, f"it holds the lists of objects {begun}")

    def _check_leaving(self, guards: Guards, container: int, vcpu: int | None) -> Container:
        row = self._state.containers.get(container)
        if row is None or row.phase is Phase.EXITING:
            guards.fail("present", f"container {container} is gone")
        self._shootdown.check_vcpu(guards, vcpu)
        return row

    def _created(self, guards: Guards, container: int) -> Container:
        row = self._state.containers.get(container)
        if row is None or row.phase is not Phase.CREATED:
            guards.fail("created", f"container {container} is not being loaded")
        return row

    def _runs(self, state: Vcpu, container: int) -> bool:
        return state.directory == self._geometry.directory(container)
