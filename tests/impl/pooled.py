"""Machines whose pools lie in strides, and the steps in which a pool comes and goes."""

from __future__ import annotations

from tests.impl.scenes import machine, secret

from splitspec.impl.geometry import Geometry
from splitspec.impl.host.shadow import Handle
from splitspec.impl.kernel.records import Layout
from splitspec.impl.machine import Machine, PlatformKind

STRIDE = 6
STRIDES = Geometry(
    containers=3,
    pages=3 * STRIDE,
    frames=3 * STRIDE,
    vcpus=3,
    stride=STRIDE,
    shared=3,
    few_shared=1,
)


def strided(kind: PlatformKind) -> Machine:
    """Strides of six pages: three are shared, or one, then one is for metadata."""
    return machine(kind, STRIDES)


def registered(scene: Machine, container: int, size: int = STRIDE) -> Handle:
    """A new shadow drives a vCPU and has registered memory; the guest waits for the size."""
    shadows = scene.host.shadows
    shadows.start(container)
    handle = shadows.allocate(container)
    shadows.enter(handle)
    scene.kernel.lifecycle.create(container)
    shadows.keep(container)
    scene.host.backing.add_slot(container, stride(scene, handle).start, size)
    scene.kernel.threads.request(handle.vcpu, 0)
    return handle


def stride(scene: Machine, handle: Handle) -> range:
    return scene.geometry.stride_of(handle.vcpu)


def answer(scene: Machine, handle: Handle, value: int) -> None:
    """The host enters the vCPU with any number."""
    scene.hostile.enter(handle.vcpu, value)


def laid_out(scene: Machine, container: int, size: int = STRIDE, *, few: bool = False) -> Handle:
    """A new container whose pool lies in a stride; the kernel is on its vCPU."""
    handle = registered(scene, container, size)
    backing, sizes = scene.host.backing, scene.geometry
    metadata = stride(scene, handle)[sizes.few_shared if few else sizes.shared]
    backing.grant_page(handle.vcpu, metadata, backing.free_frames()[0])
    value = backing.size_answer(container, handle.vcpu, wants_few=few)
    scene.host.shadows.enter(handle, value)
    scene.kernel.layouts.lay_out(container, handle.vcpu)
    return handle


def pool_of(scene: Machine, container: int) -> Layout:
    found = scene.kernel.state.layout(container)
    assert found is not None
    return found[1]


def end(scene: Machine, container: int, handle: Handle) -> None:
    """A container that exits, and holds nothing but its pool, leaves; its vCPU is idle again."""
    host = scene.host
    scene.kernel.layouts.take_down(container)
    scene.kernel.lifecycle.retire(container)
    host.shadows.dismiss(container)
    scene.kernel.threads.park(handle.vcpu)
    first = stride(scene, handle).start
    with host.kicked():
        for page in [page for page in host.backing.frames if page in stride(scene, handle)]:
            host.backing.reclaim_page(page)
    host.backing.remove_slot(container, first)
    host.shadows.publish(handle.vcpu)
    host.work.finish(container)


def running(kind: PlatformKind) -> tuple[Machine, Handle, Handle]:
    """Containers 0 and 1 run, each with a pool."""
    scene = strided(kind)
    handles = laid_out(scene, 0), laid_out(scene, 1)
    for container in (0, 1):
        scene.kernel.lifecycle.start(container)
    return scene, *handles


def leave(scene: Machine, container: int, handle: Handle) -> None:
    scene.kernel.lifecycle.stop(container)
    end(scene, container, handle)


def two_pools(kind: PlatformKind) -> Machine:
    """Containers 0 and 1 run, each with a page at address 0 that holds its secret, and a block;
    container 2 leaves, and has nothing but its pool."""
    sizes = Geometry(containers=3, pages=12, frames=12, vcpus=3, stride=4, shared=1, few_shared=0)
    scene = machine(kind, sizes)
    for container in (0, 1):
        vcpu, backing = laid_out(scene, container, 4).vcpu, scene.host.backing
        scene.kernel.lifecycle.start(container)
        page = scene.kernel.allocators.allocate_page(container)
        scene.kernel.allocators.allocate_block(container)
        scene.kernel.pools.admit(container, page)
        backing.grant_page(vcpu, page, backing.free_frames()[0])
        scene.kernel.pools.accept(container, page)
        scene.kernel.spaces.map_page(container, 0, page)
        scene.kernel.threads.spawn(container, container + 1)
        scene.kernel.threads.bind(vcpu, container + 1)
        scene.kernel.threads.dispatch(container + 1)
        scene.processor.write(vcpu, 0, secret(container + 1))
    laid_out(scene, 2, 4)
    scene.kernel.lifecycle.stop(2)
    return scene
