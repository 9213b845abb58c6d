"""Module `sev` in the machine: rows of the reverse map, and acceptance in two steps."""

from __future__ import annotations

from typing import Any

from splitspec.impl.kernel.records import Use
from splitspec.refinement.machine.fragment import Fragment, Function, Part, Setup
from splitspec.refinement.machine.platform import ACCESS, accesses, rescind
from splitspec.refinement.machine.testbed import Testbed
from splitspec.refinement.mapping import InexpressibleError

ASSIGNED = {"pvalidate backed": ("backed",), "pvalidate assigned": ("assigned",)}
LEAVING = "the kernel takes nothing more for a container that leaves"
HONEST_LEFT_OUT = {
    f"{action}.{guard}": "an honest host assigns what it backs, and takes it from no page in use"
    for action in ("pvalidate", "abandon", "accept_page", "give_back_page")
    for guard in ("assigned", *(() if action == "pvalidate" else ("backed", "valid")))
}


def sev(setup: Setup) -> Fragment:
    """Return the fragment, with the parts of the page machine."""
    remap: dict[str, Function] = {
        "remap": lambda testbed, g, f: testbed.machine.hostile.remap(g, f)
    }
    return Fragment(
        "sev",
        observe=observe,
        actions={"pvalidate": pvalidate, "abandon": abandon} | ({} if setup.is_honest else remap),
        parts=PARTS,
        guards={
            "pvalidate": {
                **ASSIGNED,
                "pvalidate once": ("changed",),
                "validate once": ("once",),
            },
            "abandon": {
                **ASSIGNED,
                "pvalidate validated": ("valid",),
                "retract accepted": ("begun",),
                "retract free": ("begun",),
            },
            # A page that was validated and not scrubbed is neither free nor accepted.
            "map_page": {"map_page free": ("accepted",)},
            "cow_fault": {"copy_on_write free": ("accepted",)},
        },
        left_out={"pvalidate.changed": "no frame is validated whose page is not on the list"}
        | (HONEST_LEFT_OUT if setup.is_honest else {}),
        stricter={
            "pvalidate.validate alive": LEAVING,
            "pvalidate.validate unsealed": "a sealed zygote takes no more memory",
            "accept_page.complete unsealed": "a sealed zygote takes no more memory",
        },
    )


def observe(testbed: Testbed) -> dict[str, Any]:
    """Return nested table, reverse map, the kernel's list, and what lies in the frames."""
    rows = testbed.machine.kernel.state.pages.items()
    pages = [(page, row) for page, row in rows if page in testbed.pages]
    return {
        "npt": testbed.backing(),
        "rmp": testbed.holders(),
        "validated": testbed.live(),
        "record": {g: "unscrubbed" if row.use is Use.RAW else "ready" for g, row in pages},
        "data": testbed.data(),
        "learned": set(testbed.learned),
    }


def pvalidate(testbed: Testbed, g: int) -> None:
    """The kernel validates a page of a pool, and does not scrub it yet."""
    kernel = testbed.machine.kernel
    owner = kernel.state.pools.get(g)
    if owner is None:
        raise InexpressibleError("the kernel validates pages of a pool")
    kernel.pools.validate(owner, g)


def abandon(testbed: Testbed, g: int) -> None:
    """The kernel gives a page up that it has not scrubbed."""
    testbed.machine.kernel.pools.retract(g)


PARTS = {
    "accept": Part(
        step=lambda testbed, c, g: testbed.machine.kernel.pools.complete(c, g),
        guards={
            "complete alive": ("alive",),
            "complete in_pool": ("in_pool",),
            "complete raw": ("begun",),
            **ACCESS,
        },
    ),
    "rescind": Part(
        step=rescind,
        guards={
            **ASSIGNED,
            "pvalidate validated": ("valid",),
            "release accepted": ("done",),
            "release free": ("done",),
            **ACCESS,
        },
    ),
    **accesses(ACCESS),
}
