"""Bugs of the boot, of page faults under the lock of a pool, and of the recycler."""

from __future__ import annotations

from tests.refinement.seeding import Bug

from splitspec.impl.kernel.address_space import AddressSpaces
from splitspec.impl.kernel.faults import Faults
from splitspec.impl.kernel.lifecycle import Lifecycle
from splitspec.impl.kernel.objects import Objects
from splitspec.impl.kernel.recycler import Recycler
from splitspec.impl.kernel.threads import Threads
from splitspec.refinement.divergence import DivergenceKind as Kind

HONEST, HOSTILE, TDX = "teardown-sev", "teardown-sev-hostile", "teardown-tdx-hostile"

# A table, which reads best as one.
# fmt: off
TEARDOWN: tuple[Bug, ...] = (
    Bug("a container is created before the kernel has booted", Lifecycle, "create",
        'guards.require("booted", bool(self._state.loops), "no loop of the kernel\'s runs yet")',
        "pass", HOSTILE, Kind.OTHER_GUARD, "booted"),
    Bug("the process manager starts a second loop on a vCPU", Threads, "start_loop",
        'guards.require("once", vcpu not in self._state.loops, f"vCPU {vcpu} has its loop")',
        "pass", HONEST, Kind.OTHER_GUARD, "booting"),
    Bug("a page fault takes no lock", Faults, "begin",
        "self._state.faults[container] = Fault(thread, address)", "pass",
        HONEST, Kind.OTHER_STATE, "lock[c"),
    Bug("a thread faults and its container leaves", Faults, "begin",
        'guards.require("running", running, f"container {container} is not")', "pass",
        HOSTILE, Kind.ACCEPTED, "running"),
    Bug("a fault that finds no page keeps the lock", Faults, "fail",
        "del self._state.faults[container]", "pass", HONEST, Kind.OTHER_STATE, "lock[c"),
    Bug("a fault that comes too late keeps the lock", Faults, "give_up",
        "del self._state.faults[container]", "pass", TDX, Kind.OTHER_STATE, "lock[c"),
    Bug("threads that wait are not told to leave", Recycler, "signal_threads",
        "self._threads.rouse(container)", "pass",
        HONEST, Kind.REFUSED, "stopped"),
    Bug("the recycler leaves objects that nobody names", Objects, "leave",
        "self.sweep()", "pass", HONEST, Kind.OTHER_STATE, "capabilities_left"),
    Bug("the recycler leaves a call under way", Objects, "leave",
        "self.end_call(own, number)", "pass", HONEST, Kind.OTHER_STATE, "capabilities_left"),
    Bug("the recycler leaves capabilities of objects", Objects, "leave",
        "self._take(container, slot)", "pass", HONEST, Kind.OTHER_STATE, "capabilities_left"),
    Bug("two recyclers take a container apart", Recycler, "signal_threads",
        'guards.require("asleep", asleep, f"container {container} is taken apart already")', "pass",
        HOSTILE, Kind.ACCEPTED, "asleep"),
    Bug("the recycler ends a thread that holds the lock", Recycler, "_check_unlocked",
        "held = container in self._state.faults", "held = False",
        HOSTILE, Kind.ACCEPTED, "unlocked"),
    Bug("the recycler ends one thread", Recycler, "end_threads",
        "for thread in threads:", "for thread in threads[:1]:",
        TDX, Kind.OTHER_STATE, "threads_left[c"),
    Bug("the recycler frees what threads still use", Recycler, "_check_stage",
        "reached is stage", "reached is not None", HOSTILE, Kind.ACCEPTED, "threadless"),
    Bug("notifications outlive their container", Recycler, "free_capabilities",
        "self._notifications.close(container, number)", "pass",
        HONEST, Kind.OTHER_STATE, "capabilities_left[c"),
    Bug("the tables keep their entries", AddressSpaces, "unmap_all",
        "self._memory.set_entry(container, address, None)", "pass",
        TDX, Kind.OTHER_STATE, "capabilities_left[c"),
    Bug("what attestation and loading keep outlives the container", Recycler, "free_capabilities",
        "self._state.forget(container)", "pass", HOSTILE, Kind.OTHER_STATE, "capabilities_left[c"),
    Bug("a container is gone before its pool", Lifecycle, "retire",
        'guards.require("recycled", done, "the recycler is at it")', "pass",
        HONEST, Kind.ACCEPTED, "gone"),
)
# fmt: on
