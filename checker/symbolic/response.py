"""What became of a claim of progress: its ranking, and what was asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from splitspec.checker.proof import ObligationKind
from splitspec.checker.symbolic.calculus import Facts, Outcome
from splitspec.checker.symbolic.condition import Query
from splitspec.checker.symbolic.term import Term
from splitspec.model import ir
from splitspec.model.frozen import frozen

Key = tuple[str, ObligationKind, str]
"""The name of an obligation, its kind, and an action, or "" where none is taken."""


@frozen
class Posed:
    """A question with what holds in the scope in which it was asked: limits of the action's
    parameters, and its guards by name."""

    query: Query
    limits: tuple[Term, ...] = ()
    guards: Mapping[str, Term] = field(default_factory=dict)


@dataclass
class Response:
    """Obligations by name and action, and the ranking.

    `reason` says what could not be shown, and is empty if all was. `questions` are those that were
    asked, among them all that were answered by a proof, unless the response `is_kept`.
    `lost` says why some question had no answer, if one had none: nothing follows from a failure.
    """

    claim: ir.Property
    outcomes: dict[Key, Outcome] = field(default_factory=dict)
    ranking: tuple[str, ...] = ()
    reason: str = ""
    questions: dict[Key, Posed] = field(default_factory=dict)
    rechecked: set[Key] = field(default_factory=set)  # what the second solver proves, too
    is_kept: bool = False
    lost: str = ""

    @property
    def is_proved(self) -> bool:
        return not self.reason

    @property
    def core(self) -> Facts:
        """The facts that the proofs used."""
        return Facts().union(*(outcome.core for outcome in self.outcomes.values()))

    @property
    def is_confirmed(self) -> bool:
        """Whether the second solver has proved all of it, in this run or before."""
        return all(outcome.confirmed for outcome in self.outcomes.values())
