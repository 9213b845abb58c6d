"""In place of module `granting`: every container has pages of its own from its first moment on.

Pages go round: the first to the first container, and so on. They are accepted when the container
is created, and scrubbed and given up before it ends, with what was in them noted. How pages come
and go, and who pays, the models with `granting` say.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from splitspec.impl.kernel.records import Use
from splitspec.refinement.machine.fragment import Fragment, Setup
from splitspec.refinement.machine.testbed import Step, Testbed, scrubbing

Proceed = Callable[..., object]

UNFORKED = "no fork makes a private page read-only"
OTHERS = "a page is of one pool, and that of another container is not used"


def lone_pools(setup: Setup) -> Fragment:
    """Return the fragment."""
    containers = setup.sizes["Container"]
    return Fragment(
        "granting",
        around={
            "create": lambda testbed, proceed, c: equip(containers, testbed, proceed, c),
            "finish_exit": give_up,
        },
        left_out={"store.writable": UNFORKED} if "Channel" in setup.sizes else {},
        stricter={
            "map_page.map_page in_pool": OTHERS,
            "create_channel.create_channel in_pool": OTHERS,
        },
    )


def equip(containers: int, testbed: Testbed, proceed: Proceed, c: int) -> None:
    """A new container gets its pages."""
    machine, steps = testbed.machine, [proceed]
    for page, frame in list(zip(testbed.pages, testbed.frames, strict=True))[c::containers]:
        steps += [
            partial(machine.kernel.pools.admit, c, page),
            partial(machine.hostile.offer, page, frame),
            partial(machine.kernel.pools.accept, c, page),
        ]
    testbed.together(*steps)


def give_up(testbed: Testbed, proceed: Proceed, c: int) -> None:
    """Free pages are scrubbed and given up before the end."""
    if testbed.phase(c) != "exiting":
        proceed()
        return
    state, pools = testbed.machine.kernel.state, testbed.machine.kernel.pools
    steps: list[Step] = []
    for page in state.pool(c):
        if page in state.pages and state.pages[page].use is Use.FREE:
            steps += [partial(testbed.note, page), *scrubbing(testbed, page)]
            steps += [partial(pools.release, page)]
    testbed.together(*steps, proceed)
