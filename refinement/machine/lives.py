"""What vCPUs and threads do in the machine as their container begins, leaves and ends."""

from __future__ import annotations

from functools import partial

from splitspec.refinement.machine.testbed import Step, Testbed
from splitspec.refinement.machine.vcpus import (
    Enter,
    collect,
    give_back,
    held_by,
    running_threads,
    visit,
)
from splitspec.refinement.mapping import InexpressibleError


def keep(testbed: Testbed, proceed: Step, c: int) -> None:
    """The process learns that the guest has a container for it."""
    testbed.together(proceed, partial(testbed.machine.host.shadows.keep, c))


def stop(testbed: Testbed, proceed: Step, c: int) -> None:
    """A thread of the container calls exit_group; others may run on for a while."""
    if testbed.phase(c) == "created":
        raise InexpressibleError("a container that does not run makes no call")
    proceed()


def kill(is_honest: bool, testbed: Testbed, proceed: Step, c: int) -> None:
    """The end of a process takes its vCPUs out of the guest."""
    machine, steps = testbed.machine, [proceed]
    if is_honest:
        steps += [partial(collect, testbed, vcpu) for vcpu in held_by(testbed, c)]
    else:
        rows = machine.kernel.state.threads
        running = [v for v, t in running_threads(testbed).items() if rows[t].container == c]
        steps += [partial(machine.hostile.interrupt, vcpu) for vcpu in running]
    testbed.together(*steps)


def take_down(enter: Enter, testbed: Testbed, proceed: Step, c: int) -> None:
    """When the last thread is gone, the kernel has every vCPU forget the container, ends it, and
    tells the process."""
    rows = testbed.machine.kernel.state.threads.values()
    if any(row.container == c for row in rows):
        proceed()
        return
    dismiss = partial(testbed.machine.host.shadows.dismiss, c)
    testbed.together(partial(_forget, enter, testbed, c), proceed, dismiss)


def _forget(enter: Enter, testbed: Testbed, c: int) -> None:
    shootdown = testbed.machine.kernel.shootdown
    for vcpu in sorted(shootdown.holders(c)):
        flush = partial(shootdown.acknowledge, vcpu)
        if testbed.machine.processor.vcpus[vcpu].inside:
            flush()  # An interrupt: whoever runs there goes on, also one that is to leave.
        else:
            visit(testbed, vcpu, partial(enter, testbed, vcpu), flush)


def give_back_all(testbed: Testbed, proceed: Step, c: int) -> None:
    """The process gives its vCPUs back and ends; what it was billed is read once more."""
    steps = [partial(give_back, testbed, vcpu) for vcpu in held_by(testbed, c)]
    testbed.together(*steps, partial(_bill, testbed, c), proceed)


def _bill(testbed: Testbed, c: int) -> None:
    if c in testbed.machine.host.shadows.shadows:
        testbed.bills[c] = testbed.slices(c)
