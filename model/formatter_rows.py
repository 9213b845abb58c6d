"""Cut a layout into physical rows: code, comments on rows of their own, blanks before both."""

from __future__ import annotations

from dataclasses import replace

from splitspec.model.frozen import frozen
from splitspec.model.layout import Declaration, Layout
from splitspec.model.scanner import Token

INDENT = 2
HANGING = 4  # how much further right a row stands that goes on with the line above


@frozen
class Note:
    """What stands at the end of a row: where it stood, and how far from the code."""

    text: str
    column: int
    gap: int


@frozen
class Row:
    """A row of the text; a comment of its own has no tokens."""

    line: int
    end: int  # the last line, which differs for a text
    indent: int  # the columns that it is to be indented by
    levels: tuple[int, ...]  # the columns by which the blocks around it were indented
    goes_on: bool  # it continues the logical line of the row above
    tokens: tuple[Token, ...]
    label_end: int = 0  # how many tokens the label takes that something follows
    kind: Note | None = None
    comment: Note | None = None
    blanks: int = 0  # how many empty rows stood before it
    hangs: bool = False  # a comment of its own that belongs to the one right above


def physical_rows(layout: Layout) -> list[Row]:
    """Return the rows of a text without syntax errors, in order."""
    code = [row for declaration in layout.declarations for row in _code_rows(declaration)]
    by_line = {row.end: row for row in code}
    rows = [_with_comment(row, layout.comments.get(row.end)) for row in code]
    for line, comment in layout.comments.items():
        if line not in by_line:
            rows.append(_comment_row(code, comment))
    rows.sort(key=lambda row: row.line)
    for position in range(1, len(rows)):
        rows[position] = _placed(rows[position - 1], rows[position])
    return rows


def _code_rows(declaration: Declaration) -> list[Row]:
    """Cut the logical lines of a declaration where the text broke them."""
    rows: list[Row] = []
    levels: list[int] = [0]
    for line in declaration.lines:
        while line.indent < levels[-1]:
            levels.pop()
        if line.indent > levels[-1]:
            levels.append(line.indent)
        indent = INDENT * (len(levels) - 1)
        start = 0
        for position, token in enumerate(line.tokens):
            after = line.tokens[position + 1 : position + 2]
            if after and after[0].line == token.end[0]:
                continue
            tokens = tuple(line.tokens[start : position + 1])
            hanging = HANGING if start else 0
            row = Row(
                tokens[0].line, token.end[0], indent + hanging, tuple(levels), start > 0, tokens
            )
            rows.append(_with_kind(row) if start else _with_kind(_labelled(row)))
            start = position + 1
    return rows


def _labelled(row: Row) -> Row:
    """Find the label of a guard, an update or a line."""
    types = [token.type for token in row.tokens[:4]]
    for label in (["WHEN", "NAME", "COLON"], ["NAME", "COLON"]):
        end = len(label)
        if types[:end] == label and types[end:] and types[end] != "AT":
            return replace(row, label_end=end)
    return row


def _with_kind(row: Row) -> Row:
    """Take a guard's kind off the end of a row that has more than a label before it."""
    tokens = row.tokens
    if len(tokens) < 3 or tokens[-2].type != "AT" or tokens[-3].type == "COLON":
        return row
    at, word = tokens[-2:]
    kind = Note(at.text + word.text, at.column, at.column - tokens[-3].end[1])
    return replace(row, tokens=tokens[:-2], kind=kind)


def _with_comment(row: Row, comment: Token | None) -> Row:
    if comment is None:
        return row
    end = row.tokens[-1].end[1]
    if row.kind is not None:
        end = row.kind.column + len(row.kind.text)
    return replace(row, comment=Note(comment.text, comment.column, comment.column - end))


def _comment_row(code: list[Row], comment: Token) -> Row:
    """Place a comment of its own: with the line below, or at the end of a block above."""
    above = [row for row in code if row.end < comment.line][-1:]
    below = [row for row in code if row.line > comment.line][:1]
    stood = comment.column - 1
    if stood == 0 or not above:
        indent = 0
    elif below and (
        below[0].goes_on
        or stood <= below[0].levels[-1]
        or len(below[0].levels) > len(above[0].levels)
    ):
        indent = below[0].indent
    else:
        indent = INDENT * (sum(level <= stood for level in above[0].levels) - 1)
    note = Note(comment.text, comment.column, 0)
    return Row(comment.line, comment.line, indent, (), False, (), comment=note)


def _placed(above: Row, row: Row) -> Row:
    """Count the blanks above a row, and see whether it is a comment that goes on."""
    blanks = row.line - above.end - 1
    hangs = (
        not row.tokens
        and blanks == 0
        and (bool(above.tokens) or above.hangs)
        and above.comment is not None
        and row.comment is not None
        and above.comment.column == row.comment.column
    )
    return replace(row, blanks=blanks, hangs=hangs)
