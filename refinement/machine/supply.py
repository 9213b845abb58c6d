"""In place of `granting` and a page machine, for models that know of tables only.

A page comes when it is mapped: the host has a slot for it and a frame behind it, the kernel has it
in the pool and accepts it. It goes when its container does. So a page that is in one container's
pool is mapped in no other but its clones, before that one is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from splitspec.refinement.machine.fragment import Fragment, Setup
from splitspec.refinement.machine.testbed import Step, Testbed, scrubbing
from splitspec.refinement.mapping import InexpressibleError

Proceed = Callable[..., object]

NOT_GIVEN = {"admit alive": ("running",), "admit unsealed": ("running",)}
IMAGE = "the pages of a zygote stay in its pool as long as a clone maps them"


def supply(_setup: Setup) -> Fragment:
    """Return what a container gets and leaves, inside of what its thread does."""
    return Fragment(
        "supply",
        around={"map_page": supplied, "cow_fault": copied, "finish_exit": give_back},
        guards={
            "map_page": {"add_slot alive": ("running",), **NOT_GIVEN},
            "cow_fault": {"add_slot alive": ("running",), **NOT_GIVEN},
        },
        stricter={"finish_exit.release free": IMAGE, "finish_exit.retire drained": IMAGE},
    )


def slots(_setup: Setup) -> Fragment:
    """Return what the host takes back, before it has the vCPU."""
    in_use = {"reclaim_page given_back": ("drained",)}
    return Fragment("slots", around={"reap": take_back}, guards={"reap": in_use})


def supplied(testbed: Testbed, proceed: Proceed, c: int, g: int) -> None:
    """A fault is served with a page that comes with it."""
    testbed.together(*_supplying(testbed, c, g), proceed)


def copied(testbed: Testbed, proceed: Proceed, c: int, h: int) -> None:
    """So is a write to the image."""
    testbed.together(*_supplying(testbed, c, h), proceed)


def _supplying(testbed: Testbed, c: int, page: int) -> Iterator[Step]:
    kernel, backing = testbed.machine.kernel, testbed.machine.host.backing
    owner, backed = kernel.state.pools.get(page), page in backing.frames
    if owner is not None and owner != c:
        raise InexpressibleError("the kernel serves a fault from the container's own pool")
    if owner is None:
        former = backing.owner(page)
        if former is not None:
            yield partial(_clear_slot, testbed, former, page)
            backed = False
        yield partial(backing.add_slot, c, page)
        yield partial(kernel.pools.admit, c, page)
    if not backed:
        yield lambda: backing.grant_page(testbed.handle(c).vcpu, page, backing.free_frames()[0])
    if page not in kernel.state.pages:
        yield partial(kernel.pools.accept, c, page)


def _clear_slot(testbed: Testbed, c: int, first: int) -> None:
    backing = testbed.machine.host.backing
    steps: list[Step] = [partial(backing.remove_slot, c, first)]
    if first in backing.frames:
        steps.insert(0, partial(testbed.kicking, partial(backing.reclaim_page, first)))
    testbed.together(*steps)


def give_back(testbed: Testbed, proceed: Proceed, c: int) -> None:
    """Before the last of a container goes, its pages do, once it maps none of them."""
    kernel = testbed.machine.kernel
    if testbed.phase(c) != "exiting" or next(kernel.memory.entries(c), None) is not None:
        proceed()
        return
    own = [page for page in kernel.state.pool(c) if page in kernel.state.pages]
    testbed.together(*(partial(_release, testbed, page) for page in own), proceed)


def _release(testbed: Testbed, page: int) -> None:
    release = partial(testbed.machine.kernel.pools.release, page)
    testbed.together(*scrubbing(testbed, page), release)


def take_back(testbed: Testbed, proceed: Proceed, c: int) -> None:
    """Frames and slots go before the vCPU is published (W8)."""
    held = testbed.machine.host.shadows.slots_of(c)
    testbed.together(*(partial(_clear_slot, testbed, c, slot.first) for slot in held), proceed)
