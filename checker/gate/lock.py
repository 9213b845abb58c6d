"""What a lock says: a block for each run or proof, a claim for each property that it decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from splitspec.model.frozen import frozen
from splitspec.model.tier import Tier

WALK = "walk"
"""The figure that says how many steps a random walk has."""


class Activity(Enum):
    """How a block's claims are shown. A variant is explored, and its named property must break; of
    a refinement, the product with what is refined is explored. A model is walked with an
    implementation that has to conform: each action it does, and each guard it refuses by, is a
    claim."""

    EXPLORED = "explored"
    PROVED = "proved"
    VARIANT = "variant"
    REFINED = "refined"
    CONFORMED = "conformed"


@frozen
class Claim:
    """What is accepted of one property in one run.

    `text` is the digest of the formula, "" for an obligation of the language, which has none. The
    words of `outcome` and `assurance` are those of verdicts; the scope stands in the block.
    `killed_by` names the variants of the model that must break the property.
    """

    text: str
    outcome: str
    assurance: str
    killed_by: tuple[str, ...] = ()


@frozen
class Block:
    """What is accepted of one run.

    `system` is the digest of the flat transition system, without its properties. `figures` are the
    counts by name, in the order in which they are written; `idle`, what never happens and is
    known not to. `seeds` is the number of seeds under which a proof is the same. Of a conformance,
    `implementation` is the digest of the sources; `left_out` are the actions and guards that were
    not tried, `stricter` the reasons for which the implementation refused what the specification
    allows, `unseen` the variables of which the mapping says nothing, `missed` the guards to which
    random calls did not come.
    """

    tier: Tier
    system: str
    scope: Mapping[str, str | int] = field(default_factory=dict)
    figures: Mapping[str, int] = field(default_factory=dict)
    idle: tuple[str, ...] = ()
    solvers: tuple[str, ...] = ()
    seeds: int = 0
    implementation: str = ""
    left_out: tuple[str, ...] = ()
    stricter: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    claims: Mapping[str, Claim] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """The name of a block: an activity and the name of a run, as in "granting given host"."""

    activity: str
    run: str

    def __str__(self) -> str:
        return f"{self.activity} {self.run}"

    @property
    def model(self) -> str:
        """The name of the model, with which a run's begins."""
        return self.run.partition(" ")[0]


@frozen
class Lock:
    """Everything that is accepted, by key."""

    blocks: Mapping[Key, Block] = field(default_factory=dict)

    @property
    def claims(self) -> int:
        """How many claims there are in all."""
        return sum(len(block.claims) for block in self.blocks.values())
