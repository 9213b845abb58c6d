"""Module `tables` in the machine: page tables, walked in the frames where they lie."""

from __future__ import annotations

from functools import partial
from typing import Any

from splitspec.refinement.machine.fragment import Fragment, Setup
from splitspec.refinement.machine.testbed import Testbed, scrubbing

ONE_ADDRESS = "who maps a page has no other address for it"


def tables(setup: Setup) -> Fragment:
    """Return the fragment."""
    return Fragment(
        "tables",
        observe=partial(observe, setup.sizes["Addr"]),
        actions={"map_page": map_page, "unmap_page": unmap_page},
        guards={
            "map_page": {
                "map_page alive": ("running",),
                "map_page vacant": ("hole",),
                "map_page free": ("unmapped",),
            },
            "unmap_page": {"unmap_page alive": ("may",), "unmap_page mapped": ("mapped",)},
            "finish_exit": {"retire unmapped": ("unmapped",)},
        },
        left_out={"map_page.unmapped": ONE_ADDRESS} if setup.sizes["Addr"] == 1 else {},
        elements={"Addr": range(setup.sizes["Addr"])},
    )


def observe(addresses: int, testbed: Testbed) -> dict[str, Any]:
    """Return the entries of all tables, and how often the kernel counts a page as named."""
    kernel = testbed.machine.kernel
    table: dict[tuple[int, int], int] = {}
    writable: set[tuple[int, int]] = set()
    for container in range(testbed.machine.geometry.containers):
        for address, entry in kernel.memory.entries(container):
            if address >= addresses:
                continue  # Code, which the model does not map.
            table[container, address] = entry.page
            if entry.writable:
                writable.add((container, address))
    pages = kernel.state.pages.items()
    mappers = {
        page: record.references
        for page, record in pages
        if record.references and page in testbed.pages
    }
    return {"table": table, "writable": writable, "mappers": mappers}


def map_page(testbed: Testbed, c: int, v: int, g: int) -> None:
    """The kernel serves a fault with a page of its choice, which it scrubs if it was used."""
    kernel = testbed.machine.kernel
    serve = partial(kernel.spaces.map_page, c, v, g)
    testbed.together(*scrubbing(testbed, g), serve)


def unmap_page(testbed: Testbed, c: int, v: int, *, vcpu: int | None = None) -> None:
    """The kernel removes an entry, on a vCPU of the container if it has one."""
    testbed.machine.kernel.spaces.unmap_page(c, v, vcpu=vcpu)
