"""Module `object_memory` in the machine: pages that objects have, mapped or not.

Each page of the model has a part of its own in every object, so that the page which the model maps
is the one that the kernel finds there. The kernel counts entries of tables, and the object, as one
number for a page; so the mappers of a page are what that number leaves when the object is taken
away.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from splitspec.refinement.machine.fragment import Fragment, Setup
from splitspec.refinement.machine.objects import slot_of
from splitspec.refinement.machine.testbed import Testbed, scrubbing

ONE_OBJECT = "with one object a page that an object has is that one's"

TO_AN_OBJECTS = "who has a page to copy has no other address, at which an object of its own got one"


def object_memory(setup: Setup) -> Fragment:
    """Return the fragment, over tables that map pages of objects."""
    named = ("nameless", "unlocked")
    return Fragment(
        "object_memory",
        observe=observe,
        guards={
            "map_page": {
                "map_object held": ("named",),
                "map_object right": ("allowed",),
                "map_object alive": ("running",),
                "map_object vacant": ("hole",),
                "map_object unmapped": ("unmapped",),
                "map_page free": ("free",),
            },
            "cow_fault": {"copy_on_write free": ("loose",)},
            "drop_object": {"drop_object unmapped": ("unmapped",)},
            "revoke_object": {"revoke_object unmapped": ("unmapped",)},
            "finish_exit": {"release free": named, "retire drained": named},
        },
        left_out=_left_out(setup),
    )


def _left_out(setup: Setup) -> dict[str, str]:
    found = {}
    if setup.sizes["Object"] == 1:
        found["map_page.free"] = ONE_OBJECT
    if setup.sizes["Addr"] == 1:
        found["cow_fault.loose"] = TO_AN_OBJECTS
    return found


def of_objects(tables: Fragment) -> Fragment:
    """Return the fragment of tables, where a page that is mapped is one of an object."""
    return replace(tables, actions={**tables.actions, "map_page": map_page})


def map_page(testbed: Testbed, c: int, v: int, g: int, o: int) -> None:
    """The kernel serves a fault in a mapping of an object, with a page that it scrubs if it was
    used, or with that which the object has."""
    kernel, slot = testbed.machine.kernel, slot_of(testbed, c, o)
    serve = partial(kernel.object_memory.map_page, c, slot, testbed.pages.index(g), v, g)
    testbed.together(*scrubbing(testbed, g), serve)


def observe(testbed: Testbed) -> dict[str, Any]:
    """Return which object has which page, and how often pages are mapped besides."""
    state = testbed.machine.kernel.state
    named = {number: o for o, number in testbed.objects.items()}
    part_of = {g: named[n] for (n, _), g in state.commits.items() if g in testbed.pages}
    counted = {g: row.references for g, row in state.pages.items() if g in testbed.pages}
    return {
        "part_of": part_of,
        "mappers": {g: count - (g in part_of) for g, count in counted.items()},
    }
