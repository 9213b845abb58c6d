"""Random steps of every actor on small machines: what is refused changes nothing, what is done can
be undone, no secret crosses, and the honest host's ledger is exact."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from tests.impl.scenes import KINDS, machine, secret, two_tenants, zygote_and_clone

from splitspec.impl.kernel.records import Use
from splitspec.impl.machine import Machine, PlatformKind
from splitspec.impl.refusal import Refusal

Step = Callable[[], object]

# Steps that end what others build up; drawn often, nothing would ever be mapped.
RARE = {"exit", "finish", "seal", "park", "preempt", "request", "release", "reclaim_page", "share"}
RARE |= {"stop", "finish shadow", "publish", "remove_slot", "wait", "kill"}

TRIES = 8


@dataclass(frozen=True, slots=True)
class Arguments:
    """Numbers drawn for one step."""

    container: int
    other: int
    vcpu: int
    core: int
    page: int
    frame: int
    address: int
    thread: int
    flag: bool


class Walk:
    """A machine, and every public step with arguments drawn at random."""

    def __init__(self, start: Machine, seed: int, *, hostile: bool) -> None:
        self.random = random.Random(seed)
        self.machine = start
        self.hostile = hostile
        self.reached: Counter[str] = Counter()

    def name(self) -> str:
        """A kind of step: what was done least is tried most."""
        names = sorted(self.draw())
        weights = [0.1 if name in RARE else 1.0 for name in names]
        return self.random.choices(names, weights)[0]

    def draw(self) -> dict[str, Step]:
        """A step of each kind; arguments are numbers of the right kind, right or wrong."""
        rnd, sizes = self.random, self.machine.geometry
        some = Arguments(
            container=rnd.randrange(3),
            other=rnd.randrange(3),
            vcpu=rnd.randrange(3),
            core=rnd.randrange(2),
            page=rnd.choice(sizes.pool_pages),
            frame=rnd.choice(sizes.pool_frames),
            address=rnd.randrange(2),
            thread=rnd.randrange(1, 5),
            flag=rnd.random() < 0.7,
        )
        steps = self._host(some) | self._memory(some) | self._threads(some)
        if self.hostile and rnd.random() < 0.2:
            steps |= self._hostile(some)
        return steps

    def _host(self, some: Arguments) -> dict[str, Step]:
        shadows, backing = self.machine.host.shadows, self.machine.host.backing
        c, v, g, f = some.container, some.vcpu, some.page, some.frame
        steps: dict[str, Step] = {
            "start": lambda: shadows.start(c, memory_max=None if some.flag else 2),
            "allocate": lambda: shadows.allocate(c),
            "publish": lambda: shadows.publish(v),
            "tick": lambda: shadows.tick(v),
            "kill": lambda: shadows.kill(c),
            "finish shadow": lambda: shadows.finish(c),
            "reap_vcpu": lambda: shadows.reap_vcpu(v, 0),
            "keep": lambda: shadows.keep(c),
            "dismiss": lambda: shadows.dismiss(c),
            "add_slot": lambda: backing.add_slot(c, g),
            "remove_slot": lambda: backing.remove_slot(c, g),
            "back_page": lambda: backing.back_page(v, g, f),
            "assign_frame": lambda: backing.assign_frame(g),
            "grant_page": lambda: backing.grant_page(v, g, f),
            "convert_to_shared": lambda: backing.convert_to_shared(g),
            "reclaim_page": lambda: backing.reclaim_page(g),
        }
        holder = shadows.holders.get(v)
        if holder is not None:
            steps["enter"] = lambda: shadows.enter(holder, some.thread, core=some.core)
            steps["preempt"] = lambda: shadows.preempt(v)
        return steps

    def _memory(self, some: Arguments) -> dict[str, Step]:
        kernel = self.machine.kernel
        c, g, a, local = some.container, some.page, some.address, some.vcpu if some.flag else None
        life, pools, spaces = kernel.lifecycle, kernel.pools, kernel.spaces
        return {
            "create": lambda: life.create(c),
            "start container": lambda: life.start(c),
            "load": lambda: life.load(c, a, [g], b"code"),
            "stop": lambda: life.stop(c, vcpu=local),
            "exit": lambda: life.exit(c, vcpu=local),
            "retire": lambda: life.retire(c),
            "admit": lambda: pools.admit(c, g),
            "accept": lambda: pools.accept(c, g),
            "validate": lambda: pools.validate(c, g),
            "complete": lambda: pools.complete(c, g),
            "scrub": lambda: pools.scrub(g),
            "release": lambda: pools.release(g),
            "retract": lambda: pools.retract(g),
            "share": lambda: pools.share(c, g),
            "unshare": lambda: pools.unshare(g),
            "abandon": lambda: pools.abandon(g),
            "map_page": lambda: spaces.map_page(c, a, g, writable=some.flag),
            "map_shared": lambda: spaces.map_shared(c, a, g),
            "unmap_page": lambda: spaces.unmap_page(c, a, vcpu=local),
            "write_protect": lambda: spaces.write_protect(c, a, vcpu=local),
            "allow_writing": lambda: spaces.allow_writing(c, a),
            "seal": lambda: kernel.forks.seal(c, vcpu=local),
            "begin fork": lambda: kernel.forks.begin(c, some.other),
            "fork": lambda: kernel.forks.fork(c, some.other),
            "activate": lambda: kernel.forks.activate(c),
            "copy_on_write": lambda: kernel.forks.copy_on_write(c, a, g, vcpu=local),
        }

    def _threads(self, some: Arguments) -> dict[str, Step]:
        kernel, v, t = self.machine.kernel, some.vcpu, some.thread
        return {
            "spawn": lambda: kernel.threads.spawn(some.container, t),
            "bind": lambda: kernel.threads.bind(v, t),
            "dispatch": lambda: kernel.threads.dispatch(t),
            "move": lambda: kernel.threads.move(v, t),
            "resume": lambda: kernel.threads.resume(v),
            "switch": lambda: kernel.threads.switch(v, t),
            "trap": lambda: kernel.threads.trap(v),
            "wait": lambda: kernel.threads.wait(v),
            "wake": lambda: kernel.threads.wake(t),
            "finish": lambda: kernel.threads.finish(t),
            "park": lambda: kernel.threads.park(v),
            "request": lambda: kernel.threads.request(v, 7),
            "acknowledge": lambda: kernel.shootdown.acknowledge(v),
            "read": lambda: self.machine.processor.read(v, 4096 * some.address, 16),
            "write": lambda: self._write(v, some.address),
        }

    def _hostile(self, some: Arguments) -> dict[str, Step]:
        hostile, g, f = self.machine.hostile, some.page, some.frame
        return {
            "hostile offer": lambda: hostile.offer(g, f),
            "hostile remap": lambda: hostile.remap(g, f if some.flag else None),
            "hostile steal": lambda: hostile.steal(g, f),
            "hostile tamper": lambda: hostile.tamper(f, 0, b"poison"),
            "hostile enter": lambda: hostile.enter(some.vcpu, 0, core=some.core),
            "hostile interrupt": lambda: hostile.interrupt(some.vcpu),
        }

    def _write(self, vcpu: int, address: int) -> None:
        """The container that runs writes its own secret, unless it writes to a page of the host."""
        place = self.machine.processor.translate(vcpu, address, write=True)
        running = self.machine.processor.vcpus[vcpu].tag
        own = secret(self.machine.kernel.state.containers[running].identity)
        data = own if place.private else b"for the host"
        self.machine.processor.write(vcpu, 4096 * address, data)


def check_isolation(machine: Machine) -> None:
    """Each container reads zeros, its own secret, its zygote's, or code; the host reads neither."""
    for vcpu, state in machine.processor.vcpus.items():
        if not state.inside or state.directory is None:
            continue
        rows = machine.kernel.state.containers
        row = rows[state.tag]
        family = {row.identity, row.identity if row.origin is None else row.origin}
        own = {secret(identity) for identity in family}
        for address in range(2):
            try:
                place = machine.processor.translate(vcpu, address, write=False)
            except Refusal:
                continue
            if place.private:
                seen = machine.memory.load(place.frame, private=True).rstrip(b"\0")
                assert seen in own | {b"", b"code"}, (state.tag, address, seen)
    for number in machine.geometry.pool_frames:
        assert b"the secret" not in machine.hostile.peek(number)


def check_references(machine: Machine) -> None:
    """A page is named by as many entries as its record counts; sharing is read-only, by clones."""
    state = machine.kernel.state
    named: Counter[int] = Counter()
    for container in state.containers:
        for _, entry in machine.kernel.memory.entries(container):
            named[entry.page] += 1
            assert not (entry.writable and state.pages[entry.page].use is Use.IMAGE)
            assert not (entry.writable and entry.executable)
    assert named == {page: row.references for page, row in state.pages.items() if row.references}
    for page, times in named.items():
        assert times == 1 or state.pages[page].use is Use.IMAGE


def check_ledger(machine: Machine) -> None:
    """Each backed page is charged once, to its slot's owner; counters are what they count."""
    cgroups, backing = machine.host.cgroups, machine.host.backing
    assert sorted(cgroups.charged) == sorted(backing.frames.values())
    for page, frame in backing.frames.items():
        owner = backing.owner(page)
        assert owner is not None
        assert cgroups.charged[frame] == machine.host.shadows.group(owner)
    counted = Counter(cgroups.charged.values())
    for name, group in cgroups.groups.items():
        assert group.memory_current == counted[name]
        assert group.memory_max is None or group.memory_current <= group.memory_max


STARTS = (machine, two_tenants, zygote_and_clone)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("hostile", [False, True], ids=["honest", "hostile"])
@pytest.mark.parametrize("start", range(len(STARTS)), ids=["empty", "tenants", "family"])
def test_random_steps_keep_every_promise(kind: PlatformKind, hostile: bool, start: int) -> None:
    made = STARTS[start](kind)
    scene = made if isinstance(made, Machine) else made[0]
    walk = Walk(scene, start + 10, hostile=hostile)
    name = walk.name()
    for number in range(2000):
        if number % TRIES == 0:
            name = walk.name()
        step = walk.draw().get(name, scene.checkpoint)
        mark = scene.checkpoint()
        before = scene.digest() if number % 20 == 0 else None
        try:
            step()
        except Refusal:
            assert scene.checkpoint() == mark, (number, name)
            assert before in (None, scene.digest()), (number, name)
            continue
        walk.reached[name] += 1
        name = walk.name()
        check_isolation(scene)
        if not hostile:
            check_references(scene)
            check_ledger(scene)
        if before is not None:
            after = scene.digest()
            scene.rollback(mark)
            assert scene.digest() == before, (number, name)
            step()
            assert scene.digest() == after, (number, name)
    # Kinds of steps that were done at least once: from nothing, a walk gets less far.
    assert len(walk.reached) > (12 if start == 0 else 20), walk.reached
