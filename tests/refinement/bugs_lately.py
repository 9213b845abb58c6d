"""Bugs that were planned from the domain alone, for what the machine learnt last: exits in steps,
the lock of a pool, launch, snapshots of threads, regions, tables, pins, random generators, turns.
"""

from __future__ import annotations

from tests.refinement.seeding import Bug

from splitspec.impl.kernel.address_space import AddressSpaces
from splitspec.impl.kernel.faults import Faults
from splitspec.impl.kernel.fork import Forks
from splitspec.impl.kernel.loading import Loading
from splitspec.impl.kernel.notifications import Notifications
from splitspec.impl.kernel.pins import Pins
from splitspec.impl.kernel.randomness import Generators
from splitspec.impl.kernel.recycler import Recycler
from splitspec.impl.kernel.shootdown import Shootdown
from splitspec.impl.kernel.threads import Threads
from splitspec.refinement.divergence import DivergenceKind as Kind

SNAPSHOT, REGIONS, TEARDOWN = "snapshot-sev", "regions-sev-hostile", "teardown-sev"

# A table, which reads best as one.
# fmt: off
LATELY = (
    Bug("two faults hold the lock of one pool", Faults, "begin",
        'guards.require("unlocked", container not in self._state.faults, "its pool is locked")',
        "pass", TEARDOWN, Kind.ACCEPTED, "free",
        "pool: AllocPrivate takes from the buddy under lock"),
    Bug("the measurement of a zygote says not where its pages are", Forks, "_digest",
        "(address, entry.executable", "(0, entry.executable",
        "launch-sev", Kind.OTHER_STATE, "forked_from[",
        "A07: the address of a page and the order are in the chain of a measurement"),
    Bug("the measurement of a function says not where it is", Loading, "measure",
        "loaded(before, code.address, [page])", "loaded(before, 0, [page])",
        "attestation-sev-small", Kind.UNREADABLE, "digest",
        "A07: the address of a page and the order are in the chain of a measurement"),
    Bug("the first call of a snapshot does not look", Forks, "prepare",
        'guards.require("quiet", quiet, f"a thread of container {zygote} does not wait")', "pass",
        SNAPSHOT, Kind.ACCEPTED, "quiet",
        "fork: SnapPrepare, when the other threads are all waiting"),
    Bug("all threads of a clone begin with the registers of the first", Threads, "thaw",
        "registers=image.registers", "registers=images[0].registers",
        SNAPSHOT, Kind.UNREADABLE, "thread 4 of 1",
        "fork: threads are cloned, with their registers"),
    Bug("a thread goes on with the registers that it finds", Threads, "_run",
        "tag, row.registers)", "tag, self._processor.vcpus[vcpu].registers)",
        SNAPSHOT, Kind.UNREADABLE, "thread 1 of 0",
        "V06: vector state is saved and cleared at a switch, not when it is first used"),
    Bug("a thread leaves its registers to the next", Threads, "_save",
        "state=state, registers=registers", "state=state",
        SNAPSHOT, Kind.UNREADABLE, "thread 1 of 0",
        "V06: vector state is saved and cleared at a switch, not when it is first used"),
    Bug("what may be written is to be copied once more", AddressSpaces, "unprotect",
        'guards.require("protected", protected, f"virtual page {address} may be written")', "pass",
        REGIONS, Kind.ACCEPTED, "protected",
        "S5: at most one private record for a virtual address of a copy-on-write region"),
    Bug("a page that was made read-only is served with a copy", AddressSpaces, "protect",
        "writable=False, copy_on_write=False", "writable=False, copy_on_write=True",
        REGIONS, Kind.OTHER_STATE, "read_only[",
        "W15: the handler grants no write where mprotect has taken it"),
    Bug("any page becomes one of a table", AddressSpaces, "add_table",
        "self._pools.check_usable(guards, container, page)", "pass",
        "paging-sev-hostile", Kind.ACCEPTED, "untabled",
        "A9: a frame is free, or committed, or of a page table, and one of these only"),
    Bug("input goes to a page of the zygote", Pins, "pin",
        'guards.require("writable", writable, f"virtual page {address} is read-only: fault first")',
        "pass", "pins-sev-hostile", Kind.ACCEPTED, "writable",
        "C03: writes into buffers of users take the path of the write fault"),
    Bug("who has inherited a generator is not seeded anew", Generators, "seed",
        "= self._entropy.draw()",
        "= self._state.generators.get(container) or self._entropy.draw()",
        "randomness-sev-hostile", Kind.OTHER_STATE, "seed[c2]",
        "C09: each child is seeded anew"),
    Bug("a new slice goes on with an old turn", Threads, "resume",
        "self._state.overtime.discard(vcpu)", "pass",
        "turns-sev", Kind.OTHER_STATE, "overtime[",
        "threads: the scheduler goes round, with a budget of one tick"),
    Bug("a container makes objects without end", Notifications, "create",
        'guards.require("quota", bool(free), f"container {container} has {room} of them")', "pass",
        "accounting-sev", Kind.CRASHED, "IndexError",
        "A7: what the kernel keeps for a container is bounded"),
    Bug("the recycler ends threads that run", Recycler, "end_threads",
        "(ThreadState.RUNNING, ThreadState.WAITING)", "(ThreadState.WAITING,)",
        TEARDOWN, Kind.OTHER_STATE, "threads_left[c",
        "exit: the recycler loops until all threads have exited"),
    Bug("a thread begins to wait when its container leaves", Threads, "wait",
        "self._check_staying(guards, self._state.threads[thread])", "pass",
        TEARDOWN, Kind.REFUSED, "in_container",
        "exit: the recycler loops until all threads have exited"),
    Bug("the allocators go before the pages come back", Recycler, "dismantle_pool",
        "self._pools.check_drained(guards, container)", "pass",
        TEARDOWN, Kind.OTHER_STATE, "pool_left[c",
        "exit: thread_cnt is 0, then deinit_mem; nothing of the pool is in use by then"),
    Bug("a fault of a container that runs is given up", Faults, "give_up",
        'guards.require("exiting", leaving, f"container {container} waits for its page")', "pass",
        TEARDOWN, Kind.REFUSED, "locked",
        "L1: a fault on a granted page is resolved, or the container is killed"),
    Bug("a copy is of half a page", Forks, "copy_on_write",
        "self._memory.read(entry.page)", "self._memory.read(entry.page)[:2048]",
        "memory-sev-copies", Kind.UNREADABLE, "a part of what container 0 wrote",
        "C12: the entry is written when the copy is complete"),
    Bug("a page that was made read-only is written on", AddressSpaces, "protect",
        "self._shootdown.protect(container, vcpu, address)", "pass",
        REGIONS, Kind.REFUSED, "owing",
        "S8: no vCPU holds a stale right to write what was downgraded"),
    Bug("who asks for a change does not wait for the others", Shootdown, "hold_up",
        "if self.lagging(container):", "if False:",
        REGIONS, Kind.REFUSED, "in_kernel",
        "shootdown: an interrupt that was sent never counts as a flush"),
)
# fmt: on
