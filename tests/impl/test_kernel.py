"""What the microkernel and the honest host do, as claims."""

from __future__ import annotations

import hashlib

import pytest
from tests.impl.scenes import (
    KINDS,
    clone,
    frame,
    join,
    machine,
    page,
    refuse,
    run,
    secret,
    two_tenants,
    zygote_and_clone,
)

from splitspec.impl.attestation.measurement import code_pages, loaded
from splitspec.impl.geometry import PAGE
from splitspec.impl.hardware.processor import CLEAR
from splitspec.impl.kernel.records import Use
from splitspec.impl.machine import PlatformKind
from splitspec.impl.refusal import GuestPageFault

pytestmark = pytest.mark.parametrize("kind", KINDS)


def test_fork_leaves_no_writable_entry_of_a_shared_page(kind: PlatformKind) -> None:
    scene, _, second = zygote_and_clone(kind)
    for container in (0, 1):
        entries = dict(scene.kernel.memory.entries(container))
        assert entries[0].page == page(scene, 0)
        assert not entries[0].writable
    assert not any(entry.writable for known in scene.tlb.entries.values() for entry in known)
    with pytest.raises(GuestPageFault, match="writable"):
        scene.processor.write(second.vcpu, 0, b"change")


def test_a_write_copies_to_the_writers_pool_at_the_writers_expense(kind: PlatformKind) -> None:
    scene, _, second = zygote_and_clone(kind)
    before = scene.host.cgroups.groups["sc-0"].memory_current
    scene.kernel.threads.trap(second.vcpu)
    scene.kernel.forks.copy_on_write(1, 0, page(scene, 2), vcpu=second.vcpu)
    scene.kernel.threads.dispatch(2)
    assert scene.processor.read(second.vcpu, 0, 15) == secret(1)
    scene.processor.write(second.vcpu, 0, b"mine")
    assert scene.kernel.memory.read(page(scene, 0)).startswith(secret(1))
    assert scene.host.cgroups.charged[frame(scene, 2)] == "sc-1"
    assert scene.host.cgroups.groups["sc-0"].memory_current == before
    assert scene.kernel.state.pages[page(scene, 0)].references == 1


def test_the_last_clone_copies_too(kind: PlatformKind) -> None:
    """Whether a page is copied must not tell what the siblings do: never reused in place."""
    scene, _, second = zygote_and_clone(kind)
    third = join(scene, 2, range(4, 6))
    clone(scene, 2)
    run(scene, 2, third.vcpu, 3)
    for container, handle, target in ((1, second, 2), (2, third, 4)):
        scene.kernel.threads.trap(handle.vcpu)
        copy = page(scene, target)
        scene.kernel.forks.copy_on_write(container, 0, copy, vcpu=handle.vcpu)
        entry = scene.kernel.memory.entry(container, 0)
        assert entry is not None
        assert (entry.page, entry.writable) == (copy, True)
    assert scene.kernel.state.pages[page(scene, 0)].use is Use.IMAGE


def test_clones_of_a_killed_zygote_go_on_and_its_pages_wait_for_them(kind: PlatformKind) -> None:
    scene, first, second = zygote_and_clone(kind)
    kernel, image = scene.kernel, page(scene, 0)
    scene.host.shadows.kill(0)
    kernel.lifecycle.stop(0)
    kernel.spaces.unmap_page(0, 0)
    assert scene.processor.read(second.vcpu, 0, 15) == secret(1)
    refuse(scene, "free", lambda: kernel.pools.release(image))
    scene.host.shadows.reap_vcpu(first.vcpu, 0)
    for handle in (first, second):
        kernel.shootdown.acknowledge(handle.vcpu)
    kernel.threads.finish(1)
    refuse(scene, "drained", lambda: kernel.lifecycle.retire(0))
    kernel.threads.trap(second.vcpu)
    kernel.spaces.unmap_page(1, 0, vcpu=second.vcpu)
    kernel.pools.scrub(image)
    for index in (0, 1):
        kernel.pools.release(page(scene, index))
    kernel.lifecycle.retire(0)


def test_a_zygote_is_measured_as_it_was_sealed(kind: PlatformKind) -> None:
    scene, _, _ = zygote_and_clone(kind)
    rights = b"\0\1"  # not executable, writable
    thread = len(CLEAR).to_bytes(8, "little") + CLEAR + b"\0"  # which does not wait
    before = b"zygote" + (1).to_bytes(8, "little") + thread
    digest = hashlib.sha384(before + bytes(8) + rights + secret(1).ljust(PAGE, b"\0"))
    assert scene.kernel.state.containers[0].measurement == digest.digest()


def test_code_is_measured_as_it_was_loaded_and_where(kind: PlatformKind) -> None:
    scene = machine(kind)
    handle = join(scene, 0, range(3))
    code = b"first page".ljust(PAGE, b".") + b"second page"
    scene.kernel.lifecycle.load(0, 7, [page(scene, 0), page(scene, 1)], code)
    measured = scene.kernel.state.containers[0].measurement
    assert measured == loaded(b"", 7, code_pages(code))
    assert measured != loaded(b"", 8, code_pages(code))
    run(scene, 0, handle.vcpu, 1)
    assert scene.processor.read(handle.vcpu, 7 * PAGE, len(code)) == code
    with pytest.raises(GuestPageFault, match="writable"):
        scene.processor.write(handle.vcpu, 7 * PAGE, b"other code")
    refuse(scene, "created", lambda: scene.kernel.lifecycle.load(0, 9, [page(scene, 2)], b"late"))


def test_an_identity_is_given_once(kind: PlatformKind) -> None:
    scene = machine(kind)
    seen = []
    for _ in range(3):
        scene.kernel.lifecycle.create(0)
        seen.append(scene.kernel.state.containers[0].identity)
        scene.kernel.lifecycle.exit(0)
        scene.kernel.lifecycle.retire(0)
    assert seen == [1, 2, 3]


def test_an_exit_leaves_nothing_of_the_container(kind: PlatformKind) -> None:
    scene, first, _ = two_tenants(kind)
    kernel, tag = scene.kernel, scene.kernel.state.tags[0]
    kernel.threads.trap(first.vcpu)
    kernel.lifecycle.exit(0, vcpu=first.vcpu)
    kernel.shootdown.acknowledge(first.vcpu)
    kernel.pools.scrub(page(scene, 0))
    for index in (0, 1):
        kernel.pools.release(page(scene, index))
        assert not scene.platform.accepted(page(scene, index))
    kernel.lifecycle.retire(0)
    assert list(kernel.memory.entries(0)) == []
    assert not any(owner == 0 for owner in kernel.state.pools.values())
    assert not any(key[1] == tag for key in scene.tlb.entries)
    plain = [scene.memory.load(number, private=True) for number in scene.geometry.pool_frames]
    assert not any(secret(1) in data for data in plain)
    assert any(secret(2) in data for data in plain)


def test_threads_of_one_container_take_turns_on_its_vcpu(kind: PlatformKind) -> None:
    scene = machine(kind, one_to_one=False)
    handle = join(scene, 0)
    threads = scene.kernel.threads
    scene.kernel.lifecycle.start(0)
    for thread in (1, 2, 3):
        threads.spawn(0, thread)
        threads.bind(handle.vcpu, thread)
    order = []
    last = 0
    for _ in range(6):
        turn = threads.turn(handle.vcpu, last)
        assert turn is not None
        threads.dispatch(turn)
        order.append(turn)
        threads.trap(handle.vcpu)
        last = turn
    assert order == [1, 2, 3, 1, 2, 3]
    threads.dispatch(2)
    threads.wait(handle.vcpu)
    assert threads.turn(handle.vcpu, 1) == 3
    threads.wake(2)
    assert threads.turn(handle.vcpu, 1) == 2


def test_cpu_time_is_charged_to_who_drives_the_vcpu_and_limited(kind: PlatformKind) -> None:
    scene = machine(kind)
    shadows, cgroups = scene.host.shadows, scene.host.cgroups
    shadows.start(0, cpu_max=2)
    handle = shadows.allocate(0)
    shadows.enter(handle)
    shadows.tick(handle.vcpu)
    shadows.tick(handle.vcpu)
    refuse(scene, "quota", lambda: shadows.tick(handle.vcpu))
    shadows.preempt(handle.vcpu)
    refuse(scene, "quota", lambda: shadows.enter(handle))
    cgroups.begin_period()
    shadows.enter(handle)
    shadows.tick(handle.vcpu)
    assert cgroups.groups["sc-0"].cpu_usage == 3


def test_the_idle_vcpu_that_came_last_is_taken_first(kind: PlatformKind) -> None:
    scene = machine(kind)
    first, second = join(scene, 0), join(scene, 1)
    for container, handle in ((0, first), (1, second)):
        scene.kernel.lifecycle.exit(container, vcpu=handle.vcpu)
        scene.kernel.lifecycle.retire(container)
        scene.kernel.threads.park(handle.vcpu)
        scene.host.shadows.publish(handle.vcpu)
    scene.host.shadows.start(2)
    assert scene.host.shadows.allocate(2).vcpu == second.vcpu


def test_a_shared_page_is_plain_to_both_sides_and_private_again_only_when_accepted(
    kind: PlatformKind,
) -> None:
    scene, first, second = two_tenants(kind)
    kernel, target = scene.kernel, page(scene, 1)
    kernel.threads.trap(first.vcpu)
    kernel.pools.share(0, target)
    with scene.host.kicked():
        scene.host.backing.convert_to_shared(target)
    kernel.spaces.map_shared(0, 1, target)
    kernel.threads.dispatch(1)
    scene.processor.write(first.vcpu, PAGE, b"a request")
    assert scene.hostile.peek(frame(scene, 1)).startswith(b"a request")
    scene.hostile.tamper(frame(scene, 1), 0, b"the reply")
    assert scene.processor.read(first.vcpu, PAGE, 9) == b"the reply"

    kernel.threads.trap(first.vcpu)
    refuse(scene, "once", lambda: kernel.pools.accept(0, target))
    kernel.spaces.unmap_page(0, 1, vcpu=first.vcpu)
    kernel.pools.unshare(target)
    refused = "assigned" if kind is PlatformKind.SNP else "backed"
    refuse(scene, refused, lambda: kernel.pools.accept(0, target))
    scene.host.backing.assign_frame(target)
    kernel.pools.accept(0, target)
    assert kernel.memory.read(target) == bytes(PAGE)
    assert scene.processor.read(second.vcpu, 0, 15) == secret(2)


def test_a_second_load_extends_the_measurement_of_the_first(kind: PlatformKind) -> None:
    scenes = [machine(kind) for _ in range(2)]
    for scene, first in zip(scenes, (b"genuine", b"foreign"), strict=True):
        join(scene, 0, range(2))
        scene.kernel.lifecycle.load(0, 1, [page(scene, 0)], first)
        scene.kernel.lifecycle.load(0, 2, [page(scene, 1)], b"genuine")
    genuine, foreign = (scene.kernel.state.containers[0].measurement for scene in scenes)
    assert genuine != foreign


def test_a_copy_lets_the_page_of_the_zygote_wait_for_every_vcpu_of_the_clone(
    kind: PlatformKind,
) -> None:
    scene, _, first = zygote_and_clone(kind)
    second = scene.host.shadows.allocate(1)
    scene.host.shadows.enter(second)
    scene.kernel.threads.spawn(1, 9)
    scene.kernel.threads.bind(second.vcpu, 9)
    scene.kernel.threads.dispatch(9)
    scene.kernel.threads.trap(first.vcpu)
    scene.kernel.forks.copy_on_write(1, 0, page(scene, 2), vcpu=first.vcpu)
    assert set(scene.kernel.state.quarantine) == {(1, page(scene, 0))}
