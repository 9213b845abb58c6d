"""What holds after every step of a walk, of a machine whose host is honest."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

from tests.impl.scenes import secret

from splitspec.impl.geometry import ZEROS
from splitspec.impl.kernel.capabilities import Right
from splitspec.impl.kernel.records import Phase, Stage, Use
from splitspec.impl.machine import Machine
from splitspec.impl.refusal import Refusal


def tagged(machine: Machine, tag: int) -> int:
    """The container whose translations have the tag."""
    return next(c for c, own in machine.kernel.state.tags.items() if own == tag)


def check_isolation(machine: Machine) -> None:
    """Each container reads zeros, its own secret, its zygote's, its chain's, or code.

    The host reads no secret.
    """
    for vcpu, state in machine.processor.vcpus.items():
        if not state.inside or state.directory is None:
            continue
        state_of, rows = machine.kernel.state, machine.kernel.state.containers
        running = tagged(machine, state.tag)
        row = rows[running]
        family = {row.identity, row.identity if row.origin is None else row.origin}
        chain = state_of.chains.get(running)
        members = [c for c, name in state_of.chains.items() if name == chain and c in rows]
        own = {secret(identity) for identity in family | {rows[c].identity for c in members}}
        for address in range(2):
            try:
                place = machine.processor.translate(vcpu, address, write=False)
            except Refusal:
                continue
            if place.private:
                seen = machine.memory.load(place.frame, private=True).rstrip(b"\0")
                assert seen in own | {b"", b"code"}, (running, address, seen)
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
    for channel in machine.kernel.channels.channels.values():
        named.update(channel.pages)  # A channel counts for its pages, open or not.
    for page, times in named.items():
        assert times == 1 or state.pages[page].use in (Use.IMAGE, Use.CHANNEL)
    named.update(state.commits.values())  # So does an object.
    assert named == {page: row.references for page, row in state.pages.items() if row.references}


def check_objects(machine: Machine) -> None:
    """Each object is there, and on its list are the slots that name it; who may write it is alone.

    A page is of one object at most, and is mapped by who names that, as the slot allows.
    """
    state = machine.kernel.state
    placed = Counter(
        (holder, number)
        for number, row in state.objects.items()
        for holder in row.holders
        if holder is not None
    )
    assert placed == Counter((c, slot.object) for (c, _), slot in state.slots.items())
    for (container, _), slot in state.slots.items():
        row = state.objects[slot.object]
        assert row.holders[slot.place] == container
        assert Right.WRITE not in slot.rights or len({*row.holders} - {None}) == 1
    for number, row in state.objects.items():
        assert row.calls == sum(used == number for _, used in state.calls)
    assert {number for _, number in (*state.calls, *state.insertions)} <= state.objects.keys()
    assert {c for c, _ in (*state.slots, *state.calls, *state.insertions)} <= {*state.containers}
    owners = {page: number for (number, _), page in state.commits.items()}
    assert len(owners) == len(state.commits)
    for container in state.containers:
        rights = {slot.object: slot.rights for _, slot in state.named(container)}
        for _, entry in machine.kernel.memory.entries(container):
            if entry.page in owners:
                assert owners[entry.page] in rights
                assert not entry.writable or Right.WRITE in rights[owners[entry.page]]


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


def check_clean(machine: Machine) -> None:
    """A page that counts as clean holds zeros."""
    for page, row in machine.kernel.state.pages.items():
        if row.use is Use.FREE and row.is_clean:
            with suppress(Refusal):
                frame = machine.platform.resolve(page, private=True)
                assert machine.memory.load(frame, private=True) == ZEROS, page


def check_exits(machine: Machine) -> None:
    """What the recycler has taken is gone; who holds the lock of a pool is a thread of its own."""
    kernel, state = machine.kernel, machine.kernel.state
    for container, fault in state.faults.items():
        assert state.threads[fault.thread].container == container
    for container, stage in state.recycling.items():
        assert state.containers[container].phase is Phase.EXITING
        if stage is not Stage.SIGNALLED:
            assert not state.threads_of(container)
        if stage is Stage.BARE:
            assert not list(kernel.memory.entries(container))
            assert not kernel.channels.capabilities.of(container)


def check_translations(machine: Machine) -> None:
    """No vCPU in the guest translates to a page that is free, unless the page waits for it."""
    state = machine.kernel.state
    for vcpu, running in machine.processor.vcpus.items():
        if not running.inside or running.directory is None:
            continue
        for (core, tag, address), known in machine.tlb.entries.items():
            for found in known:
                if (core, tag) == (running.core, running.tag) and found.private:
                    row = state.pages.get(found.page)
                    is_free = row is not None and row.use is Use.FREE
                    waits = machine.kernel.shootdown.is_quarantined(found.page)
                    assert not is_free or waits, (vcpu, address, found.page)


def check_rights(machine: Machine) -> None:
    """Every right comes from one that is held; who is in a chain has a secret, and what it maps of
    a channel, it holds."""
    kernel = machine.kernel
    table = kernel.channels.capabilities.table
    for (_, channel), held in table.items():
        assert held.source is None or (held.source, channel) in table, (channel, held)
    assert set(kernel.state.chains) <= set(kernel.state.secrets)
    owners = {p: n for n, channel in kernel.channels.channels.items() for p in channel.pages}
    for container in kernel.state.containers:
        for address, entry in kernel.memory.entries(container):
            if entry.page in owners:
                assert (container, owners[entry.page]) in table, (container, address)


def check_strides(machine: Machine) -> None:
    """A pool lies in one stride, is of one container, and each of its pages has one use; page and
    address are in bijection."""
    state, sizes = machine.kernel.state, machine.geometry
    if not sizes.stride:
        return
    owners = [layout.container for layout in state.layouts.values()]
    assert len(owners) == len(set(owners)) == len({*owners} & state.containers.keys())
    for vcpu, layout in state.layouts.items():
        assert {*layout.pages} <= {*sizes.stride_of(vcpu)}
        assert state.pages[layout.metadata].use in (Use.METADATA, Use.LOST)
        blocks = [b.page for b in state.buffers.values() if b.container == layout.container]
        assert len(blocks) == len(set(blocks)) == len({*blocks} & {*layout.shared_part})
        assert all(state.pages[page].use is Use.SHARED for page in blocks)
        named = {*state.pool(layout.container)}
        assert named <= {*blocks, layout.metadata, *layout.data}
    assert all(container in owners for container in state.pools.values())
    backing, slots = machine.host.backing, machine.host.shadows.slots
    assert len(set(backing.resolved.values())) == len(backing.resolved)
    for page, (process, address) in backing.resolved.items():
        first = sizes.stride_of(sizes.vcpu_of(page)).start
        assert address - slots[process, first].base == page - first
    at = {backing.resolved[page]: frame for page, frame in backing.frames.items()}
    assert at == dict(backing.touched)


CHECKS = (
    check_isolation,
    check_references,
    check_ledger,
    check_clean,
    check_exits,
    check_translations,
    check_rights,
    check_objects,
    check_strides,
)
