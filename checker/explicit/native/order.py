"""What a native search is asked for, and what it found, in the terms of the kernel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from splitspec.checker.explicit.native.store import Store
from splitspec.checker.result import Stop


@dataclass(frozen=True)
class Order:
    """What a search is asked for, in the terms of the kernel: properties are numbers.

    `pending` are those of states, `undecided` those of transitions; `until` ends the search at the
    level that decides it. `exhaust` keeps the search going when nothing is undecided any more, for
    those who need every state.
    """

    pending: frozenset[int]
    undecided: frozenset[int]
    mask: int = 0
    until: int | None = None
    exhaust: bool = False


@dataclass(frozen=True)
class Explored:
    """What a search found. `first` maps a decided property to the index of the state that shows it,
    or from which the step goes.
    """

    store: Store
    states: int
    transitions: int
    starts: tuple[int, ...]  # the first index of every level that has a state
    end: int  # no state has this index or a larger one
    first: Mapping[int, int]
    complete: bool
    stop: Stop | None
    closed_depth: int  # every state within so many steps was visited
    seconds: float

    @property
    def depth(self) -> int:
        """The number of the last level that has a state."""
        return len(self.starts) - 1
