"""Turns of threads that share a vCPU, and containers whose threads share none."""

from __future__ import annotations

import pytest
from tests.impl.scenes import KINDS, join, machine, refuse, run

from splitspec.impl.host.shadow import Handle
from splitspec.impl.machine import Machine, PlatformKind

pytestmark = pytest.mark.parametrize("kind", KINDS)


def sharing(kind: PlatformKind) -> tuple[Machine, Handle]:
    """Thread 1 runs, and thread 2 waits for its turn on the same vCPU."""
    scene = machine(kind, one_to_one=False)
    first = join(scene, 0)
    run(scene, 0, first.vcpu, 1)
    scene.kernel.threads.trap(first.vcpu)
    scene.kernel.threads.spawn(0, 2)
    scene.kernel.threads.bind(first.vcpu, 2)
    scene.kernel.threads.dispatch(1)
    return scene, first


def test_no_call_of_the_kernel_begins_a_new_turn(kind: PlatformKind) -> None:
    scene, first = sharing(kind)
    threads = scene.kernel.threads
    threads.put_off(first.vcpu)
    threads.trap(first.vcpu)
    threads.dispatch(1)
    refuse(scene, "once", lambda: threads.put_off(first.vcpu))


def test_a_switch_and_an_entry_begin_a_new_turn(kind: PlatformKind) -> None:
    scene, first = sharing(kind)
    threads = scene.kernel.threads
    threads.put_off(first.vcpu)
    threads.switch(first.vcpu, 2)
    threads.put_off(first.vcpu)
    threads.trap(first.vcpu)
    threads.request(first.vcpu, 0)
    scene.host.shadows.enter(first, 1)
    threads.resume(first.vcpu)
    threads.put_off(first.vcpu)


def test_a_turn_that_was_put_off_is_the_thread_s_own(kind: PlatformKind) -> None:
    """Nobody else on the vCPU has less of a turn by it: no other thread, and no other container,
    also where that one's thread has the number of the one that put its turn off."""
    scene, first = sharing(kind)
    threads = scene.kernel.threads
    threads.put_off(first.vcpu)
    threads.trap(first.vcpu)
    threads.dispatch(2)
    threads.put_off(first.vcpu)
    threads.trap(first.vcpu)
    scene.kernel.lifecycle.exit(0, vcpu=first.vcpu)
    scene.host.shadows.start(1)
    scene.kernel.lifecycle.create(1)
    scene.kernel.lifecycle.start(1)
    for thread in (1, 2):
        threads.spawn(1, thread)
        threads.bind(first.vcpu, thread)
    threads.dispatch(2)
    threads.put_off(first.vcpu)


def test_who_asked_for_vcpus_has_one_for_each_thread(kind: PlatformKind) -> None:
    """Whatever the mode of the kernel, and for nobody else."""
    scene = machine(kind, one_to_one=False)
    handles = []
    for container in (0, 1):
        handle = join(scene, container)
        handles.append(handle)
        if container == 0:
            scene.kernel.threads.separate(container)
        run(scene, container, handle.vcpu, 2 * container + 1)
        scene.kernel.threads.trap(handle.vcpu)
        scene.kernel.threads.spawn(container, 2 * container + 2)
    first, second = handles
    refuse(scene, "vcpu_free", lambda: scene.kernel.threads.bind(first.vcpu, 2))
    scene.kernel.threads.bind(second.vcpu, 4)
