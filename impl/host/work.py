"""Work that a delegated call leaves behind: a thread of the host's own does it later.

What a container sends leaves the socket's buffer when the call has long returned. The time of such
work is its requester's, whoever's thread does it, and however late: each request says whose it is,
and a control group is not removed before all that was asked for is done and paid for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from splitspec.impl.host.cgroup import Cgroups
from splitspec.impl.host.shadow import Shadows
from splitspec.impl.journal import Journal, Table
from splitspec.impl.refusal import Guards, HostRefusal

NEXT = "next"


@dataclass(frozen=True, slots=True)
class Request:
    """Work that the guest of a shadow container has asked for."""

    shadow: int
    payer: str | None = None  # the group that was charged, once it is done


class Work:
    """What was asked for, by number, until the requester is gone."""

    __slots__ = ("_cgroups", "_numbers", "_shadows", "requests")

    def __init__(self, journal: Journal, *, cgroups: Cgroups, shadows: Shadows) -> None:
        self._cgroups = cgroups
        self._shadows = shadows
        self.requests: Table[int, Request] = Table(journal)
        self._numbers: Table[str, int] = Table(journal)

    @property
    def next(self) -> int:
        """The number of the next request: none is used twice."""
        return self._numbers.get(NEXT, 0)

    def pending(self, shadow: int) -> list[int]:
        """Return what was asked for by the shadow container and is not done."""
        rows = self.requests.items()
        return sorted(n for n, row in rows if row.shadow == shadow and row.payer is None)

    def request(self, vcpu: int) -> int:
        """A delegated call of the vCPU leaves work for later; return its number."""
        guards = Guards(HostRefusal, "request_work")
        shadow = self._shadows.driver(vcpu)
        if shadow is None:
            guards.fail("held", f"nobody drives vCPU {vcpu}")
        guards.require("alive", self._shadows.is_alive(shadow), f"no shadow container {shadow}")
        number = self.next
        self._numbers[NEXT] = number + 1
        self.requests[number] = Request(shadow)
        return number

    def perform(self, number: int) -> None:
        """Do what was asked for, in a slice that the requester's group pays for."""
        guards = Guards(HostRefusal, "perform_work")
        row = self.requests.get(number)
        if row is None:
            guards.fail("requested", f"nobody asked for {number}")
        guards.require("once", row.payer is None, f"{row.payer} has paid for {number}")
        group = self._shadows.group(row.shadow)
        self._cgroups.spend(group)
        self.requests[number] = replace(row, payer=group)

    def finish(self, shadow: int) -> None:
        """End a shadow container for which nothing is left to do, with its accounts."""
        guards = Guards(HostRefusal, "finish_work")
        left = self.pending(shadow)
        guards.require("done", not left, f"{left} are still to be done")
        self._shadows.finish(shadow)
        for number in [n for n, row in self.requests.items() if row.shadow == shadow]:
            del self.requests[number]
