"""The models that the machine is mapped to: for each, the fragments of its modules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from splitspec.impl.machine import PlatformKind
from splitspec.refinement.machine import accounting as ledgers
from splitspec.refinement.machine import attestation as evidence
from splitspec.refinement.machine import chain as channels
from splitspec.refinement.machine import chain_memory as shared
from splitspec.refinement.machine import cofunc as together
from splitspec.refinement.machine import (
    fork,
    lifecycle,
    lone_pools,
    lone_threads,
    object_memory,
    objects,
    pairs,
    pins,
    platform,
    pointers,
    randomness,
    regions,
    sev,
    snapshot,
    supply,
    tables,
    tdx,
)
from splitspec.refinement.machine import granting as grants
from splitspec.refinement.machine import memory as accesses
from splitspec.refinement.machine import pages as client
from splitspec.refinement.machine import paging as typed_pages
from splitspec.refinement.machine import pools as strided
from splitspec.refinement.machine import shootdown as translations
from splitspec.refinement.machine import teardown as leaving
from splitspec.refinement.machine import threads as running
from splitspec.refinement.machine import turns as sharing
from splitspec.refinement.machine.fragment import Fragment, Setup, compose
from splitspec.refinement.machine.testbed import Testbed
from splitspec.refinement.mapping import Implementation

TWO = {"Container": 2, "Page": 2, "Frame": 2}
TWO_FRAMES = {"Container": 2, "Page": 2, "Frame": 2, "Addr": 1}
ONE_SECRET = {"Container": 1, "Code": 2, "Nonce": 1, "Evidence": 1}
COFUNC = {
    "Container": 2,
    "Page": 2,
    "Frame": 2,
    "Addr": 1,
    "Vcpu": 2,
    "Thread": 2,
    "Code": 1,
    "Nonce": 1,
    "Evidence": 1,
}
LEDGERS = {
    "Container": 2,
    "Page": 1,
    "Frame": 1,
    "Vcpu": 1,
    "Thread": 1,
    "Record": 2,
    "Work": 1,
}
CHAIN = {"Container": 2, "Page": 2, "Addr": 1, "Channel": 1, "Tenant": 1}
CHAIN_MEMORY = {"Container": 2, "Page": 1, "Frame": 1, "Addr": 1, "Channel": 1, "Tenant": 1}
THREADS = {"Container": 2, "Vcpu": 2, "Thread": 2}


def granting(
    kind: PlatformKind, *, honest: bool, sizes: Mapping[str, int] = TWO, limit: int = 1
) -> Implementation[Testbed]:
    """Return the mapping to `granting`: pools, frames and who pays, over the page machine.

    `limit` is memory.max of every container, in frames.
    """
    setup = Setup(kind, honest, sizes, {"limit": limit})
    fragments = _granting(setup, lone_threads.lone_threads(setup), platform.platform(setup))
    return compose("granting", setup, fragments)


def memory(
    kind: PlatformKind, *, honest: bool, sizes: Mapping[str, int] = TWO_FRAMES, limit: int = 2
) -> Implementation[Testbed]:
    """Return the mapping to `memory`: granting, page tables and fork together."""
    setup = Setup(kind, honest, sizes, {"limit": limit, "zygote": "c1"})
    return compose("memory", setup, _alone(setup, platform.platform(setup)))


def memory_sev(
    *, honest: bool, sizes: Mapping[str, int] = TWO_FRAMES, limit: int = 2
) -> Implementation[Testbed]:
    """Return the mapping to `memory_sev`: memory over SEV-SNP's own page machine."""
    setup = Setup(PlatformKind.SNP, honest, sizes, {"limit": limit, "zygote": "c1"})
    return compose("memory_sev", setup, _alone(setup, sev.sev(setup)))


def memory_tdx(
    *, honest: bool, sizes: Mapping[str, int] = TWO_FRAMES, limit: int = 2
) -> Implementation[Testbed]:
    """Return the mapping to `memory_tdx`: memory over TDX's own page machine."""
    pins: dict[str, str | int | bool] = {"limit": limit, "zygote": "c1", "releases": True}
    setup = Setup(PlatformKind.TDX, honest, sizes, pins)
    return compose("memory_tdx", setup, _alone(setup, tdx.tdx(setup)))


def life(kind: PlatformKind, *, honest: bool, containers: int) -> Implementation[Testbed]:
    """Return the mapping to `lifecycle`."""
    setup = Setup(kind, honest, {"Container": containers})
    return compose("lifecycle", setup, (*_lives(setup), supply.slots(setup)))


def teardown(kind: PlatformKind, *, honest: bool, containers: int = 2) -> Implementation[Testbed]:
    """Return the mapping to `teardown`: the boot, faults under a pool's lock, and the exit."""
    more = pairs.PAGES * containers - 1
    setup = Setup(
        kind,
        honest,
        {"Container": containers},
        spare_frames=more,
        spare_pages=more,
        vcpus_each=pairs.VCPUS,
        is_booted=False,
    )
    return compose("teardown", setup, (lifecycle.lifecycle(setup), leaving.teardown(setup)))


def paged(
    kind: PlatformKind, *, honest: bool, sizes: Mapping[str, int], model: str = "fork"
) -> Implementation[Testbed]:
    """Return the mapping to `tables`, `fork`, `regions` or `randomness`: address spaces alone, with
    pages when needed."""
    pins = {} if model == "tables" else {"zygote": "c1"}
    each = 2 if model == "regions" else 1  # One is nobody's, for who joins a container for a while.
    setup = Setup(kind, honest, sizes, pins, spare_frames=sizes["Page"], vcpus_each=each)
    above = {
        "tables": (),
        "fork": (fork.fork,),
        "regions": (fork.fork, regions.regions),
        "randomness": (fork.fork, randomness.randomness),
    }
    spaces = [*_lives(setup), tables.tables(setup), *(made(setup) for made in above[model])]
    return compose(model, setup, [*spaces, supply.slots(setup)])


def snapshots(
    kind: PlatformKind, *, honest: bool, sizes: Mapping[str, int]
) -> Implementation[Testbed]:
    """Return the mapping to `snapshot`: fork, and what a clone gets of the zygote's threads."""
    spare = sizes["Page"]
    setup = Setup(kind, honest, sizes, {"zygote": "c1"}, spare, is_synchronous=True)
    forked = [tables.tables(setup), fork.fork(setup, is_prepared=True), supply.slots(setup)]
    return compose("snapshot", setup, [*_lives(setup), *forked, snapshot.snapshot(setup)])


def shootdown(
    kind: PlatformKind, *, honest: bool, sizes: Mapping[str, int]
) -> Implementation[Testbed]:
    """Return the mapping to `shootdown`: what cores cache, and when they have to forget it."""
    setup = Setup(kind, honest, sizes, {"zygote": "c1"}, spare_frames=sizes["Page"])
    below = [lifecycle.lifecycle(setup), translations.cores(setup), tables.tables(setup)]
    fragments = [*below, fork.fork(setup), translations.shootdown(setup)]
    return compose("shootdown", setup, fragments)


def paging(kind: PlatformKind, *, sizes: Mapping[str, int]) -> Implementation[Testbed]:
    """Return the mapping to `paging`: pages of tables, private pages, and pages of the host's.

    Every host does what it likes with what is shared, so no other one makes a difference.
    """
    setup = Setup(kind, False, {**sizes, "Frame": sizes["Page"]}, leaf_tables=0)
    below = [lifecycle.lifecycle(setup), lone_threads.lone_threads(setup)]
    fragments = [*below, lone_pools.lone_pools(setup), tables.tables(setup)]
    return compose("paging", setup, [*fragments, typed_pages.paging(setup)])


def aliased(kind: PlatformKind, *, sizes: Mapping[str, int], model: str) -> Implementation[Testbed]:
    """Return the mapping to `pins` or to `pointers`: address spaces, and pages that the kernel uses
    past them."""
    setup = Setup(kind, False, sizes, {"zygote": "c1"}, spare_frames=sizes["Page"])
    own = pins.pins(setup) if model == "pins" else pointers.pointers(setup)
    spaces = [*_lives(setup), tables.tables(setup), fork.fork(setup)]
    return compose(model, setup, [*spaces, own, supply.slots(setup)])


def named(kind: PlatformKind, *, sizes: Mapping[str, int], model: str) -> Implementation[Testbed]:
    """Return the mapping to `objects` or to `object_memory`: address spaces, and memory objects
    that containers name."""
    more = sizes["Container"]  # a page of each, for what is written without a mapping
    spare = sizes["Page"] + more
    setup = Setup(kind, False, sizes, {"zygote": "c1"}, spare_frames=spare, spare_pages=more)
    spaces, own = tables.tables(setup), [objects.objects(setup)]
    if model == "object_memory":
        spaces = object_memory.of_objects(spaces)
        own.append(object_memory.object_memory(setup))
    return compose(
        model, setup, [*_lives(setup), spaces, fork.fork(setup), *own, supply.slots(setup)]
    )


def _lives(setup: Setup) -> list[Fragment]:
    return [lifecycle.lifecycle(setup), supply.supply(setup), lone_threads.lone_threads(setup)]


def pools(
    kind: PlatformKind,
    *,
    honest: bool,
    sizes: Mapping[str, int],
    shared: int = 1,
    wants_few: bool = False,
) -> Implementation[Testbed]:
    """Return the mapping to `pools`: slots and strides, and what lies in a pool.

    `shared` is how many pages of each stride are shared with the host; `wants_few` has the host say
    so with the bit of its answer.
    """
    setup = Setup(
        kind,
        honest,
        {**sizes, "Frame": 1},
        spare_frames=sizes["Page"] - 1,
        shared=shared,
        wants_few=wants_few,
    )
    return compose("pools", setup, (lifecycle.lifecycle(setup), strided.pools(setup)))


def platform_alone(
    kind: PlatformKind, *, honest: bool, sizes: Mapping[str, int]
) -> Implementation[Testbed]:
    """Return the mapping to `platform`: the page machine that both platforms refine."""
    setup = Setup(kind, honest, sizes)
    machine = platform.platform(setup)
    return compose("platform", setup, (machine, client.pages(setup, machine)))


def sev_alone(*, honest: bool, sizes: Mapping[str, int]) -> Implementation[Testbed]:
    """Return the mapping to `sev`: SEV-SNP's own page machine."""
    setup = Setup(PlatformKind.SNP, honest, sizes)
    machine = sev.sev(setup)
    return compose("sev", setup, (machine, client.pages(setup, machine)))


def tdx_alone(*, honest: bool, sizes: Mapping[str, int]) -> Implementation[Testbed]:
    """Return the mapping to `tdx`: TDX's own page machine."""
    setup = Setup(PlatformKind.TDX, honest, sizes, {"releases": True})
    machine = tdx.tdx(setup)
    return compose("tdx", setup, (machine, client.pages(setup, machine)))


def threads(
    kind: PlatformKind, *, honest: bool, sizes: Mapping[str, int] = THREADS, synchronous: bool
) -> Implementation[Testbed]:
    """Return the mapping to `threads`: shadow threads, vCPUs, confidential threads, and slices.

    `synchronous` lets the threads of a container share a vCPU.
    """
    setup = Setup(kind, honest, sizes, {"synchronous": synchronous})
    return compose("threads", setup, (lifecycle.lifecycle(setup), running.threads(setup)))


def turns(kind: PlatformKind, *, honest: bool, sizes: Mapping[str, int]) -> Implementation[Testbed]:
    """Return the mapping to `turns`, where threads share vCPUs unless their container asks."""
    setup = Setup(kind, honest, sizes, {"synchronous": True})
    below = (lifecycle.lifecycle(setup), running.threads(setup))
    return compose("turns", setup, (*below, sharing.turns(setup)))


def accounting(
    kind: PlatformKind, *, honest: bool, sizes: Mapping[str, int] = LEDGERS, limit: int = 1
) -> Implementation[Testbed]:
    """Return the mapping to `accounting`: every ledger, of frames, slices, records and work."""
    quota = sizes["Record"] // sizes["Container"]
    setup = Setup(kind, honest, sizes, {"limit": limit, "quota": quota, "synchronous": False})
    granted = _granting(setup, running.threads(setup), platform.platform(setup))
    return compose("accounting", setup, (*granted, ledgers.accounting(setup)))


def attestation(
    kind: PlatformKind,
    *,
    honest: bool = False,
    sizes: Mapping[str, int] = ONE_SECRET,
    runtime: str = "cod1",
) -> Implementation[Testbed]:
    """Return the mapping to `attestation`: code, evidence and secrets.

    The tenant approves the first code; `runtime` is what the VM is launched with.
    """
    setup = Setup(kind, honest, sizes, {"runtime": runtime})
    fragments = (lifecycle.lifecycle(setup), lone_threads.lone_threads(setup))
    return compose("attestation", setup, (*fragments, evidence.attestation(setup)))


def chain(kind: PlatformKind, *, sizes: Mapping[str, int] = CHAIN) -> Implementation[Testbed]:
    """Return the mapping to `chain`: channels of pages that every container has from the start.

    No host makes a difference to it: what one decides is when a container begins and ends.
    """
    setup = Setup(kind, False, {**sizes, "Frame": sizes["Page"]})
    below = [lifecycle.lifecycle(setup), lone_threads.lone_threads(setup)]
    fragments = [*below, lone_pools.lone_pools(setup), tables.tables(setup)]
    return compose("chain", setup, [*fragments, channels.chain(setup)])


def chain_memory(
    kind: PlatformKind, *, honest: bool, sizes: Mapping[str, int] = CHAIN_MEMORY, limit: int = 1
) -> Implementation[Testbed]:
    """Return the mapping to `chain_memory`: channels over pools, frames, charges and fork."""
    setup = Setup(kind, honest, sizes, {"limit": limit, "zygote": "c1"})
    machine = platform.platform(setup)
    accept = machine.parts["accept"].step
    channel = channels.chain(setup, is_steady=honest, accept=accept)
    fragments = [*map(shared.without_stores, _alone(setup, machine)), channel]
    return compose("chain_memory", setup, [*fragments, shared.chain_memory(setup, machine)])


def cofunc(
    kind: PlatformKind,
    *,
    honest: bool,
    sizes: Mapping[str, int] = COFUNC,
    limit: int = 2,
    synchronous: bool = False,
    is_concrete: bool = False,
) -> Implementation[Testbed]:
    """Return the mapping to `cofunc`: memory, threads and attestation together.

    `is_concrete` puts it over the platform's own page machine: `cofunc_sev` or `cofunc_tdx`.
    """
    pins: dict[str, str | int | bool] = {"limit": limit, "zygote": "c1", "runtime": "cod1"}
    pins["synchronous"] = synchronous
    if is_concrete and kind is PlatformKind.TDX:
        pins["releases"] = True
    setup = Setup(kind, honest, sizes, pins)
    own = tdx.tdx if setup.is_tdx else sev.sev
    machine = own(setup) if is_concrete else platform.platform(setup)
    threaded = running.threads(setup)
    fragments = [*_memory(setup, machine, threaded), evidence.attestation(setup)]
    model = f"cofunc_{machine.module}" if is_concrete else "cofunc"
    composed = compose(model, setup, [*fragments, together.cofunc(setup, fragments, threaded)])
    opening = together.in_halves(together.OPENING) if machine.module == "sev" else together.OPENING
    return replace(composed, opening=opening if sizes is COFUNC else ())


def _granting(setup: Setup, threads: Fragment, machine: Fragment) -> list[Fragment]:
    return [lifecycle.lifecycle(setup), threads, machine, grants.granting(setup, machine)]


def _memory(setup: Setup, machine: Fragment, threads: Fragment) -> list[Fragment]:
    granted = _granting(setup, threads, machine)
    return [*granted, tables.tables(setup), fork.fork(setup), accesses.memory(setup, machine)]


def _alone(setup: Setup, machine: Fragment) -> list[Fragment]:
    return _memory(setup, machine, lone_threads.lone_threads(setup))
