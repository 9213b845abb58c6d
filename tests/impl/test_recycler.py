"""What the recycler does about others: members of channels, clones, and threads that still run."""

from __future__ import annotations

import pytest
from tests.impl.scenes import KINDS, chain, frame, page, refuse, two_tenants, zygote_and_clone

from splitspec.impl.geometry import PAGE
from splitspec.impl.kernel.capabilities import Right
from splitspec.impl.kernel.records import Use
from splitspec.impl.machine import Machine, PlatformKind
from splitspec.impl.refusal import GuestPageFault, Refusal

PARAMETERS = pytest.mark.parametrize("kind", KINDS)


def bare(scene: Machine, container: int) -> None:
    """Take the container apart up to its pool, as if its shadow had just been killed."""
    scene.host.shadows.kill(container)
    scene.kernel.lifecycle.stop(container)
    scene.kernel.recycler.signal_threads(container)
    for vcpu, handle in scene.host.shadows.holders.items():
        if handle.shadow == container:
            scene.host.shadows.reap_vcpu(vcpu, 0)
            if scene.processor.vcpus[vcpu].directory is not None:
                scene.kernel.threads.trap(vcpu)
    scene.kernel.recycler.end_threads(container)
    scene.kernel.recycler.free_capabilities(container)


def flush(scene: Machine) -> None:
    for vcpu, state in scene.processor.vcpus.items():
        if state.inside:
            scene.kernel.shootdown.acknowledge(vcpu)


def give_back(scene: Machine, container: int) -> None:
    for number in scene.kernel.state.pool(container):
        if not scene.kernel.state.pages[number].is_clean:
            scene.kernel.pools.scrub(number)
        scene.kernel.pools.release(number)


@PARAMETERS
def test_a_channel_ends_with_its_creator_whoever_has_it_open(kind: PlatformKind) -> None:
    scene = chain(kind)
    channels = scene.kernel.channels
    channel = channels.create(0, [page(scene, 1)])
    channels.grant(0, channel, 1, Right.READ)
    channels.open(1, channel, 5)
    bare(scene, 0)
    assert not channels.channels
    assert not channels.capabilities.table
    assert scene.kernel.memory.entry(1, 5) is None
    refuse(scene, "flushed", lambda: scene.kernel.pools.scrub(page(scene, 1)))
    flush(scene)
    give_back(scene, 0)
    scene.kernel.recycler.dismantle_pool(0)


@PARAMETERS
def test_a_table_that_the_host_took_is_met_before_anything_is_freed(kind: PlatformKind) -> None:
    """A step is all or nothing, also where it reaches into the tables of others."""
    scene = chain(kind)
    channel = scene.kernel.channels.create(0, [page(scene, 1)])
    scene.kernel.channels.grant(0, channel, 1, Right.READ)
    scene.kernel.channels.open(1, channel, 5)
    scene.kernel.lifecycle.stop(0)
    scene.kernel.recycler.signal_threads(0)
    for vcpu, state in scene.processor.vcpus.items():
        if state.directory is not None:
            scene.kernel.threads.trap(vcpu)
            scene.hostile.interrupt(vcpu)
    scene.kernel.recycler.end_threads(0)
    table = scene.geometry.leaf(1, 0)
    scene.hostile.steal(table, table)
    mark = scene.checkpoint()
    with pytest.raises(Refusal, match="access refused"):
        scene.kernel.recycler.free_capabilities(0)
    assert scene.checkpoint() == mark


@PARAMETERS
def test_the_pool_of_a_zygote_waits_for_its_clones(kind: PlatformKind) -> None:
    """W10: what clones map is freed by the last one that maps it."""
    scene, _, _ = zygote_and_clone(kind)
    bare(scene, 0)
    flush(scene)
    assert scene.kernel.state.pages[page(scene, 0)].use is Use.IMAGE
    refuse(scene, "drained", lambda: scene.kernel.recycler.dismantle_pool(0))
    refuse(scene, "recycled", lambda: scene.kernel.lifecycle.retire(0))
    bare(scene, 1)
    flush(scene)
    for container in (0, 1):
        give_back(scene, container)
        scene.kernel.recycler.dismantle_pool(container)
        scene.kernel.lifecycle.retire(container)
    assert not scene.kernel.state.recycling


@PARAMETERS
def test_a_killed_container_in_a_page_fault_gives_the_lock_back(kind: PlatformKind) -> None:
    """W12 and W17: the kernel was at the host for a frame when the process ended."""
    scene, first, _ = two_tenants(kind)
    faults, recycler = scene.kernel.faults, scene.kernel.recycler
    faults.begin(first.vcpu, 3)
    scene.kernel.threads.request(first.vcpu, page(scene, 1))
    scene.host.shadows.kill(0)
    scene.kernel.lifecycle.stop(0)
    recycler.signal_threads(0)
    refuse(scene, "unlocked", lambda: recycler.end_threads(0))
    refuse(scene, "running", lambda: faults.serve(0, page(scene, 1)))
    scene.host.shadows.reap_vcpu(first.vcpu, 0)
    faults.give_up(0)
    recycler.end_threads(0)
    assert scene.kernel.memory.entry(0, 3) is None


def retry(scene: Machine, vcpu: int, address: int, thread: int) -> bytes:
    """The thread of container 1 goes on after its fault, and writes."""
    scene.kernel.threads.dispatch(thread)
    scene.processor.write(vcpu, address * PAGE, b"again")
    return scene.processor.read(vcpu, address * PAGE, 5)


@PARAMETERS
def test_a_page_fault_that_another_thread_has_served_ends_without_a_page(
    kind: PlatformKind,
) -> None:
    scene, _, second = two_tenants(kind)
    kernel, spare = scene.kernel, page(scene, 3)
    kernel.faults.begin(second.vcpu, 5)
    kernel.spaces.map_page(1, 5, spare)
    kernel.faults.serve(1, page(scene, 4), vcpu=second.vcpu)
    assert not dict(kernel.state.faults.items())
    assert retry(scene, second.vcpu, 5, 2) == b"again"


@PARAMETERS
def test_a_copy_that_is_forbidden_meanwhile_is_not_made_and_the_next_try_is_a_violation(
    kind: PlatformKind,
) -> None:
    scene, _, second = zygote_and_clone(kind)
    kernel = scene.kernel
    kernel.faults.begin(second.vcpu, 0)
    kernel.spaces.protect(1, 0, vcpu=second.vcpu)
    kernel.faults.serve(1, page(scene, 2), vcpu=second.vcpu)
    assert not dict(kernel.state.faults.items())
    assert kernel.state.pages[page(scene, 2)].use is Use.FREE
    with pytest.raises(GuestPageFault, match="writable"):
        retry(scene, second.vcpu, 0, 2)


@PARAMETERS
def test_the_next_container_in_the_slot_is_taken_apart_from_the_beginning(
    kind: PlatformKind,
) -> None:
    scene, _, _ = two_tenants(kind)
    bare(scene, 0)
    flush(scene)
    give_back(scene, 0)
    scene.kernel.recycler.dismantle_pool(0)
    scene.kernel.lifecycle.retire(0)
    scene.kernel.lifecycle.create(0)
    scene.kernel.pools.admit(0, page(scene, 5))
    scene.hostile.offer(page(scene, 5), frame(scene, 5))
    scene.kernel.pools.accept(0, page(scene, 5))
    scene.kernel.lifecycle.stop(0)
    refuse(scene, "signalled", lambda: scene.kernel.recycler.end_threads(0))
    refuse(scene, "drained", lambda: scene.kernel.lifecycle.retire(0))
