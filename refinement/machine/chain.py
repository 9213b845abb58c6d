"""Module `chain` in the machine: channels, capabilities, and the entries that show a channel.

A window is an entry of a page table at an address that is kept for its channel; who holds what is
read from the kernel's capabilities, and how often a page is seen from the references that the
kernel counts. What a function stores privately is its mark, what it sends says who sent it, and so
the bytes of a page tell the two apart. Of a page that was scrubbed to be given up, the testbed
remembers what it held.

In the step of `freeze` all vCPUs acknowledge, as the model has it: the time in which a reader that
runs already can meet a write by a translation that is not yet forgotten is not walked.

The machine numbers channels from 1, as elements are numbered. It lets nobody in whom no verifier
has named (module attestation says how); here that is done when a container first needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from splitspec.impl.geometry import PAGE, ZEROS
from splitspec.impl.kernel.capabilities import Right
from splitspec.impl.kernel.records import Phase, Use
from splitspec.refinement.machine.fragment import Fragment, Function, Meanings, Setup
from splitspec.refinement.machine.lone_threads import access, call, stopped, unmap
from splitspec.refinement.machine.testbed import (
    SENT,
    Step,
    Testbed,
    mark,
    marked,
    message,
    scrubbing,
)
from splitspec.refinement.mapping import InexpressibleError

Proceed = Callable[..., object]

WINDOWS = 64  # the virtual page of the first channel's window
RIGHTS = {"nothing": Right(0), "reading": Right.READ, "writing": Right.READ | Right.WRITE}
NOT_ON_A_THREAD = stopped("running")
WALKED = {"access present": ("mapped",), "access writable": ("writable",)}
GUARDS: Meanings = {
    "map_page": {"map_page free": ("untyped",)},
    "create_channel": {**NOT_ON_A_THREAD, "create_channel free": ("unmapped", "untyped")},
    "grant": {
        **NOT_ON_A_THREAD,
        "grant held": ("mine",),
        "grant right": ("mine",),
        "grant lasting": ("open",),
        "grant useful": ("useful",),
        "grant attenuated": ("held",),
        "grant running": ("present",),
        "grant same_chain": ("related",),
        "grant new": ("new",),
    },
    "open_window": {
        **NOT_ON_A_THREAD,
        "open_channel held": ("allowed",),
        "open_channel lasting": ("open",),
        "open_channel closed": ("closed",),
    },
    "close_window": {
        **stopped("may", "opened"),
        "close_channel open": ("opened",),
    },
    "revoke": {
        **NOT_ON_A_THREAD,
        "revoke held": ("mine",),
        "revoke right": ("mine",),
        "revoke granted": ("granted", "other"),
    },
    "freeze": {
        **NOT_ON_A_THREAD,
        "freeze exists": ("mine",),
        "freeze creator": ("mine",),
        "freeze running": ("running",),
        "freeze lasting": ("open",),
        "freeze right": ("warm",),
    },
    "close_channel": {
        **stopped("may"),
        "shut_channel exists": ("mine",),
        "shut_channel creator": ("mine",),
        "shut_channel lasting": ("open",),
    },
    "destroy_channel": {
        "destroy_channel exists": ("closing",),
        "destroy_channel shut": ("closing",),
        "destroy_channel unmapped": ("unseen",),
    },
    "store": {**NOT_ON_A_THREAD, **WALKED},
    "send": {**NOT_ON_A_THREAD, **WALKED},
    "finish_exit": {
        "retire unmapped": ("detached",),
        "retire channels_destroyed": ("closed",),
    },
}
LEFT_OUT = {
    "create_channel.fresh": "a number is the kernel's choice, and always a new one",
    "open_window.there": "the kernel finds the page by the channel",
    "destroy_channel.there": "the kernel finds the page by the channel",
    "close_window.may": "who has a window runs or exits",
}
COMPARED = ("stage", "creator", "memory", "right", "window", "writes", "windows")
STRICTER = {"grant.grant running": "a verifier names who runs, and nobody else is let in"}


def chain(setup: Setup, *, is_steady: bool = True, accept: Function | None = None) -> Fragment:
    """Return the fragment; `accept` gets the page of a new channel, where it is accepted for it.

    No host takes frames from under pages if these are steady; else nothing is said of what they
    held.
    """
    return Fragment(
        "chain",
        observe=partial(observe, setup, is_steady),
        actions=_actions(setup, accept),
        around={
            "create_channel": call,
            "grant": call,
            "open_window": lambda testbed, proceed, d: call(testbed, proceed, d),
            "close_window": lambda testbed, proceed, d: unmap(testbed, proceed, d),
            "revoke": call,
            "freeze": call,
            "close_channel": unmap,
            "store": access,
            "send": access,
        },
        guards=GUARDS,
        left_out=LEFT_OUT | _beyond(setup),
        stricter=STRICTER,
        compared=(*COMPARED, *(("private", "sent") if is_steady else ())),
        elements={"Channel": range(1, setup.sizes["Channel"] + 1), "Tenant": setup.tenants},
    )


def _beyond(setup: Setup) -> dict[str, str]:
    """Return what cannot happen at the sizes, and with the tenants, of a setup."""
    assigned = [setup.tenant(c) for c in range(setup.sizes["Container"])]
    found = {}
    if setup.sizes["Channel"] == 1:
        found["create_channel.untyped"] = "there is no second channel that may want the page"
    if len(set(assigned)) == 1:
        found["grant.related"] = "all work for one tenant"
    if len(set(assigned)) == len(assigned):
        alone = "nobody else works for the creator's tenant"
        found |= dict.fromkeys(("grant", "revoke"), alone)
    return found


# What the machine is


def observe(setup: Setup, is_steady: bool, testbed: Testbed) -> dict[str, Any]:
    """Return who holds which capability, and what is mapped and lies where."""
    return _held(setup, testbed) | (_written(testbed) if is_steady else {})


def _held(setup: Setup, testbed: Testbed) -> dict[str, Any]:
    kernel, count = testbed.machine.kernel, setup.sizes["Channel"]
    rows = dict(kernel.channels.channels.items())
    born = kernel.state.counters.get("channel", 0)
    windows = list(_windows(testbed, count))
    pages = {page: row for page, row in kernel.state.pages.items() if page in testbed.pages}
    return {
        "tenant": {c: _tenant(setup, testbed, c) for c in range(setup.sizes["Container"])},
        "stage": {k: _stage(rows, born, k) for k in range(1, count + 1)},
        "creator": {k: row.creator for k, row in rows.items()},
        "memory": {k: page for k, row in rows.items() for page in row.pages},
        "right": {
            key: "writing" if Right.WRITE in held.rights else "reading"
            for key, held in kernel.channels.capabilities.table.items()
        },
        "window": {(c, k): entry.page for c, k, entry in windows},
        "writes": {(c, k) for c, k, entry in windows if entry.writable},
        # The channel is counted as one that names the page.
        "windows": {k: pages[page].references - 1 for k, row in rows.items() for page in row.pages},
        "mappers": {
            page: row.references for page, row in pages.items() if row.use is not Use.CHANNEL
        },
    }


def _written(testbed: Testbed) -> dict[str, Any]:
    contents = {page: _content(testbed, page) for page in testbed.pages}
    senders = {page: _sender(content) for page, content in contents.items()}
    writers = {page: _writer(testbed, content) for page, content in contents.items()}
    return {
        "private": {page: c for page, c in writers.items() if c is not None},
        "sent": {page: c for page, c in senders.items() if c is not None},
    }


def _stage(rows: dict[int, Any], born: int, k: int) -> str:
    if k in rows:
        return "closing" if rows[k].is_shut else "open"
    return "gone" if k <= born else "unborn"


def _tenant(setup: Setup, testbed: Testbed, c: int) -> bytes:
    """Return the chain that the kernel was told of, or else the one that it will be told of."""
    return testbed.machine.kernel.state.chains.get(c, setup.tenant(c))


def _windows(testbed: Testbed, count: int) -> Iterator[tuple[int, int, Any]]:
    memory = testbed.machine.kernel.memory
    for c in range(testbed.machine.geometry.containers):
        for address, entry in memory.entries(c):
            if WINDOWS <= address < WINDOWS + count:
                yield c, address - WINDOWS + 1, entry


def _content(testbed: Testbed, page: int) -> bytes:
    """Return what a page holds, or held when it was scrubbed to be given up."""
    record = testbed.machine.kernel.state.pages.get(page)
    if record is None or record.is_clean:
        return testbed.wiped.get(page, ZEROS)
    return testbed.machine.kernel.memory.read(page)


def _sender(content: bytes) -> int | None:
    return int(content[8:16]) if content.startswith(SENT) else None


def _writer(testbed: Testbed, content: bytes) -> int | None:
    """Return who wrote private data; what a zygote has published is private no longer."""
    writer = marked(content, testbed.machine.geometry.containers)
    is_open = content.startswith(SENT) or writer in testbed.published
    return None if is_open else writer


# What is done


def _actions(setup: Setup, accept: Function | None) -> dict[str, Function]:
    def create_channel(testbed: Testbed, c: int, g: int) -> None:
        kernel = testbed.machine.kernel
        if kernel.state.counters.get("channel", 0) == setup.sizes["Channel"]:
            raise InexpressibleError("the model has no more channels")
        create = partial(kernel.channels.create, c, [g])
        get = () if accept is None else (partial(accept, testbed, c, g),)
        clean = get or scrubbing(testbed, g)
        testbed.together(*named(setup, testbed, c), *clean, create)

    def grant(testbed: Testbed, c: int, k: int, d: int, r: str) -> None:
        let_in = partial(testbed.machine.kernel.channels.grant, c, k, d, RIGHTS[r])
        testbed.together(*named(setup, testbed, d), let_in)

    return {
        "create_channel": create_channel,
        "grant": grant,
        "open_window": open_window,
        "close_window": close_window,
        "revoke": revoke,
        "freeze": freeze,
        "close_channel": lambda testbed, c, k: testbed.machine.kernel.channels.shut(c, k),
        "destroy_channel": lambda testbed, k: testbed.machine.kernel.channels.destroy(k),
        "store": store,
        "send": send,
    }


def named(setup: Setup, testbed: Testbed, c: int) -> tuple[Step, ...]:
    """Return the step that installs what the tenant's verifier sends to a container that runs,
    unless it has it."""
    state = testbed.machine.kernel.state
    row = state.containers.get(c)
    if row is None or row.phase is not Phase.RUNNING or c in state.chains:
        return ()

    def install() -> None:
        state.secrets[c], state.chains[c] = b"secret", setup.tenant(c)
        state.containers[c] = replace(row, is_tainted=True)

    return (install,)


def open_window(testbed: Testbed, d: int, k: int) -> None:
    """Map the channel where it belongs."""
    testbed.machine.kernel.channels.open(d, k, WINDOWS + k - 1)


def close_window(testbed: Testbed, d: int, k: int, *, vcpu: int | None = None) -> None:
    """Unmap the channel."""
    testbed.machine.kernel.channels.close(d, k, vcpu=vcpu)


def revoke(testbed: Testbed, c: int, k: int, d: int, *, vcpu: int) -> None:
    """Take a capability back, and have the other vCPU forget the window."""
    take = partial(testbed.machine.kernel.channels.revoke, c, k, d, vcpu=vcpu)
    testbed.together(take, partial(settle, testbed))


def freeze(testbed: Testbed, c: int, k: int, *, vcpu: int) -> None:
    """Take all rights to write, and have all vCPUs forget them."""
    take = partial(testbed.machine.kernel.channels.freeze, c, k, vcpu=vcpu)
    testbed.together(take, partial(settle, testbed))


def settle(testbed: Testbed) -> None:
    """Every vCPU flushes that something waits for."""
    kernel = testbed.machine.kernel
    lagging = [kernel.shootdown.lagging(container) for container in kernel.state.containers]
    for vcpu in sorted(frozenset[int]().union(*lagging)):
        kernel.shootdown.acknowledge(vcpu)


def store(testbed: Testbed, c: int, v: int, *, vcpu: int) -> None:
    """A function fills a page of its own with its mark."""
    write = partial(testbed.machine.processor.write, vcpu, v * PAGE, mark(c))
    testbed.together(partial(testbed.forget_translations, vcpu), write)


def send(testbed: Testbed, c: int, k: int, *, vcpu: int) -> None:
    """A function fills a page of a channel; it says who sent it, and whose page it is."""
    row = testbed.machine.kernel.channels.channels.get(k)
    creator = c if row is None else row.creator
    address = (WINDOWS + k - 1) * PAGE
    write = partial(testbed.machine.processor.write, vcpu, address, message(c, creator))
    testbed.together(partial(testbed.forget_translations, vcpu), write)
