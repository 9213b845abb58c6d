"""Read TOML of others: a text is a table, or it is refused with a reason and a place.

Integers are those of 64 bits, as TOML has them, so that whatever was read can be printed.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

INTEGER_MAX = 2**63 - 1
DIGITS_MAX = 1000


class TomlError(Exception):
    """A text is no TOML; `line` and `column` count from 1, and are 0 where only `keys` say where it
    is."""

    def __init__(self, reason: str, line: int, column: int, keys: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.line, self.column, self.keys = line, column, keys


def read_toml(text: str) -> dict[str, Any]:
    """Return the table of a text; raise `TomlError`."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise _malformed(text, str(problem)) from None
    except ValueError:  # Python converts no decimal number of more than some thousands of digits.
        found = re.search(rf"[0-9_]{{{DIGITS_MAX},}}", text)
        place = len(text) if found is None else found.start()
        raise TomlError("an integer has more than 64 bits", *_position(text, place)) from None
    except RecursionError:
        lines = text.split("\n")
        deepest = max(range(len(lines)), key=lambda n: lines[n].count("[") + lines[n].count("{"))
        raise TomlError("arrays or tables are nested too deep", deepest + 1, 1) from None
    _refuse_vast(tables)
    return tables


def _malformed(text: str, message: str) -> TomlError:
    reason = message.partition(" (at ")[0]
    found = re.search(r"at line (\d+), column (\d+)", message)
    line, column = _position(text, len(text)) if found is None else (int(found[1]), int(found[2]))
    return TomlError(reason[:1].lower() + reason[1:], line, column)


def _position(text: str, place: int) -> tuple[int, int]:
    return text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place)


def _refuse_vast(tables: dict[str, Any]) -> None:
    todo: list[tuple[tuple[str, ...], Any]] = [((), tables)]
    while todo:
        keys, value = todo.pop()
        if isinstance(value, dict):
            todo += [((*keys, key), inner) for key, inner in value.items()]
        elif isinstance(value, list):
            todo += [((*keys, str(number)), inner) for number, inner in enumerate(value)]
        elif isinstance(value, int) and not -INTEGER_MAX - 1 <= value <= INTEGER_MAX:
            raise TomlError("an integer has more than 64 bits", 0, 0, keys)
