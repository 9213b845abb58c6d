"""Bugs of what a page is used for: pages of tables, private pages, and pages of the host's.

Each breaks a row of the attack catalogue that is named beside it (T05 to T07, M11, M12).
"""

from __future__ import annotations

from tests.refinement.seeding import Bug

from splitspec.impl.kernel.address_space import AddressSpaces
from splitspec.impl.kernel.pools import Pools
from splitspec.refinement.divergence import DivergenceKind as Kind

PAGING = "paging-sev-hostile"

# A table, which reads best as one.
# fmt: off
PAGING_BUGS: tuple[Bug, ...] = (
    # T05, T06: a table page that is used otherwise, or was.
    Bug("a table page can be mapped", AddressSpaces, "add_table",
        "self._state.pages[page] = Page(Use.TABLE)", "pass", PAGING, Kind.ACCEPTED, "untabled"),
    Bug("a table page goes while the table has entries", AddressSpaces, "remove_table",
        'guards.require("empty", not mapped, f"virtual pages {mapped} are mapped")', "pass",
        PAGING, Kind.ACCEPTED, "empty"),
    Bug("a table page of one that lives is taken back", AddressSpaces, "remove_table",
        'guards.require("exiting", exiting, f"container {container} is not")', "pass",
        PAGING, Kind.ACCEPTED, "exiting"),
    Bug("a table page that was taken back is walked on", AddressSpaces, "remove_table",
        "self._memory.set_table(container, index, None)", "pass",
        PAGING, Kind.OTHER_STATE, "walks[p1]"),
    Bug("a new table page takes the place of the one before", AddressSpaces, "_unnamed",
        "if self._memory.leaf(container, n) is None", "if n == 0",
        PAGING, Kind.OTHER_GUARD, "untabled"),
    # T07: the bit of an entry is the container's choice.
    Bug("a private page is mapped as one of the host's", AddressSpaces, "map_shared",
        "if record is None or record.use is not Use.SHARED:", "if record is None:",
        PAGING, Kind.ACCEPTED, "agreed"),
    # M11, M12: pages on their way to the host and back.
    Bug("a page is shared while it is mapped", Pools, "share",
        "self.check_usable(guards, container, page)",
        "if self._state.pages[page].use is not Use.PRIVATE:\n"
        "        self.check_usable(guards, container, page)",
        PAGING, Kind.ACCEPTED, "unmapped"),
    Bug("a page of the host's is private again while it is mapped", Pools, "unshare",
        'guards.require("unreferenced", record.references == 0, f"page {page} is mapped")', "pass",
        PAGING, Kind.ACCEPTED, "unmapped"),
    Bug("mprotect takes the entry away", AddressSpaces, "protect",
        "set_entry(container, address, protected)", "set_entry(container, address, None)",
        PAGING, Kind.OTHER_STATE, "table[c1, a1]"),
    Bug("mprotect leaves the right to write", AddressSpaces, "protect",
        "replace(entry, writable=False, copy_on_write=False)", "entry",
        PAGING, Kind.OTHER_STATE, "writable[c1, a1]"),
)
# fmt: on
