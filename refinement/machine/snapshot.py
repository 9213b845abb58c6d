"""Module `snapshot` in the machine: a second thread of each container, on the same vCPU.

The first thread, that of `lone_threads`, asks for the snapshot; the second one computes and waits.
Each fills its vector registers with a value of its own, so that registers of another thread show.
Whether a snapshot was prepared is seen in whether the kernel seals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from splitspec.impl.hardware.processor import CLEAR
from splitspec.impl.kernel.records import Thread, ThreadState
from splitspec.refinement.machine.fragment import Fragment, Function, Meanings, Setup
from splitspec.refinement.machine.lone_threads import first_thread, stopped, turn
from splitspec.refinement.machine.testbed import Testbed
from splitspec.refinement.mapping import InexpressibleError
from splitspec.refinement.observation import UnreadableError

Proceed = Callable[..., object]

TICKS = 10
WAITS = (ThreadState.WAITING, ThreadState.FROZEN)
# A clone's thread that has not gone on yet has no vCPU.
AWAKE: Mapping[str, tuple[str, ...]] = {
    "dispatch running": ("running",),
    "dispatch ready": ("works",),
    "dispatch bound": ("running", "works"),
}
GUARDS: Meanings = {
    "compute": AWAKE,
    "sleep": AWAKE,
    # Who waits in a sealed zygote is not woken, because that one runs no more.
    "wake": {"wake waiting": ("waiting", "running"), "wake running": ("running",)},
    "expire": {
        "expire waiting": ("timed", "running"),
        "expire running": ("running",),
        "expire timed": ("timed",),
    },
    "prepare": {
        **stopped("running"),
        "prepare running": ("running",),
        "prepare quiet": ("quiet",),
    },
    "seal": {"seal prepared": ("prepared",), "seal waiting": ("waiting",)},
}


def snapshot(setup: Setup) -> Fragment:
    """Return the fragment."""
    second = partial(_second_thread, setup.sizes["Container"])
    return Fragment(
        "snapshot",
        observe=partial(_observe, setup.zygote, second),
        actions=_actions(setup.zygote, second),
        around={
            "start": partial(_begin, second),
            "activate": lambda testbed, proceed, d: proceed(others=(second(d),)),
        },
        guards=GUARDS,
        left_out={
            "sleep.waits": "a call that waits for nothing is none",
            "expire.ticking": "who waits with a timeout has a timer, so it is never the reason",
        },
    )


def _second_thread(containers: int, c: int) -> int:
    return containers + first_thread(c)


def _value(thread: int) -> bytes:
    """Return what a thread has in its vector registers once it has computed."""
    return f"computed by thread {thread}".encode().ljust(len(CLEAR))


def _observe(zygote: int, second: Callable[[int], int], testbed: Testbed) -> dict[str, Any]:
    state = testbed.machine.kernel.state
    wait, timer, vectors = {}, set(), set()
    for c in range(testbed.machine.geometry.containers):
        if second(c) in state.timers:
            timer.add(c)
        row = state.threads.get(second(c))
        if row is None:
            continue
        if row.state in WAITS:
            wait[c] = "timed" if c in timer else "untimed"
        source = c if state.containers[c].origin is None else zygote
        if row.registers != CLEAR:
            _check_registers(row, second(c), second(source))
            vectors.add(c)
        _check_registers(state.threads[first_thread(c)], first_thread(c), first_thread(source))
    return {"wait": wait, "timer": timer, "vectors": vectors}


def _check_registers(row: Thread, thread: int, origin: int) -> None:
    """Raise unless a thread has its own values, or those of the one that it began as."""
    if row.registers not in (_value(thread), _value(origin)):
        raise UnreadableError(f"thread {thread} of {row.container} has {row.registers!r}")


def _actions(zygote: int, second: Callable[[int], int]) -> dict[str, Function]:
    def compute(testbed: Testbed, c: int) -> None:
        _compute(testbed, c, second(c))

    def sleep(testbed: Testbed, c: int, w: str) -> None:
        if w == "awake":
            raise InexpressibleError("a call that waits for nothing is none")
        vcpu, threads = testbed.handle(c).vcpu, testbed.machine.kernel.threads
        ticks = TICKS if w == "timed" else None
        testbed.together(partial(threads.dispatch, second(c)), lambda: threads.wait(vcpu, ticks))

    def wake(testbed: Testbed, c: int) -> None:
        threads = testbed.machine.kernel.threads
        testbed.together(partial(threads.wake, second(c)), partial(_seat, testbed, c, second(c)))

    def expire(testbed: Testbed, c: int) -> None:
        threads = testbed.machine.kernel.threads
        testbed.together(
            partial(testbed.machine.clock.advance, TICKS),
            partial(threads.expire, second(c)),
            partial(_seat, testbed, c, second(c)),
        )

    def prepare(testbed: Testbed) -> None:
        vcpu, thread = testbed.handle(zygote).vcpu, first_thread(zygote)
        ask = partial(testbed.machine.kernel.forks.prepare, zygote, vcpu=vcpu, thread=thread)
        testbed.together(*turn(testbed, zygote), ask)

    actions = (compute, sleep, wake, expire, prepare)
    return {action.__name__: action for action in actions}


def _compute(testbed: Testbed, c: int, thread: int) -> None:
    machine, vcpu = testbed.machine, testbed.handle(c).vcpu
    testbed.together(
        partial(machine.kernel.threads.dispatch, thread),
        partial(machine.processor.compute, vcpu, _value(thread)),
        partial(machine.kernel.threads.trap, vcpu),
    )


def _seat(testbed: Testbed, c: int, thread: int) -> None:
    """A clone's thread that goes on for the first time gets the vCPU."""
    if testbed.machine.kernel.state.threads[thread].state is ThreadState.UNBOUND:
        testbed.machine.kernel.threads.bind(testbed.handle(c).vcpu, thread)


def _begin(second: Callable[[int], int], testbed: Testbed, proceed: Proceed, c: int) -> None:
    """The first thread begins the second one, and has values in its registers from then on."""
    threads = testbed.machine.kernel.threads
    testbed.together(
        proceed,
        lambda: _compute(testbed, c, first_thread(c)),
        partial(threads.spawn, c, second(c)),
        lambda: _seat(testbed, c, second(c)),
    )
