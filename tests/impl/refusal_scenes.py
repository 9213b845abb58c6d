"""Situations in which some guard is false, with short names for what stands in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.impl.scenes import frame, join, machine, page, two_tenants, zygote_and_clone

from splitspec.impl.geometry import Geometry
from splitspec.impl.host.shadow import Handle
from splitspec.impl.kernel.capabilities import Right
from splitspec.impl.machine import Machine, PlatformKind

RW = Right.READ | Right.WRITE


@dataclass(slots=True)
class Scene:
    """A machine with two vCPUs that are driven, and short names."""

    machine: Machine
    first: Handle
    second: Handle

    def __post_init__(self) -> None:
        self.machine.checkpoint()

    def p(self, index: int) -> int:
        return page(self.machine, index)

    def f(self, index: int) -> int:
        return frame(self.machine, index)


Call = Callable[[Scene], object]
Setup = Callable[[PlatformKind], Scene]
Case = tuple[PlatformKind, Setup, str, Call]


def tenants(kind: PlatformKind) -> Scene:
    """Containers 0 and 1 run, with page 0 and 2 mapped at address 0, and pages 1 and 3 spare."""
    return Scene(*two_tenants(kind))


def family(kind: PlatformKind) -> Scene:
    """Container 0 is a zygote with a page at address 0, container 1 its clone with spare pages."""
    return Scene(*zygote_and_clone(kind))


def trapped(kind: PlatformKind) -> Scene:
    """Like `tenants`, with the kernel running on both vCPUs."""
    scene = tenants(kind)
    for handle in (scene.first, scene.second):
        scene.machine.kernel.threads.trap(handle.vcpu)
    return scene


def loading(kind: PlatformKind) -> Scene:
    """Containers 0 and 1 are created, with two accepted pages each."""
    scene = machine(kind)
    return Scene(scene, join(scene, 0, range(2)), join(scene, 1, range(2, 4)))


def leaving(kind: PlatformKind) -> Scene:
    """Like `trapped`, after the exit of container 0."""
    scene = trapped(kind)
    scene.machine.kernel.lifecycle.exit(0, vcpu=scene.first.vcpu)
    return scene


def chained(kind: PlatformKind) -> Scene:
    """Like `trapped`; a channel of container 0 with page 1, and 0 and 1 in one chain."""
    scene = trapped(kind)
    state = scene.machine.kernel.state
    for container in (0, 1):
        state.chains[container] = b"chain"
        state.secrets[container] = b"secret"
    scene.machine.kernel.channels.create(0, [scene.p(1)])
    return scene


def granted(kind: PlatformKind) -> Scene:
    """Like `chained`, with the channel granted to container 1 for reading and writing."""
    scene = chained(kind)
    scene.machine.kernel.channels.grant(0, 1, 1, RW)
    return scene


def sharing(kind: PlatformKind) -> Scene:
    """Like `trapped`; page 1 is shared with the host and mapped at address 1 of container 0."""
    scene = trapped(kind)
    with scene.machine.host.kicked():
        scene.machine.kernel.pools.share(0, scene.p(1))
        scene.machine.host.backing.convert_to_shared(scene.p(1))
    scene.machine.kernel.spaces.map_shared(0, 1, scene.p(1))
    return scene


def parked(kind: PlatformKind) -> Scene:
    """No container; shadow 0 holds a parked vCPU and a slot, shadow 1 runs an idle one."""
    scene = machine(kind)
    shadows, kernel = scene.host.shadows, scene.kernel
    shadows.start(0)
    shadows.start(1, cpu_max=0)
    first, second = shadows.allocate(0), shadows.allocate(1)
    shadows.enter(first)
    kernel.threads.park(first.vcpu)
    scene.host.backing.add_slot(0, page(scene, 0))
    return Scene(scene, first, second)


def lagging(kind: PlatformKind) -> Scene:
    """Like `trapped`; page 0 of container 0 was unmapped, and nobody has flushed."""
    scene = trapped(kind)
    scene.machine.kernel.spaces.unmap_page(0, 0)
    return scene


def tagless(kind: PlatformKind) -> Scene:
    """Containers 0 and 1 have the only tags that there are."""
    scene = machine(kind, Geometry(containers=3, pages=6, frames=8, vcpus=3, tags=2))
    return Scene(scene, join(scene, 0), join(scene, 1))


def killed(kind: PlatformKind) -> Scene:
    """Like `tenants`, after the host killed the shadow of container 0; page 5 is in its slot."""
    scene = tenants(kind)
    scene.machine.host.backing.add_slot(0, scene.p(5))
    scene.machine.host.shadows.kill(0)
    return scene


def limited(kind: PlatformKind) -> Scene:
    """Shadow 0 may have no memory and no time, and holds a vCPU and a slot with page 0."""
    scene = machine(kind)
    scene.host.shadows.start(0, memory_max=0, cpu_max=0)
    first = scene.host.shadows.allocate(0)
    scene.hostile.enter(first.vcpu, 0)
    scene.host.backing.add_slot(0, page(scene, 0))
    return Scene(scene, first, first)


def together(kind: PlatformKind) -> Scene:
    """Threads may share a vCPU; container 0 has one on its vCPU, container 1 one that waits."""
    scene = machine(kind, one_to_one=False)
    first, second = join(scene, 0), join(scene, 1)
    for container, thread in ((0, 1), (1, 2)):
        scene.kernel.lifecycle.start(container)
        scene.kernel.threads.spawn(container, thread)
    scene.kernel.threads.bind(first.vcpu, 1)
    return Scene(scene, first, second)
