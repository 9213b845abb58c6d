"""Module `tdx` in the machine: entries of the secure EPT, and their frames' owners.

The machine's TD was made with PAGE_RELEASE. TLB tracking is not modelled: where TDX wants every
vCPU out of the guest before it unblocks or removes a page, they go out, an epoch begins, and they
come back. A host without a ledger makes each SEAMCALL by itself.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from splitspec.impl.hardware.tdx import Tdx
from splitspec.impl.refusal import HardwareRefusal
from splitspec.refinement.machine.fragment import Fragment, Function, Meanings, Part, Setup
from splitspec.refinement.machine.platform import accesses, rescind
from splitspec.refinement.machine.testbed import Step, Testbed

ACCESS = {"access backed": ("backed",), "access accepted": ("usable",)}
IN_USE = "an honest host blocks and takes no page in use"
GUARDS: Meanings = {
    "block": {
        "block_page backed": ("present",),
        "block_page given_back": ("returned",),
        "block present": ("present",),
    },
    "unblock": {"unblock blocked": ("blocked",)},
}
HONEST_LEFT_OUT = {
    "back_page.vacant": "an honest host backs no page that has a frame",
    "back_page.unowned": "an honest host takes no frame that is in use",
    **{
        f"{action}.{guard}": IN_USE
        for action in ("give_back_page", "map_page", "write_page", "read_page")
        for guard in ("backed", "usable")
    },
}


def tdx(setup: Setup) -> Fragment:
    """Return the fragment, with the parts of the page machine."""
    return Fragment(
        "tdx",
        observe=observe,
        actions={"block": _block(setup), "unblock": unblock},
        parts={**PARTS, "withdraw": Part(WITHDRAWN, _withdraw(setup))},
        guards=GUARDS,
        promises=("block.returned",),
        left_out=HONEST_LEFT_OUT if setup.is_honest else _hostile_left_out(setup),
    )


def _hostile_left_out(setup: Setup) -> dict[str, str]:
    found = {"reclaim_frame.held": "the host names a page, and takes the frame that it has"}
    if setup.sizes["Page"] == 1:
        found["back_page.unowned"] = "the frame of the one page is owned when the page has it"
    return found


def observe(testbed: Testbed) -> dict[str, Any]:
    """Return entries and owners, the kernel's list, and what lies in the frames."""
    rows = _module(testbed).sept.items()
    entries = {page: entry for page, entry in rows if page in testbed.pages}
    return {
        "releases": True,
        "sept": {page: entry.frame for page, entry in entries.items()},
        "entry": {page: entry.state.name.lower() for page, entry in entries.items()},
        "pamt": testbed.holders(),
        "accepted": testbed.machine.kernel.state.pages.keys() & {*testbed.pages},
        "data": testbed.data(),
        "learned": set(testbed.learned),
    }


def unblock(testbed: Testbed, g: int) -> None:
    """The host lets the guest have the page again, as it was."""
    _tracked(testbed, partial(_module(testbed).unblock, g))


def _block(setup: Setup) -> Function:
    if setup.is_honest:
        return lambda testbed, g: testbed.machine.host.backing.block_page(g)
    return lambda testbed, g: _module(testbed).block(g)


def _withdraw(setup: Setup) -> Function:
    def reclaim_frame(testbed: Testbed, g: int) -> None:
        machine = testbed.machine
        remove = machine.host.backing.remove_page if setup.is_honest else _module(testbed).remove
        _tracked(testbed, partial(remove, g))

    return reclaim_frame


def _module(testbed: Testbed) -> Tdx:
    platform = testbed.machine.platform
    assert isinstance(platform, Tdx)
    return platform


def _tracked(testbed: Testbed, step: Step) -> None:
    """Take a step. If translations may be left, every vCPU goes out first, and an epoch begins."""
    before = testbed.machine.journal.mark()
    try:
        step()
    except HardwareRefusal as refusal:
        if refusal.guard != "tracked" or testbed.machine.journal.mark() != before:
            raise
        track = _module(testbed).track
        testbed.without_vcpus(partial(testbed.together, track, step))


WITHDRAWN = {
    "remove_page backed": ("held",),
    "remove_page given_back": ("returned",),
    "remove blocked": ("blocked",),
}
PARTS = {
    "offer": Part({"aug free_entry": ("vacant",), "aug free_frame": ("unowned",)}),
    "accept": Part(
        step=lambda testbed, c, g: testbed.machine.kernel.pools.accept(c, g),
        guards={
            "accept once": ("once",),
            "accept backed": ("backed",),
            "accept pending": ("pending",),
        },
    ),
    "rescind": Part(
        step=rescind,
        guards={
            "release accepted": ("listed",),
            "release backed": ("backed", "usable"),
            **ACCESS,
        },
    ),
    **accesses(ACCESS),
}
