"""Module `regions` in the machine: what an entry without the right to write means.

A region is a page, and what it permits stands in the entry: a write is done, is served with a copy,
or is a violation. There is no record of copies beside the entry: what nobody names is free.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from splitspec.refinement.machine.fragment import Fragment, Setup
from splitspec.refinement.machine.lone_threads import call, fault, stopped
from splitspec.refinement.machine.supply import NOT_GIVEN, supplied
from splitspec.refinement.machine.tables import ONE_ADDRESS
from splitspec.refinement.machine.testbed import Testbed, scrubbing


def regions(setup: Setup) -> Fragment:
    """Return the fragment."""
    return Fragment(
        "regions",
        observe=_observe,
        actions={"map_text": map_text, "protect": protect, "unprotect": unprotect},
        guards={
            "map_text": {
                **stopped("running"),
                **NOT_GIVEN,
                "add_slot alive": ("running",),
                "map_page alive": ("running",),
                "map_page vacant": ("hole",),
                "map_page free": ("unmapped",),
            },
            "protect": {
                **stopped("running"),
                "protect alive": ("running",),
                "protect mapped": ("mapped",),
            },
            "unprotect": {
                **stopped("running"),
                "unprotect alive": ("running",),
                "unprotect mapped": ("protected",),
                "unprotect protected": ("protected",),
            },
            "cow_fault": {"copy_on_write shared_copy": ("permitted",)},
        },
        left_out={"map_text.unmapped": ONE_ADDRESS} if setup.sizes["Addr"] == 1 else {},
    )


def _observe(testbed: Testbed) -> dict[str, Any]:
    memory = testbed.machine.kernel.memory
    read_only = {
        (container, address)
        for container in range(testbed.machine.geometry.containers)
        for address, entry in memory.entries(container)
        if not entry.permits_writing
    }
    return {"read_only": read_only}


def map_text(testbed: Testbed, c: int, v: int, g: int) -> None:
    """A fault in the program's text is served with a page that cannot be written."""
    serve = partial(testbed.machine.kernel.spaces.map_page, c, v, g, writable=False)
    served = partial(testbed.together, *scrubbing(testbed, g), serve)
    fault(testbed, partial(supplied, testbed, served, c, g), c)


def protect(testbed: Testbed, c: int, v: int) -> None:
    """The container's thread asks that a page be written no more."""
    call(testbed, partial(testbed.machine.kernel.spaces.protect, c, v), c)


def unprotect(testbed: Testbed, c: int, v: int) -> None:
    """It asks that the page may be written again."""

    def ask(*, vcpu: int) -> None:
        testbed.machine.kernel.spaces.unprotect(c, v)

    call(testbed, ask, c)
