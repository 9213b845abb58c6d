"""What a lock says of properties and refinements, as pages show it: words, sizes and figures.

Whoever makes a page fills these from a lock; nothing here knows what a lock is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

STRENGTHS = ("proved", "proved-finite", "exhaustive", "bounded", "sampled")
"""Words with which an assurance begins, strongest first."""
SHOWN = ("proved", "proved for sizes", "explored", "bounded", "sampled")
"""How a page says each of them."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What was accepted of a property in a run or proof of a model, or of its `variant` if that is
    not ""."""

    model: str
    variant: str
    outcome: str
    assurance: str
    scope: Mapping[str, str | int]
    figures: Mapping[str, int]

    @property
    def shown(self) -> str:
        """How the property is shown, or what was found instead."""
        if self.outcome not in ("holds", "reached"):
            return self.outcome
        word = self.assurance.partition("(")[0]
        return SHOWN[STRENGTHS.index(word)] if word in STRENGTHS else self.outcome

    @property
    def sizes(self) -> str:
        """The sizes at which it was shown."""
        return ", ".join(f"{name} = {size}" for name, size in self.scope.items())


Standing = Mapping[str, Sequence[Accepted]]
"""By the path of a property: what was accepted of it."""


@dataclass(frozen=True, slots=True)
class Refined:
    """What was accepted of a refinement, `name` being as in "memory of isolation": the numbers of
    its claims by how they were shown, and the sizes of the exploration."""

    name: str
    given: str
    claims: Mapping[str, int]
    sizes: str
    states: str
