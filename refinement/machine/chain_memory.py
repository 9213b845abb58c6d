"""Module `chain_memory` in the machine: channels over pools, frames, charges and fork.

A channel's page is accepted with it and given up with it, in one step. Under a hostile host nothing
is said of what pages held, since the host takes frames from under them: whose data are in a frame
is compared instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from splitspec.refinement.machine.fragment import Fragment, Setup
from splitspec.refinement.machine.memory import KEPT
from splitspec.refinement.machine.testbed import Testbed, marked, scrubbing

Proceed = Callable[..., object]

LEFT_OUT = {
    "write_page": "a store to private memory is `store` here: the machine has one for both",
    "create_channel.unmapped": "a page that is mapped is accepted, and a channel's is not yet",
    "create_channel.untyped": "a page of a channel is accepted, and that of a new one is not yet",
    "create_channel.changed": "no frame is live whose page is not on the list",
    "send.owned": "the machine knows whose page it is",
}
HONEST_LEFT_OUT = {
    **{
        f"{action}.{guard}": KEPT
        for action in ("destroy_channel", "store", "send")
        for guard in ("backed", "assigned", "valid")
    },
    "create_channel.assigned": "an honest host assigns what it backs",
}
WHY_TAINTED = "who was in a chain has held a tenant's data, and is no zygote any more"


def chain_memory(setup: Setup, machine: Fragment) -> Fragment:
    """Return the fragment, over the parts of a page machine."""
    parts, left_out = machine.parts, dict(LEFT_OUT)
    if setup.is_honest:
        left_out |= HONEST_LEFT_OUT
    elif setup.is_tdx:
        agree = "the entry of a page and the owner of its frame agree"
        changed = ("create_channel", "destroy_channel", "store", "send")
        left_out |= {f"{action}.assigned": agree for action in changed}
    if setup.sizes["Page"] == 1:
        left_out["cow_fault.untyped"] = "one page leaves none to copy to"
    return Fragment(
        "chain_memory",
        around={
            "destroy_channel": partial(give_up, setup.is_honest),
            "give_back_page": partial(_note, setup.is_honest),
            "seal": partial(publish, setup.zygote),
        },
        guards={
            "create_channel": {
                "accept in_pool": ("in_pool",),
                "accept unsealed": ("running",),
                "create_channel running": ("running",),
                **parts["accept"].guards,
            },
            "grant": {"grant running": ("unsealed",)},
            "destroy_channel": parts["rescind"].guards,
            "store": parts["write"].guards,
            "send": parts["write"].guards,
            "seal": {"seal untainted": ("unchained",)},
            "cow_fault": {"copy_on_write free": ("untyped",)},
            "give_back_page": {"release free": ("untyped",)},
        },
        left_out=left_out,
        stricter={"seal.seal untainted": WHY_TAINTED},
    )


def without_stores(fragment: Fragment) -> Fragment:
    """Return a fragment without what the machine does as `store`."""
    actions = {name: each for name, each in fragment.actions.items() if name != "write_page"}
    return replace(fragment, actions=actions)


def give_up(is_noted: bool, testbed: Testbed, proceed: Proceed, k: int) -> None:
    """The page of the channel goes with it."""
    channel = testbed.machine.kernel.channels.channels.get(k)
    pages = () if channel is None else channel.pages

    def release() -> None:
        for page in pages:
            note = [partial(testbed.note, page)] if is_noted else []
            give = partial(testbed.machine.kernel.pools.release, page)
            testbed.together(*note, *scrubbing(testbed, page), give)

    testbed.together(proceed, release)


def _note(is_noted: bool, testbed: Testbed, proceed: Proceed, g: int) -> None:
    note = [partial(testbed.note, g)] if is_noted else []
    testbed.together(*note, proceed)


def publish(zygote: int, testbed: Testbed, proceed: Proceed) -> None:
    """What a zygote maps when it is sealed is private no longer."""
    memory = testbed.machine.kernel.memory

    def remember() -> None:
        pages = [entry.page for _, entry in memory.entries(zygote)]
        slots = testbed.machine.geometry.containers
        if any(marked(memory.read(page), slots) == zygote for page in pages):
            testbed.published[zygote] = True

    testbed.together(proceed, remember)
