"""Find where the tables and keys of a TOML text stand, for diagnostics: `tomllib` keeps no
positions.

The text is known to be well-formed. A key is looked for where people write it: at the beginning of
a line, or in an inline table behind it. What is not found is shown at the nearest table around it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from splitspec.model.frozen import frozen
from splitspec.model.source import Source, Span

Keys = tuple[str, ...]
Place = tuple[int, int, int]
"""A line, where something begins on it, and where it ends."""

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]")
_PART = re.compile(r'"([^"]*)"|\'([^\']*)\'|([\w-]+)')
_COMMENT = re.compile(r'"[^"]*"|\'[^\']*\'|(#.*)')
_SIMPLE = re.compile(r"\s*([\w-]+)\s*=[^,{#]*")
_PAIR = re.compile(r'(?:^\s*|[{,]\s*)("[^"]*"|\'[^\']*\'|[\w.-]+)\s*=')


@frozen
class Positions:
    """Where each table and key stands; the elements of an array of tables are numbered from 0."""

    source: Source
    places: Mapping[Keys, Place]

    def span(self, *keys: str) -> Span | None:
        """Return the span of a key, or of the nearest table around it that was found.

        None is the place of what stands in no file, but on the command line.
        """
        if not self.source.text:
            return None
        for length in range(len(keys), 0, -1):
            place = self.places.get(keys[:length])
            if place is not None:
                line, start, end = place
                return Span(self.source, line, start + 1, line, end + 1)
        return Span(self.source, 1, 1, 1, 2)


def find_positions(source: Source) -> Positions:
    """Return where the tables and keys of a well-formed TOML text stand."""
    places: dict[Keys, Place] = {}
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
            places.setdefault(table, (number, header.start(1), len(text.rstrip())))
        elif text:
            _note_pairs(number, text, table, places)
    return Positions(source, places)


def _note_pairs(number: int, text: str, table: Keys, places: dict[Keys, Place]) -> None:
    """Note the key with which a line begins, and the keys of an inline table behind it."""
    simple = _SIMPLE.fullmatch(text)
    if simple is not None:  # As nearly every line is.
        places.setdefault((*table, simple[1]), (number, *simple.span(1)))
        return
    outer: Keys = table
    for place, pair in enumerate(_PAIR.finditer(_without_comment(text))):
        keys = (*outer, *_parts(pair[1]))
        places.setdefault(keys, (number, pair.start(1), pair.end(1)))
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
