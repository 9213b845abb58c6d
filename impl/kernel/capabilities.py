"""Capabilities: what a container may do with a channel, and whom it has that right from.

A right is handed on only by who holds GRANT, and only in part: a derived capability never allows
more than the one that it is derived from. Revoking a capability revokes all that were derived.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Flag, auto

from splitspec.impl.journal import Journal, Table
from splitspec.impl.refusal import Guards


class Right(Flag):
    """What a capability allows."""

    READ = auto()
    WRITE = auto()
    GRANT = auto()


ALL_RIGHTS = Right.READ | Right.WRITE | Right.GRANT


@dataclass(frozen=True, slots=True)
class Capability:
    """A container's rights on a channel; `source` is the container that they are derived from."""

    rights: Right
    source: int | None = None


class Capabilities:
    """All capabilities, by container and channel."""

    __slots__ = ("table",)

    def __init__(self, journal: Journal) -> None:
        self.table: Table[tuple[int, int], Capability] = Table(journal)

    def check(self, guards: Guards, container: int, channel: int, right: Right) -> Capability:
        """Refuse unless the container has the right."""
        held = self.table.get((container, channel))
        if held is None:
            guards.fail("held", f"container {container} has no capability of channel {channel}")
        guards.require("right", right in held.rights, f"it does not allow {right}")
        return held

    def derived(self, container: int, channel: int) -> list[int]:
        """Return the containers whose capability comes from this one, directly or not."""
        found = [container]
        for holder in found:
            found += [
                other
                for (other, named), held in sorted(self.table.items())
                if named == channel and held.source == holder
            ]
        return found[1:]

    def of(self, container: int) -> list[int]:
        """Return the channels of which the container has a capability."""
        return sorted(channel for holder, channel in self.table if holder == container)
