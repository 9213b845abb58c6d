"""Work that a delegated call leaves behind: a thread of the host's own does it later.

What a container sends leaves the socket's buffer when the call has long returned. The time of such
work is its requester's, whoever's thread does it, and however late: each request says whose it is,
is done within that one's quota, and is forgotten when it is paid for. A control group is not
removed before all that was asked for is done.
"""

from __future__ import annotations

from splitspec.impl.host.cgroup import Cgroups
from splitspec.impl.host.shadow import Shadows
from splitspec.impl.journal import Journal, Table
from splitspec.impl.refusal import Guards, HostRefusal

NEXT = "next"


class Work:
    """What was asked for and is not done: by number, the shadow container whose guest did."""

    __slots__ = ("_cgroups", "_numbers", "_shadows", "requests")

    def __init__(self, journal: Journal, *, cgroups: Cgroups, shadows: Shadows) -> None:
        self._cgroups = cgroups
        self._shadows = shadows
        self.requests: Table[int, int] = Table(journal)
        self._numbers: Table[str, int] = Table(journal)

    @property
    def next(self) -> int:
        """The number of the next request: none is used twice."""
        return self._numbers.get(NEXT, 0)

    def pending(self, shadow: int) -> list[int]:
        """Return what was asked for by the shadow container and is not done."""
        return sorted(number for number, asking in self.requests.items() if asking == shadow)

    def request(self, vcpu: int) -> int:
        """A delegated call of the vCPU leaves work for later; return its number."""
        guards = Guards(HostRefusal, "request_work")
        shadow = self._shadows.driver(vcpu)
        if shadow is None:
            guards.fail("held", f"nobody drives vCPU {vcpu}")
        guards.require("alive", self._shadows.is_alive(shadow), f"no shadow container {shadow}")
        number = self.next
        self._numbers[NEXT] = number + 1
        self.requests[number] = shadow
        return number

    def perform(self, number: int) -> None:
        """Do what was asked for, in a slice that the requester's group pays for."""
        guards = Guards(HostRefusal, "perform_work")
        shadow = self.requests.get(number)
        if shadow is None:
            guards.fail("requested", f"nobody asked for {number}, or it is done")
        group = self._shadows.group(shadow)
        guards.require("quota", self._cgroups.may_run(group), f"{group} is at cpu.max")
        self._cgroups.spend(group)
        del self.requests[number]

    def finish(self, shadow: int) -> None:
        """End a shadow container for which nothing is left to do, with its accounts."""
        guards = Guards(HostRefusal, "finish_work")
        left = self.pending(shadow)
        guards.require("done", not left, f"{left} are still to be done")
        self._shadows.finish(shadow)
