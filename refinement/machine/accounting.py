"""Module `accounting` in the machine: notifications of the kernel's, and work that the host does
later.

A record is a notification: each container has room of its own for as many as its quota. Work is
what delegated calls have left behind, with the control group that has paid for it. Its slices are
in that group's cpu.stat, with those of threads; `tick` counts the others, so a slice that is not
paid by who has it shows.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from splitspec.refinement.machine.cofunc import LEAVES, NOT_CURRENT, SLOTS
from splitspec.refinement.machine.fragment import Fragment, Function, Meanings, Setup
from splitspec.refinement.machine.testbed import Testbed
from splitspec.refinement.machine.threads import running_threads
from splitspec.refinement.machine.vcpus import Enter, any_host, driven
from splitspec.refinement.mapping import InexpressibleError

GUARDS: Meanings = {
    "keep_record": {
        "create_notification running": ("running",),
        "create_notification quota": ("in_quota",),
    },
    "drop_record": {"close_notification own": ("kept",)},
    "do_work": {"perform_work requested": ("wanted", "new"), "perform_work once": ("new",)},
    "finish_exit": {"retire closed": ("unrecorded",)},
    "reap": {"finish_work done": ("worked",)},
}
OWN_ROOM = "each container has room for its quota"
LEFT_OUT = {
    "keep_record.free": OWN_ROOM,
    "request.running": NOT_CURRENT,
    "request.new": "what is asked for gets a number that is new",
}


def accounting(setup: Setup) -> Fragment:
    """Return the fragment."""
    left_out = dict(LEFT_OUT)
    actions: dict[str, Function] = {
        "keep_record": lambda testbed, c: testbed.machine.kernel.notifications.create(c),
        "drop_record": lambda testbed, c, r: testbed.machine.kernel.notifications.close(c, r),
        "request": partial(request, _leave_work if setup.is_honest else any_host),
    }
    if setup.is_honest:
        actions["do_work"] = lambda testbed, w: testbed.machine.host.work.perform(w)
    else:
        left_out["do_work"] = "an untrusted host's accounts bind nobody"
    return Fragment(
        "accounting",
        observe=observe if setup.is_honest else kept,
        actions=actions,
        around={"reap": settle},
        guards=GUARDS,
        promises=("reap.worked",),
        left_out=left_out,
        stricter={
            "park_vcpu.publish slots_removed": SLOTS,
            "finish_exit.dispatch running": LEAVES,
        },
        elements={"Record": range(setup.sizes["Record"]), "Work": range(setup.sizes["Work"])},
    )


def kept(testbed: Testbed) -> dict[str, Any]:
    """Return who has which notification."""
    rows = testbed.machine.kernel.state.notifications.items()
    cause = {number: row.container for number, row in rows}
    return {"cause": cause, "records": {c: [*cause.values()].count(c) for c in cause.values()}}


def observe(testbed: Testbed) -> dict[str, Any]:
    """Return that, who has asked for work, and which group has paid: an honest host's accounts."""
    shadows = testbed.machine.host.shadows
    slots = {shadow.group: slot for slot, shadow in shadows.shadows.items()}
    requests = testbed.machine.host.work.requests.items()
    asked = {work: row.shadow for work, row in requests}
    paid = {work: slots[row.payer] for work, row in requests if row.payer is not None}
    settled = testbed.settled.items()
    return kept(testbed) | {
        "requester": {work: c for work, (c, _) in settled} | asked,
        "done": {*paid, *(work for work, _ in settled)},
        "billed": {work: payer for work, (_, payer) in settled} | paid,
    }


def request(serve: Enter, testbed: Testbed, c: int, w: int) -> None:
    """A thread of the container exits with a delegated call, and goes on when it is served."""
    kernel, work = testbed.machine.kernel, testbed.machine.host.work
    running = [(v, t) for v, t in running_threads(testbed).items() if _is_of(testbed, t, c)]
    if not running or w != work.next:
        raise InexpressibleError(NOT_CURRENT)
    vcpu, thread = running[0]
    testbed.together(
        partial(kernel.threads.trap, vcpu),
        partial(kernel.threads.request, vcpu, 0),
        partial(serve, testbed, vcpu),
        partial(kernel.threads.dispatch, thread),
    )


def _is_of(testbed: Testbed, thread: int, c: int) -> bool:
    return testbed.machine.kernel.state.threads[thread].container == c


def _leave_work(testbed: Testbed, vcpu: int) -> None:
    """The process puts off what it can, and enters the vCPU again."""
    testbed.together(
        partial(testbed.machine.host.work.request, vcpu), partial(driven, testbed, vcpu)
    )


def settle(testbed: Testbed, proceed: Callable[[], object], c: int) -> None:
    """What the process was billed is read once more before it ends."""
    shadows, work = testbed.machine.host.shadows, testbed.machine.host.work
    slots = {shadow.group: slot for slot, shadow in shadows.shadows.items()}
    rows = [(n, row) for n, row in work.requests.items() if row.shadow == c]
    paid = {n: (c, slots[row.payer]) for n, row in rows if row.payer is not None}

    def note() -> None:
        for number, payer in paid.items():
            testbed.settled[number] = payer

    testbed.together(note, proceed)
