"""Bugs of page tables, fork, and of what frames hold."""

from __future__ import annotations

from tests.refinement.seeding import Bug

from splitspec.impl.kernel.address_space import AddressSpaces
from splitspec.impl.kernel.direct_map import DirectMap
from splitspec.impl.kernel.fork import Forks
from splitspec.impl.kernel.lifecycle import Lifecycle
from splitspec.impl.kernel.pools import Pools
from splitspec.refinement.divergence import DivergenceKind as Kind

PAGE, FRAME = "memory-sev-page", "memory-sev-frame"
FAMILY, COPIES = "memory-sev-family", "memory-sev-copies"

# A table, which reads best as one.
# fmt: off
MEMORY: tuple[Bug, ...] = (
    Bug("an accepted page is not scrubbed", Pools, "accept",
        "self._memory.clear(page)", "pass",
        FRAME, Kind.UNREADABLE, "what no container has filled it with"),
    Bug("a page is given back with what it held", Pools, "scrub",
        "self._memory.clear(page)", "pass", PAGE, Kind.OTHER_STATE, "data[f"),
    Bug("a copy that was never made", Forks, "copy_on_write",
        "self._memory.write(page, self._memory.read(entry.page))", "pass",
        COPIES, Kind.OTHER_STATE, "data[f"),
    Bug("a copy lacks its first bytes", Forks, "copy_on_write",
        "self._memory.write(page, self._memory.read(entry.page))",
        "self._memory.write(page, self._memory.read(entry.page)[16:], offset=16)",
        COPIES, Kind.UNREADABLE, "a part of what container 0 wrote"),
    Bug("a copy goes to the zygote's page", Forks, "copy_on_write",
        "Entry(page, writable=True)", "Entry(entry.page, writable=True)",
        COPIES, Kind.OTHER_STATE, "table["),
    Bug("a clone may write to the zygote's pages", Forks, "fork",
        "self._memory.set_entry(clone, address, entry)",
        "self._memory.set_entry(clone, address, replace(entry, writable=True))",
        FAMILY, Kind.OTHER_STATE, "writable["),
    Bug("a sealed zygote keeps a writable entry", Forks, "seal",
        "copy_on_write=copied,", "copy_on_write=copied, writable=True,",
        FAMILY, Kind.OTHER_STATE, "writable["),
    Bug("a reference is counted twice", AddressSpaces, "hold",
        "references=record.references + 1", "references=record.references + 2",
        FAMILY, Kind.OTHER_STATE, "mappers["),
    Bug("a reference is not taken down", AddressSpaces, "drop",
        "left = record.references - 1", "left = record.references",
        PAGE, Kind.OTHER_STATE, "mappers["),
    Bug("unmapping leaves the entry", AddressSpaces, "unmap_page",
        "self._memory.set_entry(container, address, None)", "pass",
        PAGE, Kind.OTHER_STATE, "table["),
    Bug("an entry is overwritten", AddressSpaces, "check_vacant",
        'guards.require("vacant", vacant, f"virtual page {address} is mapped")', "pass",
        "memory-sev-two", Kind.ACCEPTED, "hole"),
    Bug("a page in use counts as free", Pools, "_unused",
        'guards.require("free", unused, f"page {page} is {record.use.value}")', "pass",
        PAGE, Kind.OTHER_GUARD, "unmapped"),
    Bug("sealing leaves the W bit", Forks, "seal",
        "frozen = Entry(entry.page, copy_on_write=copied, executable=entry.executable)",
        "frozen = entry", PAGE, Kind.OTHER_STATE, "writable[c1, a1]"),
    Bug("clearing stops half way", DirectMap, "clear",
        "self.write(page, ZEROS)", "self.write(page, ZEROS[:2048])",
        PAGE, Kind.UNREADABLE, "what no container has filled it with"),
    Bug("a fork counts nothing", Forks, "fork",
        "self._spaces.hold(entry.page)", "pass", FAMILY, Kind.OTHER_STATE, "mappers[p1]"),
    Bug("a clone begins with its own entries", Forks, "fork",
        "entries = list(self._memory.entries(zygote))",
        "entries = list(self._memory.entries(clone))",
        FAMILY, Kind.OTHER_STATE, "table[c2, a1]"),
    Bug("a clone comes to life after its zygote", Forks, "activate",
        "other.identity == row.origin and other.phase is Phase.SEALED",
        "other.identity == row.origin",
        FAMILY, Kind.ACCEPTED, "sealed"),
    Bug("an exit ends with entries in the table", Lifecycle, "retire",
        'guards.require("unmapped", not mapped, f"it maps virtual pages {mapped}")', "pass",
        FAMILY, Kind.ACCEPTED, "unmapped"),
    Bug("the entry of the neighbour is written", DirectMap, "set_entry",
        "leaf = self._geometry.leaf(container, index)",
        "leaf = self._geometry.leaf(0, index)", FAMILY, Kind.OTHER_STATE, "table[c1, a1]"),
)
# fmt: on
