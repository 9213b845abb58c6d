"""Channels: memory that the functions of one chain share inside the VM.

A channel's pages come from its creator's pool, and stay charged there. Another container gets in by
a capability, and only if the same tenant's verifier has named both for one chain. Who loses the
capability loses the mapping.

Once a channel is frozen nobody gets the right to write it. A vCPU that has used the right may hold
it in a translation until it flushes; for that its creator waits, and whoever is dispatched later,
but not a reader that runs already. When all have flushed, who reads need not copy before it checks.

The end takes several steps, with others in between, and asks nobody: the creator, or the kernel for
it when it exits, shuts the channel; its mappings are closed one after the other; then it is
destroyed. A page of a channel serves nothing else before that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from splitspec.impl.hardware.paging import Entry
from splitspec.impl.journal import Journal, Table
from splitspec.impl.kernel.address_space import AddressSpaces
from splitspec.impl.kernel.capabilities import ALL_RIGHTS, Capabilities, Capability, Right
from splitspec.impl.kernel.direct_map import DirectMap
from splitspec.impl.kernel.pools import Pools
from splitspec.impl.kernel.records import Page, Phase, State, Use
from splitspec.impl.kernel.shootdown import Shootdown
from splitspec.impl.refusal import Guards, KernelRefusal


@dataclass(frozen=True, slots=True)
class Channel:
    """Pages of one container for a chain."""

    creator: int
    pages: tuple[int, ...]
    is_shut: bool = False  # nobody opens it any more, nor is let in


class Channels:
    """The channels of the VM."""

    __slots__ = ("_memory", "_pools", "_shootdown", "_spaces", "_state", "capabilities", "channels")

    def __init__(
        self,
        journal: Journal,
        state: State,
        *,
        memory: DirectMap,
        pools: Pools,
        spaces: AddressSpaces,
        shootdown: Shootdown,
    ) -> None:
        self._state = state
        self._memory = memory
        self._pools = pools
        self._spaces = spaces
        self._shootdown = shootdown
        self.capabilities = Capabilities(journal)
        self.channels: Table[int, Channel] = Table(journal)

    def create(self, container: int, pages: list[int]) -> int:
        """Make a channel of free, clean pages; return its number."""
        guards = Guards(KernelRefusal, "create_channel")
        self._check_member(guards, container)
        distinct = 0 < len(set(pages)) == len(pages)
        guards.require("distinct", distinct, "a channel has pages, each once")
        for page in pages:
            self._pools.check_usable(guards, container, page)
        channel = self._state.next("channel")
        for page in pages:
            self._state.pages[page] = Page(Use.CHANNEL, references=1)
        self.channels[channel] = Channel(container, tuple(pages))
        self.capabilities.table[container, channel] = Capability(ALL_RIGHTS)
        return channel

    def grant(self, container: int, channel: int, target: int, rights: Right) -> None:
        """Let another container of the chain use the channel."""
        guards = Guards(KernelRefusal, "grant")
        held = self.capabilities.check(guards, container, channel, Right.GRANT)
        self._check_lasting(guards, channel)
        guards.require("useful", bool(rights), "it allows nothing")
        guards.require("attenuated", rights in held.rights, f"more than {held.rights}")
        self._check_member(guards, container)
        self._check_member(guards, target)
        same = self._state.chains[container] == self._state.chains[target]
        guards.require("same_chain", same, f"container {target} is in another chain")
        new = (target, channel) not in self.capabilities.table
        guards.require("new", new, f"container {target} has a capability")
        self.capabilities.table[target, channel] = Capability(rights, container)

    def open(self, container: int, channel: int, address: int) -> None:
        """Map the pages of the channel, side by side, as the capability allows."""
        guards = Guards(KernelRefusal, "open_channel")
        held = self.capabilities.check(guards, container, channel, Right.READ)
        self._check_lasting(guards, channel)
        guards.require("closed", not self._windows(container, channel), "it is open")
        pages = self.channels[channel].pages
        for index in range(len(pages)):
            self._spaces.check_vacant(guards, container, address + index)
        for index, page in enumerate(pages):
            entry = Entry(page, writable=Right.WRITE in held.rights)
            self._memory.set_entry(container, address + index, entry)
            self._spaces.hold(page)

    def close(self, container: int, channel: int, *, vcpu: int | None = None) -> None:
        """Unmap the channel; the capability stays."""
        guards = Guards(KernelRefusal, "close_channel")
        self._shootdown.check_vcpu(guards, vcpu)
        guards.require("open", bool(self._windows(container, channel)), "it is not open")
        self._memory.reach(*self._memory.tables(container))
        self._unmap(container, channel, vcpu)

    def revoke(self, container: int, channel: int, target: int, *, vcpu: int | None = None) -> None:
        """Take back what a container was granted, with all that it granted on."""
        guards = Guards(KernelRefusal, "revoke")
        self._shootdown.check_vcpu(guards, vcpu)
        self.capabilities.check(guards, container, channel, Right.GRANT)
        derived = self.capabilities.derived(container, channel)
        guards.require("granted", target in derived, f"container {target} has nothing from it")
        self._check_member(guards, container)
        losers = [target, *self.capabilities.derived(target, channel)]
        self._reach(losers)
        for loser in losers:
            self._unmap(loser, channel, vcpu)
            self._shootdown.hold_up(self._others(channel, loser), loser)
            del self.capabilities.table[loser, channel]

    def freeze(self, container: int, channel: int, *, vcpu: int | None = None) -> None:
        """Take the right to write from everybody, the creator too, for good."""
        guards = Guards(KernelRefusal, "freeze")
        self._shootdown.check_vcpu(guards, vcpu)
        self._check_creator(guards, container, channel)
        self._check_member(guards, container)
        self._check_lasting(guards, channel)
        self.capabilities.check(guards, container, channel, Right.WRITE)
        holders = self._users(channel)
        self._reach(holders)
        for holder in holders:
            held = self.capabilities.table[holder, channel]
            rights = held.rights & ~Right.WRITE
            self.capabilities.table[holder, channel] = replace(held, rights=rights)
            for address, entry in self._windows(holder, channel):
                self._protect(holder, channel, address, entry, vcpu)
            self._shootdown.hold_up(holders, holder)  # It may have given the right up itself.

    def shut(self, container: int, channel: int) -> None:
        """Begin the end of a channel. Its creator alone may, or the kernel for it."""
        guards = Guards(KernelRefusal, "shut_channel")
        row = self._check_creator(guards, container, channel)
        self._check_lasting(guards, channel)
        self.channels[channel] = replace(row, is_shut=True)

    def destroy(self, channel: int) -> None:
        """End a channel that was shut and that nobody maps; its pages are free, and dirty."""
        guards = Guards(KernelRefusal, "destroy_channel")
        row = self._row(guards, channel)
        guards.require("shut", row.is_shut, f"channel {channel} is in use")
        holders = self._users(channel)
        self._reach(holders)
        mapping = self.members(channel)
        guards.require("unmapped", not mapping, f"containers {mapping} have it open")
        for holder in holders:
            del self.capabilities.table[holder, channel]
        for page in row.pages:
            if self._state.pages[page].use is Use.LOST:
                self._spaces.drop(page)
            else:
                self._state.pages[page] = Page(Use.FREE)
        del self.channels[channel]

    def end(self, container: int, channel: int) -> None:
        """End a channel of the container's in one step, whoever has it open."""
        if not self.channels[channel].is_shut:
            self.shut(container, channel)
        for member in self.members(channel):
            self.close(member, channel)
        self.destroy(channel)

    def members(self, channel: int) -> list[int]:
        """Return the containers that have the channel open."""
        return [holder for holder in self._users(channel) if self._windows(holder, channel)]

    def created_by(self, container: int) -> list[int]:
        """Return the channels of the container's own."""
        return [number for number, row in self.channels.items() if row.creator == container]

    def reach_all(self, container: int) -> None:
        """Raise unless the tables of all who lose a channel with this one can be written."""
        users = {user for channel in self.created_by(container) for user in self._users(channel)}
        self._reach([*sorted(users), *self._dependents(container)])

    def check_left(self, guards: Guards, container: int) -> None:
        """Refuse to forget a container that still has channels of its own."""
        own = self.created_by(container)
        guards.require("channels_destroyed", not own, f"channels {own} are its own")
        self._reach(self._dependents(container))

    def leave(self, container: int) -> None:
        """Drop the capabilities of a container that ends, and what others have from it."""
        for channel in self.capabilities.of(container):
            for loser in (container, *self.capabilities.derived(container, channel)):
                self._unmap(loser, channel, None)
                del self.capabilities.table[loser, channel]

    def close_all(self, container: int, vcpu: int | None) -> None:
        """Unmap all channels from a container that exits."""
        for channel in self.capabilities.of(container):
            self._unmap(container, channel, vcpu)

    def _dependents(self, container: int) -> list[int]:
        """Return the containers that lose a channel when this one leaves."""
        return sorted(
            {
                loser
                for channel in self.capabilities.of(container)
                for loser in self.capabilities.derived(container, channel)
            }
        )

    def _check_member(self, guards: Guards, container: int) -> None:
        row = self._state.containers.get(container)
        running = row is not None and row.phase is Phase.RUNNING
        guards.require("running", running, f"container {container} is not")
        named = container in self._state.chains
        guards.require("attested", named, f"no verifier has named container {container}")

    def _row(self, guards: Guards, channel: int) -> Channel:
        row = self.channels.get(channel)
        if row is None:
            guards.fail("exists", f"there is no channel {channel}")
        return row

    def _check_creator(self, guards: Guards, container: int, channel: int) -> Channel:
        row = self._row(guards, channel)
        guards.require("creator", row.creator == container, "it is another container's")
        return row

    def _check_lasting(self, guards: Guards, channel: int) -> None:
        shut = self.channels[channel].is_shut
        guards.require("lasting", not shut, f"channel {channel} is coming to its end")

    def _reach(self, containers: list[int]) -> None:
        for container in containers:
            self._memory.reach(*self._memory.tables(container))

    def _windows(self, container: int, channel: int) -> list[tuple[int, Entry]]:
        row = self.channels.get(channel)
        pages = () if row is None else row.pages
        entries = self._memory.entries(container)
        return [(address, entry) for address, entry in entries if entry.page in pages]

    def _unmap(self, container: int, channel: int, vcpu: int | None) -> None:
        for address, entry in self._windows(container, channel):
            self._memory.set_entry(container, address, None)
            self._spaces.drop(entry.page)
            users = self._others(channel, container)
            self._shootdown.retire(container, address, entry.page, vcpu, users=users)

    def _protect(
        self, container: int, channel: int, address: int, entry: Entry, vcpu: int | None
    ) -> None:
        if entry.writable:
            self._memory.set_entry(container, address, replace(entry, writable=False))
            users = self._others(channel, container)
            self._shootdown.protect(container, vcpu, address, users=users)

    def _others(self, channel: int, container: int) -> list[int]:
        return [user for user in self._users(channel) if user != container]

    def _users(self, channel: int) -> list[int]:
        """Return who has a capability: what one of them loses, the others do not write unseen."""
        return sorted(holder for holder, named in self.capabilities.table if named == channel)
