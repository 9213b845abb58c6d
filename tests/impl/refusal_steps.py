"""What has to happen in a situation before the call that is refused."""

from __future__ import annotations

from dataclasses import replace

from tests.impl.refusal_scenes import RW, Scene
from tests.impl.scenes import join

from splitspec.impl.hardware.snp import Snp
from splitspec.impl.hardware.tdx import Tdx
from splitspec.impl.kernel.capabilities import Right
from splitspec.impl.kernel.records import REFERENCES_MAX


def poison(scene: Scene) -> None:
    scene.machine.hostile.tamper(scene.f(0), 0, b"poison")


def launch_twice(scene: Scene, kind: type[Snp] | type[Tdx]) -> None:
    """A launch under way, which puts one frame in twice."""
    machine = scene.machine
    launching = kind(machine.journal, machine.memory, machine.tlb)
    launching.launch(0, scene.f(0), bytes(4096))
    launching.launch(1, scene.f(0), bytes(4096))


def launch_a_piece(scene: Scene) -> None:
    machine = scene.machine
    Tdx(machine.journal, machine.memory, machine.tlb).launch(0, scene.f(0), b"a piece")


def assigned_behind(scene: Scene) -> None:
    """The frame that the honest host wants to grant has been offered behind its back."""
    scene.machine.hostile.offer(scene.p(5), scene.f(0))
    scene.machine.host.backing.grant_page(scene.first.vcpu, scene.p(0), scene.f(0))


def without_vcpu(scene: Scene) -> Scene:
    del scene.machine.host.shadows.holders[scene.first.vcpu]
    return scene


def drained(scene: Scene) -> Scene:
    """All pages of container 0 are given back; another vCPU has run it and not flushed."""
    kernel = scene.machine.kernel
    settled(scene)
    kernel.state.flushed[0, 0] = -1
    kernel.pools.scrub(scene.p(0))
    for index in (0, 1):
        kernel.pools.release(scene.p(index))
    return scene


def loaded(scene: Scene) -> Scene:
    """All pages of container 0 are given back, and a vCPU still walks its table."""
    drained(scene)
    directory = scene.machine.geometry.directory(0)
    scene.machine.processor.load(scene.second.vcpu, directory)
    return scene


def released(scene: Scene) -> Scene:
    scene.machine.kernel.pools.release(scene.p(1))
    return scene


def left(scene: Scene) -> Scene:
    scene.machine.kernel.lifecycle.exit(0, vcpu=scene.first.vcpu)
    return scene


def settled(scene: Scene) -> Scene:
    for handle in (scene.first, scene.second):
        scene.machine.kernel.shootdown.acknowledge(handle.vcpu)
    return scene


def dirty(scene: Scene) -> Scene:
    scene.machine.kernel.spaces.unmap_page(0, 0, vcpu=scene.first.vcpu)
    return scene


def tainted(scene: Scene) -> Scene:
    state = scene.machine.kernel.state
    state.containers[0] = replace(state.containers[0], is_tainted=True)
    return scene


def spawned(scene: Scene) -> Scene:
    scene.machine.kernel.threads.spawn(0, 5)
    return scene


def entered(scene: Scene, thread: int) -> Scene:
    """The host takes the first vCPU out and enters it again, naming a thread."""
    scene.machine.kernel.threads.request(scene.first.vcpu, 0)
    scene.machine.host.shadows.enter(scene.first, thread)
    return scene


def waiting(scene: Scene) -> Scene:
    scene.machine.kernel.threads.dispatch(1)
    scene.machine.kernel.threads.wait(scene.first.vcpu)
    return scene


def timed(scene: Scene) -> Scene:
    """The first container's thread waits for ten ticks at most."""
    scene.machine.kernel.threads.dispatch(1)
    scene.machine.kernel.threads.wait(scene.first.vcpu, 10)
    return scene


def overtime(scene: Scene) -> Scene:
    """The first container's thread has put off the end of its turn, and another one waits."""
    threads, vcpu = scene.machine.kernel.threads, scene.first.vcpu
    threads.spawn(0, 5)
    threads.bind(vcpu, 5)
    threads.dispatch(1)
    threads.put_off(vcpu)
    return scene


def half_granted(scene: Scene) -> None:
    kernel = scene.machine.kernel
    kernel.channels.grant(0, 1, 1, Right.READ | Right.GRANT)
    kernel.channels.grant(1, 1, 0, RW)


def other_chain(scene: Scene) -> Scene:
    scene.machine.kernel.state.chains[1] = b"another"
    return scene


def joined(scene: Scene) -> Scene:
    join(scene.machine, 2, range(4, 6))
    return scene


def begun(scene: Scene) -> Scene:
    joined(scene).machine.kernel.forks.begin(0, 2)
    return scene


def mapped(scene: Scene) -> Scene:
    scene.machine.kernel.spaces.map_page(2, 0, scene.p(4))
    return scene


def copied(scene: Scene) -> Scene:
    begun(scene).machine.kernel.forks.fork(0, 2)
    return scene


def stopped(scene: Scene) -> Scene:
    scene.machine.kernel.lifecycle.stop(0, vcpu=scene.first.vcpu)
    return scene


def told(scene: Scene) -> Scene:
    """The kernel was told of a kill; the threads of container 0 run on until they come to it."""
    scene.machine.kernel.lifecycle.stop(0)
    return scene


def emptied(scene: Scene) -> Scene:
    scene.machine.kernel.spaces.unmap_page(0, 0, vcpu=scene.first.vcpu)
    return scene


def counted_out(scene: Scene) -> None:
    begun(scene)
    pages = scene.machine.kernel.state.pages
    pages[scene.p(0)] = replace(pages[scene.p(0)], references=REFERENCES_MAX)
    scene.machine.kernel.forks.fork(0, 2)


def code_of_zygote(scene: Scene) -> None:
    kernel = scene.machine.kernel
    join(scene.machine, 2)
    kernel.pools.admit(2, scene.p(4), 2)
    for index in (4, 5):
        scene.machine.host.backing.add_slot(2, scene.p(index))
        scene.machine.host.backing.grant_page(0, scene.p(index), scene.f(index))
        kernel.pools.accept(2, scene.p(index))
    kernel.lifecycle.load(2, 9, [scene.p(4)], b"code")
    kernel.lifecycle.start(2)
    kernel.forks.prepare(2)
    kernel.forks.seal(2)
    kernel.threads.finish(1)
    kernel.lifecycle.exit(0, vcpu=scene.first.vcpu)
    settled(scene)
    for index in (0, 1):
        if not kernel.state.pages[scene.p(index)].is_clean:
            kernel.pools.scrub(scene.p(index))
        kernel.pools.release(scene.p(index))
    kernel.lifecycle.retire(0)
    kernel.lifecycle.create(0)
    kernel.forks.begin(2, 0)
    kernel.forks.fork(2, 0)
    kernel.forks.copy_on_write(0, 9, scene.p(5))
