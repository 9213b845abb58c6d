"""What a clone begins with, and what not: registers, waits and their time, and random bytes."""

from __future__ import annotations

from functools import partial

import pytest
from tests.impl.scenes import KINDS, clone, join, machine, refuse, run, seal

from splitspec.impl.attestation.measurement import imaged
from splitspec.impl.hardware.processor import CLEAR
from splitspec.impl.host.shadow import Handle
from splitspec.impl.kernel.records import ThreadState
from splitspec.impl.machine import Machine, PlatformKind

pytestmark = pytest.mark.parametrize("kind", KINDS)

FIRST, SECOND = (value.ljust(len(CLEAR)) for value in (b"the first", b"the second"))


def waiting(kind: PlatformKind, computed: bytes = FIRST) -> tuple[Machine, Handle, Handle]:
    """Two threads of container 0 have computed; the second waits for ten ticks at most, and the
    first is in the kernel. Container 1 is created."""
    scene = machine(kind, one_to_one=False)
    first, second = join(scene, 0), join(scene, 1)
    threads, vcpu = scene.kernel.threads, first.vcpu
    run(scene, 0, vcpu, 1)
    scene.processor.compute(vcpu, computed)
    threads.trap(vcpu)
    threads.spawn(0, 2)
    threads.bind(vcpu, 2)
    threads.dispatch(2)
    scene.processor.compute(vcpu, SECOND)
    threads.wait(vcpu, 10)
    return scene, first, second


def cloned(scene: Machine, first: Handle) -> None:
    """Container 0 is sealed; container 1 is its clone, with threads 3 and 4."""
    seal(scene, 0, first.vcpu, 1)
    clone(scene, 1)
    scene.kernel.forks.activate(1, 3, 4)


def test_a_thread_finds_no_registers_of_another_one(kind: PlatformKind) -> None:
    scene, first, _ = waiting(kind)
    assert scene.processor.vcpus[first.vcpu].registers == CLEAR
    scene.kernel.threads.dispatch(1)
    assert scene.processor.vcpus[first.vcpu].registers == FIRST


def test_each_thread_of_a_clone_goes_on_with_its_own_registers(kind: PlatformKind) -> None:
    scene, first, second = waiting(kind)
    cloned(scene, first)
    scene.kernel.threads.wake(4)
    for thread, value in ((3, FIRST), (4, SECOND)):
        scene.kernel.threads.bind(second.vcpu, thread)
        scene.kernel.threads.dispatch(thread)
        assert scene.processor.vcpus[second.vcpu].registers == value
        scene.kernel.threads.trap(second.vcpu)


def test_a_zygote_that_runs_on_changes_nothing_of_its_clones(kind: PlatformKind) -> None:
    scene, first, second = waiting(kind)
    seal(scene, 0, first.vcpu, 1)
    scene.kernel.threads.dispatch(1)
    scene.processor.compute(first.vcpu, SECOND)
    scene.kernel.threads.trap(first.vcpu)
    clone(scene, 1)
    scene.kernel.forks.activate(1, 3, 4)
    scene.kernel.threads.bind(second.vcpu, 3)
    scene.kernel.threads.dispatch(3)
    assert scene.processor.vcpus[second.vcpu].registers == FIRST


def test_a_wait_of_the_zygotes_lasts_as_long_in_a_clone_however_late_that_begins(
    kind: PlatformKind,
) -> None:
    scene, first, _ = waiting(kind)
    scene.clock.advance(4)
    seal(scene, 0, first.vcpu, 1)
    scene.clock.advance(1000)
    clone(scene, 1)
    scene.kernel.forks.activate(1, 3, 4)
    scene.clock.advance(5)
    refuse(scene, "due", lambda: scene.kernel.threads.expire(4))
    scene.clock.advance(1)
    scene.kernel.threads.expire(4)
    assert scene.kernel.state.threads[4].state is ThreadState.UNBOUND


def test_no_timer_goes_off_in_a_sealed_zygote(kind: PlatformKind) -> None:
    scene, first, _ = waiting(kind)
    seal(scene, 0, first.vcpu, 1)
    scene.clock.advance(1000)
    refuse(scene, "waiting", lambda: scene.kernel.threads.expire(2))
    refuse(scene, "waiting", lambda: scene.kernel.threads.wake(2))


def test_a_thread_that_wakes_between_the_two_calls_stops_the_snapshot(kind: PlatformKind) -> None:
    scene, first, _ = waiting(kind)
    forks = scene.kernel.forks
    forks.prepare(0, vcpu=first.vcpu, thread=1)
    scene.clock.advance(10)
    scene.kernel.threads.expire(2)
    refuse(scene, "waiting", lambda: forks.seal(0, vcpu=first.vcpu, thread=1))
    scene.kernel.threads.dispatch(2)
    scene.kernel.threads.wait(first.vcpu)
    forks.seal(0, vcpu=first.vcpu, thread=1)


def test_clones_draw_what_neither_their_siblings_nor_their_zygote_do(kind: PlatformKind) -> None:
    scene, first, _ = waiting(kind)
    join(scene, 2)
    seal(scene, 0, first.vcpu, 1)
    for container, threads in ((1, (3, 4)), (2, (5, 6))):
        clone(scene, container)
        scene.kernel.forks.activate(container, *threads)
    mark = scene.checkpoint()
    drawn = [scene.kernel.generators.draw(container, 16) for container in (0, 1, 2, 1)]
    assert len({*drawn}) == len(drawn)
    scene.rollback(mark)
    assert scene.kernel.generators.draw(1, 16) == drawn[1], "it is taken back"


def test_a_clone_has_as_many_threads_as_its_zygote(kind: PlatformKind) -> None:
    scene, first, _ = waiting(kind)
    seal(scene, 0, first.vcpu, 1)
    clone(scene, 1)
    for numbers in ((3,), (3, 3), (3, 4, 5), (0, 3)):
        refuse(scene, "numbered", partial(scene.kernel.forks.activate, 1, *numbers))


def test_what_the_threads_of_a_zygote_were_is_measured_and_how_long_they_wait_is_not(
    kind: PlatformKind,
) -> None:
    """A clone begins with the registers: two zygotes that differ in them are two, to a verifier."""
    digests = []
    for value, time in ((FIRST, 0), (FIRST, 3), (SECOND, 0)):
        scene, first, _ = waiting(kind, value)
        scene.clock.advance(time)
        seal(scene, 0, first.vcpu, 1)
        digests.append(scene.kernel.state.containers[0].measurement)
    alike, later, other = digests
    assert alike == later != other
    assert imaged([], [(FIRST, True)]) != imaged([], [(FIRST, False)])


def test_a_thread_that_is_sealed_while_it_runs_is_kept_with_what_it_computes_with(
    kind: PlatformKind,
) -> None:
    scene, first, _ = waiting(kind)
    scene.kernel.threads.dispatch(1)
    scene.processor.compute(first.vcpu, SECOND)
    scene.kernel.forks.prepare(0, thread=1)
    scene.kernel.forks.seal(0, thread=1)
    assert scene.kernel.state.containers[0].threads[0].registers == SECOND
