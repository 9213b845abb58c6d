"""Module `lifecycle` in the machine: rows of the kernel's containers, and shadow processes."""

from __future__ import annotations

from functools import partial

from splitspec.refinement.machine.fragment import Fragment, Setup
from splitspec.refinement.machine.testbed import Step, Testbed
from splitspec.refinement.mapping import InexpressibleError


def lifecycle(_setup: Setup) -> Fragment:
    """Return the fragment."""
    return Fragment(
        "lifecycle",
        observe=lambda testbed: {"phase": dict(testbed.phases()), "shadow": testbed.shadows()},
        actions={
            "create": create,
            "start": lambda testbed, c: testbed.machine.kernel.lifecycle.start(c),
            "begin_exit": begin_exit,
            "kill": kill,
            "finish_exit": lambda testbed, c: testbed.machine.kernel.lifecycle.retire(c),
            "reap": lambda testbed, c: testbed.machine.host.work.finish(c),
        },
        guards={
            "create": {"start absent": ("fresh",), "create absent": ("fresh",)},
            "start": {"start created": ("loaded",)},
            "begin_exit": {"stop present": ("running",)},
            "kill": {"kill alive": ("driven",)},
            "finish_exit": {"retire exiting": ("exiting",)},
            "reap": {"finish exists": ("drained",)},
        },
        left_out={
            "kill.alive": "killing the process of a container that is gone is ending it",
            "start.driven": "who is created has a shadow, so it is never the reason",
            "begin_exit.driven": "who runs has a shadow, so it is never the reason",
        },
    )


def create(testbed: Testbed, c: int) -> None:
    """Start a shadow, which asks for a container."""
    if testbed.phase(c) == "dead":
        raise InexpressibleError("an identity is the kernel's choice, and always a new one")
    testbed.together(
        partial(testbed.machine.host.shadows.start, c, memory_max=testbed.limit),
        partial(testbed.machine.kernel.lifecycle.create, c),
        partial(testbed.name, c),
    )


def begin_exit(testbed: Testbed, c: int, *, vcpu: int | None = None) -> None:
    """A thread of the container asks for the end."""
    testbed.machine.kernel.lifecycle.stop(c, vcpu=vcpu, asked=True)


def kill(testbed: Testbed, c: int) -> None:
    """End the shadow process; the kernel is told, and begins to take down what it keeps."""
    machine = testbed.machine
    steps: list[Step] = [partial(machine.host.shadows.kill, c)]
    if testbed.phase(c) not in ("absent", "exiting", "drained", "dead"):
        steps.append(partial(machine.kernel.lifecycle.stop, c))
    testbed.together(*steps)
