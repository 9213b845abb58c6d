"""A deployment at work: an honest host and the kernel's service loop, step after step.

What is atomic stands in the parts of the machine; here steps are put in sequence, as a shadow's
loop and the kernel's boot and exit paths do. `Deployment` starts and ends containers; an `Instance`
is one of them, and gives its library OS memory, exchanges and threads.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from splitspec.impl.attestation.measurement import code_pages
from splitspec.impl.attestation.verifier import Verifier
from splitspec.impl.delegation.rootfs import Image, build
from splitspec.impl.geometry import ENTRIES
from splitspec.impl.host.delegate import Delegate
from splitspec.impl.instance import Instance
from splitspec.impl.kernel.capabilities import Right
from splitspec.impl.kernel.records import Phase, Use
from splitspec.impl.libos.layout import CODE, FUNCTION
from splitspec.impl.libos.process import Process
from splitspec.impl.machine import Machine
from splitspec.impl.refusal import Guards, LibraryRefusal, Refusal

Body = Callable[[Process, bytes], bytes]


@dataclass(frozen=True, slots=True)
class Function:
    """A function: what runs, and the source that is loaded and measured."""

    body: Body

    @property
    def code(self) -> bytes:
        """The source of the module that the callable stands in, and the callable's name."""
        module = inspect.getmodule(self.body)
        assert module is not None
        return f"{inspect.getsource(module)}\nrun = {self.body.__qualname__}\n".encode()


class CapacityError(RuntimeError):
    """The machine has no slot, or no guest pages, left."""


@dataclass(slots=True)
class Deployment:
    """The containers of one machine."""

    machine: Machine
    instances: dict[int, Instance] = field(default_factory=dict)

    def boot(
        self,
        code: bytes,
        *,
        pool: int,
        directory: Path | None = None,
        image: Image | None = None,
        memory_max: int | None = None,
        cpu_max: int | None = None,
    ) -> Instance:
        """Start a container with measured code of its own, and the files of a directory, or of an
        image."""
        image = image if directory is None else build(directory)
        instance = self._create(pool, image, memory_max, cpu_max)
        self._load(instance, CODE, code)
        instance.open_mailbox()
        self.machine.kernel.lifecycle.start(instance.container)
        thread = self.machine.kernel.threads.unused()
        self.machine.kernel.threads.spawn(instance.container, thread)
        instance.begin(thread)
        return instance

    def snapshot(self, instance: Instance) -> bytes:
        """Make the instance a zygote; return its measurement. Its threads have run to their end."""
        instance.check_quiet()
        instance.close_mailbox()
        instance.trap()
        forks, thread = self.machine.kernel.forks, instance.thread
        forks.prepare(instance.container, vcpu=instance.vcpu, thread=thread)
        forks.seal(instance.container, vcpu=instance.vcpu, thread=thread)
        instance.is_running = False
        return self.machine.kernel.state.containers[instance.container].measurement

    def fork(
        self,
        zygote: Instance,
        function: Function,
        *,
        pool: int,
        directory: Path | None = None,
        memory_max: int | None = None,
    ) -> Instance:
        """Start a clone of the zygote that runs a function."""
        image = None if directory is None else build(directory)
        instance = self._create(pool, image, memory_max, None)
        forks = self.machine.kernel.forks
        forks.begin(zygote.container, instance.container)
        for place in self.machine.kernel.memory.pool_tables(zygote.container):
            instance.root(place * ENTRIES)
        forks.fork(zygote.container, instance.container)
        instance.reserved |= zygote.reserved
        instance.process.inherit(zygote.process)
        self._load(instance, FUNCTION, function.code)
        instance.open_mailbox()
        thread = self.machine.kernel.threads.unused()
        forks.activate(instance.container, thread)
        instance.begin(thread)
        return instance

    def attest(self, instance: Instance, verifier: Verifier) -> None:
        """Have a verifier judge the container, and take its secret in."""
        attestation = self.machine.kernel.attestation
        evidence = attestation.quote(instance.container, verifier.challenge())
        attestation.install(instance.container, verifier.release(evidence))

    def share(self, owner: Instance, address: int, count: int) -> int:
        """Make a channel of pages of the owner, and open it there; return its number."""
        owner.trap()
        channels = self.machine.kernel.channels
        try:
            channel = channels.create(owner.container, owner.claim_pages(count))
            channels.open(owner.container, channel, address)
        finally:
            owner.resume()
        return channel

    def join(
        self, owner: Instance, channel: int, member: Instance, rights: Right, address: int
    ) -> None:
        """Let another container of the chain into a channel, and open it there."""
        channels = self.machine.kernel.channels
        channels.grant(owner.container, channel, member.container, rights)
        channels.open(member.container, channel, address)

    def finish(self, instance: Instance) -> None:
        """End a container: every page is scrubbed and returned, every charge taken back."""
        kernel, host = self.machine.kernel, self.machine.host
        container, vcpu = instance.container, instance.vcpu
        self._check_childless(container)
        instance.trap()
        instance.stop_threads()
        if kernel.state.containers[container].phase is not Phase.EXITING:
            kernel.lifecycle.stop(container, vcpu=vcpu)
        kernel.recycler.signal_threads(container)
        kernel.recycler.end_threads(container)
        kernel.recycler.free_capabilities(container)
        for page in kernel.pins.of(container):
            kernel.pins.unpin(container, page)
        self._flush(container)
        for page in kernel.state.pool(container):
            self._return_page(page)
        kernel.recycler.dismantle_pool(container)
        kernel.lifecycle.retire(container)
        host.shadows.dismiss(container)
        kernel.threads.park(vcpu)
        with host.kicked():
            for page in [page for page in host.backing.frames if page in instance.slot]:
                host.backing.reclaim_page(page)
        host.backing.remove_slot(container, instance.slot.start)
        host.shadows.publish(vcpu)
        instance.perform_work()
        host.work.finish(container)
        instance.delegate.close()
        del self.instances[container]

    def _create(
        self,
        pool: int,
        image: Image | None,
        memory_max: int | None,
        cpu_max: int | None,
    ) -> Instance:
        kernel, host = self.machine.kernel, self.machine.host
        container = next(
            (c for c in range(self.machine.geometry.containers) if c not in self.instances), None
        )
        if container is None:
            raise CapacityError("every slot for containers is taken")
        if not host.shadows.idle:
            raise CapacityError("no vCPU is idle")
        slot = self._gap(pool)
        host.shadows.start(container, memory_max=memory_max, cpu_max=cpu_max)
        handle = host.shadows.allocate(container)
        host.shadows.enter(handle)
        host.backing.add_slot(container, slot.start, len(slot))
        kernel.lifecycle.create(container)
        host.shadows.keep(container)
        kernel.pools.admit(container, slot.start, len(slot))
        if image is not None:
            kernel.lifecycle.mount(container, image.root)
        instance = Instance(self.machine, container, handle, slot, Delegate(image))
        self.instances[container] = instance
        return instance

    def _load(self, instance: Instance, address: int, code: bytes) -> None:
        pages = instance.claim_pages(len(code_pages(code)))
        self.machine.kernel.lifecycle.load(instance.container, address, pages, code)

    def _gap(self, count: int) -> range:
        """Return guest pages that belong to no slot, side by side."""
        pages = self.machine.geometry.pool_pages
        start = pages.start
        for slot in sorted(self.machine.host.shadows.slots.values(), key=lambda slot: slot.first):
            if slot.first - start >= count:
                break
            start = max(start, slot.first + slot.count)
        if start + count > pages.stop:
            raise CapacityError(f"no {count} guest pages are left")
        return range(start, start + count)

    def _check_childless(self, container: int) -> None:
        """Refuse while a clone lives: it maps pages of this one, and the exit would not end."""
        rows = self.machine.kernel.state.containers
        identity = rows[container].identity
        clones = sorted(c for c, row in rows.items() if row.origin == identity)
        guards = Guards(LibraryRefusal, "finish")
        guards.require("childless", not clones, f"containers {clones} are its clones")

    def _flush(self, container: int) -> None:
        """Have every vCPU flush that holds back the container, or a page of its pool.

        The members of its channels, which have lost them, are among these.
        """
        kernel, host = self.machine.kernel, self.machine.host
        lagging = set(kernel.shootdown.holders(container))
        for page in kernel.state.pool(container):
            lagging |= kernel.shootdown.delaying(page)
        for vcpu in sorted(lagging):
            if not self.machine.processor.vcpus[vcpu].inside:
                self.instances[host.shadows.holders[vcpu].shadow].enter()
            kernel.shootdown.acknowledge(vcpu)
        kernel.shootdown.sweep()

    def _return_page(self, page: int) -> None:
        pools, record = self.machine.kernel.pools, self.machine.kernel.state.pages.get(page)
        if record is None:
            return
        if record.use is Use.SHARED:
            pools.unshare(page)
            return
        try:
            if not record.is_clean:
                pools.scrub(page)
            pools.release(page)
        except Refusal:
            pools.abandon(page)
