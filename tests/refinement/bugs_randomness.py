"""Bugs of random generators."""

from __future__ import annotations

from tests.refinement.seeding import Bug

from splitspec.impl.hardware.entropy import Entropy
from splitspec.impl.kernel.fork import Forks
from splitspec.impl.kernel.records import State
from splitspec.refinement.divergence import DivergenceKind as Kind

SEEDS = "randomness-sev-hostile"

# A table, which reads best as one.
# fmt: off
RANDOMNESS = (
    Bug("a clone draws on with the zygote's generator", Forks, "activate",
        "self._generators.seed(clone)", "pass",
        SEEDS, Kind.OTHER_STATE, "seed[c2]"),
    Bug("the processor gives a seed twice", Entropy, "draw",
        'self._given["seeds"] = self.given + 1', 'self._given["seeds"] = 1',
        SEEDS, Kind.OTHER_STATE, "seed[c"),
    Bug("a generator outlives its container", State, "forget",
        "(*named, self.generators)", "named",
        SEEDS, Kind.OTHER_STATE, "seed[c"),
)
# fmt: on
