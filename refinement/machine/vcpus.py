"""vCPUs of the machine: what runs there, and how the kernel gets one for a step and gives it back.

The host enters the vCPU, or the thread that runs there traps. What an interrupt stopped goes on
first, since its registers are in the vCPU, and comes to the kernel then.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from splitspec.impl.kernel.records import ThreadState
from splitspec.refinement.machine.testbed import Step, Testbed

Enter = Callable[[Testbed, int], object]
"""How a host enters a vCPU for the kernel."""


def visit(testbed: Testbed, vcpu: int, enter: Step, *steps: Step) -> None:
    """Have the kernel on a vCPU for some steps, and leave it as it was."""
    machine = testbed.machine
    if machine.processor.vcpus[vcpu].inside:
        running = machine.kernel.threads.current(vcpu)
        assert running is not None
        trap = partial(machine.kernel.threads.trap, vcpu)
        testbed.together(trap, *steps, partial(machine.kernel.threads.dispatch, running))
    else:
        trap = partial(_trap, testbed, vcpu)
        testbed.together(enter, trap, *steps, partial(machine.kernel.threads.request, vcpu, 0))


def _trap(testbed: Testbed, vcpu: int) -> None:
    """If a container was interrupted there, it goes on, and soon comes to the kernel."""
    if testbed.machine.processor.vcpus[vcpu].directory is not None:
        testbed.machine.kernel.threads.trap(vcpu)


def driven(testbed: Testbed, vcpu: int) -> None:
    """The process that has the vCPU enters it, or in its place the reaper."""
    shadows = testbed.machine.host.shadows
    handle = shadows.holders[vcpu]
    if shadows.is_killed(handle.shadow):
        shadows.reap_vcpu(vcpu, 0)
    else:
        shadows.enter(handle)


def any_host(testbed: Testbed, vcpu: int) -> None:
    """A hostile host enters what it likes."""
    testbed.machine.hostile.enter(vcpu, 0)


def granted(testbed: Testbed, c: int, v: int, answer: int = 0) -> None:
    """A process enters a vCPU of which it has a descriptor."""
    shadows = testbed.machine.host.shadows
    shadows.enter(shadows.descriptor(c, v), answer)


def named(testbed: Testbed, _c: int, v: int, answer: int = 0) -> None:
    """A hostile host enters any vCPU, for a thread of its choice."""
    testbed.machine.hostile.enter(v, answer)


def seat(grant: Callable[..., object], testbed: Testbed, c: int, t: int, v: int) -> None:
    """The process grants a vCPU for a thread that is new, and the kernel binds it."""
    bind = partial(testbed.machine.kernel.threads.bind, v, t)
    visit(testbed, v, partial(grant, testbed, c, v, t), bind)


def bring_to_rest(testbed: Testbed, thread: int, enter: Enter) -> None:
    """Have the kernel take a thread that an interrupt stopped out of its vCPU."""
    row = testbed.machine.kernel.state.threads.get(thread)
    if row is None or row.vcpu is None or row.state is not ThreadState.RUNNING:
        return
    if not testbed.machine.processor.vcpus[row.vcpu].inside:
        visit(testbed, row.vcpu, partial(enter, testbed, row.vcpu))


def park(testbed: Testbed, vcpu: int) -> None:
    """The kernel has no thread for the vCPU: it flushes it and gives it back."""
    kernel = testbed.machine.kernel
    flush = partial(kernel.shootdown.acknowledge, vcpu)
    testbed.together(flush, partial(kernel.threads.park, vcpu))


def give_back(testbed: Testbed, vcpu: int) -> None:
    """Whoever drives a vCPU enters it for the last time, and its host lists it."""
    publish = partial(testbed.machine.host.shadows.publish, vcpu)
    steps: list[Step] = [partial(park, testbed, vcpu), publish]
    if not testbed.machine.processor.vcpus[vcpu].inside:
        steps.insert(0, partial(driven, testbed, vcpu))
    testbed.together(*steps)


def collect(testbed: Testbed, vcpu: int) -> None:
    """The reaper gives back what a killed process drove, once nothing is bound to it, unless the
    process had memory slots: these go first, at its end."""
    shadows, threads = testbed.machine.host.shadows, testbed.machine.kernel.threads
    handle = shadows.holders.get(vcpu)
    if handle is None or not shadows.is_killed(handle.shadow) or threads.bound(vcpu):
        return
    if not shadows.slots_of(handle.shadow):
        give_back(testbed, vcpu)


def held_by(testbed: Testbed, c: int) -> list[int]:
    return [v for v, handle in testbed.machine.host.shadows.holders.items() if handle.shadow == c]


def running_threads(testbed: Testbed) -> dict[int, int]:
    """Return the thread on each vCPU that has a container's tables loaded in guest mode."""
    machine, found = testbed.machine, {}
    for vcpu, state in machine.processor.vcpus.items():
        if state.inside and state.directory is not None:
            thread = machine.kernel.threads.current(vcpu)
            row = machine.kernel.state.threads.get(-1 if thread is None else thread)
            if thread is None or row is None:
                raise ValueError(f"vCPU {vcpu} walks a table without a thread")
            if machine.geometry.directory(row.container) != state.directory:
                raise ValueError(f"vCPU {vcpu} runs thread {thread} on another table")
            found[vcpu] = thread
    return found
