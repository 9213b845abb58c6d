"""Read `assumptions.toml`: why things are assumed of the world that no proof uses.

A group of them has a title, the reason, and names of assumptions and guards, as `ACTION.GUARD`, in
which a `*` stands for anything.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

from splitspec.model.frozen import frozen

FILE_NAME = "assumptions.toml"


@frozen
class Reason:
    """Why a group of things is assumed."""

    title: str
    text: str
    assumed: tuple[str, ...]

    def covers(self, name: str) -> bool:
        """Whether the reason is given of what has this name."""
        return any(fnmatchcase(name, pattern) for pattern in self.assumed)


def read_reasons(path: Path) -> tuple[Reason, ...]:
    """Return the reasons of a file, in its order."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(
        Reason(title, " ".join(table["because"].split()), tuple(table["assumed"]))
        for title, table in tables.items()
    )


def reason_for(name: str, reasons: Iterable[Reason]) -> Reason | None:
    """Return the first reason that is given of what has this name."""
    return next((reason for reason in reasons if reason.covers(name)), None)
