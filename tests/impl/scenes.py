"""Machines in the situations that tests begin from, and what they ask of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from splitspec.impl.geometry import Geometry
from splitspec.impl.host.shadow import Handle
from splitspec.impl.machine import Machine, PlatformKind
from splitspec.impl.refusal import Refusal

KINDS = list(PlatformKind)
SIZES = Geometry(containers=3, pages=6, frames=8, vcpus=3)


def machine(kind: PlatformKind, geometry: Geometry = SIZES, *, one_to_one: bool = True) -> Machine:
    """A machine just after launch, whose journal records."""
    made = Machine(geometry, kind, one_to_one=one_to_one)
    made.checkpoint()
    return made


def page(scene: Machine, index: int) -> int:
    """The grantable page of a number."""
    return scene.geometry.pool_pages[index]


def frame(scene: Machine, index: int) -> int:
    """The grantable frame of a number."""
    return scene.geometry.pool_frames[index]


def join(scene: Machine, container: int, pages: range = range(0)) -> Handle:
    """Start a shadow, give it a vCPU, and create a container with accepted pages in its pool."""
    scene.host.shadows.start(container)
    handle = scene.host.shadows.allocate(container)
    scene.host.shadows.enter(handle)
    scene.kernel.lifecycle.create(container)
    for index in pages:
        scene.host.backing.add_slot(container, page(scene, index))
        scene.kernel.pools.admit(container, page(scene, index))
        scene.host.backing.grant_page(handle.vcpu, page(scene, index), frame(scene, index))
        scene.kernel.pools.accept(container, page(scene, index))
    return handle


def run(scene: Machine, container: int, vcpu: int, thread: int) -> None:
    """Start the container, or activate the clone, and run one thread of it."""
    if scene.kernel.state.containers[container].origin is None:
        scene.kernel.lifecycle.start(container)
        scene.kernel.threads.spawn(container, thread)
    else:
        scene.kernel.forks.activate(container, thread)
    scene.kernel.threads.bind(vcpu, thread)
    scene.kernel.threads.dispatch(thread)


def two_tenants(kind: PlatformKind) -> tuple[Machine, Handle, Handle]:
    """Containers 0 and 1 run; each has its secret in the page at address 0, and a spare page."""
    scene = machine(kind)
    first, second = join(scene, 0, range(2)), join(scene, 1, range(2, 4))
    for container, handle in ((0, first), (1, second)):
        scene.kernel.spaces.map_page(container, 0, page(scene, 2 * container))
        run(scene, container, handle.vcpu, container + 1)
        scene.processor.write(handle.vcpu, 0, secret(container + 1))
    return scene, first, second


def out_of_guest(scene: Machine, *handles: Handle) -> None:
    """The host takes vCPUs out: a TD loses a page only when nobody is inside."""
    for handle in handles:
        scene.hostile.interrupt(handle.vcpu)


def back_in(scene: Machine, *handles: Handle) -> None:
    """The host enters them again."""
    for handle in handles:
        scene.hostile.enter(handle.vcpu, 0)


def seal(scene: Machine, container: int, vcpu: int, thread: int) -> None:
    """A thread of the container, which has come to the kernel, has it sealed."""
    scene.kernel.forks.prepare(container, vcpu=vcpu, thread=thread)
    scene.kernel.forks.seal(container, vcpu=vcpu, thread=thread)


def clone(scene: Machine, container: int) -> None:
    """Make a container that maps nothing a clone of the sealed container 0."""
    scene.kernel.forks.begin(0, container)
    scene.kernel.forks.fork(0, container)


def zygote_and_clone(kind: PlatformKind) -> tuple[Machine, Handle, Handle]:
    """Container 0 is sealed with one page at address 0; container 1 is a running clone of it."""
    scene = machine(kind)
    first, second = join(scene, 0, range(2)), join(scene, 1, range(2, 4))
    scene.kernel.spaces.map_page(0, 0, page(scene, 0))
    run(scene, 0, first.vcpu, 1)
    scene.processor.write(first.vcpu, 0, secret(1))
    scene.kernel.threads.trap(first.vcpu)
    seal(scene, 0, first.vcpu, 1)
    clone(scene, 1)
    run(scene, 1, second.vcpu, 2)
    return scene, first, second


def chain(kind: PlatformKind) -> Machine:
    """Containers 0, 1 and 2 run, named for one chain, with two pages each."""
    scene = machine(kind)
    handles = [join(scene, c, range(2 * c, 2 * c + 2)) for c in range(3)]
    for container, handle in enumerate(handles):
        scene.kernel.state.secrets[container] = b"secret"
        scene.kernel.state.chains[container] = b"chain"
        run(scene, container, handle.vcpu, container + 1)
    return scene


def coded_family(kind: PlatformKind) -> Machine:
    """Container 0 is sealed with code at address 1; container 1 is a running clone of it."""
    scene = machine(kind)
    first, second = join(scene, 0, range(2)), join(scene, 1, range(2, 4))
    scene.kernel.lifecycle.load(0, 1, [page(scene, 0)], b"code")
    run(scene, 0, first.vcpu, 1)
    scene.kernel.threads.trap(first.vcpu)
    seal(scene, 0, first.vcpu, 1)
    clone(scene, 1)
    run(scene, 1, second.vcpu, 2)
    return scene


def heir(scene: Machine, container: int) -> None:
    """Begin a clone of the sealed container 0, with what that has in its slots."""
    scene.kernel.forks.begin(0, container)
    for slot, row in scene.kernel.state.named(0):
        scene.kernel.objects.begin_insertion(0, container, slot)
        scene.kernel.objects.finish_insertion(container, row.object)


def named_family(kind: PlatformKind) -> tuple[Machine, Handle, Handle]:
    """Container 0 is sealed with its secret at address 0, in the first page of an object of two in
    slot 0; container 1 is a running clone of it, with two spare pages."""
    scene = machine(kind)
    first, second = join(scene, 0, range(2)), join(scene, 1, range(2, 4))
    run(scene, 0, first.vcpu, 1)
    scene.kernel.objects.create(0, 2)
    scene.kernel.object_memory.map_page(0, 0, 0, 0, page(scene, 0))
    scene.processor.write(first.vcpu, 0, secret(1))
    scene.kernel.threads.trap(first.vcpu)
    seal(scene, 0, first.vcpu, 1)
    heir(scene, 1)
    scene.kernel.forks.fork(0, 1)
    run(scene, 1, second.vcpu, 2)
    return scene, first, second


def secret(identity: int) -> bytes:
    """What only one container knows; in these scenes, the identity is the slot and 1."""
    return f"the secret of {identity}".encode()


def refuse(scene: Machine, guard: str, call: Callable[[], object]) -> Refusal:
    """Call, expect the refusal of a guard, and hold the machine to what it was before."""
    mark, before = scene.checkpoint(), scene.digest()
    with pytest.raises(Refusal) as caught:
        call()
    assert caught.value.guard == guard, caught.value
    assert scene.digest() == before
    assert scene.checkpoint() == mark
    return caught.value
