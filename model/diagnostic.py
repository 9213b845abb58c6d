"""Diagnostics as data: what is wrong, where, what was expected, and what to do.

Rendering is the edge's work (`splitspec.cli`); the codes and their meaning stand in
`splitspec.model.codes`.
"""

from __future__ import annotations

from enum import Enum

from splitspec.model.frozen import frozen
from splitspec.model.source import Span


class Severity(Enum):
    """How much a diagnostic weighs."""

    ERROR = "error"  # The specification has no meaning until it is mended.
    WARNING = "warning"  # It has one, but probably not the intended one.


@frozen
class Note:
    """A related place, or a remark without one."""

    message: str
    span: Span | None = None


@frozen
class Diagnostic:
    """One problem. `message` is a phrase that stands alone; `help` says what to write."""

    code: str
    message: str
    span: Span | None
    label: str = ""  # under the caret: what was expected here
    notes: tuple[Note, ...] = ()
    help: str = ""
    severity: Severity = Severity.ERROR
