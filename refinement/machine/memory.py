"""Module `memory` in the machine: what containers write and read, through both tables.

A container writes its mark all over a page, and remembers whose marks it has read. Whose data a
frame holds is thus seen in the bytes.
"""

from __future__ import annotations

from functools import partial

from splitspec.impl.geometry import PAGE
from splitspec.refinement.machine.fragment import Fragment, Setup
from splitspec.refinement.machine.testbed import Testbed, mark

KEPT = "an honest host takes no frame from under an accepted page"
UNCUT = (
    *(f"cow_fault.{guard}" for guard in ("source", "target")),
    *(f"map_page.{guard}" for guard in ("backed", "assigned", "valid")),
    *(f"write_page.{guard}" for guard in ("backed", "assigned", "valid")),
    *(f"read_page.{guard}" for guard in ("backed", "assigned", "valid")),
)
WHY = "the image is measured when it is sealed, so every page of it must be there"
FAULTS = ("access backed", "access assigned", "access validated", "access accepted")


def memory(setup: Setup, machine: Fragment) -> Fragment:
    """Return the fragment, over the parts of a page machine."""
    usable = {
        "map_page in_pool": ("in_pool",),
        "map_page accepted": ("accepted",),
        **machine.parts["clear"].guards,
    }
    copied = {
        "copy_on_write in_pool": ("in_pool",),
        "copy_on_write accepted": ("accepted",),
        **machine.parts["copy"].guards,
    }
    walked = {"access present": ("mapped",)}
    return Fragment(
        "memory",
        actions={"write_page": write_page, "read_page": read_page},
        guards={
            "map_page": usable,
            "cow_fault": copied,
            "give_back_page": {"release free": ("unmapped",)},
            "write_page": {
                **walked,
                "access writable": ("writable",),
                **machine.parts["write"].guards,
            },
            "read_page": {**walked, **machine.parts["read"].guards},
        },
        compared=("data", "learned"),
        left_out=dict.fromkeys(UNCUT, KEPT) if setup.is_honest else {},
        stricter={} if setup.is_honest else {f"seal.{reason}": WHY for reason in FAULTS},
    )


def write_page(testbed: Testbed, c: int, v: int, *, vcpu: int) -> None:
    """A store of the container, which fills the page with its mark."""
    store = partial(testbed.machine.processor.write, vcpu, v * PAGE, mark(c))
    testbed.together(partial(testbed.forget_translations, vcpu), store)


def read_page(testbed: Testbed, c: int, v: int, *, vcpu: int) -> None:
    """A load of the container, which remembers whose mark it found."""
    processor = testbed.machine.processor

    def load() -> None:
        testbed.remember(c, processor.read(vcpu, v * PAGE, PAGE))

    testbed.together(partial(testbed.forget_translations, vcpu), load)
