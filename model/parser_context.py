"""A refused token with what surrounds it, as the rules that explain it ask for it."""

from __future__ import annotations

from splitspec.model.diagnostic import Diagnostic
from splitspec.model.frozen import frozen
from splitspec.model.parser_automaton import accepted, follow
from splitspec.model.parser_tables import Tables
from splitspec.model.scanner import Token
from splitspec.model.source import Source


@frozen
class Context:
    """Where a parse stopped. `expected` are the types of the tokens that may stand there."""

    tables: Tables
    source: Source
    start: str
    tokens: list[Token]
    position: int
    expected: frozenset[str]

    @property
    def token(self) -> Token:
        """The refused token."""
        return self.tokens[self.position]

    @property
    def before(self) -> int:
        """The position of the last token of the text before the refused one, at least 0."""
        position = self.position - 1
        while position > 0 and not self.tokens[position].text:
            position -= 1
        return max(position, 0)

    @property
    def previous(self) -> Token:
        """The token at `before`."""
        return self.tokens[self.before]

    @property
    def following(self) -> str:
        """The type of the token after the refused one."""
        after = self.tokens[self.position + 1 : self.position + 2]
        return after[0].type if after else "$END"

    @property
    def begins_line(self) -> bool:
        """Whether the refused token is the first of its logical line."""
        return self.position == 0 or not self.tokens[self.position - 1].text

    @property
    def line_head(self) -> str:
        """The type of the first token of the refused token's logical line."""
        position = self.position
        while position > 0 and self.tokens[position - 1].text:
            position -= 1
        return self.tokens[position].type if position < self.position else ""

    @property
    def expects_operand(self) -> bool:
        return {"NAME", "LPAR", "NUMBER", "TRUE"} <= self.expected

    def expected_at(self, position: int) -> frozenset[str]:
        """Return what could have stood at an earlier position."""
        states: tuple[int, ...] | None = (self.tables.starts[self.start],)
        for token in self.tokens[:position]:
            assert states is not None, "the tokens before a refused one were accepted"
            states = follow(self.tables, states, token.type)
        assert states is not None
        return accepted(self.tables, states)

    def diagnose(self, code: str, message: str, label: str, help: str = "") -> Diagnostic:
        """Point at the refused token."""
        return Diagnostic(code, message, self.token.span(self.source), label, help=help)

    def diagnose_at(
        self, position: int, code: str, message: str, label: str, help: str
    ) -> Diagnostic:
        """Point at another token."""
        span = self.tokens[position].span(self.source)
        return Diagnostic(code, message, span, label, help=help)
