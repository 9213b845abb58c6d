"""A case for every guard of hardware, host and kernel: a situation, the guard, and the call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ParamSpec, TypeVar

from tests.impl.refusal_accounting import ACCOUNTING
from tests.impl.refusal_aliases import ALIASES
from tests.impl.refusal_attestation import ATTESTATION
from tests.impl.refusal_forks import FORKS
from tests.impl.refusal_launch import FINISHED, LAUNCH
from tests.impl.refusal_objects import OBJECTS
from tests.impl.refusal_pools import POOLS
from tests.impl.refusal_recycling import RECYCLING
from tests.impl.refusal_scenes import (
    RW,
    Scene,
    chained,
    family,
    granted,
    killed,
    lagging,
    leaving,
    limited,
    loading,
    parked,
    sharing,
    tenants,
    trapped,
)
from tests.impl.refusal_shootdown import SHOOTDOWN
from tests.impl.refusal_steps import (
    assigned_behind,
    dirty,
    emptied,
    half_granted,
    launch_a_piece,
    launch_twice,
    left,
    other_chain,
    released,
    settled,
    stopped,
    without_vcpu,
)
from tests.impl.refusal_threads import THREADS
from tests.impl.scenes import KINDS

from splitspec.impl.hardware.snp import Snp
from splitspec.impl.hardware.tdx import Tdx
from splitspec.impl.kernel.capabilities import Right
from splitspec.impl.machine import PlatformKind

SNP, TDX = PlatformKind.SNP, PlatformKind.TDX
LONG = b"c" * 5000  # two pages of code

Call = Callable[[Scene], object]
Setup = Callable[[PlatformKind], Scene]
Case = tuple[PlatformKind, Setup, str, Call]
Given = ParamSpec("Given")
Page = TypeVar("Page", Snp, Tdx)


def then(*calls: Callable[Given, object]) -> Callable[Given, object]:
    """One call after another."""

    def all_calls(*arguments: Given.args, **options: Given.kwargs) -> None:
        for call in calls:
            call(*arguments, **options)

    return all_calls


def twice(call: Callable[Given, object]) -> Callable[Given, object]:
    """The same call twice."""
    return then(call, call)


# Setup, guard, call. Every call is made on both platforms unless it names one.
HARDWARE: list[tuple[Setup, str, Call]] = [
    (tenants, "outside", lambda s: s.machine.hostile.enter(s.first.vcpu, 0)),
    (
        parked,
        "core_free",
        then(
            lambda s: s.machine.hostile.enter(0, 0, core=9),
            lambda s: s.machine.hostile.enter(1, 0, core=9),
        ),
    ),
    (parked, "inside", lambda s: s.machine.hostile.interrupt(s.first.vcpu)),
    (parked, "inside", lambda s: s.machine.processor.read(s.first.vcpu, 0, 1)),
    (trapped, "container_mode", lambda s: s.machine.processor.read(s.first.vcpu, 0, 1)),
    (tenants, "width", lambda s: s.machine.processor.compute(s.first.vcpu, b"short")),
    (tenants, "present", lambda s: s.machine.processor.read(s.first.vcpu, 4096, 1)),
    (tenants, "present", lambda s: s.machine.processor.read(s.first.vcpu, 4090, 9)),
    (family, "writable", lambda s: s.machine.processor.write(s.second.vcpu, 0, b"1")),
    (tenants, "length", lambda s: s.machine.secure_processor.report(b"short")),
    (tenants, "known", lambda s: s.machine.hostile.enter(99, 0)),
    (tenants, "frame", lambda s: s.machine.hostile.tamper(-1, 0, b"1")),
    (tenants, "inside", lambda s: s.machine.hostile.tamper(s.f(7), 4095, b"12")),
    (tenants, "launching", lambda s: s.machine.platform.launch(1, s.f(7), bytes(4096))),
]

ON_SNP: list[tuple[Setup, str, Callable[[Scene, Snp], object]]] = [
    (tenants, "backed", lambda s, m: m.resolve(s.p(5), private=True)),
    (tenants, "unassigned", lambda s, m: m.resolve(s.p(0), private=False)),
    (
        tenants,
        "assigned",
        then(lambda s, m: m.nest(s.p(5), s.f(0)), lambda s, m: m.resolve(s.p(5), private=True)),
    ),
    (
        tenants,
        "validated",
        then(lambda s, m: m.offer(s.p(5), s.f(5)), lambda s, m: m.resolve(s.p(5), private=True)),
    ),
    (tenants, "backed", lambda s, m: m.accept(s.p(5))),
    (tenants, "assigned", then(lambda s, m: m.nest(s.p(5), s.f(0)), lambda s, m: m.accept(s.p(5)))),
    (tenants, "once", lambda s, m: m.accept(s.p(0))),
    (
        tenants,
        "validated",
        then(lambda s, m: m.offer(s.p(5), s.f(5)), lambda s, m: m.rescind(s.p(5))),
    ),
    (tenants, "secure_ept", lambda s, m: released(s).machine.host.backing.block_page(s.p(1))),
    (tenants, "unassigned", lambda s, m: m.host_write(s.f(0), 0, b"1")),
    (tenants, "unassigned", lambda s, m: launch_twice(s, Snp)),
]

ON_TDX: list[tuple[Setup, str, Callable[[Scene, Tdx], object]]] = [
    (tenants, "defined", lambda s, m: s.machine.hostile.assign(0, None)),  # RMPUPDATE is SNP's.
    (tenants, "backed", lambda s, m: m.resolve(s.p(5), private=False)),
    (tenants, "backed", lambda s, m: m.resolve(s.p(5), private=True)),
    (
        tenants,
        "accepted",
        then(lambda s, m: m.offer(s.p(5), s.f(5)), lambda s, m: m.resolve(s.p(5), private=True)),
    ),
    (
        tenants,
        "intact",
        then(
            lambda s, m: m.host_write(s.f(0), 0, b"1"), lambda s, m: m.resolve(s.p(0), private=True)
        ),
    ),
    (tenants, "backed", lambda s, m: m.accept(s.p(5))),
    (tenants, "once", lambda s, m: m.accept(s.p(0))),
    (tenants, "pending", then(lambda s, m: m.block(s.p(0)), lambda s, m: m.accept(s.p(0)))),
    (tenants, "backed", lambda s, m: m.rescind(s.p(5))),
    (tenants, "free_entry", lambda s, m: m.offer(s.p(0), s.f(5))),
    (tenants, "free_frame", lambda s, m: m.offer(s.p(5), s.f(0))),
    (tenants, "present", lambda s, m: m.reclaim(s.p(0), s.f(1))),
    (tenants, "left", lambda s, m: m.reclaim(s.p(0), s.f(0))),
    (tenants, "present", lambda s, m: m.block(s.p(5))),
    (tenants, "given_back", lambda s, m: s.machine.host.backing.block_page(s.p(0))),
    (tenants, "blocked", lambda s, m: released(s).machine.host.backing.remove_page(s.p(1))),
    (tenants, "blocked", lambda s, m: m.unblock(s.p(0))),
    (tenants, "tracked", then(lambda s, m: m.block(s.p(0)), lambda s, m: m.unblock(s.p(0)))),
    (tenants, "previous_epoch_left", then(lambda s, m: m.track(), lambda s, m: m.track())),
    (tenants, "blocked", lambda s, m: m.remove(s.p(0))),
    (tenants, "tracked", then(lambda s, m: m.block(s.p(0)), lambda s, m: m.remove(s.p(0)))),
    (tenants, "free_frame", lambda s, m: launch_twice(s, Tdx)),
    (tenants, "whole", lambda s, m: launch_a_piece(s)),
]

HOST: list[tuple[Setup, str, Call]] = [
    (tenants, "alive", lambda s: s.machine.host.backing.add_slot(2, s.p(5))),
    (tenants, "inside", lambda s: s.machine.host.backing.add_slot(0, 0)),
    (tenants, "disjoint", lambda s: s.machine.host.backing.add_slot(1, s.p(0))),
    (tenants, "exists", lambda s: s.machine.host.backing.remove_slot(1, s.p(0))),
    (tenants, "unbacked", lambda s: s.machine.host.backing.remove_slot(0, s.p(0))),
    (tenants, "in_slot", lambda s: s.machine.host.backing.back_page(s.first.vcpu, s.p(5), s.f(5))),
    (parked, "faulting", lambda s: s.machine.host.backing.back_page(s.second.vcpu, s.p(0), s.f(0))),
    (tenants, "unbacked", lambda s: s.machine.host.backing.back_page(s.first.vcpu, s.p(0), s.f(5))),
    (parked, "free_frame", lambda s: s.machine.host.backing.back_page(s.first.vcpu, s.p(0), 0)),
    (tenants, "backed", lambda s: s.machine.host.backing.assign_frame(s.p(5))),
    (tenants, "unassigned", lambda s: s.machine.host.backing.assign_frame(s.p(0))),
    (tenants, "backed", lambda s: s.machine.host.backing.reclaim_page(s.p(5))),
    (tenants, "given_back", lambda s: s.machine.host.backing.reclaim_page(s.p(0))),
    (tenants, "given_back", lambda s: s.machine.host.backing.convert_to_shared(s.p(0))),
    (tenants, "new", lambda s: s.machine.host.cgroups.create("sc-0")),
    (tenants, "exists", lambda s: s.machine.host.cgroups.remove("sc-9")),
    (tenants, "unused", lambda s: s.machine.host.cgroups.remove("sc-0")),
    (tenants, "uncharged", lambda s: s.machine.host.cgroups.charge("sc-0", s.f(0))),
    (tenants, "charged", lambda s: s.machine.host.cgroups.uncharge(s.f(7))),
    (tenants, "absent", lambda s: s.machine.host.shadows.start(0)),
    (tenants, "alive", lambda s: s.machine.host.shadows.allocate(2)),
    (tenants, "idle", twice(lambda s: s.machine.host.shadows.allocate(0))),
    (
        tenants,
        "current",
        lambda s: s.machine.host.shadows.enter(replace(s.first, generation=0)),
    ),
    (parked, "quota", lambda s: s.machine.host.shadows.enter(s.second)),
    (tenants, "held", lambda s: s.machine.host.shadows.tick(0)),
    (parked, "inside", lambda s: s.machine.host.shadows.tick(s.first.vcpu)),
    (tenants, "held", lambda s: s.machine.host.shadows.publish(0)),
    (tenants, "parked", lambda s: s.machine.host.shadows.publish(s.first.vcpu)),
    (parked, "slots_removed", lambda s: s.machine.host.shadows.publish(s.first.vcpu)),
    (tenants, "alive", lambda s: s.machine.host.shadows.kill(2)),
    (tenants, "held", lambda s: s.machine.host.shadows.reap_vcpu(0, 0)),
    (tenants, "killed", lambda s: s.machine.host.shadows.reap_vcpu(s.first.vcpu, 0)),
    (tenants, "exists", lambda s: s.machine.host.shadows.finish(2)),
    (tenants, "vcpus_returned", lambda s: s.machine.host.shadows.finish(0)),
    (tenants, "open", lambda s: s.machine.host.shadows.descriptor(0, s.second.vcpu)),
    (tenants, "alive", lambda s: s.machine.host.shadows.keep(2)),
    (tenants, "exists", lambda s: s.machine.host.shadows.dismiss(2)),
    (
        tenants,
        "dismissed",
        then(
            lambda s: s.machine.host.shadows.keep(0),
            lambda s: s.machine.host.shadows.finish(0),
        ),
    ),
]

SPECIAL: list[tuple[Setup, str, Call]] = [
    (killed, "alive", lambda s: s.machine.host.backing.back_page(s.first.vcpu, s.p(5), s.f(5))),
    (limited, "limit", lambda s: s.machine.host.backing.back_page(s.first.vcpu, s.p(0), s.f(0))),
    (limited, "limit", lambda s: s.machine.host.cgroups.charge("sc-0", s.f(0))),
    (limited, "quota", lambda s: s.machine.host.shadows.tick(s.first.vcpu)),
    (killed, "alive", lambda s: s.machine.host.shadows.enter(s.first)),
    (parked, "unassigned", lambda s: assigned_behind(s)),
    (parked, "slots_removed", lambda s: without_vcpu(s).machine.host.shadows.finish(0)),
    (leaving, "accepted", lambda s: released(s).machine.kernel.pools.abandon(s.p(1))),
    (sharing, "private", lambda s: left(s).machine.kernel.pools.abandon(s.p(1))),
]

KERNEL: list[tuple[Setup, str, Call]] = [
    (tenants, "slot", lambda s: s.machine.kernel.lifecycle.create(3)),
    (tenants, "absent", lambda s: s.machine.kernel.lifecycle.create(0)),
    (tenants, "created", lambda s: s.machine.kernel.lifecycle.start(0)),
    (loading, "fits", lambda s: s.machine.kernel.lifecycle.load(0, 1, [s.p(0)], b"")),
    (loading, "fits", lambda s: s.machine.kernel.lifecycle.load(0, 1, [s.p(0)], bytes(5000))),
    (
        loading,
        "once_each",
        lambda s: s.machine.kernel.lifecycle.load(0, 1, [s.p(0)] * 2, b"c" * 5000),
    ),
    (loading, "in_pool", lambda s: s.machine.kernel.lifecycle.load(0, 1, [s.p(2)], b"c")),
    (loading, "length", lambda s: s.machine.kernel.lifecycle.mount(0, b"short")),
    (loading, "once", twice(lambda s: s.machine.kernel.lifecycle.mount(0, bytes(32)))),
    (leaving, "present", lambda s: s.machine.kernel.lifecycle.exit(0)),
    (tenants, "stopped", lambda s: s.machine.kernel.lifecycle.exit(0)),
    (
        chained,
        "channels_destroyed",
        then(
            lambda s: s.machine.kernel.lifecycle.exit(0, vcpu=s.first.vcpu),
            lambda s: s.machine.kernel.lifecycle.retire(0),
        ),
    ),
    (tenants, "exiting", lambda s: s.machine.kernel.lifecycle.retire(0)),
    (leaving, "drained", lambda s: s.machine.kernel.lifecycle.retire(0)),
    (trapped, "unmapped", lambda s: stopped(s).machine.kernel.lifecycle.retire(0)),
    (trapped, "threadless", lambda s: emptied(stopped(s)).machine.kernel.lifecycle.retire(0)),
    (leaving, "present", lambda s: s.machine.kernel.lifecycle.stop(0)),
    (tenants, "free", lambda s: s.machine.kernel.pools.retract(s.p(1))),
    (tenants, "alive", lambda s: s.machine.kernel.pools.admit(2, s.p(5))),
    (tenants, "inside", lambda s: s.machine.kernel.pools.admit(0, 0)),
    (tenants, "disjoint", lambda s: s.machine.kernel.pools.admit(0, s.p(2))),
    (leaving, "alive", lambda s: s.machine.kernel.pools.accept(0, s.p(0))),
    (tenants, "in_pool", lambda s: s.machine.kernel.pools.accept(0, s.p(5))),
    (tenants, "once", lambda s: s.machine.kernel.pools.accept(0, s.p(0))),
    (tenants, "once", lambda s: s.machine.kernel.pools.validate(0, s.p(0))),
    (tenants, "raw", lambda s: s.machine.kernel.pools.complete(0, s.p(0))),
    (tenants, "accepted", lambda s: s.machine.kernel.pools.scrub(s.p(5))),
    (tenants, "free", lambda s: s.machine.kernel.pools.scrub(s.p(0))),
    (tenants, "dirty", lambda s: s.machine.kernel.pools.scrub(s.p(1))),
    (lagging, "flushed", lambda s: s.machine.kernel.pools.scrub(s.p(0))),
    (leaving, "clean", lambda s: settled(s).machine.kernel.pools.release(s.p(0))),
    (tenants, "in_pool", lambda s: s.machine.kernel.pools.share(1, s.p(1))),
    (leaving, "alive", lambda s: s.machine.kernel.pools.share(0, s.p(1))),
    (tenants, "shared", lambda s: s.machine.kernel.pools.unshare(s.p(1))),
    (sharing, "unreferenced", lambda s: s.machine.kernel.pools.unshare(s.p(1))),
    (
        sharing,
        "flushed",
        then(
            lambda s: s.machine.kernel.spaces.unmap_page(0, 1),
            lambda s: s.machine.kernel.pools.unshare(s.p(1)),
        ),
    ),
    (tenants, "exiting", lambda s: s.machine.kernel.pools.abandon(s.p(0))),
    (leaving, "taken", lambda s: s.machine.kernel.pools.abandon(s.p(0))),
    (trapped, "clean", lambda s: dirty(s).machine.kernel.spaces.map_page(0, 1, s.p(0))),
    (tenants, "alive", lambda s: s.machine.kernel.spaces.map_page(2, 1, s.p(1))),
    (tenants, "vacant", lambda s: s.machine.kernel.spaces.map_page(0, 0, s.p(1))),
    (tenants, "address", lambda s: s.machine.kernel.spaces.map_page(0, 512 * 512, s.p(1))),
    (tenants, "rooted", lambda s: s.machine.kernel.spaces.map_page(0, 512, s.p(1))),
    (tenants, "free", lambda s: s.machine.kernel.spaces.map_page(0, 1, s.p(0))),
    (tenants, "in_pool", lambda s: s.machine.kernel.spaces.map_shared(0, 2, s.p(2))),
    (tenants, "shared", lambda s: s.machine.kernel.spaces.map_shared(0, 2, s.p(1))),
    (sharing, "unreferenced", lambda s: s.machine.kernel.spaces.map_shared(0, 2, s.p(1))),
    (tenants, "alive", lambda s: s.machine.kernel.spaces.unmap_page(2, 0)),
    (tenants, "mapped", lambda s: s.machine.kernel.spaces.unmap_page(0, 1)),
    (tenants, "in_kernel", lambda s: s.machine.kernel.spaces.unmap_page(0, 0, vcpu=s.first.vcpu)),
    (tenants, "protected", lambda s: s.machine.kernel.spaces.unprotect(0, 0)),
    (family, "protected", lambda s: s.machine.kernel.spaces.unprotect(1, 0)),
    (
        loading,
        "not_code",
        then(
            lambda s: s.machine.kernel.lifecycle.load(0, 1, [s.p(0)], b"c"),
            lambda s: s.machine.kernel.spaces.unprotect(0, 1),
        ),
    ),
    (
        chained,
        "private",
        then(
            lambda s: s.machine.kernel.channels.grant(0, 1, 1, Right.READ),
            lambda s: s.machine.kernel.channels.open(1, 1, 5),
            lambda s: s.machine.kernel.spaces.unprotect(1, 5),
        ),
    ),
    (tenants, "attested", lambda s: s.machine.kernel.channels.create(0, [s.p(1)])),
    (loading, "running", lambda s: s.machine.kernel.channels.create(0, [s.p(1)])),
    (chained, "distinct", lambda s: s.machine.kernel.channels.create(0, [])),
    (chained, "held", lambda s: s.machine.kernel.channels.grant(1, 1, 0, RW)),
    (granted, "right", lambda s: s.machine.kernel.channels.grant(1, 1, 0, RW)),
    (chained, "attenuated", lambda s: half_granted(s)),
    (chained, "same_chain", lambda s: other_chain(s).machine.kernel.channels.grant(0, 1, 1, RW)),
    (granted, "new", lambda s: s.machine.kernel.channels.grant(0, 1, 1, RW)),
    (
        chained,
        "closed",
        then(
            lambda s: s.machine.kernel.channels.open(0, 1, 5),
            lambda s: s.machine.kernel.channels.open(0, 1, 6),
        ),
    ),
    (chained, "open", lambda s: s.machine.kernel.channels.close(0, 1)),
    (chained, "granted", lambda s: s.machine.kernel.channels.revoke(0, 1, 1)),
    (granted, "creator", lambda s: s.machine.kernel.channels.shut(1, 1)),
    (granted, "creator", lambda s: s.machine.kernel.channels.freeze(1, 1)),
    (
        chained,
        "running",
        then(
            lambda s: s.machine.kernel.lifecycle.stop(0),
            lambda s: s.machine.kernel.channels.freeze(0, 1),
        ),
    ),
    (chained, "right", twice(lambda s: s.machine.kernel.channels.freeze(0, 1))),
    (chained, "lasting", twice(lambda s: s.machine.kernel.channels.shut(0, 1))),
    (
        chained,
        "lasting",
        then(
            lambda s: s.machine.kernel.channels.shut(0, 1),
            lambda s: s.machine.kernel.channels.open(0, 1, 5),
        ),
    ),
    (
        chained,
        "lasting",
        then(
            lambda s: s.machine.kernel.channels.shut(0, 1),
            lambda s: s.machine.kernel.channels.grant(0, 1, 1, RW),
        ),
    ),
    (chained, "useful", lambda s: s.machine.kernel.channels.grant(0, 1, 1, Right(0))),
    (chained, "exists", lambda s: s.machine.kernel.channels.destroy(9)),
    (chained, "exists", lambda s: s.machine.kernel.channels.shut(0, 9)),
    (chained, "shut", lambda s: s.machine.kernel.channels.destroy(1)),
    (
        chained,
        "unmapped",
        then(
            lambda s: s.machine.kernel.channels.open(0, 1, 5),
            lambda s: s.machine.kernel.channels.shut(0, 1),
            lambda s: s.machine.kernel.channels.destroy(1),
        ),
    ),
]


def _cases() -> list[Case]:
    attesting = (*ATTESTATION, *LAUNCH, *ALIASES, *OBJECTS)
    steps = (*KERNEL, *FORKS, *THREADS, *SHOOTDOWN, *attesting, *ACCOUNTING, *RECYCLING, *POOLS)
    both = [(kind, *case) for case in (*HARDWARE, *HOST, *SPECIAL, *steps) for kind in KINDS]
    snp = [(SNP, setup, guard, _on(Snp, call)) for setup, guard, call in ON_SNP]
    tdx = [(TDX, setup, guard, _on(Tdx, call)) for setup, guard, call in ON_TDX]
    return [*both, *FINISHED, *snp, *tdx]


def _on(kind: type[Page], call: Callable[[Scene, Page], object]) -> Call:
    def checked(scene: Scene) -> object:
        assert isinstance(scene.machine.platform, kind)
        return call(scene, scene.machine.platform)

    return checked


CASES = _cases()
