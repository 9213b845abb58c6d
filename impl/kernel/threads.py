"""Confidential threads: which vCPU runs which thread, as the kernel knows it.

The host says, when it enters a parked vCPU, which thread it brings the vCPU for. The kernel takes
that for a wish: it binds a thread that waits for a vCPU, to a vCPU that nobody else uses, and
resumes one only where it is bound, whatever the host names. With
`one_to_one`, each thread has a vCPU of its own, hence a shadow thread of its own whose time is the
container's; without, the threads of one container share a vCPU, and the kernel takes turns, unless
the container asked for the other mode. The vCPU's timer ends a turn; the running thread may put
that off once.

A thread's registers, vector registers too, are saved when the kernel gets its vCPU and loaded when
it runs again, so none finds what another one left. Its registers, what it waits for and for how
long yet are what a snapshot keeps of it: a thread of a clone begins with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from splitspec.impl.geometry import Geometry
from splitspec.impl.hardware.processor import Exit, Processor, Reason
from splitspec.impl.kernel.records import Phase, State, Thread, ThreadImage, ThreadState
from splitspec.impl.kernel.shootdown import Shootdown
from splitspec.impl.kernel.timers import Timers
from splitspec.impl.refusal import Guards, KernelRefusal


class Threads:
    """Binding, dispatching and parking."""

    __slots__ = ("_geometry", "_processor", "_shootdown", "_state", "_timers", "one_to_one")

    def __init__(
        self,
        state: State,
        geometry: Geometry,
        processor: Processor,
        *,
        shootdown: Shootdown,
        timers: Timers,
        one_to_one: bool,
    ) -> None:
        self._state = state
        self._geometry = geometry
        self._processor = processor
        self._shootdown = shootdown
        self._timers = timers
        self.one_to_one = one_to_one

    def current(self, vcpu: int) -> int | None:
        """Return the thread that runs on the vCPU."""
        return next(
            (
                thread
                for thread, row in self._state.threads.items()
                if row.vcpu == vcpu and row.state is ThreadState.RUNNING
            ),
            None,
        )

    def bound(self, vcpu: int) -> list[int]:
        """Return the threads of the vCPU, in order."""
        return sorted(thread for thread, row in self._state.threads.items() if row.vcpu == vcpu)

    def unused(self) -> int:
        """Return a number that no thread has."""
        return max(self._state.threads, default=0) + 1

    def spawn(self, container: int, thread: int) -> None:
        """Begin a thread under a number that no thread has; it waits for a vCPU."""
        guards = Guards(KernelRefusal, "spawn")
        row = self._state.containers.get(container)
        running = row is not None and row.phase is Phase.RUNNING
        guards.require("running", running, f"container {container} is not")
        guards.require("number", thread > 0, "0 names no thread")
        guards.require("unused", thread not in self._state.threads, f"thread {thread} exists")
        own = len(self._state.threads_of(container))
        room = own < self._geometry.threads
        guards.require("quota", room, f"container {container} has {own} threads")
        self._state.threads[thread] = Thread(container, ThreadState.UNBOUND)

    def bind(self, vcpu: int, thread: int) -> None:
        """Bind a waiting thread to the vCPU on which the kernel runs.

        What the vCPU has cached stays, under the tags of those that it ran.
        """
        guards = Guards(KernelRefusal, "bind")
        self._shootdown.check_vcpu(guards, vcpu)
        row = self._state.threads.get(thread)
        if row is None:
            guards.fail("known", f"there is no thread {thread}")
        unbound = row.state is ThreadState.UNBOUND
        guards.require("unbound", unbound, f"thread {thread} is {row.state.value}")
        self._check_vacant(guards, vcpu, row.container)
        self._state.threads[thread] = replace(row, state=ThreadState.READY, vcpu=vcpu)

    def move(self, vcpu: int, thread: int) -> None:
        """Bind a thread that does not run to another vCPU: this one, on which the kernel runs.

        A thread that an interrupt of the host's took off its vCPU counts as running: its registers
        are with that vCPU until the kernel gets it back.
        """
        guards = Guards(KernelRefusal, "move")
        row = self._state.threads.get(thread)
        if row is None or row.vcpu is None:
            guards.fail("bound", f"thread {thread} has no vCPU")
        stopped = row.state is not ThreadState.RUNNING
        guards.require("stopped", stopped, f"thread {thread} runs")
        guards.require("elsewhere", row.vcpu != vcpu, f"thread {thread} is bound here")
        self._shootdown.check_vcpu(guards, vcpu)
        self._check_vacant(guards, vcpu, row.container)
        self._state.threads[thread] = replace(row, vcpu=vcpu)

    def resume(self, vcpu: int) -> None:
        """Do what the host entered the vCPU for: run the thread that it named, if it is bound here,
        else bind it.

        The number is looked up in the kernel's own table; no pointer comes from the host.
        """
        guards = Guards(KernelRefusal, "resume")
        self._shootdown.check_vcpu(guards, vcpu)
        thread = self._processor.vcpus[vcpu].answer
        row = self._state.threads.get(thread)
        if row is None:
            guards.fail("known", f"there is no thread {thread}")
        if row.vcpu != vcpu:
            self.bind(vcpu, thread)
            return
        self._check_ready(guards, vcpu, row)
        self._state.overtime.discard(vcpu)  # With a slice a turn begins.
        self._run(vcpu, thread, row)

    def dispatch(self, thread: int) -> None:
        """Run a ready thread on its vCPU, when every stale translation of its container is gone."""
        guards = Guards(KernelRefusal, "dispatch")
        row = self._state.threads.get(thread)
        if row is None or row.vcpu is None:
            guards.fail("bound", f"thread {thread} has no vCPU")
        self._shootdown.check_vcpu(guards, row.vcpu)
        self._check_ready(guards, row.vcpu, row)
        self._run(row.vcpu, thread, row)

    def switch(self, vcpu: int, thread: int) -> None:
        """Let another thread that is bound to the vCPU run in place of the one that does."""
        guards = Guards(KernelRefusal, "switch")
        inside = self._processor.vcpus[vcpu].inside
        guards.require("inside", inside, f"vCPU {vcpu} does not run")
        current = self.current(vcpu)
        if current is None:
            guards.fail("in_container", f"vCPU {vcpu} runs the kernel")
        row = self._state.threads.get(thread)
        if row is None or row.vcpu != vcpu:
            guards.fail("bound_here", f"thread {thread} is not bound to vCPU {vcpu}")
        guards.require("other", thread != current, f"thread {thread} runs")
        self._check_ready(guards, vcpu, row)
        self._save(vcpu, current, ThreadState.READY)
        self._state.overtime.discard(vcpu)
        self._run(vcpu, thread, row)

    def put_off(self, vcpu: int) -> None:
        """The timer ends the turn of the thread that runs, which asks for more time: once."""
        guards = Guards(KernelRefusal, "put_off")
        inside = self._processor.vcpus[vcpu].inside
        guards.require("inside", inside, f"vCPU {vcpu} does not run")
        current = self.current(vcpu)
        if current is None:
            guards.fail("in_container", f"vCPU {vcpu} runs the kernel")
        guards.require("waiting", self.bound(vcpu) != [current], "no other thread waits")
        container = self._state.threads[current].container
        turn = self._state.containers[container].identity, current
        once = self._state.overtime.get(vcpu) != turn
        guards.require("once", once, f"thread {current} has done so")
        self._state.overtime[vcpu] = turn

    def separate(self, container: int) -> None:
        """The configuration of a container that is loaded asks for a vCPU for each thread."""
        guards = Guards(KernelRefusal, "separate")
        row = self._state.containers.get(container)
        if row is None or row.phase is not Phase.CREATED:
            guards.fail("created", f"container {container} is not being loaded")
        self._state.containers[container] = replace(row, is_separate=True)

    def trap(self, vcpu: int, state: ThreadState = ThreadState.READY) -> None:
        """A fault, a call or an interrupt takes the vCPU from the container into the kernel."""
        guards = Guards(KernelRefusal, "trap")
        inside = self._processor.vcpus[vcpu].inside
        guards.require("inside", inside, f"vCPU {vcpu} does not run")
        thread = self.current(vcpu)
        if thread is None:
            guards.fail("in_container", f"vCPU {vcpu} runs the kernel")
        self._save(vcpu, thread, state)
        self._processor.load(vcpu, None)

    def wait(self, vcpu: int, ticks: int | None = None) -> None:
        """The thread that runs on the vCPU waits for an event inside the VM, and for so many ticks
        at most if that is said. No event comes for who leaves, so nobody begins to wait then."""
        guards = Guards(KernelRefusal, "wait")
        guards.require("future", ticks is None or ticks > 0, f"it would wait {ticks} ticks")
        thread = self.current(vcpu)
        if thread is not None:
            self._check_staying(guards, self._state.threads[thread])
        self.trap(vcpu, ThreadState.WAITING)
        if ticks is not None:
            assert thread is not None
            self._timers.start(thread, ticks)

    def wake(self, thread: int) -> None:
        """The event came."""
        guards = Guards(KernelRefusal, "wake")
        self._go_on(self._check_waiting(guards, thread), thread)

    def expire(self, thread: int) -> None:
        """The event did not come in time."""
        guards = Guards(KernelRefusal, "expire")
        row = self._check_waiting(guards, thread)
        left = self._timers.left(thread)
        if left is None:
            guards.fail("timed", f"thread {thread} has no timer")
        guards.require("due", left == 0, f"{left} ticks are left")
        self._go_on(row, thread)

    def rouse(self, container: int) -> None:
        """Have the threads of a container that leaves wait no longer: no event comes any more."""
        for thread in self._state.threads_of(container):
            row = self._state.threads[thread]
            if row.state is ThreadState.WAITING:
                self._go_on(row, thread)

    def unbind(self, thread: int) -> None:
        """Take a thread that does not run from its vCPU: it waits for one again."""
        guards = Guards(KernelRefusal, "unbind")
        row = self._state.threads.get(thread)
        if row is None or row.vcpu is None:
            guards.fail("bound", f"thread {thread} has no vCPU")
        ready = row.state is ThreadState.READY
        guards.require("ready", ready, f"thread {thread} is {row.state.value}")
        self._state.threads[thread] = replace(row, state=ThreadState.UNBOUND, vcpu=None)

    def finish(self, thread: int) -> None:
        """End a thread that does not run."""
        guards = Guards(KernelRefusal, "finish")
        row = self._state.threads.get(thread)
        if row is None:
            guards.fail("known", f"there is no thread {thread}")
        stopped = row.state is not ThreadState.RUNNING
        guards.require("stopped", stopped, f"thread {thread} runs")
        holds = any(fault.thread == thread for fault in self._state.faults.values())
        guards.require("unlocked", not holds, f"thread {thread} holds the lock of its pool")
        self._state.end_thread(thread)

    def are_waiting(self, container: int, *, but: int | None) -> bool:
        """All threads of the container wait, but the one that asks."""
        rows = [self._state.threads[t] for t in self._state.threads_of(container) if t != but]
        return all(row.state is ThreadState.WAITING for row in rows)

    def images(self, container: int) -> tuple[ThreadImage, ...]:
        """Return what all threads of the container are now."""
        images = []
        for thread in self._state.threads_of(container):
            row = self._state.threads[thread]
            waits = row.state is ThreadState.WAITING
            timeout = self._timers.left(thread) if waits else None
            images.append(ThreadImage(self._registers(row), waits, timeout))
        return tuple(images)

    def freeze(self, container: int) -> None:
        """Stop for good the threads of the container that wait, and their timers."""
        for thread in self._state.threads_of(container):
            row = self._state.threads[thread]
            if row.state is ThreadState.WAITING:
                self._timers.stop(thread)
                self._state.threads[thread] = replace(row, state=ThreadState.FROZEN)

    def thaw(self, container: int, images: Sequence[ThreadImage], numbers: Sequence[int]) -> None:
        """Begin threads where those of a zygote were: each with its registers, and one that waits
        with a timer of its own if that one had one."""
        for image, thread in zip(images, numbers, strict=True):
            state = ThreadState.WAITING if image.waits else ThreadState.UNBOUND
            self._state.threads[thread] = Thread(container, state, registers=image.registers)
            if image.timeout is not None:
                self._timers.start(thread, image.timeout)

    def check_numbers(self, guards: Guards, numbers: Sequence[int], count: int) -> None:
        """Refuse unless these are numbers for so many threads, which no thread has."""
        named = len(numbers) == len({*numbers}) == count and all(n > 0 for n in numbers)
        guards.require("numbered", named, f"{count} threads need numbers: {numbers}")
        taken = [number for number in numbers if number in self._state.threads]
        guards.require("unused", not taken, f"threads {taken} exist")

    def turn(self, vcpu: int, after: int = 0) -> int | None:
        """Return the ready thread of the vCPU whose turn it is after another, round robin."""
        ready = [
            thread
            for thread in self.bound(vcpu)
            if self._state.threads[thread].state is ThreadState.READY
        ]
        return next((thread for thread in ready if thread > after), ready[0] if ready else None)

    def start_loop(self, vcpu: int) -> None:
        """The process manager starts its loop on a vCPU that runs for the first time."""
        guards = Guards(KernelRefusal, "start_loop")
        guards.require("once", vcpu not in self._state.loops, f"vCPU {vcpu} has its loop")
        self._shootdown.check_vcpu(guards, vcpu)
        self._shootdown.acknowledge(vcpu)
        self._state.loops[vcpu] = True

    def park(self, vcpu: int) -> None:
        """Give a vCPU without threads back to the host: the hypercall that makes it idle."""
        self._check_leaving(Guards(KernelRefusal, "park"), vcpu)
        self._processor.leave(vcpu, Exit(Reason.IDLE))

    def request(self, vcpu: int, argument: int) -> None:
        """Ask the host for something: it sees one number, and answers when it enters again."""
        guards = Guards(KernelRefusal, "request")
        self._shootdown.check_vcpu(guards, vcpu)
        self._processor.leave(vcpu, Exit(Reason.REQUEST, argument))

    def _check_vacant(self, guards: Guards, vcpu: int, container: int) -> None:
        """Refuse unless a thread of the container may be bound to the vCPU."""
        others = [self._state.threads[other].container for other in self.bound(vcpu)]
        if self.one_to_one or self._state.containers[container].is_separate:
            guards.require("vcpu_free", not others, f"vCPU {vcpu} has a thread")
        same = all(other == container for other in others)
        guards.require("same_container", same, f"vCPU {vcpu} runs containers {others}")

    def _check_ready(self, guards: Guards, vcpu: int, row: Thread) -> None:
        """Refuse unless the thread of the row can run on the vCPU now."""
        phase = self._state.containers[row.container].phase
        runs = phase in (Phase.RUNNING, Phase.SEALED)  # A sealed zygote can change nothing.
        guards.require("running", runs, f"its container is {phase.value}")
        guards.require("ready", row.state is ThreadState.READY, f"it is {row.state.value}")
        settled = self._shootdown.is_settled(vcpu, row.container)
        guards.require("flushed", settled, "stale translations may be left")

    def _check_waiting(self, guards: Guards, thread: int) -> Thread:
        """Refuse unless the thread waits, and its container does not leave."""
        row = self._state.threads.get(thread)
        if row is None or row.state is not ThreadState.WAITING:
            guards.fail("waiting", f"thread {thread} is not")
        self._check_staying(guards, row)
        return row

    def _check_staying(self, guards: Guards, row: Thread) -> None:
        phase = self._state.containers[row.container].phase
        guards.require("running", phase is not Phase.EXITING, "its container leaves")

    def _go_on(self, row: Thread, thread: int) -> None:
        """A thread that waited is ready; one of a clone may have to get a vCPU first."""
        state = ThreadState.UNBOUND if row.vcpu is None else ThreadState.READY
        self._state.threads[thread] = replace(row, state=state)
        self._state.timers.discard(thread)

    def _registers(self, row: Thread) -> bytes:
        """Return what the thread computes with, which is on its vCPU while it runs."""
        if row.state is ThreadState.RUNNING and row.vcpu is not None:
            return self._processor.vcpus[row.vcpu].registers
        return row.registers

    def _save(self, vcpu: int, thread: int, state: ThreadState) -> None:
        """Take the thread off the vCPU, with its registers."""
        row, registers = self._state.threads[thread], self._processor.vcpus[vcpu].registers
        self._state.threads[thread] = replace(row, state=state, registers=registers)

    def _run(self, vcpu: int, thread: int, row: Thread) -> None:
        """Note that the container has been on the vCPU, and load its tables and registers."""
        self._shootdown.note_entry(vcpu, row.container)
        self._state.threads[thread] = replace(row, state=ThreadState.RUNNING)
        directory, tag = self._geometry.directory(row.container), self._state.tags[row.container]
        self._processor.load(vcpu, directory, tag, row.registers)

    def _check_leaving(self, guards: Guards, vcpu: int) -> None:
        self._shootdown.check_vcpu(guards, vcpu)
        threads = self.bound(vcpu)
        guards.require("unbound", not threads, f"threads {threads} are bound to vCPU {vcpu}")
