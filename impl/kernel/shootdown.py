"""Which vCPUs may still hold a translation, and what waits for them.

Each container has a tag of its own, so a vCPU may hold translations of every container that it
ran. When a table loses something, its generation goes up; a vCPU that may hold translations of the
container owes a flush of the tag until it has flushed at that generation, and does not run the
container before. A page that the table no longer names is quarantined meanwhile, for each container
that gave it up. The handler of the interrupt flushes and acknowledges, nothing else; a step of the
kernel, `settle`, ends the quarantine when nobody owes the container a flush. The host delivers the
interrupts, so "sent" never counts as "flushed": a host that drops them keeps pages in quarantine
and containers from running, and gains nothing else.

Whoever asks for a change names the vCPU on which the kernel makes it. There the kernel flushes at
once, and the container goes on when all others have flushed that change, as do those that still use
a page which another one has lost. A change that nobody waits for names none.
"""

from __future__ import annotations

from collections.abc import Iterable

from splitspec.impl.geometry import Geometry
from splitspec.impl.hardware.processor import Processor
from splitspec.impl.kernel.records import State
from splitspec.impl.refusal import Guards, KernelRefusal


class Shootdown:
    """Tags, flushes of stale translations, and the quarantine of pages that wait for them."""

    __slots__ = ("_geometry", "_processor", "_state")

    def __init__(self, state: State, geometry: Geometry, processor: Processor) -> None:
        self._state = state
        self._geometry = geometry
        self._processor = processor

    # Tags.

    def unused_tag(self, guards: Guards) -> int:
        """Return a tag that no container has, whichever vCPUs it runs on."""
        used = set(self._state.tags.values())
        tag = next((tag for tag in range(1, self._geometry.tags + 1) if tag not in used), None)
        if tag is None:
            guards.fail("tag", f"all {len(used)} tags are in use")
        return tag

    def check_forgotten(self, guards: Guards, container: int) -> None:
        """Refuse unless the container's tag may go to another: it is loaded nowhere, and nothing is
        cached under it, since its table is empty and everybody has flushed what it had."""
        loaded = [v for v, state in self._processor.vcpus.items() if self._runs(v, container)]
        guards.require("unloaded", not loaded, f"vCPUs {loaded} walk its table")
        lagging = self.lagging(container)
        guards.require("flushed", not lagging, f"vCPUs {sorted(lagging)} have to flush")

    def forget(self, container: int) -> None:
        """Take the tag of a container that is gone back, with all that was noted of it."""
        state = self._state
        for row in [row for row in state.flushed if row[1] == container]:
            del state.flushed[row]
        for key in [key for key in state.quarantine if key[0] == container]:
            del state.quarantine[key]
        for waiting in list(state.held):
            self._release(waiting)  # The next in the slot counts its changes from the beginning.
        for table in (state.generations, state.tags, state.held):
            table.discard(container)

    # Changes of tables.

    def holders(self, container: int) -> frozenset[int]:
        """Return the vCPUs that may hold translations of the container."""
        return frozenset(vcpu for vcpu, ran in self._state.flushed if ran == container)

    def lagging(self, container: int, generation: int | None = None) -> frozenset[int]:
        """Return the vCPUs that owe the container a flush, for its last change or an older one."""
        least = self._generation(container) if generation is None else generation
        rows = self._state.flushed.items()
        return frozenset(vcpu for (vcpu, ran), seen in rows if ran == container and seen < least)

    def note_entry(self, vcpu: int, container: int) -> None:
        """The vCPU, which owes the container nothing, begins to run it."""
        self._state.flushed[vcpu, container] = self._generation(container)

    def retire(
        self,
        container: int,
        address: int,
        page: int,
        vcpu: int | None,
        *,
        users: Iterable[int] = (),
    ) -> None:
        """Begin to forget a page that the table has lost: at once on `vcpu`, where the kernel runs
        this step for somebody who waits. `users` are other containers that go on using the page.
        """
        self._state.quarantine[container, page] = True
        self.protect(container, vcpu, address, users=users)

    def protect(
        self, container: int, vcpu: int | None, *addresses: int, users: Iterable[int] = ()
    ) -> None:
        """Begin to forget rights that entries of the table have lost, in the same way."""
        generation = self._generation(container) + 1
        self._state.generations[container] = generation
        if vcpu is not None:
            self._flush_here(vcpu, container, generation, addresses)
        self.hold_up((*users, *(() if vcpu is None else (container,))), container)
        if vcpu is not None and not self.lagging(container):
            self.sweep()

    def hold_up(self, users: Iterable[int], container: int) -> None:
        """Have others wait until everybody has flushed what the container's table has lost."""
        if self.lagging(container):
            change = (container, self._generation(container))
            for waiting in users:
                self._state.held[waiting] = self._held(waiting) | {change}

    def _flush_here(
        self, vcpu: int, container: int, generation: int, addresses: Iterable[int]
    ) -> None:
        """INVLPG of what changed is enough where nothing else was missing."""
        tag, seen = self._state.tags[container], self._state.flushed.get((vcpu, container))
        if seen is None:
            return
        if seen == generation - 1:
            for address in addresses:
                self._processor.flush_address(vcpu, tag, address)
        else:
            self._processor.flush_tag(vcpu, tag)
        self._state.flushed[vcpu, container] = generation

    # Who waits.

    def is_settled(self, vcpu: int, container: int) -> bool:
        """Nobody has to flush before the container runs on the vCPU."""
        return not self.awaited(vcpu, container)

    def awaited(self, vcpu: int, container: int) -> frozenset[int]:
        """Return the vCPUs that have to flush before the container runs on the vCPU."""
        own = self.lagging(container) & {vcpu}
        return own.union(*(self.lagging(*change) for change in self._held(container)))

    def is_quarantined(self, page: int) -> bool:
        """Somebody has given the page up, and it was not settled since."""
        return any(lost == page for _, lost in self._state.quarantine)

    def delaying(self, page: int) -> frozenset[int]:
        """Return the vCPUs that have to flush before the page leaves quarantine."""
        owners = [container for container, lost in self._state.quarantine if lost == page]
        return frozenset().union(*map(self.lagging, owners))

    def check_settled(self, guards: Guards, page: int) -> None:
        """Refuse a page that is in quarantine."""
        guards.require("flushed", not self.is_quarantined(page), f"page {page} waits")

    def check_vcpu(self, guards: Guards, vcpu: int | None) -> None:
        """Refuse unless the kernel runs on the vCPU, if one is named."""
        if vcpu is not None:
            state = self._processor.vcpus[vcpu]
            in_kernel = state.inside and state.directory is None
            guards.require("in_kernel", in_kernel, f"the kernel does not run on vCPU {vcpu}")

    # Flushes.

    def interrupt(self, vcpu: int, container: int) -> None:
        """The interrupt has come to a vCPU: it flushes the container's tag, and acknowledges."""
        guards = Guards(KernelRefusal, "interrupt")
        guards.require("inside", self._processor.vcpus[vcpu].inside, f"vCPU {vcpu} does not run")
        owing = vcpu in self.lagging(container)
        guards.require("owing", owing, f"vCPU {vcpu} owes container {container} nothing")
        self._processor.flush_tag(vcpu, self._state.tags[container])
        self._acknowledge(vcpu, container)

    def acknowledge(self, vcpu: int) -> None:
        """The vCPU is in the kernel and flushes everything: pages that waited for it alone become
        usable. It then can hold translations only of what it runs now."""
        guards = Guards(KernelRefusal, "acknowledge")
        guards.require("inside", self._processor.vcpus[vcpu].inside, f"vCPU {vcpu} does not run")
        self._processor.flush(vcpu)
        for container in [ran for core, ran in self._state.flushed if core == vcpu]:
            self._acknowledge(vcpu, container)
        self.sweep()

    def settle(self, container: int, page: int) -> None:
        """Let a page out of quarantine that the container gave up, when nobody owes it a flush."""
        guards = Guards(KernelRefusal, "settle")
        waits = (container, page) in self._state.quarantine
        guards.require("waiting", waits, f"page {page} does not wait for container {container}")
        lagging = self.lagging(container)
        guards.require("acknowledged", not lagging, f"vCPUs {sorted(lagging)} have to flush")
        del self._state.quarantine[container, page]

    def _acknowledge(self, vcpu: int, container: int) -> None:
        if self._runs(vcpu, container):
            self._state.flushed[vcpu, container] = self._generation(container)
        else:
            del self._state.flushed[vcpu, container]
        for waiting in list(self._state.held):
            self._release(waiting)

    def sweep(self) -> None:
        """Settle all that can be."""
        for container, page in list(self._state.quarantine):
            if not self.lagging(container):
                del self._state.quarantine[container, page]

    def _release(self, waiting: int) -> None:
        """Drop what a container was held up by and everybody has flushed."""
        left = frozenset(change for change in self._held(waiting) if self.lagging(*change))
        if left:
            self._state.held[waiting] = left
        else:
            del self._state.held[waiting]

    def _held(self, container: int) -> frozenset[tuple[int, int]]:
        return self._state.held.get(container, frozenset())

    def _generation(self, container: int) -> int:
        return self._state.generations.get(container, 0)

    def _runs(self, vcpu: int, container: int) -> bool:
        directory = self._geometry.directory(container)
        return self._processor.vcpus[vcpu].directory == directory
