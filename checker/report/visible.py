"""Text from outside as a reader may see it: nothing in it is hidden, and nothing in it is obeyed.

Names and sentences come from specifications, manifests, locks and logs that others wrote. A
terminal would obey control characters, a reader be misled by characters that turn a line around
(Boucher and Anderson, "Trojan Source", 2021), and a runner of continuous integration take a line of
its log for a command. They are written as JSON would escape them, so that JSON remains what it is.
"""

from __future__ import annotations

import re

SPACES = "\t\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{IDEOGRAPHIC SPACE}"
# GitHub takes the first at the start of a line, and the second anywhere.
COMMAND_LINE = re.compile(r"(\s*)::")
COMMAND = re.compile(r"##(?:vso|teamcity)?\[")


def visible(text: str, *, before: str = "") -> str:
    """Return the text with escapes for what is not seen or would be obeyed; lines remain lines.

    `before` is what its first line already shows: a command is none in however many parts.
    """
    first, *others = text.split("\n")
    return "\n".join([_line(first, before), *(_line(line, "") for line in others)])


def _line(line: str, before: str) -> str:
    obeyed = _obeyed(before + line, len(before))
    if not obeyed and line.isprintable():
        return line
    return "".join(
        c if place not in obeyed and (c.isprintable() or c in SPACES) else escaped(c)
        for place, c in enumerate(line, start=len(before))
    )


def _obeyed(line: str, start: int) -> frozenset[int]:
    """Return a place from `start` on in each command that ends there: escaped, it is none."""
    begun = COMMAND_LINE.match(line)
    colons = [(len(begun[1]), begun.end())] if begun is not None else []
    hashes = [(found.start() + 1, found.end()) for found in COMMAND.finditer(line)]
    return frozenset(max(place, start) for place, end in colons + hashes if end > start)


def escaped(character: str) -> str:
    """Return a character as JSON escapes it; those beyond U+FFFF are two."""
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))
