"""Module `randomness` in the machine: whose seed is the state of each container's generator.

The state is compared with the seeds that the processor gave, in their order. Nobody draws from a
generator here: that moves the state on, and no model below tells one state from the next.
"""

from __future__ import annotations

from typing import Any

from splitspec.refinement.machine.fragment import Fragment, Setup
from splitspec.refinement.machine.testbed import Step, Testbed
from splitspec.refinement.mapping import InexpressibleError
from splitspec.refinement.observation import UnreadableError

DRAWN = "a seed is drawn, and not chosen"


def randomness(setup: Setup) -> Fragment:
    """Return the fragment."""
    return Fragment(
        "randomness",
        observe=_observe,
        around={"start": seeded, "activate": seeded},
        left_out={"start.unused": DRAWN, "activate.unused": DRAWN},
        elements={"Seed": range(setup.sizes["Seed"])},
    )


def _observe(testbed: Testbed) -> dict[str, Any]:
    entropy = testbed.machine.entropy
    numbers = {entropy.seed(number): number - 1 for number in range(1, entropy.given + 1)}
    generators = testbed.machine.kernel.state.generators
    strange = [c for c, state in generators.items() if state not in numbers]
    if strange:
        raise UnreadableError(f"the generators of {strange} were seeded by nobody")
    return {
        "seed": {c: numbers[state] for c, state in generators.items()},
        "drawn": set(range(entropy.given)),
    }


def seeded(testbed: Testbed, proceed: Step, s: int) -> None:
    """Who begins to run is seeded with what the processor gives next."""
    if s != testbed.machine.entropy.given:
        raise InexpressibleError(DRAWN)
    proceed()
