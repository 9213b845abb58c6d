"""Render diagnostics as text: what is wrong, where, the lines of the source, what to do.

error[SS121]: a `:` is missing after `c`
  --> spec/granting.split:26:23
   |
26 | action back_page(c Container) by host
   |                    ^^^^^^^^^ expected `:`
   |
   = help: `name: Type` declares
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from splitspec.checker.report.text import Paint
from splitspec.model.diagnostic import Diagnostic, Note, Severity
from splitspec.model.frozen import frozen
from splitspec.model.source import Source, Span

_COLUMNS_MAX = 160  # A longer source line is cut to a window around what is underlined.


@frozen
class _Mark:
    """A stretch of one source line to underline."""

    line: int
    column: int
    end_column: int
    sign: str
    label: str


def render(diagnostics: Iterable[Diagnostic], paint: Paint) -> str:
    """Return the text of all `diagnostics`, a blank line between two; "" for none."""
    return "\n".join(_one(diagnostic, paint) for diagnostic in diagnostics)


def _one(diagnostic: Diagnostic, paint: Paint) -> str:
    """Render one diagnostic; its last line ends with a newline."""
    style = "error" if diagnostic.severity is Severity.ERROR else "warning"
    head = paint(style, f"{diagnostic.severity.value}[{diagnostic.code}]")
    lines = [head + paint("title", f": {_plain(diagnostic.message)}")]
    span = diagnostic.span
    beside = [note for note in diagnostic.notes if span and _is_near(note, span)]
    apart = [note for note in diagnostic.notes if note not in beside]
    margin = _margin(diagnostic)
    bar = " " * margin + paint("frame", " |")
    if span is not None:
        marks = [_mark(span, "^", diagnostic.label)]
        marks += [_mark(note.span, "-", note.message) for note in beside if note.span]
        lines += _window(span, marks, margin, paint, style)
    elif diagnostic.label:
        lines.append(f"{' ' * margin} {paint('frame', '=')} {_plain(diagnostic.label)}")
    if span is not None and (apart or diagnostic.help):
        lines.append(bar)
    for note in apart:
        lines.append(f"{' ' * margin} {paint('frame', '=')} note: {_plain(note.message)}")
        if note.span is not None:
            lines += _window(note.span, [_mark(note.span, "-", "")], margin, paint, "note")
    if diagnostic.help:
        lines.append(f"{' ' * margin} {paint('frame', '=')} help: {_plain(diagnostic.help)}")
    return "\n".join(lines) + "\n"


def _is_near(note: Note, span: Span) -> bool:
    """Whether a note fits into the window of `span`."""
    return (
        note.span is not None
        and note.span.source is span.source
        and abs(note.span.line - span.line) <= 8
    )


def _margin(diagnostic: Diagnostic) -> int:
    """The width of the widest line number shown."""
    spans = [diagnostic.span, *(note.span for note in diagnostic.notes)]
    return max((len(str(span.line)) for span in spans if span is not None), default=1)


def _mark(span: Span, sign: str, label: str) -> _Mark:
    """Underline the first line of `span`."""
    end = span.end_column
    if span.end_line > span.line:
        end = len(span.source.line(span.line)) + 1
    return _Mark(span.line, span.column, max(end, span.column + 1), sign, label)


def _window(span: Span, marks: list[_Mark], margin: int, paint: Paint, style: str) -> list[str]:
    """Show the place of `span`, and the marked lines in the order of the text."""
    lines = [
        " " * margin
        + paint("frame", "--> ")
        + f"{_plain(span.source.name)}:{span.line}:{span.column}",
        " " * margin + paint("frame", " |"),
    ]
    shown = 0
    for mark in sorted(marks, key=lambda mark: (mark.line, mark.sign == "-", mark.column)):
        if shown and mark.line > shown + 1:
            lines.append(paint("frame", "..."))
        lines += _marked_line(span.source, mark, margin, paint, style, repeat=mark.line == shown)
        shown = mark.line
    return lines


def _marked_line(
    source: Source, mark: _Mark, margin: int, paint: Paint, style: str, *, repeat: bool
) -> list[str]:
    """Show one line of the source with one mark under it."""
    text = source.line(mark.line)
    start = 0
    if len(text) > _COLUMNS_MAX:
        start = max(0, mark.column - 1 - _COLUMNS_MAX // 2)
    visible = _plain(text[start : start + _COLUMNS_MAX])
    before = _width(_plain(text[start : mark.column - 1]))
    marked = _plain(text[mark.column - 1 : mark.end_column - 1][: start + _COLUMNS_MAX])
    under = mark.sign * max(_width(marked), 1)
    label = f" {_plain(mark.label)}" if mark.label else ""
    shade = style if mark.sign == "^" else "frame"
    rule = " " * margin + paint("frame", " | ") + " " * before + paint(shade, under + label)
    number = paint("frame", f"{mark.line:>{margin}} |")
    return [rule] if repeat else [f"{number} {visible}".rstrip(), rule]


def _plain(text: str) -> str:
    """Replace what would steer the terminal or shift the columns."""
    return "".join(
        " " if character == "\t" else character if character.isprintable() else "\ufffd"
        for character in text
    )


def _width(text: str) -> int:
    """Return how many columns a terminal gives to `text`."""
    return sum(
        0
        if unicodedata.combining(character)
        else 1 + (unicodedata.east_asian_width(character) in "WF")
        for character in text
    )
