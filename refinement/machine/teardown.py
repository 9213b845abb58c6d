"""Module `teardown` in the machine: boot, page faults under the lock of a pool, and the exit.

Every container has two vCPUs and two threads. Between two steps one thread waits in the kernel and
the other runs in the guest: it calls for the end, or faults, while a fault of the first is under
way, and runs on when the container leaves. A pool has two pages: code, and one for page faults; a
thread gives back what it has touched before it faults again. It has two memory objects, and a call
that uses one of them is under way; they have no pages. For a fault that fails the container has
given its page to the host before.

The recycler asks first, and is refused where the guest is not so far: a thread that runs would wait
once more, is refused, and comes to the kernel; a page that is out comes back. A fault is given up
where that is allowed, and else served.

What is left of a container is what the tables of the kernel and the cores have of it. Who was let
go has no row: how far the recycler had come then is what the row said before. It is the convention
of this mapping that the recycler alone takes apart: the machine can also do so piece by piece
(`lifecycle`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from splitspec.impl.kernel.records import Stage, ThreadState, Use
from splitspec.refinement.machine.fragment import Fragment, Meanings, Setup
from splitspec.refinement.machine.pairs import (
    VCPUS,
    bring_in,
    own,
    pages_of,
    runs,
    threads_of,
    trap,
    turn,
    vcpu_of,
)
from splitspec.refinement.machine.testbed import Step, Testbed, scrubbing
from splitspec.refinement.machine.vcpus import Enter, any_host, driven, held_by

Proceed = Callable[..., object]

CODE, FIRST, SECOND = 0, 1, 2  # virtual pages: code, and where each thread faults
ROOT = bytes(32)
NO_THREAD = dict.fromkeys(("dispatch bound", "dispatch running", "wake running"), ("running",))
GONE = ("drained", "dead")
LEFT = ("unmapped", "threadless", "closed", "drained", "recycled")
GUARDS: Meanings = {
    "boot": {"begin_launch new": ("off",)},
    "park_vcpus": {
        "enter launched": ("booting",),
        "enter outside": ("booting",),
        "start_loop once": ("booting",),
    },
    "create": {"create booted": ("booted",)},
    "begin_exit": NO_THREAD,
    "begin_fault": {
        **NO_THREAD,
        "begin_fault running": ("running",),
        "begin_fault unlocked": ("free",),
    },
    "serve_fault": {"give_up_fault locked": ("locked",)},
    "fail_fault": {"fail_fault running": ("running",), "fail_fault locked": ("locked",)},
    "signal_threads": {
        "signal_threads exiting": ("exiting",),
        "signal_threads asleep": ("asleep",),
    },
    "end_threads": {
        "end_threads signalled": ("signalled",),
        "end_threads unlocked": ("unlocked",),
    },
    "free_capabilities": {"free_capabilities threadless": ("threadless",)},
    "dismantle_pool": {
        "dismantle_pool laid_out": ("laid_out",),
        "dismantle_pool bare": ("bare",),
        "dismantle_pool unlocked": ("unlocked",),
    },
    "finish_exit": {f"retire {guard}": ("gone",) for guard in LEFT},
    "reap": {"finish dismissed": ("drained",)},
}


def teardown(setup: Setup) -> Fragment:
    """Return the fragment."""
    enter: Enter = driven if setup.is_honest else any_host
    return Fragment(
        "teardown",
        observe=partial(observe, setup.sizes["Container"]),
        actions={
            "boot": lambda testbed: testbed.machine.boot(),
            "park_vcpus": lambda testbed: testbed.together(*testbed.machine.parking()),
            "begin_fault": partial(begin_fault, enter),
            "serve_fault": partial(serve_fault, enter),
            "fail_fault": fail_fault,
            "signal_threads": lambda testbed, c: testbed.machine.kernel.recycler.signal_threads(c),
            "end_threads": partial(end_threads, enter),
            "free_capabilities": partial(free_capabilities, enter),
            "dismantle_pool": partial(dismantle_pool, enter),
        },
        around={
            "create": partial(equip, setup.is_honest),
            "start": begin,
            "begin_exit": partial(call_for_the_end, enter),
            "kill": partial(kill, setup.is_honest),
            "finish_exit": partial(let_go, enter),
            "reap": partial(reap, setup.is_honest),
        },
        guards=GUARDS,
    )


# What the machine is


def observe(containers: int, testbed: Testbed) -> dict[str, Any]:
    """Return how far the VM is, and what the kernel's tables have of each container."""
    machine = testbed.machine
    kernel, state = machine.kernel, machine.kernel.state
    gone = [(c, testbed.recycled.get(c)) for c, phase in testbed.phases() if phase in GONE]
    launched = machine.platform.is_launched
    return {
        "cvm": _cvm(testbed),
        "stage": {c: stage.value for c, stage in (*state.recycling.items(), *gone) if stage},
        "threads_left": {row.container for row in state.threads.values()} | _walked(testbed),
        "capabilities_left": {c for c in range(containers) if launched and _names(testbed, c)},
        "pool_left": {c for c in range(containers) if _has_pages(testbed, c)},
        "lock": dict.fromkeys(kernel.state.faults, "held"),
    }


def _cvm(testbed: Testbed) -> str:
    """The VM is launched, and each of its vCPUs has run the kernel's loop."""
    machine = testbed.machine
    if not machine.platform.is_launched:
        return "off"
    started = all(vcpu in machine.kernel.state.loops for vcpu in machine.processor.vcpus)
    return "ready" if started else "booting"


def _walked(testbed: Testbed) -> set[int]:
    """Return those whose table a vCPU walks, or would if the host entered it."""
    machine = testbed.machine
    loaded = {vcpu.directory for vcpu in machine.processor.vcpus.values()}
    return {c for c in machine.kernel.state.containers if machine.geometry.directory(c) in loaded}


def _has_pages(testbed: Testbed, c: int) -> bool:
    """The kernel has the container's pool, or a page of it."""
    state = testbed.machine.kernel.state
    return bool(state.pool(c)) or any(page in state.pages for page in pages_of(testbed, c))


def _names(testbed: Testbed, c: int) -> bool:
    """The kernel has something that the container could name."""
    kernel, state = testbed.machine.kernel, testbed.machine.kernel.state
    identity = testbed.identities.get(c)
    kept = (state.roots, state.secrets, state.chains, state.code, state.digests, state.generators)
    return (
        next(kernel.memory.entries(c), None) is not None
        or bool(kernel.notifications.of(c))
        or bool(kernel.channels.capabilities.of(c))
        or any(c in table for table in kept)
        or any(owner == c for owner, _ in (*state.quotes, *state.keys))
        or any(owner == c for owner, _ in (*state.slots, *state.calls, *state.insertions))
        or any(row.creator == identity for row in state.objects.values())
    )


# What a container does


def equip(is_honest: bool, testbed: Testbed, proceed: Proceed, c: int) -> None:
    """The process drives two vCPUs; the kernel has a pool, code and a file system for it."""
    kernel, shadows = testbed.machine.kernel, testbed.machine.host.shadows
    steps: list[Step] = [proceed, partial(shadows.keep, c)]
    for _ in range(VCPUS):
        steps.append(lambda: shadows.enter(shadows.allocate(c)))
    pages = pages_of(testbed, c)
    for page, frame in zip(pages, own(testbed.frames, c), strict=True):
        steps += _granting(is_honest, testbed, c, page, frame)
    load = partial(kernel.lifecycle.load, c, CODE, pages[:1], b"code")
    testbed.together(*steps, load, partial(kernel.lifecycle.mount, c, ROOT))


def _granting(is_honest: bool, testbed: Testbed, c: int, page: int, frame: int) -> Iterator[Step]:
    machine, pools = testbed.machine, testbed.machine.kernel.pools
    backing = machine.host.backing
    if is_honest:
        yield partial(backing.add_slot, c, page)
    yield partial(pools.admit, c, page)
    if is_honest:
        yield lambda: backing.grant_page(held_by(testbed, c)[0], page, frame)
    else:
        yield partial(machine.hostile.offer, page, frame)
    yield partial(pools.accept, c, page)


def begin(testbed: Testbed, proceed: Proceed, c: int) -> None:
    """The first thread begins another, makes two memory objects, and waits for an event in a call
    that uses one of them; the second runs."""
    threads, notifications = testbed.machine.kernel.threads, testbed.machine.kernel.notifications
    objects = testbed.machine.kernel.objects

    def run() -> None:
        for thread, vcpu in zip(threads_of(c), held_by(testbed, c), strict=True):
            threads.spawn(c, thread)
            threads.bind(vcpu, thread)
            threads.dispatch(thread)
        threads.wait(vcpu_of(testbed, threads_of(c)[0]))

    def make() -> None:
        used = objects.create(c, 1)
        objects.create(c, 1)
        objects.begin_call(c, used)

    testbed.together(proceed, run, make, partial(notifications.create, c))


def call_for_the_end(enter: Enter, testbed: Testbed, proceed: Proceed, c: int) -> None:
    """exit_group: the second thread calls, and the first one waits on, or has its page fault; in
    every second container the first calls, and the second runs on."""
    first, second = threads_of(c)
    caller = first if c % 2 and c not in testbed.machine.kernel.state.faults else second
    testbed.together(
        *turn(enter, testbed, caller),
        partial(trap, testbed, caller),
        lambda: proceed(vcpu=vcpu_of(testbed, caller)),
    )


def begin_fault(enter: Enter, testbed: Testbed, c: int) -> None:
    """A thread touches memory that it has not; the first one has given back what it had."""
    kernel = testbed.machine.kernel
    first, second = threads_of(c)
    is_late = c in kernel.state.faults or testbed.phase(c) != "running"
    if is_late and runs(testbed, second):
        kernel.faults.begin(vcpu_of(testbed, second), SECOND)
        return
    testbed.together(
        *turn(enter, testbed, first),
        partial(_give_back, testbed, c),
        lambda: kernel.faults.begin(vcpu_of(testbed, first), FIRST),
    )


def _give_back(testbed: Testbed, c: int) -> None:
    """munmap by the first thread, which the second one's vCPU has to hear of."""
    kernel = testbed.machine.kernel
    first, second = threads_of(c)
    mapped = kernel.memory.entry(c, FIRST)
    if mapped is None:
        return
    vcpu, other = vcpu_of(testbed, first), vcpu_of(testbed, second)
    kernel.threads.trap(vcpu)
    kernel.spaces.unmap_page(c, FIRST, vcpu=vcpu)
    kernel.threads.trap(other)
    kernel.shootdown.acknowledge(other)
    kernel.pools.scrub(mapped.page)
    kernel.threads.dispatch(second)
    kernel.threads.dispatch(first)


def serve_fault(enter: Enter, testbed: Testbed, c: int) -> None:
    """The kernel's vCPU, when it runs again, finds that it is too late; or it has found a page."""
    kernel, first = testbed.machine.kernel, threads_of(c)[0]
    if testbed.phase(c) == "exiting" and c in kernel.state.faults:
        inside = partial(bring_in, enter, testbed, vcpu_of(testbed, first))
        testbed.together(inside, partial(kernel.faults.give_up, c))
        return
    vcpu = kernel.state.threads[first].vcpu if first in kernel.state.threads else None
    testbed.together(
        partial(testbed.attempt, "exiting", partial(kernel.faults.give_up, c)),
        partial(kernel.faults.serve, c, pages_of(testbed, c)[-1], vcpu=vcpu),
        partial(kernel.threads.dispatch, first),
        partial(_wait, testbed, first),
    )


def _wait(testbed: Testbed, thread: int) -> None:
    testbed.machine.kernel.threads.wait(vcpu_of(testbed, thread))


def fail_fault(testbed: Testbed, c: int) -> None:
    """The pool has no page, since the container has given its last one to the host."""
    kernel = testbed.machine.kernel
    fail = partial(kernel.faults.fail, c)
    if testbed.phase(c) != "running" or c not in kernel.state.faults:
        fail()
        return
    testbed.together(partial(kernel.pools.share, c, pages_of(testbed, c)[-1]), fail)


def kill(is_honest: bool, testbed: Testbed, proceed: Proceed, c: int) -> None:
    """SIGKILL takes the vCPUs out of the guest. An honest host's reaper enters them again."""
    shadows = testbed.machine.host.shadows
    again = [partial(shadows.reap_vcpu, v, 0) for v in held_by(testbed, c) if is_honest]
    testbed.together(proceed, *again)


# What the recycler does


def end_threads(enter: Enter, testbed: Testbed, c: int) -> None:
    """The recycler waits for threads that still run: these come to the kernel."""
    kernel = testbed.machine.kernel
    rows = {thread: kernel.state.threads[thread] for thread in kernel.state.threads_of(c)}
    steps: list[Step] = []
    for thread in (each for each, row in rows.items() if row.state is ThreadState.RUNNING):
        steps.append(partial(bring_in, enter, testbed, vcpu_of(testbed, thread)))
        steps.append(partial(testbed.attempt, "running", partial(_wait, testbed, thread)))
        steps.append(partial(trap, testbed, thread))
    testbed.insisting("stopped", partial(kernel.recycler.end_threads, c), *steps)


def free_capabilities(enter: Enter, testbed: Testbed, c: int) -> None:
    """The recycler does it by itself; the pages of every second container come back at once."""
    free = partial(testbed.machine.kernel.recycler.free_capabilities, c)
    early = [partial(_take_back, enter, testbed, c)] if c % 2 else []
    testbed.together(free, *early)


def dismantle_pool(enter: Enter, testbed: Testbed, c: int) -> None:
    """The allocators go when every page has come back."""
    dismantle = partial(testbed.machine.kernel.recycler.dismantle_pool, c)
    testbed.insisting("drained", dismantle, partial(_take_back, enter, testbed, c))


def _take_back(enter: Enter, testbed: Testbed, c: int) -> None:
    """Every page comes back, when all vCPUs that wait to flush it have."""
    kernel = testbed.machine.kernel
    pages = [page for page in kernel.state.pool(c) if page in kernel.state.pages]
    lagging = [kernel.shootdown.delaying(page) for page in pages]
    steps: list[Step] = []
    for vcpu in sorted(frozenset[int]().union(*lagging)):
        steps.append(partial(bring_in, enter, testbed, vcpu))
        steps.append(partial(kernel.shootdown.acknowledge, vcpu))
    steps.append(kernel.shootdown.sweep)
    for page in pages:
        steps += _coming_back(testbed, page)
    testbed.together(*steps)


def _coming_back(testbed: Testbed, page: int) -> Iterator[Step]:
    pools = testbed.machine.kernel.pools
    if testbed.machine.kernel.state.pages[page].use is Use.SHARED:
        yield partial(pools.unshare, page)
    else:
        yield from scrubbing(testbed, page)
        yield partial(pools.release, page)


def let_go(enter: Enter, testbed: Testbed, proceed: Proceed, c: int) -> None:
    """When nothing is left, no vCPU remembers the container; the process hears that it is gone."""
    kernel = testbed.machine.kernel
    steps: list[Step] = [proceed, partial(_note, testbed, c, kernel.state.recycling.get(c))]
    if testbed.phase(c) == "exiting" and not kernel.state.pool(c):
        vcpus = held_by(testbed, c)
        inside = [partial(bring_in, enter, testbed, vcpu) for vcpu in vcpus]
        flushed = [partial(kernel.shootdown.acknowledge, vcpu) for vcpu in vcpus]
        parked = [partial(kernel.threads.park, vcpu) for vcpu in vcpus]
        dismiss = partial(testbed.machine.host.shadows.dismiss, c)
        steps = [*inside, *flushed, *steps, *parked, dismiss]
    testbed.together(*steps)


def _note(testbed: Testbed, c: int, stage: Stage | None) -> None:
    testbed.recycled[c] = stage


def reap(is_honest: bool, testbed: Testbed, proceed: Proceed, c: int) -> None:
    """Frames and slots go, then the vCPUs (W8), then the process."""
    host, steps = testbed.machine.host, list[Step]()
    if testbed.phase(c) == "drained":
        for slot in host.shadows.slots_of(c) if is_honest else ():
            reclaim = partial(host.backing.reclaim_page, slot.first)
            steps.append(partial(testbed.kicking, reclaim))
            steps.append(partial(host.backing.remove_slot, c, slot.first))
        steps += [partial(host.shadows.publish, vcpu) for vcpu in held_by(testbed, c)]
    testbed.together(*steps, proceed)
