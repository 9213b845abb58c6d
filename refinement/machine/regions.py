"""Module `regions` in the machine: what an entry without the right to write means.

A region is a page, and what it permits stands in the entry: a write is done, is served with a copy,
or is a violation. There is no record of copies beside the entry: what nobody names is free. Nor is
an entry read-only that a core may still write by: one that has what it permitted before in its TLB,
and owes the kernel no flush. When a thread asks that a page be written no more, its core has cached
all that it could, and so has another one, on which a second thread of the container runs meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from splitspec.refinement.machine.fragment import Fragment, Setup
from splitspec.refinement.machine.lone_threads import call, fault, stopped, turn
from splitspec.refinement.machine.supply import NOT_GIVEN, supplied
from splitspec.refinement.machine.tables import ONE_ADDRESS
from splitspec.refinement.machine.testbed import Step, Testbed, scrubbing


def regions(setup: Setup) -> Fragment:
    """Return the fragment."""
    return Fragment(
        "regions",
        observe=_observe,
        actions={"map_text": map_text, "protect": protect, "unprotect": unprotect},
        guards={
            "map_text": {
                **stopped("running"),
                **NOT_GIVEN,
                "add_slot alive": ("running",),
                "map_page alive": ("running",),
                "map_page vacant": ("hole",),
                "map_page free": ("unmapped",),
            },
            "protect": {
                **stopped("running"),
                "protect alive": ("running",),
                "protect mapped": ("mapped",),
            },
            "unprotect": {
                **stopped("running"),
                "unprotect alive": ("running",),
                "unprotect mapped": ("protected",),
                "unprotect protected": ("protected",),
            },
            "cow_fault": {"copy_on_write shared_copy": ("permitted",)},
        },
        left_out={"map_text.unmapped": ONE_ADDRESS} if setup.sizes["Addr"] == 1 else {},
    )


def _observe(testbed: Testbed) -> dict[str, Any]:
    memory = testbed.machine.kernel.memory
    read_only = {
        (container, address)
        for container in range(testbed.machine.geometry.containers)
        for address, entry in memory.entries(container)
        if not entry.permits_writing
    }
    return {"read_only": read_only.difference(_still_written(testbed))}


def _still_written(testbed: Testbed) -> Iterator[tuple[int, int]]:
    """Iterate over what cores may write that have nothing to flush before: container, address."""
    kernel = testbed.machine.kernel
    owners = {tag: container for container, tag in kernel.state.tags.items()}
    for (core, tag, address), known in testbed.machine.tlb.entries.items():
        owner = owners.get(tag)
        can_write = owner is not None and any(each.writable for each in known)
        if owner is not None and can_write and core not in kernel.shootdown.lagging(owner):
            yield owner, address


def map_text(testbed: Testbed, c: int, v: int, g: int) -> None:
    """A fault in the program's text is served with a page that cannot be written."""
    serve = partial(testbed.machine.kernel.spaces.map_page, c, v, g, writable=False)
    served = partial(testbed.together, *scrubbing(testbed, g), serve)
    fault(testbed, partial(supplied, testbed, served, c, g), c)


def protect(testbed: Testbed, c: int, v: int) -> None:
    """The container's thread asks that a page be written no more, while another one runs elsewhere.
    The kernel's own core flushes at once; who asked goes on when the other one has flushed, too."""
    kernel, processor = testbed.machine.kernel, testbed.machine.processor
    if testbed.phase(c) != "running":  # Nobody begins a thread then.
        call(testbed, partial(kernel.spaces.protect, c, v), c)
        return
    run, back = turn(testbed, c)
    held = testbed.machine.host.shadows.holders
    other = next(vcpu for vcpu in processor.vcpus if vcpu not in held)
    thread = kernel.threads.unused()
    testbed.together(
        run,
        lambda: processor.look_ahead(testbed.handle(c).vcpu),
        *_joining(testbed, c, other, thread),
        back,
        lambda: kernel.spaces.protect(c, v, vcpu=testbed.handle(c).vcpu),
        partial(testbed.attempt, "flushed", run),
        partial(kernel.shootdown.interrupt, other, c),
        run,
        back,
        *_leaving(testbed, other, thread),
    )


def _joining(testbed: Testbed, c: int, vcpu: int, thread: int) -> Iterator[Step]:
    """Another thread of the container begins to run, and its core caches all that it can."""
    machine, threads = testbed.machine, testbed.machine.kernel.threads
    yield partial(threads.spawn, c, thread)
    yield partial(machine.hostile.enter, vcpu, thread)
    yield partial(threads.bind, vcpu, thread)
    yield partial(threads.dispatch, thread)
    yield partial(machine.processor.look_ahead, vcpu)


def _leaving(testbed: Testbed, vcpu: int, thread: int) -> Iterator[Step]:
    """It ends, and its core forgets the container."""
    kernel = testbed.machine.kernel
    yield partial(kernel.threads.trap, vcpu)
    yield partial(kernel.threads.finish, thread)
    yield partial(kernel.shootdown.acknowledge, vcpu)
    yield partial(kernel.threads.park, vcpu)


def unprotect(testbed: Testbed, c: int, v: int) -> None:
    """It asks that the page may be written again."""

    def ask(*, vcpu: int) -> None:
        testbed.machine.kernel.spaces.unprotect(c, v)

    call(testbed, ask, c)
