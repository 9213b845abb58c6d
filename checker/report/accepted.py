"""What a lock says of properties and refinements, as pages show it: words, sizes and figures.

Whoever makes a page fills these from a lock; nothing here knows what a lock is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from splitspec.checker.report.counting import counted
from splitspec.model.frozen import frozen
from splitspec.model.ir import Variant

STRENGTHS = ("proved", "proved-finite", "exhaustive", "bounded", "sampled")
"""Words with which an assurance begins, strongest first."""
SHOWN = ("proved", "proved for sizes", "explored", "bounded", "sampled")
"""How a page says each of them."""


@frozen
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

    @property
    def visited(self) -> str:
        """How much an exploration visited."""
        what = "orbit" if "orbits" in self.figures else "state"
        return counted(self.figures.get(f"{what}s", 0), what)


Standing = Mapping[str, Sequence[Accepted]]
"""By the path of a property: what was accepted of it."""


def breaking(variant: Variant, standing: Standing) -> Accepted | None:
    """Return what was accepted of the property that a variant must break, in that variant."""
    own = (
        each
        for each in standing.get(variant.violated or "", ())
        if (each.model, each.variant) == (variant.model, variant.name)
    )
    return next(own, None)


@frozen
class Refined:
    """What was accepted of the claims of a refinement against an adversary, by proof and by
    exploration; `name` is as in "memory of isolation"."""

    name: str
    given: str
    accepted: tuple[Accepted, ...]

    @property
    def shown(self) -> Mapping[str, int]:
        """The numbers of claims, by how they are shown."""
        return Counter(each.shown for each in self.accepted)

    @property
    def exploration(self) -> Accepted | None:
        """One of the claims that were explored: they have sizes and figures in common."""
        return next((each for each in self.accepted if each.shown == "explored"), None)
