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
COMMAND_LINE = re.compile(r"\A(\s*):(?=:)")
COMMAND = re.compile(r"##(?=(?:vso|teamcity)?\[)")


def visible(text: str, *, begins_line: bool = True) -> str:
    """Return the text with escapes for what is not seen or would be obeyed; lines remain lines."""
    first, *others = text.split("\n")
    return "\n".join([_line(first, begins_line), *(_line(line, True) for line in others)])


def _line(line: str, begins_line: bool) -> str:
    if begins_line:
        line = COMMAND_LINE.sub(lambda found: found[1] + escaped(":"), line)
    line = COMMAND.sub(lambda _: "#" + escaped("#"), line)
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() or c in SPACES else escaped(c) for c in line)


def escaped(character: str) -> str:
    """Return a character as JSON escapes it; those beyond U+FFFF are two."""
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))
