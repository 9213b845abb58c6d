"""The recycler: takes a container apart that leaves, step by step, in the order in which one thing
needs another.

It is a loop of the process manager's, on vCPUs that no shadow drives. Once the kernel knows that a
container leaves, it wakes and has the threads leave, which may still run or hold the lock of the
pool; when the last one has left, it frees what the container named; then the allocators of the
pool; then the container may be retired. Each step is complete in itself and notes how far the
recycler has come. So a kill of the shadow between any two changes nothing of what is next, and of
two recyclers the second finds its step taken.

Pages are given back one by one between the last two steps (`Pools.scrub`, `release`, `unshare`,
`abandon`), since each may wait for the vCPUs that have to flush it.
"""

from __future__ import annotations

from splitspec.impl.kernel.address_space import AddressSpaces
from splitspec.impl.kernel.channels import Channels
from splitspec.impl.kernel.direct_map import DirectMap
from splitspec.impl.kernel.layouts import Layouts
from splitspec.impl.kernel.loading import Loading
from splitspec.impl.kernel.notifications import Notifications
from splitspec.impl.kernel.objects import Objects
from splitspec.impl.kernel.pools import Pools
from splitspec.impl.kernel.records import Phase, Stage, State, ThreadState
from splitspec.impl.kernel.threads import Threads
from splitspec.impl.refusal import Guards, KernelRefusal


class Recycler:
    """The steps of an exit that are the kernel's own."""

    __slots__ = (
        "_channels",
        "_layouts",
        "_loading",
        "_memory",
        "_notifications",
        "_objects",
        "_pools",
        "_spaces",
        "_state",
        "_threads",
    )

    def __init__(
        self,
        state: State,
        *,
        memory: DirectMap,
        pools: Pools,
        layouts: Layouts,
        spaces: AddressSpaces,
        channels: Channels,
        objects: Objects,
        notifications: Notifications,
        loading: Loading,
        threads: Threads,
    ) -> None:
        self._state = state
        self._memory = memory
        self._pools = pools
        self._layouts = layouts
        self._spaces = spaces
        self._channels = channels
        self._objects = objects
        self._notifications = notifications
        self._loading = loading
        self._threads = threads

    def signal_threads(self, container: int) -> None:
        """Take up a container that leaves: its threads that wait for an event go on, to leave."""
        guards = Guards(KernelRefusal, "signal_threads")
        row = self._state.containers.get(container)
        exiting = row is not None and row.phase is Phase.EXITING
        guards.require("exiting", exiting, f"container {container} is not")
        asleep = container not in self._state.recycling
        guards.require("asleep", asleep, f"container {container} is taken apart already")
        self._threads.rouse(container)
        self._state.recycling[container] = Stage.SIGNALLED

    def end_threads(self, container: int) -> None:
        """End the threads, when none of them runs, waits, or holds the lock of the pool."""
        guards = Guards(KernelRefusal, "end_threads")
        self._check_stage(guards, container, Stage.SIGNALLED)
        self._check_unlocked(guards, container)
        threads = self._state.threads_of(container)
        inside = (ThreadState.RUNNING, ThreadState.WAITING)
        left = [thread for thread in threads if self._state.threads[thread].state in inside]
        guards.require("stopped", not left, f"threads {left} have not left")
        for thread in threads:
            self._state.end_thread(thread)
        self._state.recycling[container] = Stage.THREADLESS

    def free_capabilities(self, container: int) -> None:
        """Free all that the container named: its channels, whoever has them open, its address
        space, its objects that nobody else names, its notifications, its function, and what
        attestation keeps of it."""
        guards = Guards(KernelRefusal, "free_capabilities")
        self._check_stage(guards, container, Stage.THREADLESS)
        self._memory.reach(*self._memory.tables(container))
        self._channels.reach_all(container)
        for channel in self._channels.created_by(container):
            self._channels.end(container, channel)
        self._channels.leave(container)
        if container in self._state.code:
            self._loading.forget(container)
        self._spaces.unmap_all(container)
        self._objects.leave(container)
        for number in self._notifications.of(container):
            self._notifications.close(container, number)
        self._state.forget(container)
        self._state.recycling[container] = Stage.BARE

    def dismantle_pool(self, container: int) -> None:
        """Dismantle the allocators of the pool, when every page has come back to them."""
        guards = Guards(KernelRefusal, "dismantle_pool")
        self._check_unlocked(guards, container)
        pool = self._state.pool(container)
        guards.require("laid_out", bool(pool), f"container {container} has no pool")
        self._check_stage(guards, container, Stage.BARE)
        self._pools.check_drained(guards, container)
        if self._state.layout(container) is not None:
            self._layouts.take_down(container)
            return
        for page in pool:
            del self._state.pools[page]

    def _check_stage(self, guards: Guards, container: int, stage: Stage) -> None:
        """Refuse unless the recycler has come so far with the container, and no further."""
        reached = self._state.recycling.get(container)
        is_there = "nothing" if reached is None else reached.value
        guards.require(stage.value, reached is stage, f"container {container}: {is_there}")

    def _check_unlocked(self, guards: Guards, container: int) -> None:
        held = container in self._state.faults
        guards.require("unlocked", not held, f"a page fault holds the pool of {container}")
