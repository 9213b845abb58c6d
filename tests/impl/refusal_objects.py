"""A case for every guard of memory objects and of the slots that name them."""

from __future__ import annotations

from dataclasses import replace

from tests.impl.refusal_scenes import Call, Scene, Setup, family, loading, tenants, trapped
from tests.impl.refusal_steps import stopped
from tests.impl.scenes import SIZES, join, machine, page, run, seal

from splitspec.impl.geometry import PAGE
from splitspec.impl.kernel.records import SLOTS, Insertion
from splitspec.impl.machine import PlatformKind


def named(kind: PlatformKind) -> Scene:
    """Like `trapped`; container 0 has an object of two pages in slot 0, and page 1 is of it."""
    scene = trapped(kind)
    scene.machine.kernel.objects.create(0, 2)
    scene.machine.kernel.object_memory.map_page(0, 0, 0, 1, scene.p(1))
    scene.machine.checkpoint()
    return scene


def inherited(kind: PlatformKind) -> Scene:
    """Container 0 is a zygote with an object in slot 0, whose page 0 it maps; container 1 is being
    cloned."""
    made = machine(kind)
    first, second = join(made, 0, range(2)), join(made, 1, range(2, 4))
    run(made, 0, first.vcpu, 1)
    made.kernel.objects.create(0, 2)
    made.kernel.object_memory.map_page(0, 0, 0, 0, page(made, 0))
    made.kernel.threads.trap(first.vcpu)
    seal(made, 0, first.vcpu, 1)
    made.kernel.forks.begin(0, 1)
    return Scene(made, first, second)


def cloned(kind: PlatformKind) -> Scene:
    """Like `inherited`, and the clone runs and names the object."""
    scene = inherited(kind)
    insert(scene)
    scene.machine.kernel.forks.fork(0, 1)
    run(scene.machine, 1, scene.second.vcpu, 2)
    scene.machine.checkpoint()
    return scene


def insert(scene: Scene, clone: int = 1) -> Scene:
    begin(scene, clone).machine.kernel.objects.finish_insertion(clone, 1)
    return scene


def begin(scene: Scene, clone: int = 1) -> Scene:
    scene.machine.kernel.objects.begin_insertion(0, clone, 0)
    scene.machine.checkpoint()
    return scene


def called(scene: Scene) -> Scene:
    scene.machine.kernel.objects.begin_call(0, 0)
    scene.machine.checkpoint()
    return scene


def filled(scene: Scene) -> Scene:
    """Container 0 has something in every slot."""
    for _ in range(SLOTS):
        scene.machine.kernel.objects.create(0, 1)
    scene.machine.checkpoint()
    return scene


def orphaned(scene: Scene) -> Scene:
    """A fork is at the list of an object to which nobody refers any more."""
    begin(scene)
    kernel = scene.machine.kernel
    kernel.lifecycle.exit(0, vcpu=scene.first.vcpu)
    kernel.objects.drop(0, 0)
    scene.machine.checkpoint()
    return scene


def emptied(scene: Scene) -> Scene:
    """The first container leaves, and maps nothing any more."""
    scene.machine.kernel.lifecycle.exit(0, vcpu=scene.first.vcpu)
    scene.machine.checkpoint()
    return scene


def killed(scene: Scene) -> Scene:
    """Container 1 leaves while a fork of its is at a list."""
    begin(scene).machine.kernel.lifecycle.stop(1)
    scene.machine.checkpoint()
    return scene


def given(scene: Scene) -> Scene:
    """The slot into which a fork is to put an object is taken, as no fork leaves it."""
    state = scene.machine.kernel.state
    state.slots[1, 0] = state.slots[0, 0]
    scene.machine.checkpoint()
    return scene


def lock(scene: Scene) -> Scene:
    """Another fork is at the list."""
    scene.machine.kernel.state.insertions[2, 1] = Insertion(slot=0, place=1)
    scene.machine.checkpoint()
    return scene


def alone(scene: Scene) -> Scene:
    """The clone is one of another zygote, by its row."""
    rows = scene.machine.kernel.state.containers
    rows[1] = replace(rows[1], origin=99)
    scene.machine.checkpoint()
    return scene


LARGEST = len(SIZES.addresses)

OBJECTS: list[tuple[Setup, str, Call]] = [
    (loading, "running", lambda s: s.machine.kernel.objects.create(0, 1)),
    (tenants, "sized", lambda s: s.machine.kernel.objects.create(0, 0)),
    (tenants, "bounded", lambda s: s.machine.kernel.objects.create(0, LARGEST + 1)),
    (tenants, "room", lambda s: filled(s).machine.kernel.objects.create(0, 1)),
    (tenants, "held", lambda s: s.machine.kernel.objects.grow(0, 0, 9)),
    (named, "running", lambda s: stopped(s).machine.kernel.objects.grow(0, 0, 9)),
    (cloned, "right", lambda s: s.machine.kernel.objects.grow(1, 0, 9)),
    (named, "bounded", lambda s: s.machine.kernel.objects.grow(0, 0, LARGEST + 1)),
    (named, "larger", lambda s: s.machine.kernel.objects.grow(0, 0, 2)),
    (cloned, "running", lambda s: s.machine.kernel.objects.drop(0, 0)),
    (named, "idle", lambda s: called(s).machine.kernel.objects.drop(0, 0)),
    (named, "unmapped", lambda s: s.machine.kernel.objects.drop(0, 0)),
    (named, "running", lambda s: stopped(s).machine.kernel.objects.revoke(0, 0)),
    (named, "idle", lambda s: called(s).machine.kernel.objects.revoke(0, 0)),
    (named, "unmapped", lambda s: s.machine.kernel.objects.revoke(0, 0)),
    (cloned, "right", lambda s: s.machine.kernel.objects.revoke(1, 0)),
    (tenants, "exists", lambda s: s.machine.kernel.objects.free(1)),
    (named, "unreferenced", lambda s: s.machine.kernel.objects.free(1)),
    (inherited, "calm", lambda s: orphaned(s).machine.kernel.objects.free(1)),
    (named, "idle", lambda s: called(s).machine.kernel.objects.begin_call(0, 0)),
    (named, "used", lambda s: s.machine.kernel.objects.end_call(0, 1)),
    (tenants, "sealed", lambda s: s.machine.kernel.objects.begin_insertion(0, 1, 0)),
    (family, "begun", lambda s: s.machine.kernel.objects.begin_insertion(0, 1, 0)),
    (inherited, "begun", lambda s: alone(s).machine.kernel.objects.begin_insertion(0, 1, 0)),
    (inherited, "held", lambda s: s.machine.kernel.objects.begin_insertion(0, 1, 1)),
    (inherited, "vacant", lambda s: given(s).machine.kernel.objects.begin_insertion(0, 1, 0)),
    (inherited, "unlocked", lambda s: lock(s).machine.kernel.objects.begin_insertion(0, 1, 0)),
    (inherited, "begun", lambda s: s.machine.kernel.objects.finish_insertion(1, 1)),
    (inherited, "exiting", lambda s: begin(s).machine.kernel.objects.abandon_insertion(1, 1)),
    (inherited, "complete", lambda s: s.machine.kernel.forks.fork(0, 1)),
    (named, "nameless", lambda s: emptied(s).machine.kernel.lifecycle.retire(0)),
    (inherited, "unlocked", lambda s: killed(s).machine.kernel.lifecycle.retire(1)),
    (cloned, "right", lambda s: s.machine.kernel.object_memory.map_page(1, 0, 1, 5, s.p(2))),
    (named, "part", lambda s: s.machine.kernel.object_memory.map_page(0, 0, 2, 5, s.p(0))),
    (named, "own", lambda s: s.machine.kernel.object_memory.map_page(0, 0, 0, 5, s.p(0))),
    (named, "unmapped", lambda s: s.machine.kernel.object_memory.map_page(0, 0, 0, 5, s.p(1))),
    (cloned, "right", lambda s: s.machine.kernel.object_memory.write(1, 0, 0, b"1")),
    (named, "touched", lambda s: s.machine.kernel.object_memory.write(0, 0, PAGE, b"1")),
    (named, "inside", lambda s: s.machine.kernel.object_memory.write(0, 0, PAGE - 1, b"12")),
    (named, "running", lambda s: stopped(s).machine.kernel.object_memory.write(0, 0, PAGE, b"1")),
    (named, "running", lambda s: stopped(s).machine.kernel.object_memory.read(0, 0, PAGE, 1)),
    (inherited, "running", lambda s: insert(s).machine.kernel.object_memory.read(1, 0, 0, 1)),
    (named, "inside", lambda s: s.machine.kernel.object_memory.read(0, 0, PAGE - 1, 2)),
    (trapped, "held", lambda s: s.machine.kernel.object_memory.read(1, 0, 0, 1)),
]
