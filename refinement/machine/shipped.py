"""The mappings that are shipped, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from splitspec.impl.machine import PlatformKind
from splitspec.model.tier import Tier
from splitspec.refinement.machine.io import io
from splitspec.refinement.machine.launch import launch
from splitspec.refinement.machine.models import (
    TWO,
    accounting,
    aliased,
    attestation,
    chain,
    chain_memory,
    cofunc,
    granting,
    life,
    memory,
    memory_sev,
    memory_tdx,
    named,
    paged,
    paging,
    platform_alone,
    pools,
    sev_alone,
    shootdown,
    snapshots,
    tdx_alone,
    teardown,
    threads,
    turns,
)
from splitspec.refinement.machine.rootfs import rootfs
from splitspec.refinement.machine.sockets import sockets
from splitspec.refinement.mapping import Implementation

SMALL = {"Container": 2, "Page": 1, "Frame": 1}
ONE_PAGE = {**SMALL, "Addr": 1}
TWO_PAGES = {"Container": 2, "Page": 2, "Frame": 1, "Addr": 1}
COPYING = {"Container": 2, "Page": 2, "Frame": 2, "Addr": 2}
ONE_CONTAINER = {"Container": 1, "Vcpu": 2, "Thread": 2}
SIBLINGS = {"Container": 2, "Code": 1, "Nonce": 1, "Evidence": 1}
TWO_CODES = {**SIBLINGS, "Code": 2}
TWO_CHALLENGES = {"Container": 1, "Code": 2, "Nonce": 2, "Evidence": 1}
LEDGER = dict.fromkeys(("Container", "Page", "Frame", "Vcpu", "Thread", "Record", "Work"), 1)
TWO_THREADS = {"Container": 1, "Vcpu": 1, "Thread": 2}
ONE_VCPU = {"Container": 2, "Vcpu": 1, "Thread": 2}
CHAINED = {"Container": 2, "Page": 1, "Addr": 1, "Channel": 1, "Tenant": 1}
TENANTS = {**CHAINED, "Tenant": 2}
TWO_CHANNELS = {**CHAINED, "Channel": 2}
THREE_CHAINED = {**TENANTS, "Container": 3}

SHARED_PAGE = {"Container": 2, "Page": 1, "Frame": 1, "Addr": 1}
COPIED_PAGE = {"Container": 2, "Page": 2, "Frame": 2, "Addr": 1}
ONE_BOOT = {"Container": 1, "Boot": 1, "Code": 2, "Report": 1, "Evidence": 1}
TWO_CLONES = {**ONE_BOOT, "Container": 2}
TWO_BOOTS = {**ONE_BOOT, "Boot": 2, "Code": 1}
ROGUE_BOOT = {**ONE_BOOT, "Boot": 2}

TWO_TENANTS = {"Container": 2, "Page": 2, "Frame": 1}
TWO_FRAMES = {"Container": 1, "Page": 1, "Frame": 2}
TABLES = {"Container": 2, "Page": 3, "Frame": 1, "Addr": 2}
REGIONS = {"Container": 2, "Page": 2, "Frame": 2, "Addr": 1}
SEEDS = {**ONE_PAGE, "Seed": 2}
TAGGED = {"Container": 2, "Page": 1, "Frame": 1, "Addr": 1, "Core": 1, "Tag": 2}
TWO_CORES = {**TAGGED, "Core": 2, "Tag": 1}
TAGGED_COPIES = {**COPYING, "Core": 1, "Tag": 2}
TYPED = {"Container": 1, "Page": 3, "Addr": 1}
TWO_ADDRESSES = {**TYPED, "Addr": 2}
TYPED_TENANTS = {**TYPED, "Container": 2}
NAMED = {"Container": 2, "Page": 1, "Frame": 1, "Addr": 1, "Object": 1}
TWO_FORKS = {**NAMED, "Container": 3}
TWO_OBJECTS = {**NAMED, "Object": 2}
COPIED_OBJECT = {**NAMED, "Page": 2, "Frame": 2}
POOL = {"Container": 1, "Page": 6, "Slot": 2, "Buffer": 2}
METADATA = {"Container": 2, "Page": 2, "Slot": 2, "Buffer": 1}
TWO_POOLS = {**POOL, "Container": 2}
FAMILY = {"Container": 3, "Page": 2, "Frame": 2, "Addr": 1}

SHIPPED: Mapping[str, Callable[[], Implementation[Any]]] = {
    "lifecycle-sev-hostile": partial(life, PlatformKind.SNP, honest=False, containers=3),
    "lifecycle-tdx-hostile": partial(life, PlatformKind.TDX, honest=False, containers=3),
    "teardown-sev": partial(teardown, PlatformKind.SNP, honest=True),
    "teardown-tdx": partial(teardown, PlatformKind.TDX, honest=True),
    "teardown-sev-hostile": partial(teardown, PlatformKind.SNP, honest=False),
    "teardown-tdx-hostile": partial(teardown, PlatformKind.TDX, honest=False),
    "platform-sev": partial(platform_alone, PlatformKind.SNP, honest=True, sizes=TWO),
    "platform-tdx": partial(platform_alone, PlatformKind.TDX, honest=True, sizes=TWO),
    "platform-sev-hostile": partial(
        platform_alone, PlatformKind.SNP, honest=False, sizes=TWO_TENANTS
    ),
    "platform-tdx-hostile": partial(
        platform_alone, PlatformKind.TDX, honest=False, sizes=TWO_TENANTS
    ),
    # The host has a second frame for a page whose first one still lives.
    "platform-sev-hostile-frames": partial(
        platform_alone, PlatformKind.SNP, honest=False, sizes=TWO_FRAMES
    ),
    "sev": partial(sev_alone, honest=True, sizes=TWO),
    "sev-hostile": partial(sev_alone, honest=False, sizes=TWO_TENANTS),
    "sev-hostile-frames": partial(sev_alone, honest=False, sizes=TWO_FRAMES),
    "tdx": partial(tdx_alone, honest=True, sizes=TWO),
    "tdx-hostile": partial(tdx_alone, honest=False, sizes=TWO_TENANTS),
    "tdx-hostile-frames": partial(tdx_alone, honest=False, sizes=TWO_FRAMES),
    "tdx-hostile-wide": partial(tdx_alone, honest=False, sizes=TWO),
    "tables-sev-hostile": partial(
        paged, PlatformKind.SNP, honest=False, sizes=TABLES, model="tables"
    ),
    "tables-tdx-hostile": partial(
        paged, PlatformKind.TDX, honest=False, sizes=TABLES, model="tables"
    ),
    "fork-sev-hostile": partial(paged, PlatformKind.SNP, honest=False, sizes=COPYING),
    "fork-tdx-hostile": partial(paged, PlatformKind.TDX, honest=False, sizes=COPYING),
    "fork-sev-hostile-wide": partial(paged, PlatformKind.SNP, honest=False, sizes=FAMILY),
    "fork-tdx-hostile-wide": partial(paged, PlatformKind.TDX, honest=False, sizes=FAMILY),
    "regions-sev-hostile": partial(
        paged, PlatformKind.SNP, honest=False, sizes=REGIONS, model="regions"
    ),
    "regions-tdx-hostile": partial(
        paged, PlatformKind.TDX, honest=False, sizes=REGIONS, model="regions"
    ),
    "randomness-sev-hostile": partial(
        paged, PlatformKind.SNP, honest=False, sizes=SEEDS, model="randomness"
    ),
    "randomness-tdx-hostile": partial(
        paged, PlatformKind.TDX, honest=False, sizes=SEEDS, model="randomness"
    ),
    "snapshot-sev": partial(snapshots, PlatformKind.SNP, honest=True, sizes=ONE_PAGE),
    "snapshot-tdx": partial(snapshots, PlatformKind.TDX, honest=True, sizes=ONE_PAGE),
    "snapshot-sev-hostile": partial(snapshots, PlatformKind.SNP, honest=False, sizes=ONE_PAGE),
    "snapshot-tdx-hostile": partial(snapshots, PlatformKind.TDX, honest=False, sizes=ONE_PAGE),
    "shootdown-sev-hostile": partial(shootdown, PlatformKind.SNP, honest=False, sizes=TAGGED),
    "shootdown-tdx-hostile": partial(shootdown, PlatformKind.TDX, honest=False, sizes=TAGGED),
    # A core is left with translations that another one's change made stale, and a tag with two.
    "shootdown-sev-hostile-cores": partial(
        shootdown, PlatformKind.SNP, honest=False, sizes=TWO_CORES
    ),
    "shootdown-sev-hostile-wide": partial(
        shootdown, PlatformKind.SNP, honest=False, sizes=TAGGED_COPIES
    ),
    "shootdown-tdx-hostile-wide": partial(
        shootdown, PlatformKind.TDX, honest=False, sizes=TAGGED_COPIES
    ),
    "paging-sev-hostile": partial(paging, PlatformKind.SNP, sizes=TYPED),
    "paging-tdx-hostile": partial(paging, PlatformKind.TDX, sizes=TYPED),
    "paging-sev-hostile-wide": partial(paging, PlatformKind.SNP, sizes=TWO_ADDRESSES),
    "paging-tdx-hostile-wide": partial(paging, PlatformKind.TDX, sizes=TWO_ADDRESSES),
    "paging-sev-hostile-tenants-wide": partial(paging, PlatformKind.SNP, sizes=TYPED_TENANTS),
    # A block, metadata and data in each stride; on TDX the answer asks for a small shared part.
    "pools-sev": partial(pools, PlatformKind.SNP, honest=True, sizes=POOL),
    "pools-tdx": partial(pools, PlatformKind.TDX, honest=True, sizes=POOL, wants_few=True),
    # vCPUs go from one process to another; a pool is nothing but its metadata.
    "pools-sev-tenants": partial(pools, PlatformKind.SNP, honest=True, sizes=METADATA, shared=0),
    "pools-tdx-tenants": partial(pools, PlatformKind.TDX, honest=True, sizes=METADATA, shared=0),
    "pools-sev-hostile": partial(pools, PlatformKind.SNP, honest=False, sizes=TWO_POOLS),
    "pools-tdx-hostile": partial(
        pools, PlatformKind.TDX, honest=False, sizes=TWO_POOLS, wants_few=True
    ),
    "pools-sev-wide": partial(pools, PlatformKind.SNP, honest=True, sizes=TWO_POOLS),
    "granting-sev": partial(granting, PlatformKind.SNP, honest=True),
    "granting-tdx": partial(granting, PlatformKind.TDX, honest=True),
    "granting-sev-hostile": partial(granting, PlatformKind.SNP, honest=False, sizes=SMALL),
    "granting-tdx-hostile": partial(granting, PlatformKind.TDX, honest=False, sizes=SMALL),
    "memory-sev": partial(memory, PlatformKind.SNP, honest=True, sizes=ONE_PAGE, limit=1),
    "memory-tdx": partial(memory, PlatformKind.TDX, honest=True, sizes=ONE_PAGE, limit=1),
    "memory-sev-hostile": partial(memory, PlatformKind.SNP, honest=False, sizes=ONE_PAGE),
    "memory-tdx-hostile": partial(memory, PlatformKind.TDX, honest=False, sizes=ONE_PAGE),
    "memory_sev": partial(memory_sev, honest=True, sizes=ONE_PAGE, limit=1),
    "memory_sev-hostile": partial(memory_sev, honest=False, sizes=ONE_PAGE),
    "memory_tdx": partial(memory_tdx, honest=True, sizes=ONE_PAGE, limit=1),
    "memory_tdx-hostile": partial(memory_tdx, honest=False, sizes=ONE_PAGE),
    # A clone copies a page: that takes two pages and frames, and two addresses to try its guards.
    "memory-sev-wide": partial(memory, PlatformKind.SNP, honest=True, sizes=COPYING, limit=1),
    "memory-tdx-wide": partial(memory, PlatformKind.TDX, honest=True, sizes=COPYING, limit=1),
    "memory_sev-wide": partial(memory_sev, honest=True, sizes=COPYING, limit=1),
    "memory_tdx-wide": partial(memory_tdx, honest=True, sizes=COPYING, limit=1),
    "memory_tdx-whole-wide": partial(memory_tdx, honest=True),  # at the sizes of the model
    "memory-sev-hostile-wide": partial(memory, PlatformKind.SNP, honest=False, sizes=TWO_PAGES),
    "memory-tdx-hostile-wide": partial(memory, PlatformKind.TDX, honest=False, sizes=TWO_PAGES),
    "memory_tdx-hostile-wide": partial(memory_tdx, honest=False, sizes=TWO_PAGES),
    "threads-sev": partial(
        threads, PlatformKind.SNP, honest=True, synchronous=False, sizes=ONE_CONTAINER
    ),
    "threads-tdx": partial(
        threads, PlatformKind.TDX, honest=True, synchronous=False, sizes=ONE_CONTAINER
    ),
    "threads-sev-synchronous": partial(
        threads, PlatformKind.SNP, honest=True, synchronous=True, sizes=ONE_VCPU
    ),
    "turns-sev": partial(turns, PlatformKind.SNP, honest=True, sizes=TWO_THREADS),
    "turns-tdx": partial(turns, PlatformKind.TDX, honest=True, sizes=TWO_THREADS),
    "turns-sev-hostile": partial(turns, PlatformKind.SNP, honest=False, sizes=ONE_CONTAINER),
    "turns-tdx-hostile": partial(turns, PlatformKind.TDX, honest=False, sizes=ONE_CONTAINER),
    # Two tenants take turns on one vCPU; either may have asked for one of its own.
    "turns-sev-wide": partial(turns, PlatformKind.SNP, honest=True, sizes=ONE_VCPU),
    "accounting-sev": partial(accounting, PlatformKind.SNP, honest=True, sizes=LEDGER),
    "accounting-tdx": partial(accounting, PlatformKind.TDX, honest=True, sizes=LEDGER),
    "accounting-sev-hostile": partial(accounting, PlatformKind.SNP, honest=False, sizes=LEDGER),
    "accounting-tdx-hostile": partial(accounting, PlatformKind.TDX, honest=False, sizes=LEDGER),
    # The sizes of the model; the tenants share one vCPU, one frame, and what the kernel keeps.
    "accounting-sev-wide": partial(accounting, PlatformKind.SNP, honest=True),
    "accounting-tdx-wide": partial(accounting, PlatformKind.TDX, honest=True),
    "accounting-sev-hostile-wide": partial(accounting, PlatformKind.SNP, honest=False),
    "accounting-tdx-hostile-wide": partial(accounting, PlatformKind.TDX, honest=False),
    "attestation-sev": partial(attestation, PlatformKind.SNP, honest=True, sizes=SIBLINGS),
    "attestation-tdx": partial(attestation, PlatformKind.TDX, honest=True, sizes=SIBLINGS),
    "attestation-sev-wide": partial(attestation, PlatformKind.SNP, honest=True, sizes=TWO_CODES),
    "attestation-tdx-wide": partial(attestation, PlatformKind.TDX, honest=True, sizes=TWO_CODES),
    "attestation-sev-hostile": partial(attestation, PlatformKind.SNP, sizes=TWO_CHALLENGES),
    "attestation-tdx-hostile": partial(attestation, PlatformKind.TDX, sizes=TWO_CHALLENGES),
    "attestation-sev-unfounded": partial(attestation, PlatformKind.SNP, runtime="cod2"),
    "threads-sev-hostile": partial(threads, PlatformKind.SNP, honest=False, synchronous=False),
    "threads-sev-wide": partial(threads, PlatformKind.SNP, honest=True, synchronous=False),
    "threads-sev-synchronous-wide": partial(
        threads, PlatformKind.SNP, honest=True, synchronous=True
    ),
    "threads-tdx-hostile": partial(threads, PlatformKind.TDX, honest=False, synchronous=False),
    "chain-sev": partial(chain, PlatformKind.SNP, sizes=CHAINED),
    "chain-tdx": partial(chain, PlatformKind.TDX, sizes=CHAINED),
    "chain-sev-tenants": partial(chain, PlatformKind.SNP, sizes=TENANTS),
    "chain-sev-wide": partial(chain, PlatformKind.SNP, sizes=THREE_CHAINED),
    "chain-tdx-wide": partial(chain, PlatformKind.TDX, sizes=TWO_CHANNELS),
    "chain_memory-sev": partial(chain_memory, PlatformKind.SNP, honest=True),
    "chain_memory-tdx": partial(chain_memory, PlatformKind.TDX, honest=True),
    "chain_memory-sev-hostile-wide": partial(chain_memory, PlatformKind.SNP, honest=False),
    "chain_memory-tdx-hostile-wide": partial(chain_memory, PlatformKind.TDX, honest=False),
    "pins-sev-hostile": partial(aliased, PlatformKind.SNP, sizes=SHARED_PAGE, model="pins"),
    "pins-tdx-hostile": partial(aliased, PlatformKind.TDX, sizes=SHARED_PAGE, model="pins"),
    "pins-sev-hostile-wide": partial(aliased, PlatformKind.SNP, sizes=COPIED_PAGE, model="pins"),
    "pointers-sev-hostile": partial(aliased, PlatformKind.SNP, sizes=SHARED_PAGE, model="pointers"),
    "pointers-tdx-hostile": partial(aliased, PlatformKind.TDX, sizes=SHARED_PAGE, model="pointers"),
    "pointers-sev-hostile-wide": partial(
        aliased, PlatformKind.SNP, sizes=COPIED_PAGE, model="pointers"
    ),
    "objects-sev-hostile": partial(named, PlatformKind.SNP, sizes=NAMED, model="objects"),
    "objects-tdx-hostile": partial(named, PlatformKind.TDX, sizes=NAMED, model="objects"),
    # Two forks are at the list of one object.
    "objects-sev-hostile-wide": partial(named, PlatformKind.SNP, sizes=TWO_FORKS, model="objects"),
    "object_memory-sev-hostile": partial(
        named, PlatformKind.SNP, sizes=NAMED, model="object_memory"
    ),
    "object_memory-tdx-hostile": partial(
        named, PlatformKind.TDX, sizes=NAMED, model="object_memory"
    ),
    # A clone copies a page, and still names the object of which that was.
    "object_memory-sev-hostile-wide": partial(
        named, PlatformKind.SNP, sizes=COPIED_OBJECT, model="object_memory"
    ),
    # A page of one object is asked for by another one.
    "object_memory-tdx-hostile-wide": partial(
        named, PlatformKind.TDX, sizes=TWO_OBJECTS, model="object_memory"
    ),
    "launch-sev": partial(launch, PlatformKind.SNP, sizes=ONE_BOOT),
    "launch-tdx": partial(launch, PlatformKind.TDX, sizes=ONE_BOOT),
    "launch-sev-siblings": partial(launch, PlatformKind.SNP, sizes=TWO_CLONES),
    "launch-sev-boots": partial(launch, PlatformKind.SNP, sizes=TWO_BOOTS),
    "launch-tdx-boots": partial(launch, PlatformKind.TDX, sizes=TWO_BOOTS),
    "launch-sev-wide": partial(launch, PlatformKind.SNP, sizes=ROGUE_BOOT),
    "launch-tdx-wide": partial(launch, PlatformKind.TDX, sizes=ROGUE_BOOT),
    "io-sev": partial(io, PlatformKind.SNP, honest=True),
    "io-sev-hostile": partial(io, PlatformKind.SNP, honest=False),
    "io-tdx-hostile": partial(io, PlatformKind.TDX, honest=False),
    "rootfs-sev": partial(rootfs, PlatformKind.SNP, honest=True),
    "rootfs-sev-hostile": partial(rootfs, PlatformKind.SNP, honest=False),
    "rootfs-tdx-hostile": partial(rootfs, PlatformKind.TDX, honest=False),
    "sockets-sev": partial(sockets, PlatformKind.SNP),
    "sockets-tdx": partial(sockets, PlatformKind.TDX),
    "sockets-sev-long": partial(sockets, PlatformKind.SNP, containers=1, count=4),
    "sockets-sev-wide": partial(sockets, PlatformKind.SNP, count=4),
    "cofunc-sev": partial(cofunc, PlatformKind.SNP, honest=True),
    "cofunc-tdx": partial(cofunc, PlatformKind.TDX, honest=True),
    "cofunc-sev-hostile": partial(cofunc, PlatformKind.SNP, honest=False),
    "cofunc-tdx-hostile": partial(cofunc, PlatformKind.TDX, honest=False),
    "cofunc_sev": partial(cofunc, PlatformKind.SNP, honest=True, is_concrete=True),
    "cofunc_sev-hostile": partial(cofunc, PlatformKind.SNP, honest=False, is_concrete=True),
    "cofunc_tdx": partial(cofunc, PlatformKind.TDX, honest=True, is_concrete=True),
    "cofunc_tdx-hostile": partial(cofunc, PlatformKind.TDX, honest=False, is_concrete=True),
}


LONG = frozenset({"chain_memory-sev", "chain_memory-tdx"})
"""Walks that are not wide, and take half a minute: a channel page refuses sixteen calls for each
that is made."""


def due(tier: Tier, *, sampled: bool = False) -> tuple[str, ...]:
    """Return the names of the mappings that are held at a tier: wide and long ones at night, and
    the whole of cofunc is only sampled, by random calls."""
    if sampled:
        return tuple(name for name in SHIPPED if name.startswith("cofunc"))
    exhaustive = (name for name in SHIPPED if not name.startswith("cofunc"))
    if tier is Tier.NIGHTLY:
        return tuple(exhaustive)
    return tuple(n for n in exhaustive if not n.endswith("-wide") and n not in LONG)
