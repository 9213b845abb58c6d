"""What a report for machines and for reviewers is made of: items with a state, and failures in
words. It needs no engine and no lock, so that every command can be reported in the same way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import field
from enum import Enum

from splitspec.model.frozen import frozen
from splitspec.model.induction import InductionCounterexample
from splitspec.model.trace import Trace

UNFINISHED = "unfinished"
"""The word of a report that nobody finished."""


class State(Enum):
    """What became of one claim."""

    PASSED = "passed"
    FAILED = "failed"
    UNDECIDED = "undecided"
    LEFT = "left"  # It is not due now.


@frozen
class Item:
    """One claim of one run; `claim` is "" where the run as a whole is meant.

    `file` and `line` say where the claim stands, "" and 0 if nowhere; `steps`, where the actions of
    the trace do. `induction` shows why a proof failed.
    """

    activity: str
    run: str
    claim: str
    state: State
    outcome: str = ""
    assurance: str = ""
    sentence: str = ""
    file: str = ""
    line: int = 0
    seconds: float = 0.0
    is_kept: bool = False
    message: str = ""
    trace: Trace | None = None
    steps: tuple[tuple[str, int], ...] = ()
    induction: InductionCounterexample | None = None

    @property
    def name(self) -> str:
        """The claim, or the run."""
        return self.claim or "the run as a whole"


@frozen
class Failure:
    """One reason why the whole failed: a word, where, in a sentence, and what to do."""

    word: str
    run: str
    claim: str
    text: str
    advice: str
    is_note: bool = False


@frozen
class Summary:
    """Everything that one command did. `left` says in sentences what it did not do, and why;
    `advice` gives by run, in sentences, what may lead on.

    `is_complete` is false of what was cut short, or is still going on.
    """

    title: str
    items: tuple[Item, ...]
    failures: tuple[Failure, ...]
    left: tuple[str, ...]
    is_complete: bool
    code: int
    seconds: float
    facts: Mapping[str, str]
    advice: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def counts(self) -> Mapping[State, int]:
        """How many items are in each state."""
        found = Counter(item.state for item in self.items)
        return {state: found[state] for state in State}

    @property
    def is_unfinished(self) -> bool:
        """Whether the work goes on, or was ended before anything was reported."""
        return any(failure.word == UNFINISHED for failure in self.failures)

    @property
    def failing(self) -> tuple[Failure, ...]:
        """The failures without the notes."""
        return tuple(failure for failure in self.failures if not failure.is_note)


def started(title: str, facts: Mapping[str, str]) -> Summary:
    """Return the summary of what is going on: whoever finds it knows that nobody finished."""
    text = "the report was begun and not finished: what was to be shown was not"
    failure = Failure(UNFINISHED, "", "", text, "run again, and look for what ended it")
    return Summary(title, (), (failure,), (), False, 70, 0.0, facts)
