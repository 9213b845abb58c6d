"""Slots of guest pages: where in the memory of its process each page lies, and who pays for it."""

from __future__ import annotations

import pytest
from tests.impl.pooled import leave, pool_of, running, stride
from tests.impl.scenes import KINDS, machine, refuse

from splitspec.impl.kernel.records import Use
from splitspec.impl.machine import PlatformKind

PARAMETERS = pytest.mark.parametrize("kind", KINDS)


@PARAMETERS
def test_page_and_address_differ_by_a_constant(kind: PlatformKind) -> None:
    """A3: in the memory of the process that owns the slot, whose group pays; both lead to one
    frame."""
    scene, first, second = running(kind)
    backing, charged = scene.host.backing, scene.host.cgroups.charged
    for container, handle in ((0, first), (1, second)):
        pages = stride(scene, handle)
        for page in pool_of(scene, container).data:
            backing.grant_page(handle.vcpu, page, backing.free_frames()[0])
            frame = backing.touched[container, 0x7F0000000 + pages.index(page)]
            assert (backing.frames[page], charged[frame]) == (frame, f"sc-{container}")
    pages = stride(scene, first)
    refuse(scene, "faulting", lambda: backing.resolve(second.vcpu, pages[0]))


@PARAMETERS
def test_a_fault_is_served_from_where_the_page_was_found(kind: PlatformKind) -> None:
    """What was resolved decides, until the slot goes: not who runs, nor who has a process since."""
    scene, first, _ = running(kind)
    backing, page = scene.host.backing, pool_of(scene, 0).data[0]
    backing.resolve(first.vcpu, page)
    found = backing.resolved[page]
    scene.host.shadows.start(2)
    backing.grant_page(first.vcpu, page, backing.free_frames()[0])
    assert backing.resolved[page] == found
    assert backing.touched[found] == backing.frames[page]
    assert scene.host.cgroups.groups["sc-2"].memory_current == 0


@PARAMETERS
def test_the_slots_of_one_process_have_memory_apart(kind: PlatformKind) -> None:
    """No two pages are at one address, and what a slot leaves is room for the next."""
    scene = machine(kind)
    shadows, backing = scene.host.shadows, scene.host.backing
    shadows.start(0)
    vcpu, pages = shadows.allocate(0).vcpu, scene.geometry.pool_pages
    for first in (pages[0], pages[2]):
        backing.add_slot(0, first, 2)
    for page in pages[:4]:
        backing.back_page(vcpu, page, backing.free_frames()[0])
    addresses = [(0, 0x7F0000000 + number) for number in range(4)]
    assert [backing.touched[at] for at in addresses] == [backing.frames[p] for p in pages[:4]]
    assert scene.host.cgroups.groups["sc-0"].memory_current == 4
    for page in pages[:2]:
        backing.reclaim_page(page)
    backing.remove_slot(0, pages[0])
    assert {*backing.touched} == {*addresses[2:]}
    backing.add_slot(0, pages[4], 2)
    backing.back_page(vcpu, pages[5], backing.free_frames()[0])
    assert backing.touched[addresses[1]] == backing.frames[pages[5]]


@PARAMETERS
def test_what_a_process_mapped_goes_with_its_slot(kind: PlatformKind) -> None:
    scene, first, _ = running(kind)
    leave(scene, 0, first)
    backing = scene.host.backing
    assert {process for process, _ in backing.resolved.values()} == {1}
    assert {process for process, _ in backing.touched} == {1}
    assert all(record.use is Use.METADATA for record in scene.kernel.state.pages.values())
