"""Bugs of pages that the kernel uses past the tables of their container."""

from __future__ import annotations

from tests.refinement.seeding import Bug

from splitspec.impl.kernel.address_space import AddressSpaces
from splitspec.impl.kernel.fork import Forks
from splitspec.impl.kernel.lifecycle import Lifecycle
from splitspec.impl.kernel.pins import Pins
from splitspec.impl.kernel.pointers import Pointers
from splitspec.refinement.divergence import DivergenceKind as Kind

PINS, POINTERS = "pins-sev-hostile", "pointers-sev-hostile"

# A table, which reads best as one.
# fmt: off
ALIASES = (
    Bug("input is written under copy-on-write", Pins, "pin",
        "writable = entry.writable or use is Pin.READING", "writable = True",
        PINS, Kind.ACCEPTED, "writable"),
    Bug("a pinned page is held by nobody", Pins, "pin",
        "self._spaces.hold(entry.page)", "pass", PINS, Kind.OTHER_STATE, "mappers[p1]"),
    Bug("a page is held when its input has ended", Pins, "unpin",
        "self._spaces.drop(page)", "pass", PINS, Kind.OTHER_STATE, "mappers[p1]"),
    Bug("a page is free when its last entry goes, whatever else uses it", AddressSpaces, "drop",
        "if left == 0 and record.use in (Use.PRIVATE, Use.IMAGE):",
        "if record.use in (Use.PRIVATE, Use.IMAGE) and left <= sum(p == page for _, p in"
        " self._state.pins):", PINS, Kind.OTHER_STATE, "mappers[p1]"),
    Bug("a zygote is sealed while bytes come in", Forks, "seal",
        'guards.require("settled", not written, f"bytes are still to come in to pages {written}")',
        "pass", PINS, Kind.ACCEPTED, "settled"),
    Bug("a container is gone while bytes go out", Lifecycle, "retire",
        'guards.require("unpinned", not pinned, f"pages {pinned} are pinned")', "pass",
        PINS, Kind.ACCEPTED, "unpinned"),
    Bug("a container that leaves pins", Pins, "pin",
        "running = row is not None and row.phase is Phase.RUNNING", "running = row is not None",
        PINS, Kind.OTHER_GUARD, "running"),
    Bug("the kernel is pointed at a page of the image", Pointers, "register",
        "private = entry.writable and self._state.pages[entry.page].use is Use.PRIVATE",
        "private = True", POINTERS, Kind.ACCEPTED, "private"),
    Bug("a page is unmapped under the kernel's pointer", AddressSpaces, "unmap_page",
        "self._check_unaimed(guards, entry.page)", "pass", POINTERS, Kind.ACCEPTED, "unpinned"),
    Bug("a zygote is sealed with an address left", Forks, "seal",
        'guards.require("withdrawn", withdrawn, "it has left an address to which the kernel'
        ' writes")', "pass", POINTERS, Kind.ACCEPTED, "withdrawn"),
    Bug("an address is withdrawn and kept", Pointers, "withdraw",
        "del self._state.targets[container]", "pass", POINTERS, Kind.OTHER_STATE, "target[c"),
    Bug("the kernel writes for who leaves", Pointers, "write",
        "self._check_running(guards, container)", "pass", POINTERS, Kind.ACCEPTED, "running"),
)
# fmt: on
