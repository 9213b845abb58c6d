"""Zygotes and copy-on-write fork.

A zygote is sealed once: every page that it maps becomes read-only for everybody, for good, and it
is served no fault again. Its threads may run on and change nothing, so nothing depends on the
host's keeping it paused. A clone maps the same pages, and comes to life in three steps, between
which the zygote may be killed; each asks for it. A write makes a copy, always, even if no other
container maps the page: whether the page is copied must not tell what the siblings do. The copy
comes from the clone's own pool and is charged to it.

A clone also gets what the zygote has in the slots of its capability group: the same objects, to be
read only (`objects`). With the seal the zygote may only read them, too, and what they hold is
measured, mapped or not.

A snapshot is two calls. The first is repeated until all other threads of the zygote wait; before
the second one of them may wake, so it looks again. What they were is kept with the image, and
measured.
"""

from __future__ import annotations

from dataclasses import replace

from splitspec.impl.attestation.measurement import imaged
from splitspec.impl.hardware.paging import Entry
from splitspec.impl.kernel.address_space import AddressSpaces
from splitspec.impl.kernel.capabilities import Right
from splitspec.impl.kernel.direct_map import DirectMap
from splitspec.impl.kernel.pools import Pools
from splitspec.impl.kernel.randomness import Generators
from splitspec.impl.kernel.records import (
    REFERENCES_MAX,
    Container,
    Page,
    Phase,
    Pin,
    State,
    ThreadImage,
    Use,
)
from splitspec.impl.kernel.shootdown import Shootdown
from splitspec.impl.kernel.threads import Threads
from splitspec.impl.refusal import Guards, KernelRefusal


class Forks:
    """Sealing of zygotes, cloning, and the copies that writes make."""

    __slots__ = ("_generators", "_memory", "_pools", "_shootdown", "_spaces", "_state", "_threads")

    def __init__(
        self,
        state: State,
        *,
        memory: DirectMap,
        pools: Pools,
        spaces: AddressSpaces,
        shootdown: Shootdown,
        threads: Threads,
        generators: Generators,
    ) -> None:
        self._state = state
        self._memory = memory
        self._pools = pools
        self._spaces = spaces
        self._shootdown = shootdown
        self._threads = threads
        self._generators = generators

    def prepare(self, zygote: int, *, vcpu: int | None = None, thread: int | None = None) -> None:
        """Begin a snapshot, which a thread of the container asks for, if all its others wait."""
        guards = Guards(KernelRefusal, "prepare")
        self._shootdown.check_vcpu(guards, vcpu)
        row = self._check_sealable(guards, zygote)
        quiet = self._threads.are_waiting(zygote, but=thread)
        guards.require("quiet", quiet, f"a thread of container {zygote} does not wait")
        self._state.containers[zygote] = replace(row, is_prepared=True)

    def seal(self, zygote: int, *, vcpu: int | None = None, thread: int | None = None) -> None:
        """Make a running container the zygote of others: freeze all that it maps, measure it, and
        keep what its threads are.

        Other vCPUs may still hold translations that allow writing. Until they have flushed nobody
        is cloned, and nothing is measured that could change afterwards: the first clone does it.
        All other threads wait still, and in the zygote for good.
        """
        guards = Guards(KernelRefusal, "seal")
        self._shootdown.check_vcpu(guards, vcpu)
        row = self._check_sealable(guards, zygote)
        guards.require("untainted", not row.is_tainted, "it has held data of a tenant")
        written = [
            p for (c, p), use in self._state.pins.items() if (c, use) == (zygote, Pin.WRITING)
        ]
        guards.require("settled", not written, f"bytes are still to come in to pages {written}")
        withdrawn = zygote not in self._state.targets
        guards.require("withdrawn", withdrawn, "it has left an address to which the kernel writes")
        entries = list(self._memory.entries(zygote))
        private = all(self._state.pages[entry.page].use is Use.PRIVATE for _, entry in entries)
        guards.require("private", private, "it maps a channel or a page of the host")
        guards.require("prepared", row.is_prepared, "nobody has asked whether its threads wait")
        waiting = self._threads.are_waiting(zygote, but=thread)
        guards.require("waiting", waiting, f"a thread of container {zygote} woke")
        unlocked = zygote not in self._state.faults
        guards.require("unlocked", unlocked, "a page fault is under way, and would change it")
        self._memory.check_tables(guards, zygote)
        self._memory.reach(*(entry.page for _, entry in entries), *self._committed(zygote))

        threads = self._threads.images(zygote)
        at_once = not self._shootdown.holders(zygote) - {vcpu}
        measured = self._digest(zygote, entries, threads) if at_once else b""

        self._threads.freeze(zygote)
        for address, entry in entries:
            # What was read-only before stays so in clones: copying it would give a right to write.
            copied = entry.permits_writing
            frozen = Entry(entry.page, copy_on_write=copied, executable=entry.executable)
            self._memory.set_entry(zygote, address, frozen)
            record = self._state.pages[entry.page]
            self._state.pages[entry.page] = replace(record, use=Use.IMAGE)
        self._attenuate(zygote)
        self._shootdown.protect(zygote, vcpu, *(address for address, _ in entries))
        self._state.containers[zygote] = replace(
            row, phase=Phase.SEALED, measurement=measured, threads=threads
        )

    def begin(self, zygote: int, clone: int) -> None:
        """Make a container that maps nothing yet a clone-to-be of a sealed zygote, for good."""
        guards = Guards(KernelRefusal, "begin_fork")
        source = self._sealed(guards, zygote)
        row = self._created(guards, clone)
        guards.require("original", row.origin is None, f"container {clone} is a clone")
        self._check_empty(guards, clone)
        self._state.containers[clone] = replace(row, origin=source.identity)

    def fork(self, zygote: int, clone: int) -> None:
        """Map all pages of the zygote, read-only, into its clone-to-be."""
        guards = Guards(KernelRefusal, "fork")
        source = self._sealed(guards, zygote)
        row = self._created(guards, clone)
        begun = row.origin == source.identity
        guards.require("begun", begun, f"container {clone} is no clone of {zygote}")
        guards.require("once", not row.image, f"container {clone} has the image")
        self._check_empty(guards, clone)
        slots = self._state.slots
        left = [n for n, _ in self._state.named(zygote) if (clone, n) not in slots]
        guards.require("complete", not left, f"container {clone} lacks slots {left}")
        lagging = self._shootdown.lagging(zygote)
        guards.require("flushed", not lagging, f"vCPUs {sorted(lagging)} may write the image")
        self._memory.reach(*self._memory.tables(zygote))
        entries = list(self._memory.entries(zygote))
        self._memory.check_tables(guards, clone, *(address for address, _ in entries))
        measured = source.measurement or self._digest(zygote, entries, source.threads)
        bounded = all(
            self._state.pages[entry.page].references < REFERENCES_MAX for _, entry in entries
        )
        guards.require("countable", bounded, "a page has too many references")

        for address, entry in entries:
            self._spaces.hold(entry.page)
            self._memory.set_entry(clone, address, entry)
        self._generators.inherit(zygote, clone)
        self._state.containers[zygote] = replace(source, measurement=measured)
        self._state.containers[clone] = replace(row, image=measured)

    def activate(self, clone: int, *numbers: int) -> None:
        """End the loading of a clone that has the image: from now on its threads run, which get
        these numbers and go on where the zygote's were when it was sealed."""
        guards = Guards(KernelRefusal, "activate")
        row = self._created(guards, clone)
        guards.require("copied", bool(row.image), f"container {clone} has no image")
        self._pools.check_pooled(guards, clone)
        zygote = next(
            (
                other
                for other in self._state.containers.values()
                if other.identity == row.origin and other.phase is Phase.SEALED
            ),
            None,
        )
        if zygote is None:
            guards.fail("sealed", f"the zygote of container {clone} is gone")
        self._threads.check_numbers(guards, numbers, len(zygote.threads))
        self._threads.thaw(clone, zygote.threads, numbers)
        self._generators.seed(clone)
        self._state.containers[clone] = replace(row, phase=Phase.RUNNING)

    def copy_on_write(
        self, container: int, address: int, page: int, *, vcpu: int | None = None
    ) -> None:
        """Serve a write to a page of the zygote, or to one that was protected for a while: copy it
        to a free page of the container's pool.

        The copy fills the page, so it need not be clean. The entry is written last.
        """
        guards = Guards(KernelRefusal, "copy_on_write")
        self._shootdown.check_vcpu(guards, vcpu)
        entry = self._spaces.check_mapped(guards, container, address)
        guards.require("shared_copy", entry.copy_on_write, f"virtual page {address} is its own")
        self._pools.check_own(guards, container, page)
        self._memory.reach(entry.page, page)

        self._memory.write(page, self._memory.read(entry.page))
        self._state.pages[page] = Page(Use.PRIVATE, references=1)
        self._memory.set_entry(container, address, Entry(page, writable=True))
        self._spaces.drop(entry.page)
        self._shootdown.retire(container, address, entry.page, vcpu)

    def _check_sealable(self, guards: Guards, zygote: int) -> Container:
        """Refuse unless the container runs, and is no clone."""
        row = self._state.containers.get(zygote)
        if row is None or row.phase is not Phase.RUNNING:
            guards.fail("running", f"container {zygote} does not run")
        guards.require("original", row.origin is None, f"container {zygote} is a clone")
        return row

    def _sealed(self, guards: Guards, zygote: int) -> Container:
        row = self._state.containers.get(zygote)
        if row is None or row.phase is not Phase.SEALED:
            guards.fail("sealed", f"container {zygote} is no zygote")
        return row

    def _created(self, guards: Guards, clone: int) -> Container:
        row = self._state.containers.get(clone)
        if row is None or row.phase is not Phase.CREATED:
            guards.fail("created", f"container {clone} is not new")
        return row

    def _check_empty(self, guards: Guards, clone: int) -> None:
        self._memory.check_tables(guards, clone)
        empty = next(self._memory.entries(clone), None) is None
        guards.require("empty", empty, f"container {clone} maps something")

    def _attenuate(self, zygote: int) -> None:
        """Leave the zygote of its objects what clones get, the right to read."""
        for number, slot in self._state.named(zygote):
            self._state.slots[zygote, number] = replace(slot, rights=Right.READ)

    def _committed(self, zygote: int) -> list[int]:
        """Return the pages of all objects that the zygote names."""
        named = self._state.named(zygote)
        return [page for _, slot in named for _, page in self._state.committed(slot.object)]

    def _digest(
        self, zygote: int, entries: list[tuple[int, Entry]], threads: tuple[ThreadImage, ...]
    ) -> bytes:
        """Measure what the zygote maps, as it is in memory, what the objects hold that it names,
        and what its threads were, without the time that they yet wait, which is another one at each
        boot."""
        pages = (
            (address, entry.executable, entry.permits_writing, self._memory.read(entry.page))
            for address, entry in entries
        )
        objects = [(n, *self._content(slot.object)) for n, slot in self._state.named(zygote)]
        registers = [(thread.registers, thread.waits) for thread in threads]
        return imaged(pages, registers, objects)

    def _content(self, number: int) -> tuple[int, list[tuple[int, bytes]]]:
        """Return the size of an object, and the pages of it that were touched, by offset."""
        parts = [(at, self._memory.read(page)) for at, page in self._state.committed(number)]
        return self._state.objects[number].size, parts
