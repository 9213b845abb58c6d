"""A case for every guard of flushes and of page-table pages: a situation, the guard, the call."""

from __future__ import annotations

from tests.impl.refusal_scenes import (
    Call,
    Scene,
    Setup,
    lagging,
    leaving,
    parked,
    tagless,
    trapped,
)
from tests.impl.refusal_steps import begun, drained, loaded
from tests.impl.scenes import join, machine

from splitspec.impl.geometry import ENTRIES, Geometry
from splitspec.impl.host.shadow import Handle
from splitspec.impl.machine import PlatformKind


def full(kind: PlatformKind) -> Scene:
    """The kernel has all tables that the directory of container 0 has room for."""
    scene = machine(kind, Geometry(leaf_tables=ENTRIES))
    return Scene(scene, join(scene, 0, range(1)), Handle(0, 0, 0))


def grown(scene: Scene) -> Scene:
    """Container 0 leaves, with a table of its pool, and a page mapped."""
    scene.machine.kernel.spaces.add_table(0, scene.p(1))
    scene.machine.kernel.lifecycle.stop(0)
    return scene


def sealed_late(scene: Scene) -> Scene:
    """Container 0 is a zygote that a vCPU may still write, and 2 is to be its clone."""
    scene.machine.kernel.forks.prepare(0, thread=1)
    scene.machine.kernel.forks.seal(0, thread=1)
    return begun(scene)


SHOOTDOWN: list[tuple[Setup, str, Call]] = [
    (parked, "inside", lambda s: s.machine.kernel.shootdown.acknowledge(s.first.vcpu)),
    (parked, "inside", lambda s: s.machine.kernel.shootdown.interrupt(s.first.vcpu, 0)),
    (trapped, "owing", lambda s: s.machine.kernel.shootdown.interrupt(s.first.vcpu, 0)),
    (trapped, "waiting", lambda s: s.machine.kernel.shootdown.settle(0, s.p(0))),
    (lagging, "acknowledged", lambda s: s.machine.kernel.shootdown.settle(0, s.p(0))),
    (parked, "inside", lambda s: s.machine.processor.look_ahead(s.first.vcpu)),
    (trapped, "container_mode", lambda s: s.machine.processor.look_ahead(s.first.vcpu)),
    (leaving, "flushed", lambda s: drained(s).machine.kernel.lifecycle.retire(0)),
    (leaving, "unloaded", lambda s: loaded(s).machine.kernel.lifecycle.retire(0)),
    (tagless, "tag", lambda s: s.machine.kernel.lifecycle.create(2)),
    (trapped, "flushed", lambda s: sealed_late(s).machine.kernel.forks.fork(0, 2)),
    (leaving, "alive", lambda s: s.machine.kernel.spaces.add_table(0, s.p(1))),
    (full, "room", lambda s: s.machine.kernel.spaces.add_table(0, s.p(0))),
    (trapped, "in_pool", lambda s: s.machine.kernel.spaces.add_table(0, s.p(3))),
    (trapped, "exiting", lambda s: s.machine.kernel.spaces.remove_table(0, s.p(1))),
    (leaving, "mine", lambda s: s.machine.kernel.spaces.remove_table(0, s.p(1))),
    (trapped, "empty", lambda s: grown(s).machine.kernel.spaces.remove_table(0, s.p(1))),
]
