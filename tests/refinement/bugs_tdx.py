"""Bugs of TDX's own page machine, and of a host that takes a page of a TD in its two steps."""

from __future__ import annotations

from tests.refinement.seeding import Bug

from splitspec.impl.hardware.tdx import Tdx
from splitspec.impl.host.backing import Backing
from splitspec.refinement.divergence import DivergenceKind as Kind

PAGE, TAKEN = "memory_tdx-page", "memory_tdx-taken"

# A table, which reads best as one.
# fmt: off
SECURE_EPT: tuple[Bug, ...] = (
    Bug("RELEASE leaves the page mapped", Tdx, "rescind",
        "replace(entry, state=SeptState.PENDING)", "entry",
        PAGE, Kind.OTHER_STATE, "entry[p1]"),
    Bug("ACCEPT leaves what the frame held", Tdx, "accept",
        "self._memory.store(entry.frame, 0, ZEROS, private=True)", "pass",
        TAKEN, Kind.UNREADABLE, "what no container has filled it with"),
    Bug("ACCEPT maps a page that is blocked", Tdx, "accept",
        "if entry.state is not SeptState.PENDING:", "if entry.state is SeptState.BLOCKED:",
        PAGE, Kind.ACCEPTED, "pending"),
    Bug("an access goes through a blocked entry", Tdx, "resolve",
        "if entry.state is not SeptState.MAPPED:",
        "if entry.state not in (SeptState.MAPPED, SeptState.BLOCKED):",
        TAKEN, Kind.ACCEPTED, "usable"),
    Bug("BLOCK forgets that a page was pending", Tdx, "block",
        "BLOCKED_FORM[entry.state]", "SeptState.BLOCKED",
        PAGE, Kind.OTHER_STATE, "entry[p1]"),
    Bug("UNBLOCK maps a page that was pending", Tdx, "unblock",
        "SeptEntry(entry.frame, state)", "SeptEntry(entry.frame, SeptState.MAPPED)",
        PAGE, Kind.OTHER_STATE, "entry[p1]"),
    Bug("REMOVE takes a page that is not blocked", Tdx, "remove",
        "if entry is None or entry.state in BLOCKED_FORM:", "if entry is None:",
        PAGE, Kind.ACCEPTED, "blocked"),
    Bug("a page in use is blocked", Backing, "block_page",
        "self._given_back(guards, page)", "pass", PAGE, Kind.ACCEPTED, "returned"),
    Bug("a removed page is still paid for", Backing, "remove_page",
        "self._take(page, frame)", "pass", PAGE, Kind.OTHER_STATE, "charged[f1]"),
)
# fmt: on
