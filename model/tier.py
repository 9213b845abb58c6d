"""How often the runs of a model are made."""

from __future__ import annotations

from enum import Enum


class Tier(Enum):
    """An occasion at which runs are made, each with those of the tiers before it."""

    COMMIT = "commit"
    PR = "pr"
    NIGHTLY = "nightly"

    def includes(self, other: Tier) -> bool:
        """Whether the runs of the other tier are made with those of this one."""
        tiers = list(Tier)
        return tiers.index(other) <= tiers.index(self)
