"""Tags, flushes that are owed, and quarantine: what the kernel relies on, and who waits for it."""

from __future__ import annotations

from functools import partial

import pytest
from tests.impl.scenes import KINDS, join, machine, page, refuse, run, secret, two_tenants

from splitspec.impl.geometry import PAGE
from splitspec.impl.machine import Machine, PlatformKind

every_platform = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.value)


def two_cores(kind: PlatformKind) -> tuple[Machine, int, int]:
    """Container 0 runs on two vCPUs, and both have its page at address 0 in their TLBs."""
    scene = machine(kind)
    first = join(scene, 0, range(2)).vcpu
    scene.kernel.spaces.map_page(0, 0, page(scene, 0))
    run(scene, 0, first, 1)
    second = scene.host.shadows.allocate(0)
    scene.host.shadows.enter(second)
    scene.kernel.threads.spawn(0, 2)
    scene.kernel.threads.bind(second.vcpu, 2)
    scene.kernel.threads.dispatch(2)
    for vcpu in (first, second.vcpu):
        scene.processor.write(vcpu, 0, secret(1))
    return scene, first, second.vcpu


@every_platform
def test_a_vcpu_keeps_what_it_cached_under_the_tag_of_another_container(
    kind: PlatformKind,
) -> None:
    scene, first, _ = two_tenants(kind)
    kernel, vcpu = scene.kernel, first.vcpu
    kernel.threads.trap(vcpu)
    kernel.threads.unbind(1)
    kernel.threads.spawn(1, 9)
    kernel.threads.bind(vcpu, 9)
    kernel.threads.dispatch(9)
    assert scene.processor.read(vcpu, 0, 15) == secret(2)
    assert {key[1] for key in scene.tlb.entries if key[0] == vcpu} == {*kernel.state.tags.values()}


@every_platform
def test_a_page_waits_for_a_vcpu_that_runs_somebody_else_by_now(kind: PlatformKind) -> None:
    scene, first, _ = two_tenants(kind)
    kernel, vcpu = scene.kernel, first.vcpu
    kernel.threads.trap(vcpu)
    kernel.threads.unbind(1)
    kernel.spaces.unmap_page(0, 0)
    refuse(scene, "flushed", lambda: kernel.pools.scrub(page(scene, 0)))
    kernel.shootdown.interrupt(vcpu, 0)
    refuse(scene, "flushed", lambda: kernel.pools.scrub(page(scene, 0)))
    kernel.shootdown.settle(0, page(scene, 0))
    kernel.pools.scrub(page(scene, 0))


@every_platform
def test_the_handler_flushes_one_tag_and_no_other(kind: PlatformKind) -> None:
    scene, first, second = two_tenants(kind)
    kernel = scene.kernel
    for vcpu in (first.vcpu, second.vcpu):
        scene.processor.look_ahead(vcpu)
    kernel.threads.trap(first.vcpu)
    kernel.threads.unbind(1)
    kernel.threads.spawn(1, 9)
    kernel.threads.bind(first.vcpu, 9)
    kernel.threads.dispatch(9)
    scene.processor.look_ahead(first.vcpu)
    kernel.spaces.unmap_page(0, 0)
    kernel.shootdown.interrupt(first.vcpu, 0)
    left = {key[1] for key in scene.tlb.entries if key[0] == first.vcpu}
    assert left == {kernel.state.tags[1]}


@every_platform
def test_who_asks_for_a_change_goes_on_when_the_others_have_flushed_it(kind: PlatformKind) -> None:
    scene, first, second = two_cores(kind)
    kernel = scene.kernel
    kernel.threads.trap(first)
    kernel.spaces.protect(0, 0, vcpu=first)
    refuse(scene, "flushed", lambda: kernel.threads.dispatch(1))
    scene.processor.write(second, 0, b"late")  # through its TLB, still
    kernel.shootdown.interrupt(second, 0)
    kernel.threads.dispatch(1)
    for vcpu in (first, second):
        refuse(scene, "writable", partial(scene.processor.write, vcpu, 0, b"later"))


@every_platform
def test_one_invalidation_is_enough_only_where_nothing_else_was_missing(
    kind: PlatformKind,
) -> None:
    """The kernel's own vCPU owed a flush already: INVLPG of the second page leaves the first."""
    scene, first, second = two_cores(kind)
    kernel = scene.kernel
    kernel.spaces.map_page(0, 1, page(scene, 1))
    for vcpu in (first, second):
        scene.processor.look_ahead(vcpu)
    kernel.spaces.unmap_page(0, 0)
    kernel.threads.trap(first)
    kernel.spaces.unmap_page(0, 1, vcpu=first)
    assert not [key for key in scene.tlb.entries if key[0] == first]
    assert kernel.shootdown.lagging(0) == {second}


@every_platform
def test_the_image_is_measured_when_nobody_can_write_it_any_more(kind: PlatformKind) -> None:
    scene, first, _ = two_tenants(kind)
    kernel = scene.kernel
    kernel.forks.prepare(0, thread=1)
    kernel.forks.seal(0, thread=1)
    scene.processor.write(first.vcpu, 0, b"late")  # into the image, by a right that is gone
    join(scene, 2)
    kernel.forks.begin(0, 2)
    refuse(scene, "flushed", lambda: kernel.forks.fork(0, 2))
    kernel.shootdown.interrupt(first.vcpu, 0)
    kernel.forks.fork(0, 2)

    again, first, _ = two_tenants(kind)
    again.processor.write(first.vcpu, 0, b"late")
    again.kernel.threads.trap(first.vcpu)
    again.kernel.forks.prepare(0, vcpu=first.vcpu, thread=1)
    again.kernel.forks.seal(0, vcpu=first.vcpu, thread=1)
    measured = [each.kernel.state.containers[0].measurement for each in (scene, again)]
    assert measured[0] == measured[1] != b""


@every_platform
def test_a_core_has_the_old_translation_beside_the_new_one_until_it_flushes(
    kind: PlatformKind,
) -> None:
    scene, _, second = two_cores(kind)
    kernel, key = scene.kernel, (second, scene.kernel.state.tags[0], 0)
    kernel.spaces.unmap_page(0, 0)
    kernel.spaces.map_page(0, 0, page(scene, 1))
    scene.processor.look_ahead(second)
    assert [entry.page for entry in scene.tlb.entries[key]] == [page(scene, 0), page(scene, 1)]
    assert scene.processor.read(second, 0, 15) == secret(1)
    kernel.shootdown.interrupt(second, 0)
    assert scene.processor.read(second, 0, PAGE) == bytes(PAGE)
