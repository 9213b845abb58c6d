"""What holding a log to a model gives: accepted, refused at a line, no log, or undecided."""

from __future__ import annotations

from dataclasses import dataclass

from splitspec.model.diagnostic import Diagnostic


@dataclass(frozen=True, slots=True)
class Alternative:
    """A call that a line could mean, and why it is not what happened: the first false guard with
    its text and place, or the places that the log saw otherwise."""

    call: str
    guard: str
    line: str
    location: str
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A state in which the model can be before the line, and the nearest calls there."""

    state: tuple[tuple[str, str], ...]
    alternatives: tuple[Alternative, ...]


@dataclass(frozen=True, slots=True)
class Replay:
    """The result. `matched` events are the longest prefix that is a run.

    `refused_at` is the line that is not, with its event as text; `diagnostics` say what is no log;
    `unknown` says why nothing was decided.
    """

    log: str
    model: str
    matched: int
    candidates_max: int
    refused_at: int | None = None
    event: str = ""
    candidates: tuple[Candidate, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    unknown: str = ""
    ends_in: int = 0  # candidate states after the last event

    @property
    def is_accepted(self) -> bool:
        """Whether the whole log is a run of the model, and says something."""
        undecided = self.refused_at is not None or self.diagnostics or self.unknown
        return self.matched > 0 and not undecided
