"""Bugs of channels: what the functions of a chain share."""

from __future__ import annotations

from tests.refinement.seeding import Bug

from splitspec.impl.kernel.channels import Channels
from splitspec.impl.kernel.fork import Forks
from splitspec.impl.kernel.lifecycle import Lifecycle
from splitspec.impl.kernel.pools import Pools
from splitspec.refinement.divergence import DivergenceKind as Kind

CHAIN, TENANTS, MEMORY = "chain-sev", "chain-sev-tenants", "chain_memory-sev"

# A table, which reads best as one.
# fmt: off
CHAIN_BUGS: tuple[Bug, ...] = (
    Bug("a function of another tenant is let in", Channels, "grant",
        'guards.require("same_chain", same, f"container {target} is in another chain")', "pass",
        TENANTS, Kind.ACCEPTED, "related"),
    Bug("whoever reads may write", Channels, "open",
        "writable=Right.WRITE in held.rights", "writable=True",
        CHAIN, Kind.OTHER_STATE, "writes["),
    Bug("revoking leaves the mapping", Channels, "revoke",
        "self._unmap(loser, channel, vcpu)", "pass", CHAIN, Kind.OTHER_STATE, "window["),
    Bug("revoking leaves the capability", Channels, "revoke",
        "del self.capabilities.table[loser, channel]", "pass",
        CHAIN, Kind.OTHER_STATE, "right["),
    Bug("freezing leaves entries writable", Channels, "freeze",
        "self._protect(holder, channel, address, entry, vcpu)", "pass",
        CHAIN, Kind.OTHER_STATE, "writes["),
    Bug("freezing leaves the right to write", Channels, "freeze",
        "rights = held.rights & ~Right.WRITE", "rights = held.rights",
        CHAIN, Kind.OTHER_STATE, "right["),
    Bug("a channel is destroyed under those who map it", Channels, "destroy",
        'guards.require("unmapped", not mapping, f"containers {mapping} have it open")', "pass",
        CHAIN, Kind.ACCEPTED, "unseen"),
    Bug("a channel is destroyed before it was shut", Channels, "destroy",
        'guards.require("shut", row.is_shut, f"channel {channel} is in use")', "pass",
        CHAIN, Kind.ACCEPTED, "closing"),
    Bug("a channel that ends is opened", Channels, "_check_lasting",
        'guards.require("lasting", not shut, f"channel {channel} is coming to its end")', "pass",
        CHAIN, Kind.ACCEPTED, "open"),
    Bug("who leaves keeps its capability", Lifecycle, "retire",
        "self._channels.leave(container)", "pass", CHAIN, Kind.OTHER_STATE, "right["),
    Bug("an exit forgets the channels", Channels, "check_left",
        'guards.require("channels_destroyed", not own, f"channels {own} are its own")', "pass",
        CHAIN, Kind.OTHER_GUARD, "closed"),
    Bug("a page of a channel is mapped as private memory", Pools, "_unused",
        "unused = record.use in (uses or (Use.FREE,))",
        "unused = record.use in (*(uses or (Use.FREE,)), Use.CHANNEL)",
        CHAIN, Kind.OTHER_GUARD, "untyped"),
    Bug("a reader of a channel is not counted", Channels, "open",
        "self._spaces.hold(page)", "pass", CHAIN, Kind.OTHER_STATE, "windows["),
    Bug("a zygote that holds a channel is sealed", Forks, "seal",
        'guards.require("untainted", not row.is_tainted, "it has held data of a tenant")', "pass",
        MEMORY, Kind.ACCEPTED, "unchained"),
    Bug("the pages of a destroyed channel count as clean", Channels, "destroy",
        "self._state.pages[page] = Page(Use.FREE)",
        "self._state.pages[page] = Page(Use.FREE, is_clean=True)",
        CHAIN, Kind.OTHER_STATE, "sent[",
        "I19: the first value to be seen in a newly allocated page is 0 or an intended copy"),
)
# fmt: on
