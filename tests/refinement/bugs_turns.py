"""Bugs of turns: how the threads of a container share a vCPU, or do not."""

from __future__ import annotations

from tests.refinement.seeding import Bug

from splitspec.impl.kernel.threads import Threads
from splitspec.refinement.divergence import DivergenceKind as Kind

TURNS = "turns-sev"

# A table, which reads best as one.
# fmt: off
TURN_BUGS = (
    Bug("a thread puts off the end of its turn for as long as it likes", Threads, "put_off",
        'guards.require("once", once, f"thread {current} has done so")', "pass",
        TURNS, Kind.ACCEPTED, "once"),
    Bug("a thread has overtime where nobody waits", Threads, "put_off",
        'guards.require("waiting", self.bound(vcpu) != [current], "no other thread waits")', "pass",
        TURNS, Kind.ACCEPTED, "waiting"),
    Bug("overtime of one thread is the next one's", Threads, "switch",
        "self._state.overtime.discard(vcpu)", "pass",
        TURNS, Kind.OTHER_STATE, "overtime[v1]"),
    Bug("who asks for vCPUs shares one all the same", Threads, "_check_vacant",
        "self.one_to_one or self._state.containers[container].is_separate", "self.one_to_one",
        TURNS, Kind.ACCEPTED, "alone"),
)
# fmt: on
