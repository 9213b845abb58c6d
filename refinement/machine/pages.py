"""Module `pages` in the machine, over whichever page machine: two tenants that just use memory.

The containers run from the start, and each has some of the pages in its pool for good. Who may use
a page maps it, at an address that goes with the page. What lies in a frame before it is cleared,
the host keeps, as the memory bus shows it, to play it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from splitspec.refinement.machine.fragment import Fragment, Function, Setup
from splitspec.refinement.machine.granting import hostile_actions
from splitspec.refinement.machine.lifecycle import create
from splitspec.refinement.machine.lone_threads import access, begin, drive
from splitspec.refinement.machine.memory import KEPT, read_page, write_page
from splitspec.refinement.machine.testbed import Testbed, marked
from splitspec.refinement.mapping import InexpressibleError

ONE_POOL = "a page is in the pool of one container"
GUARDS = {
    "back_page": {
        "grant_page unbacked": ("unbacked",),
        "grant_page free_frame": ("unused",),
        "grant_page unassigned": ("unused",),
    },
    "reclaim_frame": {
        "reclaim_page backed": ("assigned",),
        "reclaim_page given_back": ("returned",),
        "reclaim present": ("assigned",),
    },
    "give_back_page": {"unmap_page mapped": ("mine",)},
    "write_page": {"access present": ("mine",)},
    "read_page": {"access present": ("mine",)},
}
PROMISES = ("back_page.unbacked", "back_page.unused", "reclaim_frame.returned")
HONEST_LEFT_OUT = {
    "back_page.unused": "each page has a frame of its own, so it is backed when its frame is used",
    **{
        f"{action}.{guard}": KEPT
        for action in ("write_page", "read_page", "give_back_page", "accept_page")
        for guard in ("backed", "assigned", "valid", "usable")
    },
}


def pages(setup: Setup, machine: Fragment) -> Fragment:
    """Return the fragment, over the parts of a page machine."""
    accept, rescind = machine.parts["accept"], machine.parts["rescind"]
    assert accept.step is not None
    assert rescind.step is not None
    offer, withdraw = machine.part("offer"), machine.part("withdraw")
    actions: dict[str, Function] = {
        **(_honest(setup) if setup.is_honest else _hostile(setup)),
        "accept_page": partial(accept_page, setup, accept.step),
        "give_back_page": partial(give_back_page, setup, rescind.step),
        "write_page": partial(_accessed, write_page),
        "read_page": partial(_accessed, read_page),
    }
    if withdraw.step is not None:
        actions["reclaim_frame"] = withdraw.step
    own = {
        "back_page": {**GUARDS["back_page"], **offer.guards},
        "reclaim_frame": withdraw.guards or GUARDS["reclaim_frame"],
        "accept_page": {r: g for r, g in accept.guards.items() if not {*g} & {"alive", "in_pool"}},
        "give_back_page": {**GUARDS["give_back_page"], **rescind.guards},
        "write_page": {**GUARDS["write_page"], **machine.parts["write"].guards},
        "read_page": {**GUARDS["read_page"], **machine.parts["read"].guards},
        "replay": {} if setup.is_tdx else {"host_write unassigned": ("unassigned",)},
    }
    return Fragment(
        "pages",
        observe=observe,
        begin=partial(_begin, setup),
        actions=actions,
        guards=GUARDS | own,
        promises=PROMISES,
        left_out=_left_out(setup),
        stricter={} if offer.guards else _stricter(setup),
        compared=("data", "learned"),
    )


def _left_out(setup: Setup) -> dict[str, str]:
    listed = "who uses a page has it on the kernel's list"
    found = dict.fromkeys(("give_back_page.listed", "give_back_page.done"), listed)
    found["accept_page.not_foreign"] = ONE_POOL
    if setup.is_honest:
        return found | HONEST_LEFT_OUT
    found["reclaim_frame.assigned"] = "a host takes a frame from the page that has it"
    if setup.is_tdx:
        bit = "a write to a frame of a TD goes through, and its next use notices"
        found |= dict.fromkeys(("replay.unowned", "replay.unassigned"), bit)
    return found


def _stricter(setup: Setup) -> dict[str, str]:
    if setup.is_honest or not setup.is_tdx:
        return {}
    return {
        "back_page.aug free_entry": "a page has one entry",
        "back_page.aug free_frame": "a frame has one owner",
    }


def _owner(setup: Setup, page: int) -> int:
    """The container in whose pool a page is."""
    return (page - setup.geometry.pool_pages.start) % setup.sizes["Container"]


def _address(testbed: Testbed, page: int) -> int:
    return page - testbed.pages.start


def _begin(setup: Setup, testbed: Testbed) -> None:
    """Every container runs, and has its pages in its slot and pool."""
    machine = testbed.machine
    for c in range(setup.sizes["Container"]):
        drive(testbed, partial(create, testbed, c), c)
        begin(testbed, partial(machine.kernel.lifecycle.start, c), c)
        for page in testbed.pages:
            if _owner(setup, page) == c:
                machine.host.backing.add_slot(c, page)
                machine.kernel.pools.admit(c, page)


def observe(testbed: Testbed) -> dict[str, Any]:
    """Return who maps which page."""
    memory, containers = testbed.machine.kernel.memory, testbed.machine.geometry.containers
    return {"user": {entry.page: c for c in range(containers) for _, entry in memory.entries(c)}}


def accept_page(setup: Setup, accept: Function, testbed: Testbed, c: int, g: int) -> None:
    """The kernel accepts a page, and maps it."""
    if _owner(setup, g) != c:
        raise InexpressibleError(ONE_POOL)
    serve = partial(testbed.machine.kernel.spaces.map_page, c, _address(testbed, g), g)
    keep = partial(keep_ciphertext, testbed, g)
    testbed.together(keep, partial(accept, testbed, c, g), serve)


def give_back_page(setup: Setup, rescind: Function, testbed: Testbed, c: int, g: int) -> None:
    """The kernel unmaps a page, and gives it up."""
    if _owner(setup, g) != c:
        raise InexpressibleError(ONE_POOL)
    vcpu, address = testbed.handle(c).vcpu, _address(testbed, g)
    unmap = partial(testbed.machine.kernel.spaces.unmap_page, c, address, vcpu=vcpu)
    keep = partial(keep_ciphertext, testbed, g)
    testbed.together(keep, unmap, lambda: rescind(testbed, g))


def keep_ciphertext(testbed: Testbed, g: int) -> None:
    """Whoever watches the memory bus keeps what the frame holds, if it holds anybody's data."""
    memory, frame = testbed.machine.memory, testbed.backing().get(g)
    if (
        frame is not None
        and marked(memory.load(frame, private=True), testbed.machine.geometry.containers)
        is not None
    ):
        testbed.saved[frame] = memory.raw(frame)


def replay(testbed: Testbed, f: int) -> None:
    """The host writes it back, or else noise."""
    machine = testbed.machine
    if not machine.platform.clears_on_accept or machine.platform.assigned(f) is None:
        machine.hostile.tamper(f, 0, testbed.saved.get(f, NOISE))
        return
    raise InexpressibleError("a write to a frame of a TD is noticed by its next use")


NOISE = bytes(range(256)) * 16


def _accessed(use: Function, testbed: Testbed, c: int, g: int) -> None:
    access(testbed, partial(use, testbed, c, _address(testbed, g)), c)


def _honest(setup: Setup) -> Mapping[str, Function]:
    def back_page(testbed: Testbed, g: int, f: int) -> None:
        vcpu = testbed.handle(_owner(setup, g)).vcpu
        testbed.machine.host.backing.grant_page(vcpu, g, f)

    def reclaim_frame(testbed: Testbed, g: int) -> None:
        testbed.kicking(partial(testbed.machine.host.backing.reclaim_page, g))

    return {"back_page": back_page, "reclaim_frame": reclaim_frame}


def _hostile(setup: Setup) -> Mapping[str, Function]:
    actions = hostile_actions(is_tdx=setup.is_tdx)
    own = {name: actions[name] for name in ("back_page", "reclaim_frame")}
    return own | {"replay": replay}
