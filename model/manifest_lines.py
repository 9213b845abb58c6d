"""Find where the tables and keys of a TOML text stand, for diagnostics: `tomllib` keeps no
positions.

The text is known to be well-formed. A key is looked for where people write it: at the beginning of
a line, or in an inline table behind it. What is not found is shown at the nearest table around it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from splitspec.model.source import Source, Span

Keys = tuple[str, ...]

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]")
_PART = re.compile(r'"([^"]*)"|\'([^\']*)\'|([\w-]+)')
_COMMENT = re.compile(r'"[^"]*"|\'[^\']*\'|(#.*)')
_PAIR = re.compile(r'(?:^\s*|[{,]\s*)("[^"]*"|\'[^\']*\'|[\w.-]+)\s*=')


@dataclass(frozen=True, slots=True)
class Positions:
    """Where each table and key stands; the elements of an array of tables are numbered from 0."""

    source: Source
    spans: Mapping[Keys, Span]

    def span(self, *keys: str) -> Span | None:
        """Return the span of a key, or of the nearest table around it that was found.

        None is the place of what stands in no file, but on the command line.
        """
        if not self.source.text:
            return None
        for length in range(len(keys), 0, -1):
            if keys[:length] in self.spans:
                return self.spans[keys[:length]]
        return Span(self.source, 1, 1, 1, 2)


def find_positions(source: Source) -> Positions:
    """Return where the tables and keys of a well-formed TOML text stand."""
    spans: dict[Keys, Span] = {}
    counts: dict[Keys, int] = {}
    table: Keys = ()
    for number, text in enumerate(source.text.split("\n"), start=1):
        header = _HEADER.match(text)
        if header is not None and "=" not in text[: header.start(2)]:
            table = _parts(header[2])
            if header[1] == "[[":
                index = counts.get(table, 0)
                counts[table] = index + 1
                table = (*table, str(index))
            spans.setdefault(table, _span(source, number, header.start(1), len(text.rstrip())))
            continue
        _note_pairs(source, number, text, table, spans)
    return Positions(source, spans)


def _note_pairs(
    source: Source, number: int, text: str, table: Keys, spans: dict[Keys, Span]
) -> None:
    """Note the key with which a line begins, and the keys of an inline table behind it."""
    outer: Keys = table
    for place, pair in enumerate(_PAIR.finditer(_without_comment(text))):
        keys = (*outer, *_parts(pair[1]))
        spans.setdefault(keys, _span(source, number, pair.start(1), pair.end(1)))
        if place == 0:
            outer = keys


def _without_comment(text: str) -> str:
    if "#" not in text:
        return text
    for found in _COMMENT.finditer(text):
        if found[1] is not None:
            return text[: found.start(1)]
    return text


def _parts(dotted: str) -> Keys:
    return tuple(a or b or c for a, b, c in _PART.findall(dotted))


def _span(source: Source, line: int, start: int, end: int) -> Span:
    return Span(source, line, start + 1, line, end + 1)
