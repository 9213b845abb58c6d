"""Module `turns` in the machine: the end of a turn that was put off, and who shares no vCPU.

With an entry a turn begins, of which the kernel hears only when it gets the vCPU: where the
processor goes on with a thread that an interrupt stopped, an interrupt that comes with the entry
takes that thread to the kernel, if its turn was put off before.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from splitspec.refinement.machine.fragment import Fragment, Setup
from splitspec.refinement.machine.testbed import Step, Testbed


def turns(setup: Setup) -> Fragment:
    """Return the fragment."""
    left_out = {}
    if setup.sizes["Vcpu"] == 1:
        left_out["move.alone"] = "one vCPU leaves no other to be bound to"
    return Fragment(
        "turns",
        observe=_observe,
        actions={
            "ask_for_vcpus": lambda testbed, c: testbed.machine.kernel.threads.separate(c),
            "put_off": lambda testbed, v: testbed.machine.kernel.threads.put_off(v),
        },
        around={"enter": renew},
        guards={
            "ask_for_vcpus": {"separate created": ("new",)},
            "spawn": {"bind vcpu_free": ("alone",)},
            "move": {"move vcpu_free": ("alone",)},
            "put_off": {
                "put_off inside": ("running",),
                "put_off in_container": ("running",),
                "put_off waiting": ("waiting",),
                "put_off once": ("once",),
            },
        },
        left_out=left_out,
    )


def _observe(testbed: Testbed) -> dict[str, Any]:
    state = testbed.machine.kernel.state
    return {
        "overtime": dict.fromkeys(state.overtime, 1),
        "alone": {c for c, row in state.containers.items() if row.is_separate},
    }


def renew(testbed: Testbed, proceed: Step, v: int, t: int) -> None:
    """The kernel begins a turn with the slice, if the last one was put off."""
    testbed.together(proceed, partial(_interrupted, testbed, v, t))


def _interrupted(testbed: Testbed, vcpu: int, thread: int) -> None:
    kernel = testbed.machine.kernel
    if vcpu in kernel.state.overtime and kernel.threads.current(vcpu) == thread:
        testbed.together(partial(kernel.threads.trap, vcpu), partial(kernel.threads.resume, vcpu))
