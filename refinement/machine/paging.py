"""Module `paging` in the machine: pages of page tables, private pages, and pages of the host's.

The kernel has no leaf table of its own for a container, so that each is a page of its pool. Which
pages are tables is read from the directories, as the hardware walks them; what an entry says of a
page, from its bit; what is public, from the kernel's records. A function fills a private page with
its mark, and the first half of a page of the host's with something else; the host writes the other
half. Whose data a page holds is seen in its bytes, as its owner reads it, or the memory bus shows.

Pages are of a pool from its container's first moment on (`lone_pools`). The host converts a page
between private and shared in the step in which the kernel asks for it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from splitspec.impl.geometry import PAGE, ZEROS
from splitspec.impl.kernel.records import Use
from splitspec.refinement.machine.fragment import Fragment, Meanings, Setup
from splitspec.refinement.machine.lone_pools import OTHERS
from splitspec.refinement.machine.lone_threads import access, call, fault, stopped
from splitspec.refinement.machine.testbed import Step, Testbed, mark, marked, scrubbing
from splitspec.refinement.mapping import InexpressibleError

Proceed = Callable[..., object]

HALF = PAGE // 2
TO_THE_HOST = b"to the host     " * (HALF // 16)
PLANTED = b"of the host     " * (HALF // 16)
GUARDS: Meanings = {
    "add_table_page": {
        **stopped("may"),
        "add_table free": ("unmapped", "untabled", "private"),
    },
    "free_table_page": {
        "remove_table exiting": ("exiting",),
        "remove_table mine": ("mine",),
        "remove_table empty": ("empty",),
    },
    "share_page": {"share free": ("private", "unmapped", "untabled")},
    "unshare_page": {"unshare shared": ("public",), "unshare unreferenced": ("unmapped",)},
    "unmap_page": {"unmap_page rooted": ("mapped",)},
    "protect_page": {
        **stopped("running"),
        "protect rooted": ("mapped",),
        "protect mapped": ("mapped",),
    },
    "store": {
        **stopped("running"),
        "access present": ("mapped",),
        "access writable": ("writable",),
    },
    "host_store": {"host_write unassigned": ("public",)},
    "map_page": {
        "map_page rooted": ("rooted",),
        "map_page free": ("untabled", "agreed"),
        "map_shared rooted": ("rooted",),
        "map_shared vacant": ("hole",),
        "map_shared shared": ("untabled", "agreed"),
        "map_shared unreferenced": ("unmapped",),
    },
    "finish_exit": {"retire drained": ("bare",)},
}


def paging(setup: Setup) -> Fragment:
    """Return the fragment."""
    return Fragment(
        "paging",
        observe=observe,
        actions={
            "add_table_page": add_table_page,
            "free_table_page": free_table_page,
            "share_page": share_page,
            "unshare_page": unshare_page,
            "protect_page": protect_page,
            "store": store,
            "host_store": partial(host_store, setup.is_tdx),
        },
        around={
            "add_table_page": fault,
            "protect_page": call,
            "store": access,
            "map_page": map_either,
        },
        guards=GUARDS,
        left_out=_left_out(setup),
        stricter={
            "map_page.map_shared in_pool": OTHERS,
            "add_table_page.add_table in_pool": OTHERS,
            "finish_exit.retire drained": "what is shared is private again before the end",
        },
        compared=("walks", "table_pages", "public", "open", "secret", "planted", "forged"),
    )


def _left_out(setup: Setup) -> dict[str, str]:
    found = {"protect_page.writable": "a right that is not there can be taken, and nothing changes"}
    if setup.is_tdx:
        bit = "a write to a frame of a TD goes through, and its next use notices"
        found["host_store.public"] = bit
    return found


# What the machine is


def observe(testbed: Testbed) -> dict[str, Any]:
    """Return what pages are used for, and what they hold."""
    kernel, containers = testbed.machine.kernel, range(testbed.machine.geometry.containers)
    tables = {c: set(kernel.memory.pool_tables(c).values()) for c in containers}
    entries = ((c, address, e) for c in containers for address, e in kernel.memory.entries(c))
    writers = {page: _writer(testbed, page) for page in testbed.pages}
    return {
        "walks": {page: c for c in containers for page in tables[c]},
        "table_pages": {c: len(tables[c]) for c in containers},
        "public": {page for page, row in kernel.state.pages.items() if row.use is Use.SHARED},
        "open": {(c, address) for c, address, entry in entries if entry.shared},
        "secret": {page: c for page, c in writers.items() if c is not None},
        "planted": {page for page in testbed.pages if _is_planted(testbed, page)},
        "forged": {c for c in containers if any(_is_forged(testbed, p) for p in tables[c])},
    }


def _writer(testbed: Testbed, page: int) -> int | None:
    """Return whose private data a page holds, or held when it was scrubbed to be given up."""
    machine, record = testbed.machine, testbed.machine.kernel.state.pages.get(page)
    if record is None or record.is_clean:
        content = testbed.wiped.get(page, ZEROS)
    elif record.use is Use.SHARED:
        content = machine.platform.host_read(_frame(testbed, page))
    else:
        content = machine.kernel.memory.read(page)
    return marked(content, machine.geometry.containers)


def _is_planted(testbed: Testbed, page: int) -> bool:
    return PLANTED[:16] in testbed.machine.memory.raw(_frame(testbed, page))


def _is_forged(testbed: Testbed, page: int) -> bool:
    """A page of a table holds what somebody else than the kernel wrote."""
    content = testbed.machine.kernel.memory.read(page)
    is_written = marked(content, testbed.machine.geometry.containers) is not None
    return is_written or PLANTED[:16] in content or TO_THE_HOST[:16] in content


def _frame(testbed: Testbed, page: int) -> int:
    """Return the frame behind a page, which is always the same."""
    return testbed.frames[page - testbed.pages.start]


# What is done


def add_table_page(testbed: Testbed, c: int, g: int) -> None:
    """A fault finds no table: the kernel takes a page of the pool for one, and scrubs it before."""
    add = partial(testbed.machine.kernel.spaces.add_table, c, g)
    testbed.together(*scrubbing(testbed, g), add)


def free_table_page(testbed: Testbed, c: int, g: int) -> None:
    """The kernel takes a table page back while it takes the container down."""
    spaces = testbed.machine.kernel.spaces
    spaces.remove_table(c, g, vcpu=testbed.kernel_on(c))


def share_page(testbed: Testbed, g: int) -> None:
    """The kernel gives a page up, and the host shares its frame."""
    machine, owner = testbed.machine, testbed.machine.kernel.state.pools.get(g)
    if owner is None or not machine.kernel.state.is_alive(owner):
        raise InexpressibleError("a page is shared for a container that lives")
    frame = _frame(testbed, g)
    testbed.together(
        *scrubbing(testbed, g),
        partial(machine.kernel.pools.share, owner, g),
        partial(testbed.kicking, partial(machine.hostile.steal, g, frame)),
        partial(machine.hostile.remap, g, frame),
    )


def unshare_page(testbed: Testbed, g: int) -> None:
    """The kernel forgets a shared page, the host makes it private, and it is accepted anew."""
    machine, owner = testbed.machine, testbed.machine.kernel.state.pools.get(g)
    if owner is None:
        raise InexpressibleError("a page that is in no pool was never shared")
    steps: list[Step] = [
        partial(machine.kernel.pools.unshare, g),
        partial(machine.hostile.remap, g, None),
        partial(machine.hostile.offer, g, _frame(testbed, g)),
        partial(machine.kernel.pools.accept, owner, g),
    ]
    if not machine.kernel.state.is_alive(owner):
        raise InexpressibleError("who leaves accepts no page")
    testbed.together(*steps)


def protect_page(testbed: Testbed, c: int, v: int, *, vcpu: int) -> None:
    """mprotect."""
    testbed.machine.kernel.spaces.protect(c, v, vcpu=vcpu)


def store(testbed: Testbed, c: int, v: int, *, vcpu: int) -> None:
    """A function writes its mark, or to the host what is meant for it."""
    machine = testbed.machine
    entry = machine.kernel.memory.entry(c, v)
    data = TO_THE_HOST if entry is not None and entry.shared else mark(c)
    write = partial(machine.processor.write, vcpu, v * PAGE, data)
    testbed.together(partial(testbed.forget_translations, vcpu), write)


def host_store(is_tdx: bool, testbed: Testbed, g: int) -> None:
    """The host writes into the frame of a page."""
    machine, frame = testbed.machine, _frame(testbed, g)
    record = machine.kernel.state.pages.get(g)
    is_public = record is not None and record.use is Use.SHARED
    if not is_public and (is_tdx or machine.platform.assigned(frame) is None):
        raise InexpressibleError("of a frame that is nobody's, or a TD's, nothing is said here")
    machine.hostile.tamper(frame, HALF, PLANTED)


def map_either(testbed: Testbed, proceed: Proceed, c: int, v: int, g: int, shared: bool) -> None:
    """A container maps a private page, or one of the host's."""
    if shared:
        spaces = testbed.machine.kernel.spaces
        fault(testbed, partial(spaces.map_shared, c, v, g), c)
    else:
        proceed()
