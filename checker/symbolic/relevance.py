"""Which facts are near an obligation: those that read nothing but what its action and its claim
read or write.

In a composition of many mechanisms there are hundreds of facts, most of them about variables that
an obligation has nothing to do with, and a solver spends its budget on their instances. A claim
that is proved of one mechanism alone is as a rule proved by the facts near it. (Meng and Paulson,
Lightweight relevance filtering for machine-generated resolution problems, 2009, go further.)

Soundness: fewer facts prove less. Nothing is proved by those near that all together do not prove.
"""

from __future__ import annotations

from collections.abc import Iterator

from splitspec.checker.symbolic.calculus import Facts
from splitspec.checker.symbolic.theory import Claim, Theory
from splitspec.model.expressions import variables_read
from splitspec.model.ir import Expression, FlatAction


class Relevance:
    """Finds the facts near the obligations of a theory; what an action reads is gathered once."""

    def __init__(self, theory: Theory) -> None:
        self._theory = theory
        self._reaches: dict[str, frozenset[str]] = {}

    def facts_near(self, action: FlatAction, claim: Claim) -> Facts:
        """Return the names of the facts near what the action owes."""
        if action.path not in self._reaches:
            written = frozenset(update.variable for update in action.updates)
            self._reaches[action.path] = variables_read(_terms(action)) | written
        reach, reads = self._reaches[action.path] | self._theory.reads(claim), self._theory.reads
        return frozenset(fact.name for fact in self._theory.facts if reads(fact) <= reach)


def _terms(action: FlatAction) -> Iterator[Expression]:
    for guard in action.guards:
        for line in guard.lines:
            yield line.expression
    for update in action.updates:
        yield from update.indices
        yield update.value
        if update.condition is not None:
            yield update.condition
