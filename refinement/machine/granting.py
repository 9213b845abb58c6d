"""Module `granting` in the machine: pools, memory slots, and control groups that pay.

Given an honest host, its own handler backs pages and its ledger is held too. Without, every
instruction that the platform lets a host make takes the place of the handler.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from splitspec.refinement.machine.fragment import Fragment, Function, Meanings, Setup
from splitspec.refinement.machine.testbed import Testbed
from splitspec.refinement.mapping import InexpressibleError

PROMISES = (
    "reap.settled",
    "grant_page.vacated",
    "back_page.owner",
    "back_page.process",
    "back_page.unbacked",
    "back_page.unused",
    "back_page.in_limit",
    "reclaim_frame.returned",
)
OWN: Meanings = {
    "finish_exit": {"retire drained": ("empty",)},
    "reap": {
        "remove_slot unbacked": ("settled",),
        "remove_group unused": ("settled",),
        "remove_slot dismissed": ("drained",),
    },
    "grant_page": {
        "add_slot alive": ("alive",),
        "admit alive": ("alive",),
        "add_slot disjoint": ("disjoint",),
        "admit disjoint": ("disjoint",),
        "remove_slot unbacked": ("vacated",),
    },
    "back_page": {
        "grant_page in_slot": ("owner",),
        "grant_page faulting": ("owner",),
        "grant_page alive": ("process", "owner"),  # The owner of the slot, whoever faulted.
        "grant_page unbacked": ("unbacked",),
        "grant_page free_frame": ("unused",),
        "grant_page unassigned": ("unused",),
        "grant_page limit": ("in_limit",),
    },
    "accept_page": {"accept alive": ("alive",), "accept in_pool": ("in_pool",)},
    "reclaim_frame": {
        "reclaim_page backed": ("assigned",),
        "reclaim_page given_back": ("returned",),
        "reclaim present": ("assigned",),
    },
}
LEFT_OUT = {
    "give_back_page.exiting": "the kernel can give a page back at any time",
    "give_back_page.in_pool": "the kernel names a page, and knows its pool",
}
HONEST_LEFT_OUT = {
    "give_back_page.backed": "an honest host takes no frame from under an accepted page",
    "give_back_page.assigned": "an honest host takes no frame from under an accepted page",
    "accept_page.assigned": "an honest host assigns what it backs",
}
HOSTILE_LEFT_OUT = {
    "reclaim_frame.assigned": "a host takes a frame from the page that has it: there is no other",
}
TDX_STRICTER = {
    "back_page.aug free_entry": "a page has one entry",
    "back_page.aug free_frame": "a frame has one owner",
}


def granting(setup: Setup, machine: Fragment) -> Fragment:
    """Return the fragment, over the parts of a page machine."""
    accept, rescind = machine.parts["accept"], machine.parts["rescind"]
    assert accept.step is not None
    assert rescind.step is not None
    common: dict[str, Function] = {
        "accept_page": accept.step,
        "give_back_page": partial(_give_back, rescind.step),
    }
    hosts = (
        _honest(is_tdx=setup.is_tdx) if setup.is_honest else hostile_actions(is_tdx=setup.is_tdx)
    )
    offer, withdraw = machine.part("offer"), machine.part("withdraw")
    if withdraw.step is not None:
        common["reclaim_frame"] = withdraw.step
    return Fragment(
        "granting",
        observe=observe,
        actions={**hosts, **common},
        around={"reap": remove_slots},
        guards={
            **OWN,
            "back_page": {**OWN["back_page"], **offer.guards},
            "accept_page": {**OWN["accept_page"], **accept.guards},
            "give_back_page": rescind.guards,
            "reclaim_frame": withdraw.guards or OWN["reclaim_frame"],
        },
        promises=PROMISES,
        left_out=LEFT_OUT | (_honest_left_out(setup) if setup.is_honest else HOSTILE_LEFT_OUT),
        stricter=TDX_STRICTER if setup.is_tdx and not setup.is_honest and not offer.guards else {},
    )


def _honest_left_out(setup: Setup) -> dict[str, str]:
    found = dict(HONEST_LEFT_OUT)
    if setup.sizes["Page"] == 1:
        found["back_page.unused"] = "the frame of the one page is in use when the page has it"
    if setup.limit is not None and setup.limit >= setup.sizes["Page"]:
        found["back_page.in_limit"] = "there are no more pages than the limit allows"
    return found


def observe(testbed: Testbed) -> dict[str, Any]:
    """Return the pools, and who pays for which frame."""
    usage, pools = testbed.usage(), testbed.machine.kernel.state.pools.items()
    return {
        "pool": {(owner, page) for page, owner in pools if page in testbed.pages},
        "charged": testbed.charged(),
        "usage": usage,
        "resident": sum(usage.values()),
    }


def remove_slots(testbed: Testbed, proceed: Callable[[], object], c: int) -> None:
    """The memory slots go before the vCPU is published (W8)."""
    backing, shadows = testbed.machine.host.backing, testbed.machine.host.shadows
    slots = shadows.slots_of(c)
    testbed.together(*(partial(backing.remove_slot, c, slot.first) for slot in slots), proceed)


def _give_back(rescind: Callable[..., object], testbed: Testbed, c: int, g: int) -> None:
    """The kernel gives up a page of the pool."""
    if testbed.machine.kernel.state.pools.get(g) != c:
        raise InexpressibleError("the kernel gives up a page of the pool that it is in")
    rescind(testbed, g)


def _honest(*, is_tdx: bool) -> Mapping[str, Function]:
    def grant_page(testbed: Testbed, c: int, g: int) -> None:
        backing, kernel = testbed.machine.host.backing, testbed.machine.kernel
        owner = backing.owner(g)
        # The slot of who had the page before goes first, as soon as the kernel is done with it.
        is_left = owner is not None and g not in kernel.state.pools
        first = [partial(backing.remove_slot, owner, g)] if is_left and owner is not None else []
        grant = (partial(backing.add_slot, c, g), partial(kernel.pools.admit, c, g))
        testbed.together(*first, *grant)

    def back_page(testbed: Testbed, c: int, g: int, f: int) -> None:
        # In a fault of the vCPU, or before one (KVM_PRE_FAULT_MEMORY).
        vcpu = testbed.handle(c).vcpu
        if testbed.phase(c) == "drained":
            raise InexpressibleError("a process that was dismissed asks for nothing")
        testbed.machine.host.backing.grant_page(vcpu, g, f)

    def reclaim_frame(testbed: Testbed, g: int) -> None:
        take = partial(testbed.machine.host.backing.reclaim_page, g)
        if is_tdx:
            testbed.kicking(take)
        else:
            take()

    return {"grant_page": grant_page, "back_page": back_page, "reclaim_frame": reclaim_frame}


def hostile_actions(*, is_tdx: bool) -> Mapping[str, Function]:
    """Return what a host without a ledger does for each action of the honest one."""

    def reclaim_frame(testbed: Testbed, g: int, f: int) -> None:
        hostile = testbed.machine.hostile
        if testbed.machine.platform.assigned(f) != g:
            raise InexpressibleError("the frame is taken from the page that has it")
        if is_tdx:
            testbed.without_vcpus(partial(hostile.steal, g, f))
        else:
            testbed.together(partial(hostile.steal, g, f), partial(hostile.remap, g, None))

    return {
        "grant_page": lambda testbed, c, g: testbed.machine.kernel.pools.admit(c, g),
        "back_page": lambda testbed, g, f: testbed.machine.hostile.offer(g, f),
        "reclaim_frame": reclaim_frame,
    }
