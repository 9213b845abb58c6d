"""Module `pins` in the machine: pages that input and output under way use, by the kernel's list.

The kernel counts entries of tables and pins as one number for a page, so the mappers of a page are
what that number leaves when the listed pins are taken away.
"""

from __future__ import annotations

from typing import Any

from splitspec.impl.kernel.records import Pin
from splitspec.refinement.machine.fragment import Fragment, Setup
from splitspec.refinement.machine.lone_threads import call, stopped
from splitspec.refinement.machine.testbed import Testbed

NOT_ON_A_THREAD = stopped("running")
TO_A_PINNED = "who has a page to copy has no other address, at which it has pinned one"
PINNED = {
    **NOT_ON_A_THREAD,
    "pin running": ("running",),
    "pin mapped": ("mapped",),
    "pin unpinned": ("unused",),
}


def pins(setup: Setup) -> Fragment:
    """Return the fragment."""
    return Fragment(
        "pins",
        observe=observe,
        actions={
            "pin_to_read": lambda testbed, c, v: pin(testbed, c, v, Pin.READING),
            "pin_to_write": lambda testbed, c, v: pin(testbed, c, v, Pin.WRITING),
            "unpin": lambda testbed, c, g: testbed.machine.kernel.pins.unpin(c, g),
        },
        around={
            "pin_to_read": lambda testbed, proceed, c: call(testbed, lambda **_: proceed(), c),
            "pin_to_write": lambda testbed, proceed, c: call(testbed, lambda **_: proceed(), c),
        },
        guards={
            "pin_to_read": PINNED,
            "pin_to_write": {**PINNED, "pin writable": ("writable",)},
            "unpin": {"unpin pinned": ("used",)},
            "map_page": {"map_page free": ("unpinned",)},
            "cow_fault": {"copy_on_write free": ("unpinned",)},
            "seal": {"seal settled": ("settled",)},
            "finish_exit": {"retire unpinned": ("unpinned",), "release free": ("unpinned",)},
        },
        left_out={"cow_fault.unpinned": TO_A_PINNED} if setup.sizes["Addr"] == 1 else {},
    )


def observe(testbed: Testbed) -> dict[str, Any]:
    """Return what is pinned, and how often pages are mapped besides."""
    state = testbed.machine.kernel.state
    rows = {(c, g): use.value for (c, g), use in state.pins.items()}
    pinned = {g: sum(page == g for _, page in rows) for g in testbed.pages}
    counted = {g: row.references for g, row in state.pages.items() if g in pinned}
    return {
        "pin": rows,
        "pins": pinned,
        "mappers": {g: count - pinned[g] for g, count in counted.items()},
    }


def pin(testbed: Testbed, c: int, v: int, use: Pin) -> None:
    """A system call of the container takes what it maps for input or output."""
    testbed.machine.kernel.pins.pin(c, v, use)
