"""Memory objects: who names them, what they hold, and when they go."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from tests.impl.scenes import (
    KINDS,
    back_in,
    frame,
    heir,
    join,
    machine,
    named_family,
    out_of_guest,
    page,
    refuse,
    run,
    seal,
    secret,
    two_tenants,
)

from splitspec.impl.geometry import PAGE
from splitspec.impl.host.shadow import Handle
from splitspec.impl.kernel.capabilities import Right
from splitspec.impl.kernel.fork import Forks
from splitspec.impl.kernel.records import SLOTS, Page, ThreadState, Use
from splitspec.impl.machine import Machine, PlatformKind

by_kind = pytest.mark.parametrize("kind", KINDS)

LENGTH = len(secret(1))


def zygote_dies(scene: Machine, first: Handle) -> None:
    """The kernel takes the zygote apart, as far as it can while its pages are to be flushed, or a
    clone names its object."""
    scene.kernel.lifecycle.stop(0, vcpu=first.vcpu)
    scene.kernel.threads.finish(1)
    scene.kernel.recycler.signal_threads(0)
    scene.kernel.recycler.end_threads(0)
    scene.kernel.recycler.free_capabilities(0)


def holders(scene: Machine) -> list[int | None]:
    """The list of the object that the zygote made."""
    return list(scene.kernel.state.objects[1].holders)


@by_kind
def test_a_clone_reads_what_the_zygote_left_and_writes_none_of_it(kind: PlatformKind) -> None:
    scene, _, second = named_family(kind)
    objects, memory = scene.kernel.objects, scene.kernel.object_memory
    assert memory.read(1, 0, 0, LENGTH) == secret(1)
    for container in (0, 1):
        refuse(scene, "right", partial(memory.write, container, 0, 0, b"new"))
        refuse(scene, "right", partial(objects.grow, container, 0, 9))
    refuse(scene, "right", lambda: objects.revoke(1, 0))
    refuse(scene, "right", lambda: memory.map_page(1, 0, 0, 7, page(scene, 2)))
    scene.kernel.threads.trap(second.vcpu)
    scene.kernel.forks.copy_on_write(1, 0, page(scene, 2), vcpu=second.vcpu)
    scene.kernel.threads.dispatch(2)
    scene.processor.write(second.vcpu, 0, b"of the clone")
    assert memory.read(1, 0, 0, LENGTH) == memory.read(0, 0, 0, LENGTH) == secret(1)


@by_kind
def test_what_an_object_holds_does_not_depend_on_who_maps_it(kind: PlatformKind) -> None:
    scene, first, _ = two_tenants(kind)
    objects, memory = scene.kernel.objects, scene.kernel.object_memory
    slot, own = objects.create(0, 2), page(scene, 1)
    memory.map_page(0, slot, 1, 3, own)
    scene.processor.write(first.vcpu, 3 * PAGE, b"kept")
    scene.kernel.threads.trap(first.vcpu)
    scene.kernel.spaces.unmap_page(0, 3, vcpu=first.vcpu)
    assert memory.read(0, slot, PAGE, 4) == b"kept"
    memory.write(0, slot, PAGE, b"KE")
    for take in (scene.kernel.pools.scrub, scene.kernel.pools.release):
        refuse(scene, "free", partial(take, own))
    refuse(scene, "free", lambda: scene.kernel.spaces.map_page(0, 4, own))
    memory.map_page(0, slot, 1, 5, own)
    scene.kernel.threads.dispatch(1)
    assert scene.processor.read(first.vcpu, 5 * PAGE, 4) == b"KEpt"
    assert memory.read(0, slot, 0, 4) == bytes(4)  # the part that nobody has touched


@by_kind
def test_no_copy_lands_on_a_page_that_an_object_has(kind: PlatformKind) -> None:
    scene, _, second = named_family(kind)
    slot = scene.kernel.objects.create(1, 1)
    scene.kernel.object_memory.write(1, slot, 0, b"mine", page(scene, 2))
    scene.kernel.threads.trap(second.vcpu)
    copy = scene.kernel.forks.copy_on_write
    refuse(scene, "free", lambda: copy(1, 0, page(scene, 2), vcpu=second.vcpu))
    copy(1, 0, page(scene, 3), vcpu=second.vcpu)
    assert scene.kernel.object_memory.read(1, slot, 0, 4) == b"mine"


@by_kind
def test_an_object_outlives_the_zygote_and_goes_with_the_last_who_names_it(
    kind: PlatformKind,
) -> None:
    scene, first, second = named_family(kind)
    kernel = scene.kernel
    zygote_dies(scene, first)
    assert kernel.object_memory.read(1, 0, 0, LENGTH) == secret(1)
    kernel.threads.trap(second.vcpu)
    refuse(scene, "unmapped", lambda: kernel.objects.drop(1, 0))
    kernel.spaces.unmap_page(1, 0, vcpu=second.vcpu)
    kernel.objects.drop(1, 0)
    assert kernel.state.pages[page(scene, 0)].use is Use.IMAGE
    kernel.objects.free(1)
    assert kernel.state.pages[page(scene, 0)].use is Use.FREE
    kernel.shootdown.acknowledge(first.vcpu)
    kernel.shootdown.sweep()
    for own in kernel.state.pool(0):
        if not kernel.state.pages[own].is_clean:
            kernel.pools.scrub(own)
        kernel.pools.release(own)
    kernel.recycler.dismantle_pool(0)
    kernel.lifecycle.retire(0)
    assert not kernel.state.objects
    assert not kernel.state.commits


@by_kind
def test_forks_take_turns_at_a_list_and_none_is_lost(kind: PlatformKind) -> None:
    scene, _, _ = named_family(kind)
    objects = scene.kernel.objects
    join(scene, 2, range(4, 6))
    scene.kernel.forks.begin(0, 2)
    objects.begin_insertion(0, 2, 0)
    refuse(scene, "unlocked", lambda: objects.begin_insertion(0, 2, 0))
    objects.finish_insertion(2, 1)
    assert holders(scene) == [0, 1, 2]
    assert scene.kernel.state.slots[2, 0].rights is Right.READ


@by_kind
def test_a_place_that_was_given_up_is_the_next_ones(kind: PlatformKind) -> None:
    scene, _, second = named_family(kind)
    kernel = scene.kernel
    kernel.threads.trap(second.vcpu)
    kernel.spaces.unmap_page(1, 0, vcpu=second.vcpu)
    kernel.objects.drop(1, 0)
    assert holders(scene) == [0, None]
    join(scene, 2)
    heir(scene, 2)
    assert holders(scene) == [0, 2]


@by_kind
def test_an_object_waits_for_the_fork_that_is_at_its_list(kind: PlatformKind) -> None:
    scene, first, second = named_family(kind)
    kernel = scene.kernel
    kernel.threads.trap(second.vcpu)
    kernel.spaces.unmap_page(1, 0, vcpu=second.vcpu)
    kernel.objects.drop(1, 0)
    join(scene, 2)
    kernel.forks.begin(0, 2)
    kernel.objects.begin_insertion(0, 2, 0)
    zygote_dies(scene, first)
    assert kernel.state.objects[1].references == 0
    refuse(scene, "calm", lambda: kernel.objects.free(1))
    kernel.objects.finish_insertion(2, 1)
    assert kernel.state.slots[2, 0].object == 1
    assert kernel.memory.read(page(scene, 0))[:LENGTH] == secret(1)


@by_kind
def test_a_call_keeps_the_object_that_it_uses(kind: PlatformKind) -> None:
    scene, _, _ = two_tenants(kind)
    objects = scene.kernel.objects
    slot = objects.create(0, 1)
    number = objects.begin_call(0, slot)
    refuse(scene, "idle", lambda: objects.drop(0, slot))
    refuse(scene, "idle", lambda: objects.revoke(0, slot))
    objects.end_call(0, number)
    objects.drop(0, slot)
    objects.sweep()
    assert number not in scene.kernel.state.objects


@by_kind
def test_a_revoked_object_is_gone_with_its_pages_and_its_number(kind: PlatformKind) -> None:
    scene, _, _ = two_tenants(kind)
    objects, memory = scene.kernel.objects, scene.kernel.object_memory
    slot = objects.create(0, 1)
    memory.write(0, slot, 0, b"gone", page(scene, 1))
    objects.revoke(0, slot)
    refuse(scene, "held", lambda: memory.read(0, slot, 0, 4))
    record = scene.kernel.state.pages[page(scene, 1)]
    assert record.use is Use.FREE
    assert not record.is_clean
    assert scene.kernel.state.slots[0, objects.create(0, 1)].object == 2


@by_kind
def test_who_drops_its_objects_is_never_refused_another(kind: PlatformKind) -> None:
    scene, _, _ = two_tenants(kind)
    objects, memory = scene.kernel.objects, scene.kernel.object_memory
    kept, dropped = objects.create(0, 1), objects.create(0, 1)
    memory.write(0, dropped, 0, b"gone", page(scene, 1))
    objects.drop(0, dropped)
    for _ in range(2 * SLOTS):
        objects.drop(0, objects.create(0, 1))
        assert len(scene.kernel.state.objects) <= SLOTS
    assert scene.kernel.state.pages[page(scene, 1)].use is Use.FREE
    objects.grow(0, kept, 2)


@by_kind
def test_the_memory_of_an_object_is_of_the_pool_of_who_touches_it(kind: PlatformKind) -> None:
    scene, _, _ = two_tenants(kind)
    slot = scene.kernel.objects.create(0, 1)
    write = scene.kernel.object_memory.write
    refuse(scene, "in_pool", lambda: write(0, slot, 0, b"1", page(scene, 3)))
    write(0, slot, 0, b"1", page(scene, 1))
    charged = scene.host.cgroups.charged
    frame = scene.host.backing.frames[page(scene, 1)]
    assert charged[frame] == scene.host.shadows.group(0)


def sealed(kind: PlatformKind, fill: Callable[[Machine], object]) -> bytes:
    """Seal a container that names an object, whatever was done to that, and return what was
    measured of it."""
    scene = machine(kind)
    first = join(scene, 0, range(2))
    run(scene, 0, first.vcpu, 1)
    fill(scene)
    scene.kernel.threads.trap(first.vcpu)
    seal(scene, 0, first.vcpu, 1)
    return scene.kernel.state.containers[0].measurement


@by_kind
def test_what_a_clone_can_read_was_measured(kind: PlatformKind) -> None:
    """Of objects, too, that nobody maps when the zygote is sealed."""

    def write(data: bytes, size: int = 1) -> Callable[[Machine], object]:
        def fill(scene: Machine) -> None:
            slot = scene.kernel.objects.create(0, size)
            scene.kernel.object_memory.write(0, slot, 0, data, page(scene, 0))

        return fill

    measured = [
        sealed(kind, lambda scene: None),
        sealed(kind, lambda scene: scene.kernel.objects.create(0, 1)),
        sealed(kind, lambda scene: scene.kernel.objects.create(0, 2)),
        sealed(kind, write(b"this")),
        sealed(kind, write(b"that")),
        sealed(kind, write(b"that", 2)),
    ]
    assert len(set(measured)) == len(measured)
    assert sealed(kind, write(b"this")) == measured[3]


@by_kind
def test_a_container_with_the_largest_object_is_sealed(kind: PlatformKind) -> None:
    """What may be made can be measured: a container cannot have its own snapshot fail half way."""
    largest = len(machine(kind).geometry.addresses)

    def grow(scene: Machine) -> None:
        scene.kernel.objects.grow(0, scene.kernel.objects.create(0, 1), largest)

    made = sealed(kind, lambda scene: scene.kernel.objects.create(0, largest))
    assert made == sealed(kind, grow)
    assert made != sealed(kind, lambda scene: scene.kernel.objects.create(0, 1))


@by_kind
def test_what_cannot_be_measured_is_not_sealed_half(
    kind: PlatformKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads are stopped for good when the image is measured, and not before."""
    scene = machine(kind, one_to_one=False)
    first = join(scene, 0)
    run(scene, 0, first.vcpu, 1)
    scene.kernel.threads.spawn(0, 2)
    scene.kernel.threads.trap(first.vcpu)
    scene.kernel.threads.bind(first.vcpu, 2)
    scene.kernel.threads.dispatch(2)
    scene.kernel.threads.wait(first.vcpu, 5)
    scene.kernel.threads.dispatch(1)
    scene.kernel.threads.trap(first.vcpu)
    scene.kernel.objects.create(0, 1)
    scene.kernel.forks.prepare(0, vcpu=first.vcpu, thread=1)
    mark, before = scene.checkpoint(), scene.digest()
    with monkeypatch.context() as broken:
        broken.setattr(Forks, "_content", lambda *_: (2**64, []))
        with pytest.raises(OverflowError):
            scene.kernel.forks.seal(0, vcpu=first.vcpu, thread=1)
    assert scene.checkpoint() == mark
    assert scene.digest() == before
    scene.kernel.forks.seal(0, vcpu=first.vcpu, thread=1)
    assert scene.kernel.state.threads[2].state is ThreadState.FROZEN


def unmapped(kind: PlatformKind) -> tuple[Machine, Handle, Handle]:
    """Like `two_tenants`, the kernel on the first vCPU; page 1 is of an object, and not mapped."""
    scene, first, second = two_tenants(kind)
    scene.kernel.object_memory.write(0, scene.kernel.objects.create(0, 1), 0, b"1", page(scene, 1))
    scene.kernel.threads.trap(first.vcpu)
    return scene, first, second


def rob(scene: Machine, *handles: Handle) -> None:
    """The host takes the frame of page 1."""
    out_of_guest(scene, *handles)
    scene.hostile.steal(page(scene, 1), frame(scene, 1))
    back_in(scene, *handles)
    scene.checkpoint()


@by_kind
@pytest.mark.parametrize("is_flushed", [True, False], ids=["measured at once", "measured later"])
def test_no_zygote_is_sealed_without_a_page_that_its_object_has(
    kind: PlatformKind, is_flushed: bool
) -> None:
    """Mapped or not: clones would be measured without what they read."""
    scene, first, second = unmapped(kind)
    vcpu = first.vcpu if is_flushed else None
    rob(scene, first, second)
    scene.kernel.forks.prepare(0, vcpu=vcpu, thread=1)
    refuse(scene, "backed", lambda: scene.kernel.forks.seal(0, vcpu=vcpu, thread=1))


@by_kind
def test_no_clone_is_made_when_a_page_of_an_object_cannot_be_measured(kind: PlatformKind) -> None:
    scene, first, second = unmapped(kind)
    scene.kernel.forks.prepare(0, thread=1)
    scene.kernel.forks.seal(0, thread=1)
    third = join(scene, 2)
    heir(scene, 2)
    scene.kernel.shootdown.acknowledge(first.vcpu)
    rob(scene, first, second, third)
    refuse(scene, "backed", lambda: scene.kernel.forks.fork(0, 2))


@by_kind
def test_a_page_of_an_object_that_the_host_took_is_not_mapped_again(kind: PlatformKind) -> None:
    scene, first, second = unmapped(kind)
    rob(scene, first, second)
    memory = scene.kernel.object_memory
    refuse(scene, "backed", lambda: memory.map_page(0, 0, 0, 5, page(scene, 1)))


@by_kind
def test_the_recycler_frees_an_object_that_nobody_else_names(kind: PlatformKind) -> None:
    scene, first, _ = two_tenants(kind)
    kernel = scene.kernel
    kernel.object_memory.write(0, kernel.objects.create(0, 1), 0, b"1", page(scene, 1))
    kernel.threads.trap(first.vcpu)
    zygote_dies(scene, first)
    assert not kernel.state.objects
    assert not kernel.state.commits
    kernel.shootdown.acknowledge(first.vcpu)
    for own in kernel.state.pool(0):
        kernel.pools.scrub(own)
        kernel.pools.release(own)
    kernel.recycler.dismantle_pool(0)
    kernel.lifecycle.retire(0)
    assert not kernel.state.pool(0)


@by_kind
def test_an_object_goes_with_its_page_though_the_host_took_that(kind: PlatformKind) -> None:
    """The page is written off first; then nothing refers to it, and nobody gets it again."""
    scene, first, second = unmapped(kind)
    kernel, lost = scene.kernel, page(scene, 1)
    rob(scene, first, second)
    kernel.lifecycle.stop(0, vcpu=first.vcpu)
    kernel.pools.abandon(lost)
    assert kernel.state.pages[lost] == Page(Use.LOST, references=1)
    kernel.threads.finish(1)
    kernel.recycler.signal_threads(0)
    kernel.recycler.end_threads(0)
    kernel.recycler.free_capabilities(0)
    assert kernel.state.pages[lost] == Page(Use.LOST)
    assert not kernel.state.objects


@by_kind
def test_the_recycler_takes_back_what_a_killed_clone_was_getting(kind: PlatformKind) -> None:
    scene, _, _ = named_family(kind)
    kernel = scene.kernel
    handle = join(scene, 2, range(4, 6))
    kernel.forks.begin(0, 2)
    kernel.objects.begin_insertion(0, 2, 0)
    kernel.lifecycle.stop(2, vcpu=handle.vcpu)
    refuse(scene, "unlocked", lambda: kernel.lifecycle.retire(2))
    kernel.recycler.signal_threads(2)
    kernel.recycler.end_threads(2)
    kernel.recycler.free_capabilities(2)
    assert not kernel.state.insertions
    assert holders(scene) == [0, 1]
