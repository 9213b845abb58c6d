"""A walk of random steps: every public step of host, kernel and containers, with any arguments."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from tests.impl.scenes import secret
from tests.impl.walk_checks import tagged

from splitspec.impl.host.shadow import Handle
from splitspec.impl.kernel.capabilities import ALL_RIGHTS, Right
from splitspec.impl.machine import Machine
from splitspec.impl.refusal import Refusal

Step = Callable[[], object]

# Steps that end what others build up; drawn often, nothing would ever be mapped.
RARE = {"exit", "finish", "seal", "park", "preempt", "request", "release", "reclaim_page", "share"}
RARE |= {"stop", "finish shadow", "publish", "remove_slot", "wait", "kill"}
RARE |= {"fail fault", "freeze channel", "shut channel", "revoke", "drop object", "revoke object"}

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
        self.kinds: frozenset[str] | None = None  # of steps that are done; None: all

    def swarm(self) -> None:
        """Do half of the kinds of steps only, drawn at random: what takes many steps of few kinds
        is found so (Groce et al., Swarm Testing, ISSTA 2012)."""
        names = sorted(self.draw())
        self.kinds = frozenset(self.random.sample(names, len(names) // 2))

    def name(self) -> str:
        """A kind of step: what was done least is tried most."""
        names = sorted(self.draw())
        if self.kinds is not None:
            names = [name for name in names if name in self.kinds]
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
        steps = self._host(some) | self._memory(some) | self._threads(some) | self._ends(some)
        if self.machine.kernel.state.chains:
            steps |= self._channels(some)
        if sizes.stride:
            steps |= self._strides(some)
        if self.machine.kernel.state.counters.get("object"):
            steps |= self._objects(some)
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
            "add table": lambda: spaces.add_table(c, g),
            "remove table": lambda: spaces.remove_table(c, g, vcpu=local),
            "map_shared": lambda: spaces.map_shared(c, a, g),
            "unmap_page": lambda: spaces.unmap_page(c, a, vcpu=local),
            "protect": lambda: spaces.protect(c, a, vcpu=local),
            "unprotect": lambda: spaces.unprotect(c, a),
            "prepare": lambda: kernel.forks.prepare(c, vcpu=local, thread=some.thread),
            "seal": lambda: kernel.forks.seal(c, vcpu=local, thread=some.thread),
            "begin fork": lambda: kernel.forks.begin(c, some.other),
            "fork": lambda: kernel.forks.fork(c, some.other),
            "activate": lambda: kernel.forks.activate(c, some.thread),
            "copy_on_write": lambda: kernel.forks.copy_on_write(c, a, g, vcpu=local),
        }

    def _ends(self, some: Arguments) -> dict[str, Step]:
        faults, recycler = self.machine.kernel.faults, self.machine.kernel.recycler
        c, local = some.container, some.vcpu if some.flag else None
        return {
            "begin fault": lambda: faults.begin(some.vcpu, some.address),
            "serve fault": lambda: faults.serve(c, some.page, vcpu=local),
            "give up fault": lambda: faults.give_up(c),
            "fail fault": lambda: faults.fail(c),
            "signal threads": lambda: recycler.signal_threads(c),
            "end threads": lambda: recycler.end_threads(c),
            "free capabilities": lambda: recycler.free_capabilities(c),
            "dismantle pool": lambda: recycler.dismantle_pool(c),
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
            "wait for a while": lambda: kernel.threads.wait(v, 1 + some.page),
            "wake": lambda: kernel.threads.wake(t),
            "expire": lambda: kernel.threads.expire(t),
            "time goes by": lambda: self.machine.clock.advance(1),
            "draw": lambda: kernel.generators.draw(some.container, 8),
            "compute": lambda: self.machine.processor.compute(v, bytes([some.container]) * 32),
            "finish": lambda: kernel.threads.finish(t),
            "put off": lambda: kernel.threads.put_off(v),
            "separate": lambda: kernel.threads.separate(some.container),
            "park": lambda: kernel.threads.park(v),
            "request": lambda: kernel.threads.request(v, 7),
            "unbind": lambda: kernel.threads.unbind(t),
            "acknowledge": lambda: kernel.shootdown.acknowledge(v),
            "shootdown": lambda: kernel.shootdown.interrupt(v, some.container),
            "settle": lambda: kernel.shootdown.settle(some.container, some.page),
            "look ahead": lambda: self.machine.processor.look_ahead(v),
            "read": lambda: self.machine.processor.read(v, 4096 * some.address, 16),
            "write": lambda: self._write(v, some.address),
        }

    def _channels(self, some: Arguments) -> dict[str, Step]:
        channels, c, number = self.machine.kernel.channels, some.container, some.thread
        rights = ALL_RIGHTS if some.flag else Right.READ | Right.WRITE
        local = some.vcpu if some.flag else None
        return {
            "create channel": lambda: channels.create(c, [some.page]),
            "grant": lambda: channels.grant(c, number, some.other, rights),
            "open channel": lambda: channels.open(c, number, some.address),
            "close channel": lambda: channels.close(c, number, vcpu=local),
            "revoke": lambda: channels.revoke(c, number, some.other, vcpu=local),
            "freeze channel": lambda: channels.freeze(c, number, vcpu=local),
            "shut channel": lambda: channels.shut(c, number),
            "destroy channel": lambda: channels.destroy(number),
        }

    def _objects(self, some: Arguments) -> dict[str, Step]:
        objects, memory = self.machine.kernel.objects, self.machine.kernel.object_memory
        c, slot, part, number = some.container, some.core, some.address, some.thread
        return {
            "create object": lambda: objects.create(c, 1 + some.core),
            "grow object": lambda: objects.grow(c, slot, 3),
            "drop object": lambda: objects.drop(c, slot),
            "revoke object": lambda: objects.revoke(c, slot),
            "free object": lambda: objects.free(number),
            "begin call": lambda: objects.begin_call(c, slot),
            "end call": lambda: objects.end_call(c, number),
            "begin insertion": lambda: objects.begin_insertion(c, some.other, slot),
            "finish insertion": lambda: objects.finish_insertion(c, number),
            "abandon insertion": lambda: objects.abandon_insertion(c, number),
            "map object": lambda: memory.map_page(c, slot, part, some.address, some.page),
            "write object": lambda: self._write_object(c, slot, part, some.page),
        }

    def _write_object(self, container: int, slot: int, part: int, page: int) -> None:
        """The container leaves its own secret in a part of an object."""
        row = self.machine.kernel.state.containers.get(container)
        data = secret(0 if row is None else row.identity)
        self.machine.kernel.object_memory.write(container, slot, 4096 * part, data, page)

    def _strides(self, some: Arguments) -> dict[str, Step]:
        kernel, backing = self.machine.kernel, self.machine.host.backing
        sizes, c, v = self.machine.geometry, some.container, some.vcpu
        size = sizes.stride - some.core
        first = sizes.stride_of(v).start
        steps: dict[str, Step] = {
            "register memory": lambda: backing.add_slot(c, first, size),
            "resolve": lambda: backing.resolve(v, some.page),
            "lay out": lambda: kernel.layouts.lay_out(c, v),
            "take down": lambda: kernel.layouts.take_down(c),
            "allocate page": lambda: kernel.allocators.allocate_page(c),
            "free page": lambda: kernel.allocators.free_page(c, some.page),
            "run out": lambda: kernel.allocators.run_out(c),
            "allocate block": lambda: kernel.allocators.allocate_block(c),
            "free block": lambda: kernel.allocators.free_block(c, some.address),
        }
        holder = self.machine.host.shadows.holders.get(v)
        if holder is not None:
            steps["answer"] = lambda: self._answer(holder, wants_few=some.flag)
        return steps

    def _answer(self, holder: Handle, *, wants_few: bool) -> None:
        """The process enters its vCPU with the size of the pool, and with the page of metadata."""
        host, sizes = self.machine.host, self.machine.geometry
        size = host.backing.size_answer(holder.shadow, holder.vcpu, wants_few=wants_few)
        host.shadows.enter(holder, size)
        page = sizes.stride_of(holder.vcpu)[sizes.few_shared if wants_few else sizes.shared]
        with suppress(Refusal):  # The page may have its frame already.
            host.backing.grant_page(holder.vcpu, page, host.backing.free_frames()[0])

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
        running = tagged(self.machine, self.machine.processor.vcpus[vcpu].tag)
        own = secret(self.machine.kernel.state.containers[running].identity)
        data = own if place.private else b"for the host"
        self.machine.processor.write(vcpu, 4096 * address, data)
