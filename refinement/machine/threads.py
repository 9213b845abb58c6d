"""Module `threads` in the machine: vCPUs, who drives them, and what runs there.

Between two steps a vCPU is in the guest iff a thread runs there. For a step of its own the kernel
gets the vCPU first, and gives it back: the host enters it, or the thread that runs there traps. An
interrupt of the host's leaves a thread's registers in its vCPU, where the processor goes on with
them; the kernel learns of it when it gets that vCPU again.

What a killed process drove is the reaper's until the guest has parked it: here it counts as listed,
but `allocate` waits for it (see `STRICTER`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from splitspec.impl.kernel.records import ThreadState
from splitspec.impl.refusal import Refusal
from splitspec.refinement.machine.fragment import Fragment, Function, Part, Setup
from splitspec.refinement.machine.lives import give_back_all, keep, kill, stop, take_down
from splitspec.refinement.machine.testbed import Testbed
from splitspec.refinement.machine.vcpus import (
    Enter,
    any_host,
    bring_to_rest,
    collect,
    driven,
    give_back,
    granted,
    named,
    park,
    running_threads,
    seat,
    visit,
)
from splitspec.refinement.observation import UnreadableError

PROMISES = (
    "take_vcpu.driven",
    "take_vcpu.idle",
    "spawn.granted",
    "move.granted",
    "enter.held",
    "enter.own",
    "park_vcpu.driven",
)
GUARDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "take_vcpu": {"allocate alive": ("driven",), "allocate idle": ("idle",)},
    "spawn": {
        "spawn running": ("running",),
        "spawn unused": ("fresh",),
        "descriptor open": ("granted",),
        "enter current": ("granted",),
        "bind vcpu_free": ("vacant",),
        "bind same_container": ("vacant",),
    },
    "move": {
        "move bound": ("mine", "seated"),
        "move stopped": ("waiting",),
        "move elsewhere": ("other",),
        "move vcpu_free": ("vacant",),
        "move same_container": ("vacant",),
        "descriptor open": ("granted",),
        "enter current": ("granted",),
    },
    "enter": {
        "descriptor open": ("held",),
        "enter current": ("own",),
        "enter outside": ("idle",),
        "resume known": ("exists",),
        "bind unbound": ("seated",),
    },
    "switch": {
        "switch inside": ("running",),
        "switch bound_here": ("seated", "mine"),
        "switch other": ("other",),
    },
    "preempt": {"leave inside": ("running",)},
    "end_thread": {"finish known": ("mine", "seated"), "finish stopped": ("stopped",)},
    "park_vcpu": {
        "publish held": ("driven",),
        "enter alive": ("driven",),
        "park in_kernel": ("empty",),
        "park unbound": ("empty",),
    },
    "finish_exit": {"retire threadless": ("threadless",)},
    "reap": {
        "park in_kernel": ("drained",),
        "park unbound": ("drained",),
        "finish dismissed": ("drained",),
    },
}
KNOWN = "the kernel names a thread, and knows where it is bound"
LEFT_OUT = {
    "move.seated": KNOWN,
    "move.counted": KNOWN,
    "end_thread.seated": KNOWN,
    "end_thread.counted": KNOWN,
    "switch.mine": "what is bound to a vCPU is of one container",
}
ELSEWHERE = ("move", "move.waiting", "move.vacant", "enter.seated")
VACANCY = ("spawn.vacant", "move.vacant")
STOPPED = "no thread of a container that leaves is given the processor again"
STRICTER = {
    "enter.resume running": STOPPED,
    "switch.switch running": STOPPED,
    "move.dispatch running": STOPPED,
    "take_vcpu.allocate idle": "the reaper has the vCPUs of a killed process until they are parked",
}


def threads(setup: Setup) -> Fragment:
    """Return the fragment."""
    left_out = dict(LEFT_OUT)
    if setup.sizes["Vcpu"] == 1:
        left_out |= dict.fromkeys(ELSEWHERE, "one vCPU leaves no other to be bound to")
    if setup.sizes["Thread"] == 1 or (not setup.is_one_to_one and setup.sizes["Container"] == 1):
        left_out |= dict.fromkeys(VACANCY, "there is no other thread that a vCPU is not for")
    if setup.sizes["Vcpu"] == setup.sizes["Thread"] == 1:
        left_out["switch.seated"] = "no thread waits for another vCPU"
    if setup.is_one_to_one:
        left_out["switch.mode"] = "in this mode no vCPU has a thread to switch to"
        left_out |= {"switch": left_out["switch.mode"], "switch.other": left_out["switch.mode"]}
    else:
        left_out["switch.mode"] = "this is the mode"
    if not setup.is_honest:
        left_out["take_vcpu"] = "an untrusted host's list binds nobody"
    actions = {**_common(setup), **(_honest() if setup.is_honest else _hostile())}
    return Fragment(
        "threads",
        observe=observe,
        actions=actions,
        around={
            "create": keep,
            "begin_exit": stop,
            "kill": partial(kill, setup.is_honest),
            "finish_exit": partial(take_down, driven if setup.is_honest else any_host),
            "reap": give_back_all,
        },
        parts={
            "admit": Part(step=actions["spawn"]),
            "seat": Part(step=partial(seat, granted if setup.is_honest else named)),
        },
        guards=GUARDS,
        promises=PROMISES,
        left_out=left_out,
        stricter=STRICTER,
        elements={
            "Vcpu": range(setup.sizes["Vcpu"]),
            "Thread": range(1, setup.sizes["Thread"] + 1),  # 0 names no thread.
        },
    )


# What the machine is


def observe(testbed: Testbed) -> dict[str, Any]:
    """Return who drives and pays, by the host's tables, and what is bound and runs, by the
    kernel's and the registers."""
    shadows, rows = testbed.machine.host.shadows, testbed.machine.kernel.state.threads
    driver = {v: h.shadow for v, h in shadows.holders.items() if shadows.is_alive(h.shadow)}
    left = [v for v in shadows.holders if v not in driver]
    listed = (*shadows.idle, *left)
    seats = {t: row.vcpu for t, row in rows.items() if row.vcpu is not None}
    group = {row.vcpu: row.container for row in rows.values() if row.vcpu is not None}
    runs = running_threads(testbed)
    return {
        "driver": driver,
        "entries": {vcpu: listed.count(vcpu) for vcpu in listed},
        "descriptor": set(shadows.descriptors),
        "payer": {vcpu: driver[vcpu] for vcpu in runs if vcpu in driver},
        "tick": _ticks(testbed),
        "home": {thread: row.container for thread, row in rows.items()},
        "seat": seats,
        "seated": {vcpu: [*seats.values()].count(vcpu) for vcpu in group},
        "group": group,
        "active": {c: [*group.values()].count(c) for c in group.values()},
        "runs": runs,
    }


def _ticks(testbed: Testbed) -> set[int]:
    """Return whose control group has paid for an odd number of slices, up to its end; one step
    costs one slice at most."""
    for c, slices in testbed.overcharged.items():
        raise UnreadableError(f"container {c} was charged {slices} slices in one step")
    bills = dict(testbed.bills)
    bills |= {c: testbed.slices(c) for c in testbed.machine.host.shadows.shadows}
    return {container for container, slices in bills.items() if slices % 2}


def _resume(testbed: Testbed, vcpu: int, thread: int) -> None:
    """The processor goes on where it was interrupted; else the kernel does what it can of what the
    host wished for."""
    kernel = testbed.machine.kernel
    if testbed.machine.processor.vcpus[vcpu].directory is None:
        resume = partial(kernel.threads.resume, vcpu)
        testbed.together(partial(wake, testbed, vcpu, thread), resume)
    elif kernel.threads.current(vcpu) != thread:
        testbed.together(
            partial(kernel.threads.trap, vcpu),
            partial(wake, testbed, vcpu, thread),
            partial(kernel.threads.resume, vcpu),
        )


# The actions


def _common(setup: Setup) -> dict[str, Function]:
    enter: Enter = driven if setup.is_honest else any_host

    def end_thread(testbed: Testbed, t: int) -> None:
        row = testbed.machine.kernel.state.threads.get(t)
        steps = [partial(bring_to_rest, testbed, t, enter)]
        steps.append(partial(testbed.machine.kernel.threads.finish, t))
        if row is not None and row.vcpu is not None:
            steps.append(partial(collect, testbed, row.vcpu))
        testbed.together(*steps)

    def switch(testbed: Testbed, v: int, u: int) -> None:
        testbed.together(
            partial(wake, testbed, v, u), partial(testbed.machine.kernel.threads.switch, v, u)
        )

    return {
        "switch": switch,
        "end_thread": end_thread,
    }


def _honest() -> Mapping[str, Function]:
    def enter(testbed: Testbed, c: int, v: int, t: int) -> None:
        testbed.together(
            partial(granted, testbed, c, v, t),
            partial(testbed.machine.host.shadows.tick, v),
            partial(_resume, testbed, v, t),
        )

    def park_vcpu(testbed: Testbed, v: int) -> None:
        shadows = testbed.machine.host.shadows
        handle = shadows.holders.get(v)
        if handle is None:
            shadows.publish(v)
        elif shadows.is_killed(handle.shadow):
            shadows.enter(handle)
        else:
            give_back(testbed, v)

    return {
        "take_vcpu": lambda testbed, c: testbed.machine.host.shadows.allocate(c),
        "spawn": partial(spawn, granted),
        "move": _move(granted, driven),
        "enter": enter,
        "preempt": preempt,
        "park_vcpu": park_vcpu,
    }


def _hostile() -> Mapping[str, Function]:
    def enter(testbed: Testbed, v: int, t: int) -> None:
        enter = partial(testbed.machine.hostile.enter, v, t)
        testbed.together(enter, partial(_resume, testbed, v, t))

    def park_vcpu(testbed: Testbed, v: int) -> None:
        if testbed.machine.processor.vcpus[v].inside:
            park(testbed, v)
        else:
            testbed.together(partial(any_host, testbed, v), partial(park, testbed, v))

    return {
        "spawn": partial(spawn, named),
        "move": _move(named, any_host),
        "enter": enter,
        "preempt": lambda testbed, v: leave(testbed, v, testbed.machine.hostile.interrupt),
        "park_vcpu": park_vcpu,
    }


def preempt(testbed: Testbed, v: int) -> None:
    """The slice ends. A tick that comes later is refused, since nobody runs any more."""
    leave(testbed, v, testbed.machine.host.shadows.preempt)
    with suppress(Refusal):
        testbed.machine.host.shadows.tick(v)


def leave(testbed: Testbed, vcpu: int, interrupt: Callable[[int], object]) -> None:
    """A thread leaves the guest: of an odd number by an interrupt, of an even number to wait, or to
    end if its container does."""
    threads = testbed.machine.kernel.threads
    thread = threads.current(vcpu)
    if thread is None or thread % 2 or not testbed.machine.processor.vcpus[vcpu].inside:
        interrupt(vcpu)
    else:
        testbed.together(partial(_wait, testbed, vcpu), partial(threads.request, vcpu, 0))


def _wait(testbed: Testbed, vcpu: int) -> None:
    """A thread whose container leaves is not let wait, and comes to the kernel all the same."""
    threads = testbed.machine.kernel.threads
    if not testbed.attempt("running", partial(threads.wait, vcpu)):
        threads.trap(vcpu)


def wake(testbed: Testbed, vcpu: int, thread: int) -> None:
    """What a thread waits for has come when it is to run where it is bound: blocking is not
    modelled."""
    kernel, row = testbed.machine.kernel, testbed.machine.kernel.state.threads.get(thread)
    if row is None or row.vcpu != vcpu or row.state is not ThreadState.WAITING:
        return
    if testbed.phase(row.container) != "exiting":
        kernel.threads.wake(thread)


def spawn(enter: Function, testbed: Testbed, c: int, t: int, v: int) -> None:
    """The kernel makes a thread; the process grants a vCPU for it, and the kernel binds it."""
    begin = partial(testbed.machine.kernel.threads.spawn, c, t)
    testbed.together(begin, partial(seat, enter, testbed, c, t, v))


def _move(enter: Function, back: Enter) -> Function:
    def move(testbed: Testbed, t: int, v: int) -> None:
        kernel = testbed.machine.kernel
        bind, row = partial(kernel.threads.move, v, t), kernel.state.threads.get(t)
        if row is None:
            bind()
            return
        grant = partial(enter, testbed, row.container, v)
        testbed.together(
            partial(bring_to_rest, testbed, t, back), lambda: visit(testbed, v, grant, bind)
        )

    return move
