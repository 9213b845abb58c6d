"""Tags, flushes that are owed, and quarantine: what the kernel relies on, and who waits for it."""

from __future__ import annotations

from functools import partial

import pytest
from tests.impl.scenes import KINDS, chain, join, machine, page, refuse, run, secret, two_tenants

from splitspec.impl.geometry import PAGE
from splitspec.impl.kernel.capabilities import Right
from splitspec.impl.machine import Machine, PlatformKind
from splitspec.impl.refusal import GuestPageFault

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
def test_a_page_waits_for_every_vcpu_and_not_for_the_first(kind: PlatformKind) -> None:
    """T01: that one vCPU has flushed everything tells nothing of the other."""
    scene, first, second = two_cores(kind)
    kernel = scene.kernel
    kernel.threads.trap(first)
    kernel.spaces.unmap_page(0, 0, vcpu=first)
    kernel.shootdown.acknowledge(first)
    refuse(scene, "flushed", lambda: kernel.pools.scrub(page(scene, 0)))
    kernel.shootdown.acknowledge(second)
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


@every_platform
@pytest.mark.parametrize("end", ["freeze", "revoke"])
@pytest.mark.parametrize("gave_up", ["protect", "unmap_page"])
def test_a_channel_ends_for_a_core_whose_container_gave_its_window_up_before(
    kind: PlatformKind, gave_up: str, end: str
) -> None:
    """No entry is left to take the right from, but the other core of the member still has it."""
    scene, first, second = two_cores(kind)
    kernel, owner = scene.kernel, join(scene, 1, range(2, 4)).vcpu
    run(scene, 1, owner, 3)
    for container in (0, 1):
        kernel.state.chains[container] = b"chain"
    channel = kernel.channels.create(1, [page(scene, 2)])
    kernel.channels.grant(1, channel, 0, Right.READ | Right.WRITE)
    for container in (0, 1):
        kernel.channels.open(container, channel, 5)
    scene.processor.write(second, 5 * PAGE, b"early")
    kernel.threads.trap(first)
    getattr(kernel.spaces, gave_up)(0, 5, vcpu=first)
    kernel.threads.trap(owner)
    if end == "freeze":
        kernel.channels.freeze(1, channel, vcpu=owner)
    else:
        kernel.channels.revoke(1, channel, 0, vcpu=owner)
    scene.processor.write(second, 5 * PAGE, b"later")
    refuse(scene, "flushed", lambda: kernel.threads.dispatch(3))
    for vcpu in (first, second):
        kernel.shootdown.acknowledge(vcpu)
    kernel.threads.dispatch(3)
    assert scene.processor.read(owner, 5 * PAGE, 5) == b"later"
    with pytest.raises(GuestPageFault):
        scene.processor.write(second, 5 * PAGE, b"never")


@every_platform
def test_nobody_waits_for_the_next_container_in_a_slot(kind: PlatformKind) -> None:
    """What a member of a channel waited for ended with the one that it waited for."""
    scene = chain(kind)
    kernel, threads = scene.kernel, scene.kernel.threads
    vcpus = {handle.shadow: vcpu for vcpu, handle in scene.host.shadows.holders.items()}
    channel = kernel.channels.create(1, [page(scene, 3)])
    kernel.channels.grant(1, channel, 0, Right.READ)
    kernel.channels.open(0, channel, 5)
    threads.trap(vcpus[2])
    kernel.channels.close(0, channel, vcpu=vcpus[2])
    threads.trap(vcpus[0])
    kernel.spaces.map_page(0, 1, page(scene, 0))
    kernel.spaces.unmap_page(0, 1, vcpu=vcpus[0])
    kernel.lifecycle.exit(0, vcpu=vcpus[0])
    for number in (page(scene, 0), page(scene, 1)):
        if not kernel.state.pages[number].is_clean:
            kernel.pools.scrub(number)
        kernel.pools.release(number)
    kernel.lifecycle.retire(0)
    kernel.lifecycle.create(0)
    run(scene, 0, vcpus[0], 9)
    threads.trap(vcpus[1])
    threads.dispatch(2)
