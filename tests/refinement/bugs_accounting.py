"""Bugs of the ledgers: work that is done later, and what the kernel keeps for a container."""

from __future__ import annotations

from tests.refinement.seeding import Bug

from splitspec.impl.host.work import Work
from splitspec.impl.kernel.lifecycle import Lifecycle
from splitspec.impl.kernel.notifications import Notifications
from splitspec.refinement.divergence import DivergenceKind as Kind

LEDGER, TWO = "accounting-sev", "accounting-sev-tenants"

# A table, which reads best as one.
# fmt: off
ACCOUNTING: tuple[Bug, ...] = (
    Bug("work done late is on the account of whoever drives a vCPU then", Work, "perform",
        "group = self._shadows.group(shadow)",
        "group = self._shadows.group(next(iter(self._shadows.holders.values())).shadow)"
        " if self._shadows.holders else self._shadows.group(shadow)",
        TWO, Kind.OTHER_STATE, "billed[w1]"),
    Bug("work is on nobody's account", Work, "perform",
        "self._cgroups.spend(group)", "pass", LEDGER, Kind.OTHER_STATE, "billed[w1]"),
    Bug("work is paid for twice", Work, "perform",
        "self._cgroups.spend(group)", "self._cgroups.spend(group); self._cgroups.spend(group)",
        LEDGER, Kind.UNREADABLE, "2 slices"),
    Bug("work is paid for three times", Work, "perform",
        "self._cgroups.spend(group)", "[self._cgroups.spend(group) for _ in range(3)]",
        LEDGER, Kind.UNREADABLE, "3 slices"),
    Bug("work is done again", Work, "perform",
        "del self.requests[number]", "pass", LEDGER, Kind.ACCEPTED, "new"),
    Bug("a control group goes before its work is done", Work, "finish",
        'guards.require("done", not left, f"{left} are still to be done")', "pass",
        LEDGER, Kind.ACCEPTED, "worked"),
    Bug("a container uses the room of its neighbour", Notifications, "create",
        "range(container * room, (container + 1) * room)",
        "range(container * room, (container + 2) * room)", TWO, Kind.ACCEPTED, "in_quota"),
    Bug("a container that leaves makes the kernel keep more", Notifications, "create",
        "running = row is not None and row.phase is Phase.RUNNING", "running = row is not None",
        LEDGER, Kind.ACCEPTED, "running"),
    Bug("a notification of another container is closed", Notifications, "_own",
        "if row is None or row.container != container:", "if row is None:",
        TWO, Kind.ACCEPTED, "kept"),
    Bug("an exit leaves notifications", Lifecycle, "retire",
        'guards.require("closed", not kept_open, f"notifications {kept_open} are its own")', "pass",
        LEDGER, Kind.ACCEPTED, "unrecorded"),
)
# fmt: on
