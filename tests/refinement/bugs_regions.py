"""Bugs of what a region permits, and of copies in it, planned from the domain."""

from __future__ import annotations

from tests.refinement.seeding import Bug

from splitspec.impl.kernel.address_space import AddressSpaces
from splitspec.impl.kernel.fork import Forks
from splitspec.refinement.divergence import DivergenceKind as Kind

REGIONS = "regions-sev-hostile"

# A table, which reads best as one.
# fmt: off
REGION_BUGS = (
    Bug("a write to text is served with a copy", Forks, "copy_on_write",
        'guards.require("shared_copy", entry.copy_on_write, f"virtual page {address} is its own")',
        'guards.require("shared_copy", not entry.writable, "")',
        REGIONS, Kind.ACCEPTED, "permitted",
        "W15: the copy-on-write handler grants write for any readable region"),
    Bug("what a clone gets may all be written, with a copy", Forks, "seal",
        "copied = entry.permits_writing", "copied = True",
        REGIONS, Kind.OTHER_STATE, "read_only[c1, a1]",
        "W15: cloning adds COW to regions that were read-only in the zygote"),
    Bug("a page that was protected for a while is text in the clones", Forks, "seal",
        "copied = entry.permits_writing", "copied = entry.writable",
        REGIONS, Kind.OTHER_STATE, "read_only[c1, a1]",
        "I10: a clone starts from what was sealed"),
    Bug("mprotect leaves what is copied on write", AddressSpaces, "protect",
        "replace(entry, writable=False, copy_on_write=False)", "replace(entry, writable=False)",
        REGIONS, Kind.OTHER_STATE, "read_only[c2, a1]",
        "W15: mprotect to read-only is not enforced"),
    Bug("a copy that is copied again is kept", Forks, "copy_on_write",
        "self._spaces.drop(entry.page)",
        "self._spaces.drop(entry.page) if self._state.pages[entry.page].use is Use.IMAGE else None",
        REGIONS, Kind.OTHER_STATE, "mappers[p",
        "W15: the next write copies again and records a second private page, until the exit"),
    Bug("who may write again gets the page, whoever else has it", AddressSpaces, "unprotect",
        "replace(entry, copy_on_write=True)", "replace(entry, writable=True)",
        REGIONS, Kind.OTHER_STATE, "writable[c",
        "I9: COW sharing is read-only for every party"),
)
# fmt: on
