"""Channels: memory that the functions of one chain share inside the VM.

A channel's pages come from its creator's pool, and stay charged there. Another container gets in by
a capability, and only if the same tenant's verifier has named both for one chain. Who loses the
capability loses the mapping. A page of a channel serves nothing else until the channel is gone.
"""

from __future__ import annotations

from dataclasses import dataclass

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
        guards.require("attenuated", rights in held.rights, f"more than {held.rights}")
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
        guards.require("closed", not self._windows(container, channel), "it is open")
        pages = self.channels[channel].pages
        for index in range(len(pages)):
            self._spaces.check_vacant(guards, container, address + index)
        self._memory.reach(*pages)
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
        losers = [target, *self.capabilities.derived(target, channel)]
        for loser in losers:
            self._memory.reach(*self._memory.tables(loser))
        for loser in losers:
            self._unmap(loser, channel, vcpu)
            del self.capabilities.table[loser, channel]

    def destroy(self, container: int, channel: int, *, vcpu: int | None = None) -> None:
        """End a channel for everybody; its pages are free, and dirty. Its creator alone may."""
        guards = Guards(KernelRefusal, "destroy_channel")
        self._shootdown.check_vcpu(guards, vcpu)
        row = self.channels.get(channel)
        if row is None:
            guards.fail("exists", f"there is no channel {channel}")
        guards.require("creator", row.creator == container, "it is another container's")
        holders = self._users(channel)
        for holder in holders:
            self._memory.reach(*self._memory.tables(holder))
        for holder in holders:
            self._unmap(holder, channel, vcpu)
            del self.capabilities.table[holder, channel]
        for page in row.pages:
            self._state.pages[page] = Page(Use.FREE)
        del self.channels[channel]

    def check_leaving(self, guards: Guards, container: int) -> None:
        """Refuse the end of a container that still has channels of its own."""
        own = [number for number, row in self.channels.items() if row.creator == container]
        guards.require("channels_destroyed", not own, f"channels {own} are its own")

    def leave(self, container: int, vcpu: int | None) -> None:
        """Drop the capabilities of a container that ends, and what others have from it."""
        for channel in self.capabilities.of(container):
            for loser in (container, *self.capabilities.derived(container, channel)):
                self._unmap(loser, channel, vcpu)
                del self.capabilities.table[loser, channel]

    def dependents(self, container: int) -> list[int]:
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

    def _windows(self, container: int, channel: int) -> list[tuple[int, int]]:
        row = self.channels.get(channel)
        pages = () if row is None else row.pages
        entries = self._memory.entries(container)
        return [(address, entry.page) for address, entry in entries if entry.page in pages]

    def _unmap(self, container: int, channel: int, vcpu: int | None) -> None:
        for address, page in self._windows(container, channel):
            self._memory.set_entry(container, address, None)
            self._spaces.drop(page)
            users = [user for user in self._users(channel) if user != container]
            self._shootdown.retire(container, address, page, vcpu, users=users)

    def _users(self, channel: int) -> list[int]:
        """Return who has a capability: what one of them loses, the others do not write unseen."""
        return sorted(holder for holder, named in self.capabilities.table if named == channel)
