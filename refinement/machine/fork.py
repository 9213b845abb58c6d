"""Module `fork` in the machine: a zygote that is sealed, and clones in three steps."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from splitspec.refinement.machine.fragment import Fragment, Function, Setup
from splitspec.refinement.machine.lifecycle import create
from splitspec.refinement.machine.tables import ONE_ADDRESS
from splitspec.refinement.machine.testbed import Testbed

COPYING = tuple(f"cow_fault.{guard}" for guard in ("unmapped", "accepted", "source", "target"))


def fork(setup: Setup, *, is_prepared: bool = False) -> Fragment:
    """Return the fragment; `is_prepared` says that sealing is prepared by a step of its own."""
    return Fragment(
        "fork",
        actions=_actions(setup.zygote, is_prepared),
        guards={
            "start": {"start original": ("loaded",)},
            "begin_exit": {"stop unsealed": ("running",)},
            "seal": {"seal running": ("running",), "prepare running": ("running",)},
            "begin_fork": {
                "start absent": ("fresh",),
                "create absent": ("fresh",),
                "begin_fork sealed": ("sealed",),
            },
            "copy_space": {
                "fork sealed": ("sealed",),
                "fork created": ("begun",),
                "fork begun": ("begun",),
                "fork once": ("begun",),
            },
            "activate": {
                "activate created": ("copied",),
                "activate copied": ("copied",),
                "activate sealed": ("sealed",),
            },
            "cow_fault": {
                "copy_on_write alive": ("running",),
                "copy_on_write mapped": ("shared",),
                "copy_on_write shared_copy": ("protected",),
                "copy_on_write free": ("unmapped",),
            },
        },
        stricter={
            "grant_page.admit unsealed": "a sealed zygote takes no more memory",
            "accept_page.accept unsealed": "a sealed zygote takes no more memory",
        },
        left_out=_left_out(setup),
    )


def _left_out(setup: Setup) -> dict[str, str]:
    found = {"activate.driven": "who is cloned has a shadow, so it is never the reason"}
    if setup.sizes["Addr"] == 1:
        found["cow_fault.unmapped"] = ONE_ADDRESS
    if setup.sizes["Page"] == 1 or setup.sizes["Frame"] == 1:
        found |= dict.fromkeys(
            ("cow_fault", *COPYING), "one page, or frame, leaves none to copy to"
        )
    return found


def _actions(zygote: int, is_prepared: bool) -> dict[str, Function]:
    def seal(testbed: Testbed, *, vcpu: int | None = None, thread: int | None = None) -> None:
        forks = testbed.machine.kernel.forks
        steps = (forks.seal,) if is_prepared else (forks.prepare, forks.seal)
        testbed.together(*(partial(step, zygote, vcpu=vcpu, thread=thread) for step in steps))

    def begin_fork(testbed: Testbed, d: int) -> None:
        begin = partial(testbed.machine.kernel.forks.begin, zygote, d)
        testbed.together(partial(create, testbed, d), begin)

    def copy_space(testbed: Testbed, d: int) -> None:
        testbed.machine.kernel.forks.fork(zygote, d)

    def activate(testbed: Testbed, d: int, *, numbers: Sequence[int] = ()) -> None:
        testbed.machine.kernel.forks.activate(d, *numbers)

    def cow_fault(testbed: Testbed, c: int, v: int, h: int, *, vcpu: int | None = None) -> None:
        testbed.machine.kernel.forks.copy_on_write(c, v, h, vcpu=vcpu)

    return {
        "seal": seal,
        "begin_fork": begin_fork,
        "copy_space": copy_space,
        "activate": activate,
        "cow_fault": cow_fault,
    }
