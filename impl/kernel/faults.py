"""Page faults of containers, in two steps: a page is looked for, under the lock of the pool, and
mapped.

Between the two the kernel may have to ask the host for a frame, so anything can happen: the shadow
is killed, or another thread ends the container, or changes what is mapped. The fault is ended all
the same, and gives the lock back; only who still runs, and lacks a page, gets it. If the fault
cannot be served the container ends, with the lock free: nobody is to wait for it, the recycler
least of all.
"""

from __future__ import annotations

from dataclasses import replace

from splitspec.impl.kernel.address_space import AddressSpaces
from splitspec.impl.kernel.direct_map import DirectMap
from splitspec.impl.kernel.fork import Forks
from splitspec.impl.kernel.records import Container, Fault, Phase, State
from splitspec.impl.kernel.threads import Threads
from splitspec.impl.refusal import Guards, KernelRefusal


class Faults:
    """The page faults that are under way."""

    __slots__ = ("_forks", "_memory", "_spaces", "_state", "_threads")

    def __init__(
        self,
        state: State,
        *,
        memory: DirectMap,
        spaces: AddressSpaces,
        forks: Forks,
        threads: Threads,
    ) -> None:
        self._state = state
        self._memory = memory
        self._spaces = spaces
        self._forks = forks
        self._threads = threads

    def begin(self, vcpu: int, address: int) -> None:
        """The thread on the vCPU faults: it comes to the kernel, and takes the lock of its pool."""
        guards = Guards(KernelRefusal, "begin_fault")
        thread = self._threads.current(vcpu)
        if thread is None:
            guards.fail("in_container", f"no thread runs on vCPU {vcpu}")
        container = self._state.threads[thread].container
        running = self._state.containers[container].phase is Phase.RUNNING
        guards.require("running", running, f"container {container} is not")
        guards.require("unlocked", container not in self._state.faults, "its pool is locked")
        self._memory.check_address(guards, address)
        self._threads.trap(vcpu)
        self._state.faults[container] = Fault(thread, address)

    def serve(self, container: int, page: int, *, vcpu: int | None = None) -> None:
        """Map the page, or copy the zygote's to it, and give the lock back.

        What the entry says is read again. If another thread has mapped something there meanwhile,
        or has taken the right to write, the page is not needed: the thread tries its access again,
        which then succeeds or is a violation.
        """
        guards = Guards(KernelRefusal, "serve_fault")
        fault = self._pending(guards, container)
        self._running(guards, container)
        entry = self._memory.entry(container, fault.address)
        if entry is None:
            self._spaces.map_page(container, fault.address, page)
        elif entry.copy_on_write:
            self._forks.copy_on_write(container, fault.address, page, vcpu=vcpu)
        del self._state.faults[container]

    def give_up(self, container: int) -> None:
        """End a fault whose container leaves meanwhile: nothing is mapped, the lock is free."""
        guards = Guards(KernelRefusal, "give_up_fault")
        self._pending(guards, container)
        leaving = self._state.containers[container].phase is Phase.EXITING
        guards.require("exiting", leaving, f"container {container} waits for its page")
        del self._state.faults[container]

    def fail(self, container: int) -> None:
        """End a container whose fault cannot be served: no page is to be had, or the host took
        one that it takes."""
        guards = Guards(KernelRefusal, "fail_fault")
        row = self._running(guards, container)
        self._pending(guards, container)
        self._state.containers[container] = replace(row, phase=Phase.EXITING)
        del self._state.faults[container]

    def _pending(self, guards: Guards, container: int) -> Fault:
        fault = self._state.faults.get(container)
        if fault is None:
            guards.fail("locked", f"no fault holds the pool of container {container}")
        return fault

    def _running(self, guards: Guards, container: int) -> Container:
        row = self._state.containers.get(container)
        if row is None or row.phase is not Phase.RUNNING:
            guards.fail("running", f"container {container} is not")
        return row
