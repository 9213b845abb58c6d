"""Turn tokens into declarations: logical lines, blocks and the comments beside them.

A token in column 1 begins a declaration. Within one, a line that is indented deeper than the
line before opens a block. A line goes on while a bracket is open, and on a deeper line, after a
word or sign that no line can end with, or before one that no line can begin with.
"""

from __future__ import annotations

from splitspec.model.diagnostic import Diagnostic, Note
from splitspec.model.frozen import frozen
from splitspec.model.scanner import Token, scan
from splitspec.model.source import Source, Span

# A deeper line that begins with one of these continues the line before it.
CONTINUING = frozenset(
    "AND OR IMPLIES THEN ELSE WHERE FOR COUNTS BY GIVEN HOSTILE FAIR STRONGLY WITH LEADS TO IS "
    "WITHIN VBAR EQUAL UNEQUAL LESS AT_MOST GREATER AT_LEAST PLUS MINUS ASSIGN INCREASE DECREASE "
    "COMMA RPAR RSQB AT".split()
)
# A deeper line after one of these continues it.
UNFINISHED = frozenset(
    "AND OR IMPLIES NOT THEN ELSE WHERE FOR BY PLUS MINUS ASSIGN INCREASE DECREASE COMMA "
    "VBAR".split()
)
_CLOSING = {"RPAR": "LPAR", "RSQB": "LSQB"}
_READABLE = frozenset({"SS106", "SS113", "SS114"})

# Trees are walked recursively, so their depth is bounded here, where it is cheap to tell why.
_TOKENS_MAX = 400
_LEVELS_MAX = 20


@frozen
class Line:
    """A logical line: its tokens and its indentation in columns."""

    indent: int
    tokens: list[Token]


@frozen
class Declaration:
    """The lines of one declaration, and what is known of it before it is parsed."""

    lines: list[Line]
    broken: bool  # A diagnostic was given for it.
    parsable: bool  # What was reported leaves the rest of it readable.

    @property
    def head(self) -> Token:
        """The word that says what is declared."""
        return self.lines[0].tokens[0]

    @property
    def declared(self) -> tuple[str, ...]:
        """The names that it is about to declare, as far as they can be made out."""
        words = self.lines[0].tokens[1:]
        if self.head.type == "ENUM":
            return tuple(token.text for token in words if token.type == "NAME")
        if self.head.type in ("GHOST", "EXTEND"):
            words = words[1:]
        return (words[0].text,) if words else ()


@frozen
class Layout:
    """A whole text, cut at column 1."""

    declarations: list[Declaration]
    comments: dict[int, Token]  # by line
    rows: frozenset[int]  # the lines on which a token begins
    diagnostics: list[Diagnostic]


def lay_out(source: Source) -> Layout:
    """Cut `source` into declarations of logical lines."""
    found = scan(source)
    diagnostics = list(found.diagnostics)
    marks = [(d.span.line, d.code in _READABLE) for d in diagnostics if d.span is not None]
    groups: list[list[Line]] = []
    for line in _logical_lines(found.tokens):
        if line.indent == 0 or not groups:
            groups.append([])
        groups[-1].append(line)
    declarations = []
    for lines in groups:
        problems = _problems(source, lines)
        diagnostics += problems
        first, last = lines[0].tokens[0].line, lines[-1].tokens[-1].end[0]
        inside = [readable for line, readable in marks if first <= line <= last]
        declarations.append(
            Declaration(lines, bool(inside or problems), all(inside) and not problems)
        )
    comments = {comment.line: comment for comment in found.comments}
    rows = frozenset(token.line for token in found.tokens)
    return Layout(declarations, comments, rows, diagnostics)


def with_blocks(declaration: Declaration) -> list[Token]:
    """Return the tokens of `declaration` with NEWLINE, INDENT and DEDENT, then $END."""
    tokens: list[Token] = []
    levels = [0]
    row, column = 1, 1
    for line in declaration.lines:
        first = line.tokens[0]
        while line.indent < levels[-1]:
            levels.pop()
            tokens.append(Token("_DEDENT", "", first.line, first.column))
        if line.indent > levels[-1]:
            if tokens:
                tokens.append(Token("_INDENT", "", first.line, first.column))
            levels.append(line.indent)
        tokens += line.tokens
        row, column = line.tokens[-1].end
        tokens.append(Token("_NEWLINE", "", row, column))
    tokens += [Token("_DEDENT", "", row, column) for _ in levels[1:]]
    tokens.append(Token("$END", "", row, column))
    return tokens


def _logical_lines(tokens: list[Token]) -> list[Line]:
    """Join the text lines that belong together."""
    lines: list[Line] = []
    row, depth = 0, 0
    for token in tokens:
        if token.line != row:
            if not lines or token.column == 1 or not (depth > 0 or _continues(lines[-1], token)):
                lines.append(Line(token.column - 1, []))
                depth = 0
            row = token.line
        lines[-1].tokens.append(token)
        match token.type:
            case "LPAR" | "LSQB":
                depth += 1
            case "RPAR" | "RSQB":
                depth -= 1
            case "TEXT":
                row = token.end[0]
            case _:
                pass
    return lines


def _continues(line: Line, token: Token) -> bool:
    """Return whether `token`, the first of its text line, still belongs to `line`."""
    joins = token.type in CONTINUING or line.tokens[-1].type in UNFINISHED
    return joins and token.column > line.indent + 1


def _problems(source: Source, lines: list[Line]) -> list[Diagnostic]:
    """Return what is wrong with brackets, sizes and indentation in one declaration."""
    problems: list[Diagnostic] = []
    start = source.line(lines[0].tokens[0].line)[: lines[0].indent]
    if start.isspace():  # Else a character that was reported stands before it.
        problems.append(_indented_start(source, lines[0].tokens[0]))
    levels = [lines[0].indent]
    for line in lines:
        problems += _bracket_problems(source, line.tokens)
        if len(line.tokens) > _TOKENS_MAX:
            problems.append(_too_long(source, line.tokens[_TOKENS_MAX]))
        left = 0
        while len(levels) > 1 and line.indent < levels[-1]:
            left = levels.pop()
        if line.indent > levels[-1]:
            if left and not problems:
                problems.append(_unmatched_indent(source, line, left))
            levels.append(line.indent)
            if len(levels) == _LEVELS_MAX:
                problems.append(_too_deep(source, line.tokens[0]))
    return problems


def _bracket_problems(source: Source, tokens: list[Token]) -> list[Diagnostic]:
    """Return the first bracket of a line without a partner, if there is one."""
    open_brackets: list[Token] = []
    for token in tokens:
        if token.type == "LPAR" or token.type == "LSQB":
            open_brackets.append(token)
        elif token.type in _CLOSING:
            if not open_brackets:
                return [_bracket(source, token, f"this `{token.text}` closes nothing", ())]
            opened = open_brackets.pop()
            if opened.type != _CLOSING[token.type]:
                note = Note(f"the bracket that it would close is `{opened.text}`",
                            opened.span(source))  # fmt: skip
                wanted = ")" if opened.type == "LPAR" else "]"
                return [_bracket(source, token, f"expected `{wanted}` here", (note,))]
    if open_brackets:
        opened = open_brackets[-1]
        return [_bracket(source, opened, f"this `{opened.text}` is not closed", ())]
    return []


def _bracket(source: Source, token: Token, label: str, notes: tuple[Note, ...]) -> Diagnostic:
    return Diagnostic(
        "SS107",
        f"`{token.text}` has no partner",
        token.span(source),
        label,
        notes,
        help="inside brackets a line goes on; close every `(` with `)` and every `[` with `]`",
    )


def _indented_start(source: Source, token: Token) -> Diagnostic:
    return Diagnostic(
        "SS103",
        "the first declaration is indented",
        Span(source, token.line, 1, token.line, token.column),
        label="expected no indentation",
        help="declarations begin in column 1, their blocks two columns further right",
    )


def _unmatched_indent(source: Source, line: Line, left: int) -> Diagnostic:
    token = line.tokens[0]
    return Diagnostic(
        "SS103",
        "this line belongs to no block",
        Span(source, token.line, 1, token.line, token.column),
        label=f"expected as many spaces as a line above has, such as {left}",
        help="lines of one block begin in the same column, two further right than their header",
    )


def _too_long(source: Source, token: Token) -> Diagnostic:
    return Diagnostic(
        "SS108",
        f"this line has more than {_TOKENS_MAX} words and signs",
        token.span(source),
        label="the limit is here",
        help="write a conjunction as a block of lines, or name its parts with `def`",
    )


def _too_deep(source: Source, token: Token) -> Diagnostic:
    return Diagnostic(
        "SS108",
        f"blocks are nested more than {_LEVELS_MAX - 1} deep",
        token.span(source),
        label="the limit is here",
        help="name the inner parts with `def`",
    )
