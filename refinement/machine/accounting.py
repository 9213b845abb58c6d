"""Module `accounting` in the machine: notifications of the kernel's, and work that the host does
later.

A record is a notification: each container has room of its own for as many as its quota. Work is
what delegated calls have left behind; the machine forgets it when it is done, and the testbed
remembers it. On whose account it is, cpu.stat says: that control group's, which has one slice more
afterwards. `tick` counts the other slices, so one that is not paid by who has it shows.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from splitspec.refinement.machine.cofunc import LEAVES, NOT_CURRENT, SLOTS
from splitspec.refinement.machine.fragment import Fragment, Function, Meanings, Setup
from splitspec.refinement.machine.testbed import Testbed
from splitspec.refinement.machine.vcpus import Enter, any_host, driven, running_threads
from splitspec.refinement.mapping import InexpressibleError

GUARDS: Meanings = {
    "keep_record": {
        "create_notification running": ("running",),
        "create_notification quota": ("in_quota",),
    },
    "drop_record": {"close_notification own": ("kept",)},
    "do_work": {"perform_work requested": ("wanted", "new")},
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
        actions["do_work"] = do_work
    else:
        left_out["do_work"] = "an untrusted host's accounts bind nobody"
    return Fragment(
        "accounting",
        observe=observe if setup.is_honest else kept,
        actions=actions,
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
    asked, done = dict(testbed.machine.host.work.requests.items()), testbed.done.items()
    return kept(testbed) | {
        "requester": {work: c for work, (c, _) in done} | asked,
        "done": {work for work, _ in done},
        "billed": {work: payer for work, (_, payer) in done if payer is not None},
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


def do_work(testbed: Testbed, w: int) -> None:
    """The host does what was asked for; the group that has paid is the one that has used more."""
    work, before = testbed.machine.host.work, testbed.paid()
    requester = work.requests.get(w)
    work.perform(w)
    payers = [c for c, slices in testbed.paid().items() if slices != before[c]]
    assert requester is not None
    testbed.done[w] = requester, payers[0] if payers else None
