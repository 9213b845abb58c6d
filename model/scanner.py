"""Turn a source text into tokens, comments and diagnostics about its characters.

One compiled expression finds every token. What other notations write for an operator of
this language (`==`, `&&`, `->`) is reported and scanned as that operator, so that the rest
of its declaration is still parsed.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from splitspec.model.diagnostic import Diagnostic
from splitspec.model.frozen import frozen
from splitspec.model.source import Source, Span

KEYWORDS = {
    word: word.upper()
    for word in (
        "module import sort enum const var ghost counter counts where def init assume final part "
        "action extend with by for hostile fair strongly when do invariant lemma step witness "
        "recoverable progress leads to given honest asked all some no count if then else implies "
        "and or not true false none next unchanged actor bool nat variant of drop change set "
        "expect violated redundant within steps cites refinement let is stutter observer sees "
        "release emits view"
    ).split()
}

OPERATORS = {
    ":=": "ASSIGN", "+=": "INCREASE", "-=": "DECREASE", "=": "EQUAL", "!=": "UNEQUAL",
    "<": "LESS", "<=": "AT_MOST", ">": "GREATER", ">=": "AT_LEAST", "+": "PLUS", "-": "MINUS",
    "..": "RANGE", "[": "LSQB", "]": "RSQB", "(": "LPAR", ")": "RPAR", "|": "VBAR",
    ":": "COLON", ",": "COMMA", "?": "QMARK", "@": "AT",
}  # fmt: skip

# What other notations write, and what is written here instead.
FOREIGN = {
    "==": "=", "=<": "<=", "<>": "!=", "&&": "and", "||": "or", "!": "not", "->": "implies",
    "=>": "implies", "/\\": "and", "\\/": "or", "~": "not", "∧": "and", "∨": "or", "¬": "not",
    "→": "implies", "⇒": "implies", "≠": "!=", "≤": "<=", "≥": ">=", "∀": "all", "∃": "some",
    "<=>": "=", "<->": "=", "⇔": "=",
}  # fmt: skip

# Why a character has no meaning, for those that people do try.
REFUSED = {
    "'": 'the value after a step is written `next(x)`; strings stand in `"`',
    ";": "a line ends where the text line ends; nothing separates lines",
    "{": "blocks are made by indentation, two spaces a level",
    "}": "blocks are made by indentation, two spaces a level",
    ".": "a dot joins a module and a name, `lifecycle.exit`, without spaces; `..` makes a range",
    "*": "there is no multiplication: integers are counted up and down by `+` and `-`",
    "/": "there is no division; a comment begins with `#`",
    "%": "there is no remainder",
    "&": "conjunction is written `and`",
    "∈": "a bound variable has a type: `all x: S: p`",
    "\ufeff": "save the file as UTF-8 without a byte order mark",
}

# Python 3.11.0 to 3.11.4 match a possessive group wrongly, so only characters are repeated so.
_PATTERN = re.compile(
    r"""[ ]*(?:
      (?P<NAME>[A-Za-z_][A-Za-z_0-9]*+(?:\.[A-Za-z_][A-Za-z_0-9]*+)*)
    | (?P<NEWLINE>\r?\n)
    | (?P<FOREIGN>==|=<|<>|&&|\|\||!(?!=)|->|=>|/\\|\\/|~|<=>|<->|[∧∨¬→⇒≠≤≥∀∃⇔])
    | (?P<OPERATOR>:=|\+=|-=|!=|<=|>=|\.\.|[=<>+\-\[\]()|:,?@])
    | (?P<COMMENT>\#[^\n]*+)
    | (?P<NUMBER>[0-9][A-Za-z_0-9]*+)
    | (?P<TEXT>\"\"\"[^"\n]*+(?:(?:"(?!"")|\n(?!\S))[^"\n]*+)*\"\"\")
    | (?P<UNCLOSED_TEXT>\"\"\"[^\n]*+)
    | (?P<STRING>"[^"\n]*+")
    | (?P<UNCLOSED_STRING>"[^\n]*+)
    | (?P<TAB>\t+)
    | (?P<UNKNOWN>[^\x00-\x7f]+|.)
    )""",
    re.VERBOSE,
)


class Token(NamedTuple):
    """A token where it stands. A tuple, because tens of thousands are made in one command."""

    type: str
    text: str
    line: int
    column: int

    @property
    def end(self) -> tuple[int, int]:
        """The line and the column right after the token."""
        if self.type != "TEXT":
            return self.line, self.column + len(self.text)
        below = self.text.count("\n")
        if below == 0:
            return self.line, self.column + len(self.text)
        return self.line + below, len(self.text) - self.text.rindex("\n")

    def span(self, source: Source) -> Span:
        return Span(source, self.line, self.column, *self.end)


@frozen
class Scan:
    """The tokens and the comments of a text, each in the order of the text."""

    tokens: list[Token]
    comments: list[Token]
    diagnostics: list[Diagnostic]


def scan(source: Source) -> Scan:
    """Split `source` into tokens; what is no token becomes a diagnostic."""
    result = Scan([], [], [])
    line, line_start = 1, 0
    for match in _PATTERN.finditer(source.text):
        kind = match.lastgroup
        assert kind is not None
        text = match[kind]
        if kind == "NEWLINE":
            line += 1
            line_start = match.end()
            continue
        column = match.end() - len(text) - line_start + 1
        if kind == "NAME":
            kind = KEYWORDS.get(text) or ("PATH" if "." in text else "NAME")
            result.tokens.append(Token(kind, text, line, column))
        elif kind == "OPERATOR":
            result.tokens.append(Token(OPERATORS[text], text, line, column))
        elif kind == "COMMENT":
            result.comments.append(Token(kind, text.rstrip(), line, column))
        else:
            _scan_rare(source, Token(kind, text, line, column), result)
            if "\n" in text:
                line += text.count("\n")
                line_start = match.start(kind) + text.rindex("\n") + 1
    return result


def _scan_rare(source: Source, token: Token, result: Scan) -> None:
    """Add a number, a string, a text, or the diagnostic that `token` deserves."""
    match token.type:
        case "TEXT" | "STRING":
            result.tokens.append(token)
        case "NUMBER":
            result.tokens.append(token)
            if not token.text.isdigit() or len(token.text) > 9:
                result.diagnostics.append(_bad_number(source, token))
        case "FOREIGN":
            meant = FOREIGN[token.text]
            kind = OPERATORS.get(meant) or KEYWORDS[meant]
            result.tokens.append(Token(kind, token.text, token.line, token.column))
            result.diagnostics.append(_foreign(source, token, meant))
        case "UNCLOSED_TEXT":
            result.tokens.append(token._replace(type="TEXT"))
            result.diagnostics.append(
                Diagnostic(
                    "SS104",
                    "this text is not closed",
                    Span(source, token.line, token.column, token.line, token.column + 3),
                    label='no closing `"""` before the next unindented line',
                    help='end the text with `"""`; all its lines are indented',
                )
            )
        case "UNCLOSED_STRING":
            result.tokens.append(token._replace(type="STRING"))
            result.diagnostics.append(
                Diagnostic(
                    "SS105",
                    "this string is not closed",
                    token.span(source),
                    label='no closing `"` on this line',
                    help='end the string with `"` on the same line',
                )
            )
        case "TAB":
            result.diagnostics.append(
                Diagnostic(
                    "SS102",
                    "a tab stands here",
                    token.span(source),
                    label="expected spaces",
                    help="indent with two spaces a level; how wide a tab is cannot be known",
                )
            )
        case _:
            # One on a line is enough: prose that is no comment is full of them.
            if not any(d.span and d.span.line == token.line for d in result.diagnostics[-1:]):
                result.diagnostics.append(_unknown(source, token))


def _bad_number(source: Source, token: Token) -> Diagnostic:
    """Explain digits that are no number of the language."""
    if token.text.isdigit():
        label, remedy = "more than nine digits", "sizes and bounds of models are small numbers"
    else:
        label, remedy = "expected digits only", "a name begins with a letter or `_`"
    return Diagnostic(
        "SS106", f"`{token.text[:24]}` is not a number", token.span(source), label, help=remedy
    )


def _foreign(source: Source, token: Token, meant: str) -> Diagnostic:
    """Say what this language writes for an operator of another one."""
    if meant == "=":
        code, remedy = "SS113", "`=` compares; `:=` gives a new value in an action"
    else:
        code, remedy = "SS114", "logic is written in words: `not`, `and`, `or`, `implies`"
        if meant in OPERATORS:
            remedy = "comparisons are `=`, `!=`, `<`, `<=`, `>` and `>=`"
    return Diagnostic(
        code, f"`{token.text}` is written `{meant}`", token.span(source), f"expected `{meant}`",
        help=remedy,
    )  # fmt: skip


def _unknown(source: Source, token: Token) -> Diagnostic:
    """Explain a character that no construct uses."""
    shown = token.text if token.text.isprintable() else f"U+{ord(token.text[0]):04X}"
    return Diagnostic(
        "SS101",
        f"unknown character `{shown}`",
        token.span(source),
        label="no construct is written with it",
        help=REFUSED.get(token.text[0], "names are ASCII letters, digits and `_`"),
    )
