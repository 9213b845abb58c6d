"""A case for every guard of pools that lie in strides."""

from __future__ import annotations

from dataclasses import replace

from tests.impl.pooled import (
    STRIDE,
    answer,
    laid_out,
    pool_of,
    registered,
    stride,
    strided,
)
from tests.impl.refusal_scenes import Call, Scene, Setup, tenants

from splitspec.impl.geometry import PAGE
from splitspec.impl.kernel.records import Page, Use
from splitspec.impl.machine import PlatformKind


def asking(kind: PlatformKind) -> Scene:
    """Container 0 waits for the size of its pool, and container 1 has one."""
    scene = strided(kind)
    return Scene(scene, registered(scene, 0), laid_out(scene, 1))


def pooled(kind: PlatformKind) -> Scene:
    """Container 0 runs with a pool that has a block and two data pages; container 1 has a pool."""
    scene = strided(kind)
    made = Scene(scene, laid_out(scene, 0), laid_out(scene, 1))
    scene.kernel.lifecycle.start(0)
    return made


def ending(kind: PlatformKind) -> Scene:
    """Like `pooled`, with container 0 exiting."""
    scene = pooled(kind)
    scene.machine.kernel.lifecycle.stop(0)
    return scene


def lay_out(scene: Scene, value: int, container: int = 0) -> object:
    answer(scene.machine, scene.first, value)
    return scene.machine.kernel.layouts.lay_out(container, scene.first.vcpu)


def lost_metadata(scene: Scene) -> object:
    """The host took the page from an earlier container while it was in use."""
    page = stride(scene.machine, scene.first)[scene.machine.geometry.shared]
    scene.machine.kernel.state.pages[page] = Page(Use.LOST)
    return lay_out(scene, STRIDE * PAGE)


def handed_out(scene: Scene) -> int:
    return scene.machine.kernel.allocators.allocate_page(0)


def in_use(scene: Scene) -> int:
    """A private page that was handed out, and accepted, and is mapped by now."""
    page = handed_out(scene)
    scene.machine.kernel.state.pages[page] = Page(Use.PRIVATE, references=1)
    return page


def block(scene: Scene) -> int:
    return scene.machine.kernel.allocators.allocate_block(0)


def block_page(scene: Scene) -> int:
    return scene.machine.kernel.state.buffers[block(scene)].page


def mapped_block(scene: Scene) -> int:
    number = block(scene)
    page = scene.machine.kernel.state.buffers[number].page
    scene.machine.kernel.spaces.map_shared(0, 1, page)
    return number


def reachable_block(scene: Scene) -> int:
    """A block that was unmapped, and that a vCPU may still translate to."""
    number = mapped_block(scene)
    kernel, vcpu = scene.machine.kernel, scene.first.vcpu
    kernel.threads.spawn(0, 1)
    kernel.threads.bind(vcpu, 1)
    kernel.threads.dispatch(1)
    kernel.threads.trap(vcpu)
    kernel.spaces.unmap_page(0, 1)
    return number


def used_up(scene: Scene) -> Scene:
    for _ in pool_of(scene.machine, 0).data:
        handed_out(scene)
    return scene


def all_blocks(scene: Scene) -> Scene:
    for _ in pool_of(scene.machine, 0).shared_part:
        block(scene)
    return scene


def at_host(scene: Scene) -> Scene:
    """The slot of container 0 has no frame behind it any more."""
    backing = scene.machine.host.backing
    scene.machine.kernel.layouts.take_down(0)
    with scene.machine.host.kicked():
        backing.reclaim_page(next(iter(backing.frames)))
    return scene


def unpooled(scene: Scene) -> Scene:
    """A clone that is to be activated, and has no pool."""
    rows = scene.machine.kernel.state.containers
    rows[0] = replace(rows[0], origin=7, image=b"of a zygote")
    return scene


POOLS: list[tuple[Setup, str, Call]] = [
    (tenants, "untouched", lambda s: back_at_one_address(s)),
    (tenants, "registered", lambda s: s.machine.host.backing.size_answer(0, s.first.vcpu)),
    (asking, "stride", lambda s: s.machine.host.backing.add_slot(0, s.p(1), 2)),
    (asking, "driver", lambda s: s.machine.host.backing.add_slot(0, stride_start(s, 1), 2)),
    (asking, "in_slot", lambda s: s.machine.host.backing.resolve(s.first.vcpu, s.p(0))),
    (ending, "dismissed", lambda s: remove_slot(at_host(s))),
    (asking, "slots_removed", lambda s: parked(s).machine.host.shadows.publish(s.first.vcpu)),
    (asking, "in_kernel", lambda s: s.machine.kernel.layouts.lay_out(0, s.first.vcpu)),
    (asking, "whole", lambda s: lay_out(s, 3 * PAGE + 8)),
    (asking, "room", lambda s: lay_out(s, 3 * PAGE)),
    (asking, "room", lambda s: lay_out(s, 1)),
    (asking, "bounded", lambda s: lay_out(s, (STRIDE + 1) * PAGE)),
    (asking, "new", lambda s: lay_out(s, STRIDE * PAGE, container=2)),
    (asking, "single", lambda s: lay_out(s, STRIDE * PAGE, container=1)),
    (ending, "vacant", lambda s: another(s).machine.kernel.layouts.lay_out(2, s.first.vcpu)),
    (asking, "once", lost_metadata),
    (asking, "pooled", lambda s: s.machine.kernel.lifecycle.start(0)),
    (asking, "pooled", lambda s: unpooled(s).machine.kernel.forks.activate(0, 1)),
    (asking, "laid_out", lambda s: s.machine.kernel.pools.admit(0, s.p(5))),
    (asking, "running", lambda s: s.machine.kernel.allocators.allocate_page(1)),
    (ending, "running", lambda s: s.machine.kernel.allocators.allocate_block(0)),
    (pooled, "laid_out", lambda s: s.machine.kernel.allocators.free_page(2, s.p(5))),
    (pooled, "spare", lambda s: used_up(s).machine.kernel.allocators.allocate_page(0)),
    (pooled, "spare", lambda s: all_blocks(s).machine.kernel.allocators.allocate_block(0)),
    (pooled, "in_pool", lambda s: s.machine.kernel.allocators.free_page(1, handed_out(s))),
    (pooled, "held", lambda s: s.machine.kernel.allocators.free_page(0, data(s)[0])),
    (pooled, "held", lambda s: s.machine.kernel.allocators.free_page(0, data(s).start - 1)),
    (pooled, "unused", lambda s: s.machine.kernel.allocators.free_page(0, in_use(s))),
    (pooled, "empty", lambda s: s.machine.kernel.allocators.run_out(0)),
    (pooled, "own", lambda s: s.machine.kernel.allocators.free_block(1, block(s))),
    (pooled, "own", lambda s: s.machine.kernel.allocators.free_block(0, 9)),
    (pooled, "unreferenced", lambda s: s.machine.kernel.allocators.free_block(0, mapped_block(s))),
    (pooled, "flushed", lambda s: s.machine.kernel.allocators.free_block(0, reachable_block(s))),
    (pooled, "no_block", lambda s: s.machine.kernel.pools.unshare(block_page(s))),
    (pooled, "exiting", lambda s: s.machine.kernel.layouts.take_down(0)),
    (ending, "poolless", lambda s: s.machine.kernel.lifecycle.retire(0)),
    (asking, "laid_out", lambda s: gone(s).machine.kernel.layouts.take_down(0)),
    (pooled, "closed", lambda s: held_at_exit(s, block).machine.kernel.layouts.take_down(0)),
    (pooled, "empty", lambda s: held_at_exit(s, handed_out).machine.kernel.layouts.take_down(0)),
]


def data(scene: Scene) -> range:
    return pool_of(scene.machine, 0).data


def stride_start(scene: Scene, container: int) -> int:
    """The first page of the stride that the container's pool lies in."""
    return pool_of(scene.machine, container).first


def remove_slot(scene: Scene) -> None:
    first = stride(scene.machine, scene.first).start
    scene.machine.host.backing.remove_slot(0, first)


def back_at_one_address(scene: Scene) -> None:
    """A process that registered one stretch of its memory twice, and touched it by the first."""
    machine = scene.machine
    slots = machine.host.shadows.slots
    (_, first), slot = next((key, slot) for key, slot in slots.items() if key[0] == 0)
    assert first in machine.host.backing.frames
    slots[0, scene.p(5)] = replace(slot, first=scene.p(5))
    machine.host.backing.back_page(scene.first.vcpu, scene.p(5), scene.f(5))


def parked(scene: Scene) -> Scene:
    scene.machine.hostile.enter(scene.first.vcpu, 0)
    scene.machine.kernel.threads.park(scene.first.vcpu)
    return scene


def another(scene: Scene) -> Scene:
    """The host has the vCPU begin a new container, while a pool lies in its stride."""
    scene.machine.kernel.lifecycle.create(2)
    return scene


def gone(scene: Scene) -> Scene:
    scene.machine.kernel.lifecycle.stop(0)
    return scene


def held_at_exit(scene: Scene, take: Call) -> Scene:
    take(scene)
    scene.machine.kernel.lifecycle.stop(0)
    return scene
