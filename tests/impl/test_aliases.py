"""Pages that the kernel uses past the tables of their container: for input, output and events."""

from __future__ import annotations

import pytest
from tests.impl.scenes import KINDS, page, refuse, secret, two_tenants, zygote_and_clone

from splitspec.impl.deployment import Deployment
from splitspec.impl.geometry import PAGE, Geometry
from splitspec.impl.kernel.records import Pin
from splitspec.impl.machine import Machine, PlatformKind

by_kind = pytest.mark.parametrize("kind", KINDS)


@by_kind
def test_bytes_go_out_of_a_page_that_was_unmapped_meanwhile_and_of_no_others(
    kind: PlatformKind,
) -> None:
    scene, first, _ = two_tenants(kind)
    kernel, threads = scene.kernel, scene.kernel.threads
    pinned = kernel.pins.pin(0, 0, Pin.READING)
    threads.trap(first.vcpu)
    kernel.spaces.unmap_page(0, 0, vcpu=first.vcpu)
    refuse(scene, "free", lambda: kernel.spaces.map_page(0, 1, pinned))
    refuse(scene, "free", lambda: kernel.pools.scrub(pinned))
    assert kernel.pins.load(0, pinned).startswith(secret(1))
    kernel.pins.unpin(0, pinned)
    kernel.pools.scrub(pinned)
    kernel.spaces.map_page(0, 1, pinned)


@by_kind
def test_a_clone_takes_input_to_a_copy_and_never_to_the_image(kind: PlatformKind) -> None:
    scene, _, second = zygote_and_clone(kind)
    kernel = scene.kernel
    image = kernel.memory.entry(1, 0)
    assert image is not None
    before = kernel.memory.read(image.page)
    refuse(scene, "writable", lambda: kernel.pins.pin(1, 0, Pin.WRITING))
    kernel.threads.trap(second.vcpu)
    kernel.forks.copy_on_write(1, 0, page(scene, 2), vcpu=second.vcpu)
    kernel.pins.store(1, kernel.pins.pin(1, 0, Pin.WRITING), b"came in")
    assert kernel.memory.read(page(scene, 2)).startswith(b"came in")
    assert kernel.memory.read(image.page) == before


@by_kind
def test_no_copy_is_made_to_a_page_from_which_bytes_still_go_out(kind: PlatformKind) -> None:
    scene, _, second = zygote_and_clone(kind)
    kernel = scene.kernel
    kernel.threads.trap(second.vcpu)
    own = page(scene, 2)
    kernel.spaces.map_page(1, 1, own)
    kernel.pins.pin(1, 1, Pin.READING)
    kernel.spaces.unmap_page(1, 1, vcpu=second.vcpu)
    refuse(scene, "free", lambda: kernel.forks.copy_on_write(1, 0, own, vcpu=second.vcpu))


@by_kind
def test_the_kernel_writes_where_it_was_told_and_the_page_stays_there(kind: PlatformKind) -> None:
    scene, first, _ = two_tenants(kind)
    kernel = scene.kernel
    kernel.pointers.register(0, 100, 4)
    kernel.pointers.write(0, b"bell")
    assert scene.processor.read(first.vcpu, 100, 4) == b"bell"
    kernel.threads.trap(first.vcpu)
    refuse(scene, "unaimed", lambda: kernel.spaces.unmap_page(0, 0, vcpu=first.vcpu))
    kernel.pointers.withdraw(0)
    kernel.spaces.unmap_page(0, 0, vcpu=first.vcpu)


def test_an_exit_ends_what_the_kernel_had_of_a_container() -> None:
    machine = Machine(Geometry(pages=8, frames=8))
    deployment = Deployment(machine)
    instance = deployment.boot(b"code", pool=8)
    process = instance.process
    start = process.mmap(PAGE)
    instance.store(start, b"here")
    machine.kernel.pointers.register(instance.container, start, 4)
    machine.kernel.pins.pin(instance.container, start // PAGE, Pin.READING)
    deployment.finish(instance)
    assert not machine.kernel.state.pins
    assert not machine.kernel.state.targets
    assert not machine.kernel.state.pages
    assert not machine.host.cgroups.charged
