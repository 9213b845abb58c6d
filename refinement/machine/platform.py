"""Module `platform` in the machine: what both page machines have in common, by their own tables.

Whose data a frame holds is read from its bytes, as the kernel would see them: a container of the
testbed writes its mark.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from splitspec.refinement.machine.fragment import Fragment, Part, Setup
from splitspec.refinement.machine.testbed import Testbed, scrubbing


def platform(setup: Setup) -> Fragment:
    """Return the fragment, with the parts of the page machine."""
    remap = "the secure EPT is not the host's to edit"
    agree = "the entry of a page and the owner of its frame agree"
    return Fragment(
        "platform",
        observe=observe,
        actions={}
        if setup.is_honest or setup.is_tdx
        else {"remap": lambda testbed, g, f: testbed.machine.hostile.remap(g, f)},
        parts=PARTS,
        left_out={
            "accept_page.changed": "no frame is live whose page is not on the list",
        }
        | (
            {
                "remap": remap,
                "accept_page.assigned": agree,
                "give_back_page.assigned": agree,
                "map_page.assigned": agree,
                "write_page.assigned": agree,
                "read_page.assigned": agree,
            }
            if setup.is_tdx and not setup.is_honest
            else {}
        ),
    )


def observe(testbed: Testbed) -> dict[str, object]:
    """Return who has which frame, by the reverse map or the secure EPT, and what lies in it."""
    return {
        "backing": testbed.backing(),
        "holder": testbed.holders(),
        "live": testbed.live(),
        "accepted": testbed.machine.kernel.state.pages.keys() & {*testbed.pages},
        "data": testbed.data(),
        "learned": set(testbed.learned),
    }


def rescind(testbed: Testbed, g: int) -> None:
    """Scrub a page if it was used, and give it up."""
    release = partial(testbed.machine.kernel.pools.release, g)
    testbed.together(*scrubbing(testbed, g), release)


# What refuses an access of the guest: the nested table, the reverse map or the secure EPT.
ACCESS = {
    "access backed": ("backed",),
    "access assigned": ("assigned",),
    "access validated": ("valid",),
    "access accepted": ("valid",),
}


def accesses(refused: Mapping[str, tuple[str, ...]]) -> dict[str, Part]:
    """Return the parts that are accesses of the guest, by what the refusals of one mean. A copy is
    an access of two pages."""
    copied = dict.fromkeys(refused, ("source", "target"))
    return {**dict.fromkeys(("clear", "write", "read"), Part(refused)), "copy": Part(copied)}


PARTS = {
    "accept": Part(
        step=lambda testbed, c, g: testbed.machine.kernel.pools.accept(c, g),
        guards={
            "accept once": ("once",),
            "accept backed": ("backed",),
            "accept pending": ("backed",),
            "pvalidate backed": ("backed",),
            "pvalidate assigned": ("assigned",),
            "pvalidate once": ("changed",),
        },
    ),
    "rescind": Part(
        step=rescind,
        guards={
            "release accepted": ("valid", "assigned", "backed"),
            "pvalidate backed": ("backed",),
            "pvalidate assigned": ("assigned",),
            "pvalidate validated": ("valid",),
            "release backed": ("backed", "assigned", "valid"),
            **ACCESS,
        },
    ),
    **accesses(ACCESS),
}
