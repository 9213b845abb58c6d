"""What conformance finds: calls and their outcomes, divergences with the program that shows them,
and how much was tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


@dataclass(frozen=True, slots=True)
class Call:
    """An action as a caller makes it: the parameters that it chooses, as elements are written."""

    action: str
    arguments: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        values = ", ".join(value for _, value in self.arguments)
        return f"{self.action.rpartition('.')[2]}({values})"


class DivergenceKind(Enum):
    BEGINS_ELSEWHERE = "the implementation begins in another state"
    REFUSED = "the implementation refuses what the specification allows"
    ACCEPTED = "the implementation does what the specification refuses"
    OTHER_GUARD = "the implementation refuses for another reason"
    HALF_WRITTEN = "the implementation refuses, and has changed something"
    OTHER_STATE = "the implementation goes to another state"
    CRASHED = "the implementation fails"
    UNREADABLE = "the state of the implementation is none of the specification"


@dataclass(frozen=True, slots=True)
class Divergence:
    """One difference. `program` are the calls from the start; the last one shows it.

    `guards` are those of the specification that are false for the last call; `facts` say what was
    found, line by line.
    """

    kind: DivergenceKind
    program: tuple[Call, ...]
    guards: tuple[str, ...]
    facts: tuple[str, ...]

    @property
    def last(self) -> str:
        """The call that shows it."""
        return str(self.program[-1]) if self.program else "the initial state"


@dataclass(slots=True)
class Tried:
    """How often each action was done, and each guard was the one that refused."""

    performed: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)  # by "action.guard"
    stricter: dict[str, int] = field(default_factory=dict)  # by "action.reason"
    inexpressible: dict[str, int] = field(default_factory=dict)  # by action

    @property
    def calls(self) -> int:
        """How many calls were made."""
        counts = (self.performed, self.refused, self.stricter)
        return sum(sum(each.values()) for each in counts)


@dataclass(frozen=True, slots=True)
class Conformance:
    """The result of holding an implementation to a model.

    `states` and `transitions` are those of the specification that the implementation took;
    `complete` says that all reachable ones were tried. `untried` names actions that were never done
    and guards that never refused, with the reason where the mapping gives one, else "". `is_blind`
    says that the mapping shows nothing of what the model reads, so that anything would conform.
    """

    name: str
    model: str
    given: tuple[str, ...]
    scope: tuple[tuple[str, int], ...]
    method: str
    complete: bool
    reason: str  # why not all was tried
    states: int
    transitions: int
    tried: Tried
    seconds: float
    divergences: tuple[Divergence, ...]
    untried: Mapping[str, str]
    left_out: Mapping[str, str]
    unobserved: tuple[str, ...]
    seed: int | None = None
    is_blind: bool = False
