"""One container as its library sees it: faults are served, requests reach the host."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from splitspec.impl.delegation.mailbox import REPLIES, REPLY_ROOM, Message, Operation, decode
from splitspec.impl.geometry import ENTRIES
from splitspec.impl.host.delegate import Delegate
from splitspec.impl.host.shadow import Handle
from splitspec.impl.kernel.records import Use
from splitspec.impl.libos.gate import Gate
from splitspec.impl.libos.layout import MAILBOX
from splitspec.impl.libos.process import Process
from splitspec.impl.machine import Machine
from splitspec.impl.refusal import Guards, GuestPageFault, LibraryRefusal, Refusal


class Instance:
    """A running container; satisfies the library's `Runtime`."""

    def __init__(
        self,
        machine: Machine,
        container: int,
        handle: Handle,
        slot: range,
        delegate: Delegate,
    ) -> None:
        self.machine = machine
        self.container = container
        self.handle = handle
        self.slot = slot
        self.delegate = delegate
        self.vcpu = handle.vcpu
        self.thread = 0
        self.is_running = False
        self.reserved: set[int] = set()
        self.mailbox: int | None = None
        self._waiting: deque[tuple[int, Callable[[], None]]] = deque()
        self.gate = Gate(self.machine.journal, self)
        root = self.machine.kernel.state.roots.get(container)
        self.process = Process(self.machine.journal, self, root)

    # Running.

    def begin(self, thread: int) -> None:
        """Run the first thread of the container, which waits for a vCPU."""
        threads = self.machine.kernel.threads
        threads.bind(self.vcpu, thread)
        threads.dispatch(thread)
        self.thread, self.is_running = thread, True

    def run(self, body: Callable[[Process, bytes], bytes], event: bytes) -> bytes:
        """Call a function in the container; its time is charged to the shadow's group."""
        result = body(self.process, event)
        self._spend()
        return result

    def _spend(self) -> None:
        """Let the host charge a slice."""
        self._wait_for_quota()
        self.machine.host.shadows.tick(self.vcpu)

    def enter(self) -> None:
        """Let the host run the vCPU again."""
        self._wait_for_quota()
        self.machine.host.shadows.enter(self.handle_of(self.vcpu))

    def _wait_for_quota(self) -> None:
        """A group at its limit waits for the next period."""
        host = self.machine.host
        if not host.cgroups.may_run(host.shadows.group(self.container)):
            host.cgroups.begin_period()

    def trap(self) -> None:
        """Enter the kernel, if the container runs."""
        if self.machine.processor.vcpus[self.vcpu].directory is not None:
            self.machine.kernel.threads.trap(self.vcpu)

    def resume(self) -> None:
        """Go back to the container, when every vCPU has flushed what changed."""
        kernel = self.machine.kernel
        for other in sorted(kernel.shootdown.awaited(self.vcpu, self.container)):
            kernel.shootdown.acknowledge(other)
        kernel.threads.dispatch(self.thread)

    # Memory.

    def load(self, start: int, length: int) -> bytes:
        """Read memory."""
        while True:
            try:
                return self.machine.processor.read(self.vcpu, start, length)
            except GuestPageFault as fault:
                self._serve(fault)

    def store(self, start: int, data: bytes) -> None:
        """Write memory."""
        while True:
            try:
                self.machine.processor.write(self.vcpu, start, data)
                return
            except GuestPageFault as fault:
                self._serve(fault)

    def reserve(self, address: int, count: int) -> None:
        """Let virtual pages be backed when they are touched."""
        self.reserved |= set(range(address, address + count))

    def drop(self, address: int, count: int) -> None:
        """Unmap virtual pages."""
        kernel = self.machine.kernel
        self.trap()
        for target in range(address, address + count):
            self.reserved.discard(target)
            if kernel.memory.entry(self.container, target) is not None:
                kernel.spaces.unmap_page(self.container, target, vcpu=self.vcpu)
        self.resume()

    def claim_pages(self, count: int) -> list[int]:
        """Return free and clean pages of the pool; the host grants what is not at hand."""
        kernel = self.machine.kernel
        state = kernel.state
        found: list[int] = []
        for page in self.slot:
            if len(found) == count:
                break
            record = state.pages.get(page)
            waits = kernel.shootdown.is_quarantined(page)
            if record is not None and (record.use is not Use.FREE or waits):
                continue
            if record is None:
                self._grant(page)
            elif not record.is_clean:
                kernel.pools.scrub(page)
            found.append(page)
        guards = Guards(LibraryRefusal, "memory")
        guards.require("pool", len(found) == count, f"the pool of {self.container} is used up")
        return found

    def _grant(self, page: int) -> None:
        """Exit to the host for a frame, and accept it."""
        host = self.machine.host
        self._spend()
        self.machine.kernel.threads.request(self.vcpu, page)
        try:
            free = host.backing.free_frames()
            host.backing.grant_page(self.vcpu, page, free[0] if free else -1)
        finally:
            self.enter()
        self.machine.kernel.pools.accept(self.container, page)

    def root(self, address: int) -> None:
        """Have a table for a virtual page, of a page of the pool if the kernel has none."""
        place = address // ENTRIES
        if self.machine.kernel.memory.leaf(self.container, place) is None:
            (page,) = self.claim_pages(1)
            self.machine.kernel.spaces.add_table(self.container, page, place)

    def handle_of(self, vcpu: int) -> Handle:
        """Return the shadow's handle on a vCPU."""
        return self.machine.host.shadows.holders[vcpu]

    def _serve(self, fault: GuestPageFault) -> None:
        """Handle a page fault: a zero page, a copy, or a violation.

        Where it cannot be handled, the container ends.
        """
        kernel, address = self.machine.kernel, fault.address
        entry = kernel.memory.entry(self.container, address)
        guards = Guards(LibraryRefusal, "segment")
        if entry is None:
            guards.require("reserved", address in self.reserved, str(fault))
        else:
            guards.require("copy_on_write", entry.copy_on_write, str(fault))
        kernel.faults.begin(self.vcpu, address)
        try:
            self.root(address)
            (page,) = self.claim_pages(1)
            kernel.faults.serve(self.container, page, vcpu=self.vcpu)
        except Refusal:
            kernel.faults.fail(self.container)
            self.is_running = False
            raise
        self.resume()

    # The host.

    def open_mailbox(self) -> None:
        """Share a page with the host."""
        kernel = self.machine.kernel
        (page,) = self.claim_pages(1)
        kernel.pools.share(self.container, page)
        with self.machine.host.kicked():
            self.machine.host.backing.convert_to_shared(page)
        kernel.spaces.map_shared(self.container, MAILBOX, page)
        self.mailbox = page

    def close_mailbox(self) -> None:
        """End the sharing, as a zygote must before it is sealed."""
        if self.mailbox is None:
            return
        kernel = self.machine.kernel
        self.trap()
        kernel.spaces.unmap_page(self.container, MAILBOX, vcpu=self.vcpu)
        self.resume()
        self.mailbox = None

    def exchange(self, call: str, request: Message, room: int = REPLY_ROOM) -> Message:
        """Put a request before the host; return its reply, of a private copy that was checked."""
        self.post(call, request, room)
        return self.gate.result()

    def post(self, call: str, request: Message, room: int = REPLY_ROOM) -> None:
        """Put a request before the host, and let the shadow answer."""
        guards = Guards(LibraryRefusal, "exchange")
        page = self.mailbox
        if page is None:
            guards.fail("mailbox", "the container shares nothing with the host")
        self.gate.request(call, request, room)
        try:
            self._exit(page)
        except Refusal:
            self.gate.cancel()
            raise

    def _exit(self, page: int) -> None:
        self._spend()
        self.trap()
        self.machine.kernel.threads.request(self.vcpu, page)
        try:
            self.perform_work()
            self._answer(page)
        finally:
            self.enter()
            self.resume()

    def perform_work(self) -> None:
        """A thread of the host's does what earlier calls left; the time is the container's."""
        work = self.machine.host.work
        for number in work.pending(self.container):
            self._wait_for_quota()
            work.perform(number)

    def _answer(self, page: int) -> None:
        """The shadow serves the request that it finds in the shared page."""
        host, platform = self.machine.host, self.machine.platform
        frame = host.backing.frames[page]
        request = decode(platform.host_read(frame)[:REPLIES])
        reply = self.delegate.serve(request)
        platform.host_write(frame, REPLIES, reply.encode(REPLY_ROOM))
        if request.operation == Operation.SEND:
            host.work.request(self.vcpu)  # The network takes the bytes later.

    def secret(self) -> bytes:
        """Return what the verifier released."""
        return self.machine.kernel.attestation.secret(self.container)

    def random(self, length: int) -> bytes:
        """Return bytes of the container's random generator."""
        return self.machine.kernel.generators.draw(self.container, length)

    # Threads.

    def make_event(self) -> int:
        """Make a notification of the kernel's."""
        return self.machine.kernel.notifications.create(self.container)

    def signal_event(self, number: int) -> None:
        """Count one signal."""
        self.machine.kernel.notifications.signal(self.container, number)

    def take_event(self, number: int) -> int:
        """Return the signals since the last call."""
        return self.machine.kernel.notifications.take(self.container, number)

    def end_event(self, number: int) -> None:
        """Give the notification back."""
        self.machine.kernel.notifications.close(self.container, number)

    def start_thread(self, body: Callable[[], None]) -> int:
        """Begin a thread; it waits for its turn, or for a vCPU of its own."""
        thread = self.machine.kernel.threads.unused()
        self.machine.kernel.threads.spawn(self.container, thread)
        self._waiting.append((thread, body))
        return thread

    def wait_for_threads(self) -> bool:
        """Run the thread that has waited longest to its end, however it ends."""
        if not self._waiting:
            return False
        threads = self.machine.kernel.threads
        own_thread, own_vcpu = self.thread, self.vcpu
        vcpu = self._vcpu_of_its_own() if threads.one_to_one else own_vcpu
        thread, body = self._waiting.popleft()
        threads.wait(own_vcpu)
        self.vcpu, self.thread = vcpu, thread
        try:
            threads.bind(vcpu, thread)
            self.resume()
            body()
            self._spend()
        finally:
            self.trap()
            threads.finish(thread)
            if threads.one_to_one:
                self.machine.kernel.shootdown.acknowledge(vcpu)
                threads.park(vcpu)
                self.machine.host.shadows.publish(vcpu)
            self.thread, self.vcpu = own_thread, own_vcpu
            threads.wake(own_thread)
            self.resume()
        return True

    def _vcpu_of_its_own(self) -> int:
        """Take an idle vCPU for the thread that is next, and run it; there may be none."""
        self._wait_for_quota()
        shadows = self.machine.host.shadows
        handle = shadows.allocate(self.container)
        shadows.enter(handle, self._waiting[0][0])
        return handle.vcpu

    def check_quiet(self) -> None:
        """Refuse while a thread has not run: a snapshot has none, and it would be lost."""
        waiting = [thread for thread, _ in self._waiting]
        guards = Guards(LibraryRefusal, "snapshot")
        guards.require("quiet", not waiting, f"threads {waiting} have not run")

    def stop_threads(self) -> None:
        """Forget the threads that never ran."""
        for thread, _ in self._waiting:
            self.machine.kernel.threads.finish(thread)
        self._waiting.clear()
