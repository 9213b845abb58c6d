"""Logs of implementations: what one line says.

A log is NDJSON, one object a line: a header, events, an end. `splitspec-log-1.schema.json` is the
published schema of its lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from splitspec.model.diagnostic import Diagnostic
from splitspec.model.source import Source, Span

SCHEMA = "splitspec-log/1"


@dataclass(frozen=True, slots=True)
class Header:
    """The model that the log is of. `unlogged` are actions that may happen between any two events
    without a line of their own."""

    model: str
    given: tuple[str, ...]
    sizes: Mapping[str, int]
    pins: Mapping[str, str | int | bool]
    unlogged: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """One line: a step, a refused call, or with neither what was seen at a moment.

    `arguments` are those that were logged, `state` the places that were seen after it, by the names
    that traces have. `refused` is "" for a step, a guard, or "?" where none was logged.
    """

    line: int
    action: str | None
    arguments: Mapping[str, str]
    refused: str
    state: Mapping[str, str]


class LogError(Exception):
    """A line is none of a log; it carries the diagnostic."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def refuse(code: str, message: str, name: str, line: int, text: str, help_: str = "") -> LogError:
    """Return the refusal of one line of a log."""
    source = Source(name, "\n" * (line - 1) + text)
    span = Span(source, line, 1, line, max(2, min(len(text), 80) + 1))
    return LogError(Diagnostic(code, message, span, help=help_))


def shown(value: object) -> str:
    """Return a foreign value as it can be printed: short, and without what steers a terminal."""
    text = value if isinstance(value, str) else repr(value)
    plain = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:60])
    return plain + ("…" if len(text) > 60 else "")
