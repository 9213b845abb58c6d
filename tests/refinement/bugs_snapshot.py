"""Bugs of snapshots and of what a clone gets of the zygote's threads."""

from __future__ import annotations

from tests.refinement.seeding import Bug

from splitspec.impl.kernel.fork import Forks
from splitspec.impl.kernel.records import State
from splitspec.impl.kernel.threads import Threads
from splitspec.refinement.divergence import DivergenceKind as Kind

SNAPSHOT = "snapshot-sev"

# A table, which reads best as one.
# fmt: off
SNAPSHOTS = (
    Bug("a clone waits without the timer", Threads, "thaw",
        "if image.timeout is not None:", "if False:",
        SNAPSHOT, Kind.OTHER_STATE, "timer[c2]"),
    Bug("a clone begins with clear vector registers", Threads, "thaw",
        "Thread(container, state, registers=image.registers)", "Thread(container, state)",
        SNAPSHOT, Kind.UNREADABLE, "thread 2"),
    Bug("all threads of a clone have the registers of the first", Threads, "images",
        "ThreadImage(self._registers(row), waits, timeout)",
        "ThreadImage(images[0].registers if images else self._registers(row), waits, timeout)",
        SNAPSHOT, Kind.UNREADABLE, "thread 4"),
    Bug("the second call of a snapshot trusts the first", Forks, "seal",
        'guards.require("waiting", waiting, f"a thread of container {zygote} woke")', "pass",
        SNAPSHOT, Kind.ACCEPTED, "waiting"),
    Bug("a snapshot is taken without its first call", Forks, "seal",
        'guards.require("prepared", row.is_prepared, "nobody has asked whether its threads wait")',
        "pass", SNAPSHOT, Kind.ACCEPTED, "prepared"),
    Bug("a thread that is off its vCPU counts as one that waits", Threads, "are_waiting",
        "row.state is ThreadState.WAITING", "row.state is not ThreadState.RUNNING",
        SNAPSHOT, Kind.ACCEPTED, "quiet"),
    Bug("a snapshot waits for the thread that asks for it", Threads, "are_waiting",
        "if t != but]", "]",
        SNAPSHOT, Kind.REFUSED, "quiet"),
    Bug("who waits in a sealed zygote can be woken", Threads, "freeze",
        "self._state.threads[thread] = replace(row, state=ThreadState.FROZEN)", "pass",
        SNAPSHOT, Kind.ACCEPTED, "running"),
    Bug("who is woken keeps the timer", Threads, "_go_on",
        "self._state.timers.discard(thread)", "pass",
        SNAPSHOT, Kind.OTHER_STATE, "timer[c2]"),
    Bug("a timer outlives its thread", State, "end_thread",
        "self.timers.discard(thread)", "pass",
        SNAPSHOT, Kind.OTHER_STATE, "timer[c2]"),
    Bug("a thread of a clone that wakes is ready where it has no vCPU", Threads, "_go_on",
        "ThreadState.UNBOUND if row.vcpu is None else ThreadState.READY", "ThreadState.READY",
        SNAPSHOT, Kind.REFUSED, "dispatch"),
    Bug("a thread wakes after its container has begun to leave", Threads, "_check_waiting",
        "self._check_staying(guards, row)", "pass",
        SNAPSHOT, Kind.ACCEPTED, "running"),
    Bug("vector registers are saved when another thread first uses them", Threads, "_save",
        "replace(row, state=state, registers=registers)", "replace(row, state=state)",
        SNAPSHOT, Kind.UNREADABLE, "thread 1"),
)
# fmt: on
