"""A host calls with any argument: what names no frame, no byte and no vCPU is refused as such.

The machine's frames stand in a list, and a negative number would count from its end: a second name
for a frame of the guest's, past the check of its row.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.impl.scenes import KINDS, frame, machine, page, refuse, two_tenants

from splitspec.impl.geometry import PAGE
from splitspec.impl.kernel.records import Pin
from splitspec.impl.machine import Machine, PlatformKind

every_platform = pytest.mark.parametrize("kind", KINDS)

CALLS: dict[str, Callable[[Machine, int], object]] = {
    "peek": lambda scene, number: scene.hostile.peek(number),
    "tamper": lambda scene, number: scene.hostile.tamper(number, 0, b"over"),
    "offer": lambda scene, number: scene.hostile.offer(page(scene, 5), number),
}


@every_platform
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("beyond", [-1, -(10**30), 0, 10**30])
def test_no_frame_has_a_second_number(kind: PlatformKind, call: str, beyond: int) -> None:
    """The last frame is a container's, and -1 is no other name for it."""
    scene, first, _ = two_tenants(kind)
    last = len(scene.memory.frames) - 1
    scene.host.backing.add_slot(0, page(scene, 4))
    scene.kernel.pools.admit(0, page(scene, 4))
    scene.host.backing.grant_page(first.vcpu, page(scene, 4), last)
    scene.kernel.pools.accept(0, page(scene, 4))
    number = beyond if beyond < 0 else last + 1 + beyond
    refuse(scene, "frame", lambda: CALLS[call](scene, number))


@every_platform
@pytest.mark.parametrize("number", [-1, 10**30])
def test_a_guest_page_that_leads_to_no_frame_faults(kind: PlatformKind, number: int) -> None:
    scene = machine(kind)
    scene.hostile.remap(page(scene, 0), number)
    refuse(scene, "backed", lambda: scene.platform.resolve(page(scene, 0), private=False))


@every_platform
@pytest.mark.parametrize(("offset", "length"), [(-1, 1), (PAGE, 1), (PAGE - 4, 5), (0, PAGE + 1)])
def test_the_host_writes_within_one_frame(kind: PlatformKind, offset: int, length: int) -> None:
    scene = machine(kind)
    free = frame(scene, 0)
    refuse(scene, "inside", lambda: scene.hostile.tamper(free, offset, b"x" * length))
    scene.hostile.tamper(free, PAGE - 4, b"last")
    assert scene.hostile.peek(free)[-4:] == b"last"


@every_platform
def test_what_comes_in_to_a_pinned_page_ends_where_the_page_does(kind: PlatformKind) -> None:
    scene, first, _ = two_tenants(kind)
    pinned = scene.kernel.pins.pin(0, 0, Pin.WRITING)
    refuse(scene, "fits", lambda: scene.kernel.pins.store(0, pinned, b"x" * (PAGE + 1)))
    scene.kernel.pins.store(0, pinned, b"x" * PAGE)
    assert scene.processor.read(first.vcpu, 0, PAGE) == b"x" * PAGE


@every_platform
@pytest.mark.parametrize("length", [-1, PAGE + 1])
def test_no_random_bytes_are_drawn_for_an_absurd_length(kind: PlatformKind, length: int) -> None:
    """Nor does the generator move on: the next bytes are those that would have come."""
    scene, _, _ = two_tenants(kind)
    mark = scene.checkpoint()
    expected = scene.kernel.generators.draw(0, 32)
    scene.rollback(mark)
    refuse(scene, "length", lambda: scene.kernel.generators.draw(0, length))
    assert scene.kernel.generators.draw(0, 32) == expected


@every_platform
@pytest.mark.parametrize("vcpu", [-1, 99])
def test_a_host_enters_no_vcpu_that_does_not_exist(kind: PlatformKind, vcpu: int) -> None:
    scene = machine(kind)
    refuse(scene, "known", lambda: scene.hostile.enter(vcpu, 0))
    refuse(scene, "known", lambda: scene.hostile.interrupt(vcpu))


@every_platform
def test_an_access_of_any_length_faults_at_the_first_page_that_is_not_there(
    kind: PlatformKind,
) -> None:
    scene, first, _ = two_tenants(kind)
    refuse(scene, "present", lambda: scene.processor.read(first.vcpu, 0, 10**30))
