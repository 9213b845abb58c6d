"""Module `shootdown` in the machine: vCPUs that run containers, what they have cached, and who owes
whom a flush.

A core of the specification is a vCPU: what the hardware keeps apart is the translations of vCPUs,
wherever the host runs them. A core walks a container's table while it is in the guest with that
table loaded. What may be cached is what the machine's TLBs hold: they evict nothing, and after
every step each core that runs a container walks ahead of need. Tags, flushes that are owed and
pages in quarantine are the kernel's own rows.

The kernel works for a container where that one has not run, and nobody waits for it: so each core
that has run it learns of the change by an interrupt. A container has a thread, and another one for
each further core that it runs on. A host that has no ledger drives them: it enters what it likes.
It leaves frames where they are; pages come into a container's pool when they are first mapped, and
go when it ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from splitspec.refinement.machine.fragment import Fragment, Setup
from splitspec.refinement.machine.supply import IMAGE, NOT_GIVEN
from splitspec.refinement.machine.testbed import Step, Testbed, scrubbing
from splitspec.refinement.mapping import InexpressibleError

Proceed = Callable[..., object]

ACTIONS = (
    *("create", "start", "begin_exit", "kill", "finish_exit", "reap"),
    *("map_page", "unmap_page", "seal", "begin_fork", "copy_space", "activate", "cow_fault"),
    *("enter", "leave", "acknowledge", "settle"),
)
CLONING = (
    *("begin_fork", "copy_space", "copy_space.flushed", "activate", "activate.sealed"),
    *("cow_fault", "cow_fault.unmapped", "cow_fault.settled"),
)
REACHED = "the pages of a zygote stay in its pool as long as a core may reach them for a clone"


def cores(setup: Setup) -> Fragment:
    """Return what the modules below `shootdown` do where containers run on several cores."""
    return Fragment(
        "cores",
        begin=furnish,
        around={
            "create": keep,
            "begin_fork": lambda testbed, proceed, d: keep(testbed, proceed, d),
            "start": begin,
            "activate": activate,
            "seal": partial(seal, setup.zygote),
            "map_page": lambda testbed, proceed, c, g: supplied(testbed, proceed, c, g),
            "cow_fault": lambda testbed, proceed, c, h: supplied(testbed, proceed, c, h),
            "begin_exit": asked,
            "unmap_page": asked,
            "kill": stop_cores,
            "finish_exit": give_back,
        },
        guards={
            "map_page": NOT_GIVEN,
            "cow_fault": NOT_GIVEN,
            "reap": {"finish dismissed": ("drained",)},
        },
        stricter={
            "finish_exit.release free": IMAGE,
            "finish_exit.release flushed": REACHED,
            "finish_exit.scrub flushed": REACHED,
            "seal.prepare quiet": "a zygote is sealed when all its other threads wait",
            "enter.spawn running": "so on one core it may run on, and on no other",
        },
    )


def shootdown(setup: Setup) -> Fragment:
    """Return the fragment, over that of the cores."""
    unique = {"create tag": ("unique",)}
    return Fragment(
        "shootdown",
        observe=partial(observe, setup.sizes["Addr"]),
        actions={
            "enter": enter,
            "leave": leave,
            "acknowledge": acknowledge,
            "settle": lambda testbed, c, g: testbed.machine.kernel.shootdown.settle(c, g),
        },
        around=dict.fromkeys(ACTIONS, look_ahead),
        guards={
            "create": unique,
            "begin_fork": unique,
            "map_page": {"scrub flushed": ("settled",), "map_page flushed": ("settled",)},
            "cow_fault": {"copy_on_write flushed": ("settled",)},
            "copy_space": {"fork flushed": ("flushed",)},
            "finish_exit": {
                "finish stopped": ("off",),
                "settle acknowledged": ("flushed",),
                "retire unloaded": ("off",),
                "retire flushed": ("flushed",),
            },
            "enter": {
                "enter outside": ("idle",),
                "spawn running": ("running",),
                "dispatch running": ("running",),
                "dispatch flushed": ("caught_up",),
            },
            "leave": {
                "trap inside": ("current",),
                "trap in_container": ("current",),
                "unbind bound": ("current",),
            },
            "acknowledge": {"interrupt owing": ("owing",)},
            "settle": {"settle waiting": ("shed",), "settle acknowledged": ("acknowledged",)},
        },
        left_out=_left_out(setup),
        elements={
            "Core": range(setup.sizes["Core"]),
            "Tag": range(1, setup.sizes["Tag"] + 1),
        },
        compared=("tag", "taken", "active", "visited", "owes", "shed", "cached", "dirty"),
    )


def _left_out(setup: Setup) -> dict[str, str]:
    found: dict[str, str] = {}
    if setup.sizes["Tag"] >= setup.sizes["Container"]:
        enough = "there are as many tags as containers"
        found |= dict.fromkeys(("create.unique", "begin_fork.unique"), enough)
    if setup.sizes["Tag"] == 1:
        found |= dict.fromkeys(CLONING, "one tag leaves none to a clone")
    if setup.sizes["Addr"] == 1:
        found["cow_fault.settled"] = "who has a page of the image gives no other one up"
    return found


# What the machine is


def observe(addresses: int, testbed: Testbed) -> dict[str, Any]:
    """Return the kernel's rows, and what the TLBs hold."""
    machine = testbed.machine
    state, kernel = machine.kernel.state, machine.kernel.shootdown
    cached, dirty = set(), set()
    for (core, tag, address), known in machine.tlb.entries.items():
        for entry in known:
            if address < addresses:
                cached.add((core, tag, address, entry.page))
                if entry.writable:
                    dirty.add((core, tag, address, entry.page))
    return {
        "tag": dict(state.tags),
        "taken": {*state.tags.values()},
        "active": dict(running(testbed)),
        "visited": {*state.flushed},
        "owes": {(core, c) for c in state.containers for core in kernel.lagging(c)},
        "shed": {*state.quarantine},
        "cached": cached,
        "dirty": dirty,
    }


def running(testbed: Testbed) -> Iterator[tuple[int, int]]:
    """Iterate over the cores that have a container's table loaded, with the container."""
    geometry = testbed.machine.geometry
    directories = {geometry.directory(c): c for c in range(geometry.containers)}
    for vcpu, state in testbed.machine.processor.vcpus.items():
        if state.directory is not None:
            yield vcpu, directories[state.directory]


# What cores do


def look_ahead(testbed: Testbed, proceed: Step) -> None:
    """After a step, whoever runs a container walks its table ahead of need."""
    testbed.together(proceed, partial(_look_ahead, testbed))


def _look_ahead(testbed: Testbed) -> None:
    for core, _ in running(testbed):
        testbed.machine.processor.look_ahead(core)


def enter(testbed: Testbed, p: int, c: int) -> None:
    """The host enters a vCPU, and the kernel has a thread of the container go on there: one that
    has no vCPU, or a new one."""
    machine, threads = testbed.machine, testbed.machine.kernel.threads
    rows = machine.kernel.state.threads.items()
    idle = [n for n, row in rows if row.container == c and row.vcpu is None]
    thread = idle[0] if idle else threads.unused()
    steps: list[Step] = [] if idle else [partial(threads.spawn, c, thread)]
    testbed.together(
        partial(machine.hostile.enter, p, thread),
        *steps,
        partial(threads.bind, p, thread),
        partial(threads.dispatch, thread),
    )


def leave(testbed: Testbed, p: int, c: int) -> None:
    """A timer ends the slice: the kernel takes the thread off, and gives the vCPU back."""
    here = [container for core, container in running(testbed) if core == p]
    thread = testbed.machine.kernel.threads.current(p) if here == [c] else None
    trap = partial(testbed.machine.kernel.threads.trap, p)
    testbed.together(trap, *_taken_off(testbed, p, c, thread or 0))


def _taken_off(testbed: Testbed, p: int, c: int, thread: int) -> tuple[Step, Step]:
    """The thread ends, unless it is the last that the container has; the vCPU goes back."""
    threads = testbed.machine.kernel.threads
    is_last = len(testbed.machine.kernel.state.threads_of(c)) == 1
    end = threads.unbind if is_last or not thread else threads.finish
    return partial(end, thread), partial(threads.request, p, 0)


def acknowledge(testbed: Testbed, p: int, c: int) -> None:
    """The interrupt comes to a vCPU that runs, or the host enters it for that alone."""
    machine = testbed.machine
    flush: Step = partial(machine.kernel.shootdown.interrupt, p, c)
    if machine.processor.vcpus[p].inside:
        flush()
    else:
        back = partial(machine.kernel.threads.request, p, 0)
        testbed.together(partial(machine.hostile.enter, p, 0), flush, back)


# What the modules below do


def furnish(testbed: Testbed) -> None:
    """There is a frame behind every page, for good."""
    for page, frame in zip(testbed.pages, testbed.machine.geometry.pool_frames, strict=False):
        testbed.machine.hostile.offer(page, frame)


def keep(testbed: Testbed, proceed: Step, c: int) -> None:
    """The process learns that the kernel has a container for it."""
    testbed.together(proceed, partial(testbed.machine.host.shadows.keep, c))


def begin(testbed: Testbed, proceed: Step, c: int) -> None:
    """A container begins with a thread, which has no vCPU yet."""
    threads = testbed.machine.kernel.threads
    testbed.together(proceed, lambda: threads.spawn(c, threads.unused()))


def activate(testbed: Testbed, proceed: Proceed, d: int) -> None:
    """So does a clone, in the place of the one that the zygote had."""
    numbers = (testbed.machine.kernel.threads.unused(),)
    testbed.together(partial(proceed, numbers=numbers))


def seal(zygote: int, testbed: Testbed, proceed: Proceed) -> None:
    """A thread of the zygote asks for it."""
    own = testbed.machine.kernel.state.threads_of(zygote)
    proceed(thread=next(iter(own), None))


def asked(testbed: Testbed, proceed: Step, c: int) -> None:
    """Who does not run yet asks for nothing."""
    if testbed.phase(c) in ("created", "cloning", "cloned"):
        raise InexpressibleError("who does not run yet asks for nothing")
    proceed()


def supplied(testbed: Testbed, proceed: Step, c: int, page: int) -> None:
    """A fault is served with a page that comes into the pool with it.

    Pages go round, and that of another one's share is free when that one is gone: what is in whose
    pool follows from the state of the model, and a walk does not depend on how it came there.
    """
    pools, machine = testbed.machine.kernel.pools, testbed.machine
    owner, count = machine.kernel.state.pools.get(page), machine.geometry.containers
    sharer = (page - testbed.pages.start) % count
    is_reserved = len(testbed.pages) >= count and testbed.phase(sharer) not in ("drained", "dead")
    if owner not in (None, c) or (is_reserved and sharer != c):
        raise InexpressibleError("the kernel serves a fault from the container's own pool")
    take = () if owner == c else (partial(pools.admit, c, page), partial(pools.accept, c, page))
    testbed.together(partial(asked, testbed, partial(testbed.together, *take), c), proceed)


def stop_cores(testbed: Testbed, proceed: Step, c: int) -> None:
    """The vCPUs of a killed process are out of the guest; the host enters each once more, for the
    kernel to take off what ran there."""
    machine = testbed.machine
    own = [core for core, container in running(testbed) if container == c]
    steps: list[Step] = [partial(machine.hostile.interrupt, core) for core in own]
    steps.append(proceed)
    for core in own:
        steps += [partial(machine.hostile.enter, core, 0), partial(leave, testbed, core, c)]
    testbed.together(*steps)


def give_back(testbed: Testbed, proceed: Step, c: int) -> None:
    """Before the last of a container goes, its threads do, and its pages, when it maps none."""
    kernel = testbed.machine.kernel
    if testbed.phase(c) != "exiting" or next(kernel.memory.entries(c), None) is not None:
        proceed()
        return
    own = [thread for thread, row in kernel.state.threads.items() if row.container == c]
    waiting = [page for owner, page in kernel.state.quarantine if owner == c]
    pages = [page for page in kernel.state.pool(c) if page in kernel.state.pages]
    testbed.together(
        *(partial(kernel.threads.finish, thread) for thread in own),
        *(partial(kernel.shootdown.settle, c, page) for page in waiting),
        *(partial(_release, testbed, page) for page in pages),
        proceed,
        partial(testbed.machine.host.shadows.dismiss, c),
    )


def _release(testbed: Testbed, page: int) -> None:
    release = partial(testbed.machine.kernel.pools.release, page)
    testbed.together(*scrubbing(testbed, page), release)
