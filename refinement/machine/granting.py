"""The machine held to `granting`: pools, frames, and who pays, over the page machine.

Given an honest host, its own handler backs pages and its ledger is held too. Without, every
instruction that the platform lets a host make takes the place of the handler.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from splitspec.impl.geometry import Geometry
from splitspec.impl.machine import PlatformKind
from splitspec.impl.refusal import Refusal
from splitspec.refinement.machine.testbed import Testbed, undo
from splitspec.refinement.mapping import Implementation, InexpressibleError

LIMIT = 1
SIZES = {"Container": 2, "Page": 2, "Frame": 2}

GUARDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "create": {"start absent": ("fresh",), "create absent": ("fresh",)},
    "start": {"start created": ("loaded",)},
    "begin_exit": {"exit present": ("running",)},
    "kill": {"kill alive": ("driven",)},
    "finish_exit": {"retire exiting": ("exiting",), "retire drained": ("empty",)},
    "reap": {
        "remove_slot unbacked": ("settled",),
        "remove_group unused": ("settled",),
        "publish parked": ("drained",),
        "finish exists": ("drained",),
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
    "accept_page": {
        "accept alive": ("alive",),
        "accept in_pool": ("in_pool",),
        "accept once": ("once",),
        "accept backed": ("backed",),
        "accept pending": ("backed",),
        "pvalidate backed": ("backed",),
        "pvalidate assigned": ("assigned",),
        "pvalidate once": ("changed",),
    },
    "give_back_page": {
        "release accepted": ("valid", "assigned", "backed"),
        "pvalidate backed": ("backed",),
        "pvalidate assigned": ("assigned",),
        "pvalidate validated": ("valid",),
        "release backed": ("backed", "assigned", "valid"),
    },
    "reclaim_frame": {
        "reclaim_page backed": ("assigned",),
        "reclaim_page given_back": ("returned",),
        "reclaim present": ("assigned",),
    },
}
LEFT_OUT = {
    "create.fresh": "",
    "kill.alive": "killing the process of a container that is gone is ending it",
    "start.driven": "who is created has a shadow, so it is never the reason",
    "begin_exit.driven": "who runs has a shadow, so it is never the reason",
    "begin_exit.running": "",
    "give_back_page.exiting": "the kernel can give a page back at any time",
    "give_back_page.in_pool": "the kernel names a page, and knows its pool",
}
HONEST_LEFT_OUT = {
    "give_back_page.backed": "an honest host takes no frame from under an accepted page",
    "give_back_page.assigned": "an honest host takes no frame from under an accepted page",
    "accept_page.assigned": "an honest host assigns what it backs",
    "accept_page.changed": "no frame is live whose page is not on the list",
}
HOSTILE_LEFT_OUT = {
    "accept_page.changed": "no frame is live whose page is not on the list",
    "reclaim_frame.assigned": "a host takes a frame from the page that has it: there is no other",
}
TDX_LEFT_OUT = {
    "remap": "the secure EPT is not the host's to edit",
    "accept_page.assigned": "the entry of a page and the owner of its frame agree",
    "give_back_page.assigned": "the entry of a page and the owner of its frame agree",
}
TDX_STRICTER = {
    "back_page.aug free_entry": "a page has one entry",
    "back_page.aug free_frame": "a frame has one owner",
}


def granting(
    kind: PlatformKind,
    *,
    honest: bool,
    sizes: Mapping[str, int] | None = None,
    limit: int = LIMIT,
) -> Implementation[Testbed]:
    """Return the mapping of a machine of one platform, under an honest host or a hostile one.

    `limit` is memory.max of every container, in frames.
    """
    sizes = sizes or SIZES
    geometry = Geometry(sizes["Container"], sizes["Page"], sizes["Frame"], sizes["Container"])
    is_tdx = kind is PlatformKind.TDX
    left_out = {name: why for name, why in LEFT_OUT.items() if why}
    left_out |= HONEST_LEFT_OUT if honest else HOSTILE_LEFT_OUT
    left_out |= TDX_LEFT_OUT if is_tdx and not honest else {}
    actions = {
        **_common(),
        **(_honest(limit, is_tdx=is_tdx) if honest else _hostile(is_tdx=is_tdx)),
    }
    return Implementation(
        name=f"impl on {kind.value}",
        model="granting",
        create=partial(Testbed, geometry, kind),
        observe=observe,
        actions=actions,
        refusal=Refusal,
        reason=lambda refusal: f"{refusal.operation} {refusal.guard}",
        guards=_guards(honest=honest),
        elements={
            "Container": range(sizes["Container"]),
            "Page": geometry.pool_pages,
            "Frame": geometry.pool_frames,
        },
        given=("host",) if honest else (),
        sizes=sizes,
        pins={"limit": limit},
        left_out=left_out,
        stricter=TDX_STRICTER if is_tdx and not honest else {},
        undo=undo(),
    )


def observe(testbed: Testbed) -> dict[str, Any]:
    """Return what the machine is in the terms of `granting`, computed from its tables."""
    state = testbed.machine.kernel.state
    return {
        "phase": dict(testbed.phases()),
        "shadow": testbed.shadows(),
        "pool": {(owner, page) for page, owner in state.pools.items()},
        "backing": testbed.backing(),
        "holder": testbed.holders(),
        "live": testbed.live(),
        "accepted": set(state.pages),
        "charged": testbed.charged(),
        "usage": testbed.usage(),
        "resident": sum(testbed.usage().values()),
    }


def _guards(*, honest: bool) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return what each reason means; promises are guards of an honest host only."""
    promises = {"settled", "vacated", "owner", "process", "unbacked", "unused", "in_limit"}
    promises |= {"returned"}
    kept: dict[str, dict[str, tuple[str, ...]]] = {}
    for action, reasons in GUARDS.items():
        named = {
            reason: guards
            for reason, guards in reasons.items()
            if honest or not promises & set(guards)
        }
        kept[action] = named
    return kept


Actions = dict[str, Callable[..., object]]


def _common() -> Actions:
    """Return what both hosts do, and what the kernel does."""
    return {
        "start": lambda testbed, c: testbed.machine.kernel.lifecycle.start(c),
        "begin_exit": begin_exit,
        "kill": lambda testbed, c: testbed.kill(c),
        "finish_exit": lambda testbed, c: testbed.finish_exit(c),
        "reap": lambda testbed, c: testbed.reap(c),
        "accept_page": lambda testbed, c, g: testbed.machine.kernel.pools.accept(c, g),
        "give_back_page": give_back_page,
    }


def begin_exit(testbed: Testbed, c: int) -> None:
    """A thread of the container asks for the end."""
    if testbed.phase(c) == "created":
        raise InexpressibleError("a container that does not run makes no call")
    testbed.machine.kernel.lifecycle.exit(c)


def give_back_page(testbed: Testbed, c: int, g: int) -> None:
    """The kernel scrubs a page of a pool, if it is used, and gives it up."""
    kernel = testbed.machine.kernel
    if kernel.state.pools.get(g) != c:
        raise InexpressibleError("the kernel gives up a page of the pool that it is in")
    kernel.pools.release(g)


def _honest(limit: int, *, is_tdx: bool) -> Actions:
    def grant_page(testbed: Testbed, c: int, g: int) -> None:
        backing, kernel = testbed.machine.host.backing, testbed.machine.kernel
        owner = backing.owner(g)
        # The slot of who had the page before goes first, as soon as the kernel is done with it.
        is_left = owner is not None and g not in kernel.state.pools
        first = [partial(backing.remove_slot, owner, g)] if is_left and owner is not None else []
        grant = (partial(backing.add_slot, c, g), partial(kernel.pools.admit, c, g))
        testbed.together(*first, *grant)

    def back_page(testbed: Testbed, c: int, g: int, f: int) -> None:
        vcpu = testbed.handle(c).vcpu
        if not testbed.machine.processor.vcpus[vcpu].inside:
            raise InexpressibleError("a vCPU that is not in the guest has no fault")
        testbed.machine.host.backing.grant_page(vcpu, g, f)

    def reclaim_frame(testbed: Testbed, g: int) -> None:
        take = partial(testbed.machine.host.backing.reclaim_page, g)
        if is_tdx:
            testbed.without_vcpus(take)
        else:
            take()

    return {
        "create": lambda testbed, c: testbed.create(c, limit=limit),
        "grant_page": grant_page,
        "back_page": back_page,
        "reclaim_frame": reclaim_frame,
    }


def _hostile(*, is_tdx: bool) -> Actions:
    def reclaim_frame(testbed: Testbed, g: int, f: int) -> None:
        hostile = testbed.machine.hostile
        if testbed.machine.platform.assigned(f) != g:
            raise InexpressibleError("the frame is taken from the page that has it")
        if is_tdx:
            testbed.without_vcpus(partial(hostile.steal, g, f))
        else:
            testbed.together(partial(hostile.steal, g, f), partial(hostile.remap, g, None))

    actions: Actions = {
        "create": lambda testbed, c: testbed.create(c),
        "grant_page": lambda testbed, c, g: testbed.machine.kernel.pools.admit(c, g),
        "back_page": lambda testbed, g, f: testbed.machine.hostile.offer(g, f),
        "reclaim_frame": reclaim_frame,
    }
    if not is_tdx:
        actions["remap"] = lambda testbed, g, f: testbed.machine.hostile.remap(g, f)
    return actions
