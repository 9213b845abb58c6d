"""Bugs of threads, vCPUs and slices."""

from __future__ import annotations

from tests.refinement.seeding import Bug

from splitspec.impl.host.cgroup import Cgroups
from splitspec.impl.host.shadow import Shadows
from splitspec.impl.kernel.lifecycle import Lifecycle
from splitspec.impl.kernel.threads import Threads
from splitspec.refinement.divergence import DivergenceKind as Kind

ONE, TENANTS = "threads-sev", "threads-sev-tenants"
HOSTILE, SYNCHRONOUS = "threads-sev-hostile", "threads-sev-synchronous"

# A table, which reads best as one.
# fmt: off
THREADS = (
    Bug("a stale descriptor runs the vCPU", Shadows, "enter",
        'guards.require("current", current == handle, f"{handle} is not the holder")', "pass",
        TENANTS, Kind.OTHER_GUARD, "own"),
    Bug("the host names the thread, and the kernel obeys", Threads, "resume",
        "if row.vcpu != vcpu:\n        self.bind(vcpu, thread)\n        return\n",
        "row = replace(row, vcpu=vcpu)\n", HOSTILE, Kind.ACCEPTED, "seated"),
    Bug("a running thread gets another vCPU", Threads, "move",
        'guards.require("stopped", stopped, f"thread {thread} runs")', "pass",
        ONE, Kind.ACCEPTED, "waiting"),
    Bug("a moved thread keeps its old vCPU", Threads, "move",
        "self._state.threads[thread] = replace(row, vcpu=vcpu)", "pass",
        ONE, Kind.OTHER_STATE, "seat[t"),
    Bug("two threads on one vCPU", Threads, "_check_vacant",
        'guards.require("vcpu_free", not others, f"vCPU {vcpu} has a thread")', "pass",
        ONE, Kind.ACCEPTED, "vacant"),
    Bug("threads of two containers on one vCPU", Threads, "_check_vacant",
        'guards.require("same_container", same, f"vCPU {vcpu} runs containers {others}")', "pass",
        SYNCHRONOUS, Kind.OTHER_GUARD, "vacant"),
    Bug("a thread number is given twice", Threads, "spawn",
        'guards.require("unused", thread not in self._state.threads, f"thread {thread} exists")',
        "pass", ONE, Kind.ACCEPTED, "fresh"),
    Bug("a thread begins before its container", Threads, "spawn",
        'guards.require("running", running, f"container {container} is not")', "pass",
        ONE, Kind.ACCEPTED, "running"),
    Bug("a running thread is taken down", Threads, "finish",
        'guards.require("stopped", stopped, f"thread {thread} runs")', "pass",
        ONE, Kind.ACCEPTED, "stopped"),
    Bug("a turn goes to a thread of another vCPU", Threads, "switch",
        "if row is None or row.vcpu != vcpu:", "if row is None:",
        ONE, Kind.ACCEPTED, "seated"),
    Bug("a vCPU is idle with threads bound to it", Threads, "_check_leaving",
        'guards.require("unbound", not threads, f"threads {threads} are bound to vCPU {vcpu}")',
        "pass", ONE, Kind.ACCEPTED, "empty"),
    Bug("an exit ends with threads left", Lifecycle, "retire",
        'guards.require("threadless", not left, f"threads {left} are its own")', "pass",
        ONE, Kind.ACCEPTED, "threadless"),
    Bug("a slice is billed to the first process", Shadows, "tick",
        "group = self.group(shadow)", "group = self.group(next(iter(self.shadows)))",
        TENANTS, Kind.OTHER_STATE, "tick[c"),
    Bug("a slice is not counted", Cgroups, "spend",
        "cpu_usage=group.cpu_usage + 1", "cpu_usage=group.cpu_usage",
        ONE, Kind.OTHER_STATE, "tick[c1]"),
    Bug("a published vCPU keeps its holder", Shadows, "publish",
        "del self.holders[vcpu]", "pass", ONE, Kind.REFUSED, "vcpus_returned"),
    Bug("a vCPU stands on the idle list twice", Shadows, "publish",
        "(*self.idle, vcpu)", "(*self.idle, vcpu, vcpu)", ONE, Kind.OTHER_STATE, "entries[v"),
    Bug("a process that is killed keeps its descriptors", Shadows, "kill",
        "self._close(shadow)", "pass", ONE, Kind.OTHER_STATE, "descriptor[c1"),
    Bug("a process ends under its container", Shadows, "finish",
        'guards.require("dismissed", not needed, f"the guest has container {shadow}")', "pass",
        ONE, Kind.ACCEPTED, "drained"),
)
# fmt: on
