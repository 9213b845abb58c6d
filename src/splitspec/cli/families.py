"""Which runs of variants can share a kernel: those with one adversary, one scope and the same
constants. Another scope is another layout of the state, and another kernel.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from splitspec.checker.explicit.search import MASK_BITS
from splitspec.model.frozen import frozen
from splitspec.model.ir import ActorKind, SetConstant, Variant
from splitspec.model.scope import Scope


@frozen
class VariantRun:
    """A run of a variant, as far as its kernel depends on it."""

    variant: Variant
    scope: Scope
    given: frozenset[ActorKind]

    @property
    def key(self) -> object:
        """What runs with one kernel have in common."""
        sizes = (self.scope.sizes, self.scope.bounds, self.scope.pins)
        constants = tuple(d for d in self.variant.differences if isinstance(d, SetConstant))
        return (self.given, *(tuple(part.items()) for part in sizes), constants)


Families = Mapping[tuple[str, frozenset[ActorKind]], tuple[Variant, ...]]
"""By the name and the adversary of a variant's run: the variants that can share its kernel."""


def families(runs: Iterable[VariantRun]) -> Families:
    """Return the families of all runs of a model's variants, none with more than a mask holds."""
    groups: dict[object, list[VariantRun]] = {}
    for run in runs:
        groups.setdefault(run.key, []).append(run)
    found = {}
    for group in groups.values():
        for start in range(0, len(group), MASK_BITS):
            members = group[start : start + MASK_BITS]
            family = tuple(member.variant for member in members)
            found.update({(member.variant.name, member.given): family for member in members})
    return found
