"""Bugs of what a region permits, and of copies in it."""

from __future__ import annotations

from tests.refinement.seeding import Bug

from splitspec.impl.kernel.address_space import AddressSpaces
from splitspec.impl.kernel.fork import Forks
from splitspec.impl.kernel.shootdown import Shootdown
from splitspec.refinement.divergence import DivergenceKind as Kind

REGIONS = "regions-sev-hostile"

# A table, which reads best as one.
# fmt: off
REGION_BUGS = (
    Bug("a write to text is served with a copy", Forks, "copy_on_write",
        'guards.require("shared_copy", entry.copy_on_write, f"virtual page {address} is its own")',
        'guards.require("shared_copy", not entry.writable, "")',
        REGIONS, Kind.ACCEPTED, "permitted"),
    Bug("what a clone gets may all be written, with a copy", Forks, "seal",
        "copied = entry.permits_writing", "copied = True",
        REGIONS, Kind.OTHER_STATE, "read_only[c1, a1]"),
    Bug("a page that was protected for a while is text in the clones", Forks, "seal",
        "copied = entry.permits_writing", "copied = entry.writable",
        REGIONS, Kind.OTHER_STATE, "read_only[c1, a1]"),
    Bug("mprotect leaves what is copied on write", AddressSpaces, "protect",
        "replace(entry, writable=False, copy_on_write=False)", "replace(entry, writable=False)",
        REGIONS, Kind.OTHER_STATE, "read_only[c2, a1]"),
    Bug("a copy that is copied again is kept", Forks, "copy_on_write",
        "self._spaces.drop(entry.page)",
        "self._spaces.drop(entry.page) if self._state.pages[entry.page].use is Use.IMAGE else None",
        REGIONS, Kind.OTHER_STATE, "mappers[p"),
    Bug("who may write again gets the page, whoever else has it", AddressSpaces, "unprotect",
        "replace(entry, copy_on_write=True)", "replace(entry, writable=True)",
        REGIONS, Kind.OTHER_STATE, "writable[c"),
    Bug("the core of whoever asks keeps what it had", Shootdown, "protect",
        "self._flush_here(vcpu, container, generation, addresses)",
        "self._state.flushed[vcpu, container] = generation",
        REGIONS, Kind.OTHER_STATE, "read_only[c"),
)
# fmt: on
