"""Source text and places in it: what every diagnostic and every IR node points to."""

from __future__ import annotations

from dataclasses import field

from splitspec.model.frozen import frozen


@frozen
class Source:
    """A text with the name that is shown for it (a path as the user gave it)."""

    name: str
    text: str = field(repr=False)  # A span that is printed shall not print its file.

    def line(self, number: int) -> str:
        """Return line `number`, counted from 1, without its end; "" past the end."""
        lines = self.text.split("\n")
        return lines[number - 1].rstrip("\r") if 1 <= number <= len(lines) else ""


@frozen
class Span:
    """A stretch of a source: lines and columns from 1, the end column exclusive."""

    source: Source
    line: int
    column: int
    end_line: int
    end_column: int

    @property
    def text(self) -> str:
        """The spanned text; later lines are joined to the first by one space each."""
        if self.line == self.end_line:
            return self.source.line(self.line)[self.column - 1 : self.end_column - 1]
        first = self.source.line(self.line)[self.column - 1 :]
        middle = [self.source.line(n) for n in range(self.line + 1, self.end_line)]
        last = self.source.line(self.end_line)[: self.end_column - 1]
        return " ".join(part.split("#")[0].strip() for part in [first, *middle, last])

    def to(self, end: Span) -> Span:
        """Return the span from the start of this one to the end of `end`."""
        return Span(self.source, self.line, self.column, end.end_line, end.end_column)
