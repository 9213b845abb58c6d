"""Turn a source text into its canonical form: the same tokens and comments, laid out anew.

Blocks are indented by two columns, lines that go on by four more. Labels of adjacent guards,
updates and lines are padded to one width. A `@kind` and a comment at the end of a line stay
in their column if they fit, and what stood in one column still does. Line breaks are kept.

Laws: `parse(format(t)) = parse(t)` but for places, and `format(format(t)) = format(t)`.
"""

from __future__ import annotations

from splitspec.model.diagnostic import Diagnostic
from splitspec.model.formatter_rows import Note, Row, physical_rows
from splitspec.model.frozen import frozen
from splitspec.model.layout import lay_out
from splitspec.model.parser import parse
from splitspec.model.parser_tree import text_lines
from splitspec.model.scanner import Token
from splitspec.model.source import Source

_OPENING = frozenset({"LPAR", "LSQB"})
_TIGHT_BEFORE = frozenset({"RPAR", "RSQB", "COMMA", "COLON", "QMARK", "RANGE"})
_TIGHT_AFTER = frozenset({"LPAR", "LSQB", "RANGE", "AT"})
_CALLED = frozenset({"NAME", "PATH", "NEXT"})


@frozen
class Formatted:
    """The canonical text, or the given one with the reasons why it has none."""

    text: str
    diagnostics: tuple[Diagnostic, ...]


def format_source(source: Source) -> Formatted:
    """Return the canonical form of a text; a text with errors is left as it is."""
    diagnostics = parse(source).diagnostics
    if diagnostics:
        return Formatted(source.text, diagnostics)
    rows = physical_rows(lay_out(source))
    texts = _annotate(rows, _codes(rows), [row.kind for row in rows], least=1)
    texts = _annotate(rows, texts, [row.comment for row in rows], least=2)
    lines: list[str] = []
    for row, text in zip(rows, texts, strict=True):
        most = 2 if row.indent == 0 else 1
        lines += [""] * min(row.blanks if lines else 0, most)
        lines.append(text)
    return Formatted("\n".join(lines) + "\n", ())


def _codes(rows: list[Row]) -> list[str]:
    """Return each row without what is noted at its end."""
    texts = []
    for row, width in zip(rows, _label_widths(rows), strict=True):
        text = " " * row.indent if row.tokens else ""
        for position, token in enumerate(row.tokens):
            if position and position == row.label_end:
                text = text.ljust(row.indent + width)
            elif position:
                text += _space(row.tokens[position - 1], token)
            text += _text(token, row.indent) if token.type == "TEXT" else token.text
        texts.append(text)
    return texts


def _space(left: Token, right: Token) -> str:
    """Return what separates two adjacent tokens."""
    if right.type in _TIGHT_BEFORE or left.type in _TIGHT_AFTER:
        return ""
    if right.type in _OPENING and left.type in _CALLED:
        return ""
    return " "


def _text(token: Token, indent: int) -> str:
    """Indent the lines of a text like its first line; keep what they are indented further."""
    first, *others = text_lines(token.text)
    # A quote next to the three would be read as one of them.
    lines = [" " + first if first.startswith('"') else first]
    lines += [" " * indent + line if line else "" for line in others]
    if others and not others[-1]:
        lines[-1] = " " * indent
    elif lines[-1].endswith('"'):
        lines[-1] += " "
    return '"""' + "\n".join(lines) + '"""'


def _label_widths(rows: list[Row]) -> list[int]:
    """Return the width of each row's label with the space after it, in its run of labels."""
    widths = [0] * len(rows)
    run: list[int] = []
    for position, row in enumerate(rows):
        if row.goes_on or (not row.tokens and row.blanks == 0):
            continue
        if run and not (row.label_end and row.blanks == 0 and _alike(rows[run[0]], row)):
            run = []
        if not row.label_end:
            continue
        run.append(position)
        width = max(_label_width(rows[member]) for member in run)
        for member in run:
            widths[member] = width
    return widths


def _alike(one: Row, other: Row) -> bool:
    """Whether two labelled rows are aligned with each other when adjacent."""
    return one.indent == other.indent and one.label_end == other.label_end


def _label_width(row: Row) -> int:
    words = [token.text for token in row.tokens[: row.label_end - 1]]
    return len(" ".join(words)) + len(": ")


def _annotate(rows: list[Row], texts: list[str], notes: list[Note | None], least: int) -> list[str]:
    """Append the note of each row that has one, in the column of the notes it stood below."""
    groups: dict[tuple[int, int], list[tuple[int, Note]]] = {}
    result = list(texts)
    paragraph = 0
    for position, (row, note) in enumerate(zip(rows, notes, strict=True)):
        paragraph += row.blanks > 0
        if note is None:
            continue
        if row.tokens or row.hangs:
            groups.setdefault((paragraph, note.column), []).append((position, note))
        else:
            result[position] = " " * row.indent + note.text
    for (_, column), members in groups.items():
        start = max(_width(texts[p]) + least for p, _ in members if rows[p].tokens)
        if len(members) > 1 or members[0][1].gap > 1:
            start = max(start, column - 1)
        for position, note in members:
            text = texts[position]
            result[position] = text + " " * (start - _width(text)) + note.text
    return result


def _width(text: str) -> int:
    """Return the width of the last line of a row."""
    return len(text) - text.rfind("\n") - 1
