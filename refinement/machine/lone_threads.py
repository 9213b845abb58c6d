"""In place of module `threads`: every container has one thread, on a vCPU of its own.

The vCPU is in the guest as long as the shadow lives, and after a kill too, when the host enters it
so that the kernel can take down what ran there. Between two steps the kernel runs on it: a step of
the container is a return to its code, what it does there, and a trap.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from splitspec.refinement.machine.fragment import Fragment, Setup
from splitspec.refinement.machine.testbed import Step, Testbed

Proceed = Callable[..., object]


def lone_threads(setup: Setup) -> Fragment:
    """Return the fragment."""
    return Fragment(
        "threads",
        around={
            "create": lambda testbed, proceed, c: drive(testbed, proceed, c),
            "begin_fork": lambda testbed, proceed, d: drive(testbed, proceed, d),
            "start": lambda testbed, proceed, c: begin(testbed, proceed, c),
            "activate": activate,
            "begin_exit": call,
            "map_page": fault,
            "cow_fault": call,
            "unmap_page": unmap,
            "seal": partial(seal, setup.zygote),
            "write_page": access,
            "read_page": access,
            "kill": enter_again,
            "finish_exit": park,
            "reap": publish,
        },
        guards={
            **{action: stopped("running") for action in CALLS},
            "unmap_page": stopped("may"),
            "reap": {"publish parked": ("drained",)},
        },
    )


CALLS = ("begin_exit", "map_page", "cow_fault", "seal", "write_page", "read_page")


def stopped(*guards: str) -> dict[str, tuple[str, ...]]:
    """What it means that there is no thread to run, or that it may not."""
    return {"dispatch bound": guards, "dispatch running": guards}


def drive(testbed: Testbed, proceed: Proceed, c: int) -> None:
    """A new shadow takes an idle vCPU and enters it."""
    shadows = testbed.machine.host.shadows
    testbed.together(proceed, lambda: shadows.enter(shadows.allocate(c)))


def begin(testbed: Testbed, proceed: Proceed, c: int) -> None:
    """The first thread begins with the container, on the container's vCPU."""
    testbed.together(proceed, partial(_spawn, testbed, c))


def activate(testbed: Testbed, proceed: Proceed, d: int, *, others: Sequence[int] = ()) -> None:
    """A clone begins with the zygote's thread, and others that it may have; it gets a number."""
    testbed.together(
        lambda: proceed(numbers=(first_thread(d), *others)),
        lambda: testbed.machine.kernel.threads.bind(testbed.handle(d).vcpu, first_thread(d)),
    )


def _spawn(testbed: Testbed, c: int) -> None:
    threads, thread = testbed.machine.kernel.threads, first_thread(c)
    threads.spawn(c, thread)
    threads.bind(testbed.handle(c).vcpu, thread)


def call(testbed: Testbed, proceed: Proceed, c: int) -> None:
    """The container's thread runs, and asks the kernel for something."""
    testbed.together(*turn(testbed, c), lambda: proceed(vcpu=testbed.handle(c).vcpu))


def seal(zygote: int, testbed: Testbed, proceed: Proceed) -> None:
    """The zygote's thread asks for it."""
    call(testbed, partial(proceed, thread=first_thread(zygote)), zygote)


def fault(testbed: Testbed, proceed: Proceed, c: int) -> None:
    """The container's thread runs, and faults."""
    testbed.together(*turn(testbed, c), proceed)


def unmap(testbed: Testbed, proceed: Proceed, c: int) -> None:
    """The container asks for it, or the kernel does it by itself while it takes it down."""
    if testbed.phase(c) == "exiting":
        proceed(vcpu=testbed.kernel_on(c))
    else:
        call(testbed, proceed, c)


def access(testbed: Testbed, proceed: Proceed, c: int) -> None:
    """The container's thread runs and uses memory."""
    run, back = turn(testbed, c)
    testbed.together(run, lambda: proceed(vcpu=testbed.handle(c).vcpu), back)


def turn(testbed: Testbed, c: int) -> tuple[Step, Step]:
    """Let the thread run, and come back to the kernel."""
    threads = testbed.machine.kernel.threads
    return partial(threads.dispatch, first_thread(c)), lambda: threads.trap(testbed.handle(c).vcpu)


def enter_again(testbed: Testbed, proceed: Proceed, c: int) -> None:
    """After a kill the host enters the vCPU, so that the kernel can end what ran there."""
    shadows = testbed.machine.host.shadows
    testbed.together(proceed, lambda: shadows.reap_vcpu(testbed.handle(c).vcpu, 0))


def park(testbed: Testbed, proceed: Proceed, c: int) -> None:
    """The thread ends, the vCPU forgets the container and goes back to the host."""
    kernel, vcpu = testbed.machine.kernel, testbed.kernel_on(c)
    if vcpu is None:
        proceed()
        return
    own = [thread for thread, row in kernel.state.threads.items() if row.container == c]
    testbed.together(
        *(partial(kernel.threads.finish, thread) for thread in own),
        partial(kernel.shootdown.acknowledge, vcpu),
        proceed,
        partial(kernel.threads.park, vcpu),
    )


def publish(testbed: Testbed, proceed: Proceed, c: int) -> None:
    """The vCPU goes to the idle list before its shadow ends."""
    shadows = testbed.machine.host.shadows
    held = [vcpu for vcpu, handle in shadows.holders.items() if handle.shadow == c]
    testbed.together(*(partial(shadows.publish, vcpu) for vcpu in held), proceed)


def first_thread(c: int) -> int:
    """Return the number of the container's first thread."""
    return c + 1  # 0 names no thread.
