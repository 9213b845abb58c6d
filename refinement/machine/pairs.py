"""Containers that have two vCPUs, two threads and two pages each, and how a thread of one comes to
run and to the kernel.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from splitspec.impl.kernel.records import ThreadState
from splitspec.refinement.machine.testbed import Step, Testbed
from splitspec.refinement.machine.vcpus import Enter

PAGES, VCPUS = 2, 2  # of each container


def threads_of(c: int) -> tuple[int, int]:
    return VCPUS * c + 1, VCPUS * c + 2  # 0 names no thread.


def pages_of(testbed: Testbed, c: int) -> list[int]:
    return own(testbed.pages, c)


def own(all_of_them: range, c: int) -> list[int]:
    return list(all_of_them[PAGES * c : PAGES * (c + 1)])


def vcpu_of(testbed: Testbed, thread: int) -> int:
    vcpu = testbed.machine.kernel.state.threads[thread].vcpu
    assert vcpu is not None
    return vcpu


def runs(testbed: Testbed, thread: int) -> bool:
    """The thread is in the guest at this moment."""
    row = testbed.machine.kernel.state.threads.get(thread)
    if row is None or row.vcpu is None or row.state is not ThreadState.RUNNING:
        return False
    return testbed.machine.processor.vcpus[row.vcpu].inside


def turn(enter: Enter, testbed: Testbed, thread: int) -> Iterator[Step]:
    """The thread runs: what it waits for has come, and its vCPU is in the guest."""
    threads, row = testbed.machine.kernel.threads, testbed.machine.kernel.state.threads.get(thread)
    if row is not None:
        yield partial(bring_in, enter, testbed, vcpu_of(testbed, thread))
    if row is not None and row.state is ThreadState.WAITING:
        yield partial(threads.wake, thread)
    if not runs(testbed, thread):
        yield partial(threads.dispatch, thread)


def trap(testbed: Testbed, thread: int) -> None:
    testbed.machine.kernel.threads.trap(vcpu_of(testbed, thread))


def bring_in(enter: Enter, testbed: Testbed, vcpu: int) -> None:
    """The host enters the vCPU, unless it is in the guest."""
    if not testbed.machine.processor.vcpus[vcpu].inside:
        enter(testbed, vcpu)
