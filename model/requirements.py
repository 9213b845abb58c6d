"""Read `requirements.toml`: what the users of a specification ask for, by identifier.

A property names its requirements by `asked by "I3, L2 and why"`: identifiers first, then words.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

FILE_NAME = "requirements.toml"


@dataclass(frozen=True, slots=True)
class Requirements:
    """Statements by group and identifier; `absent` are the reasons why some have no property."""

    groups: Mapping[str, Mapping[str, str]]
    absent: Mapping[str, str]

    @property
    def identifiers(self) -> tuple[str, ...]:
        """All identifiers, in the order of the file."""
        return tuple(identifier for group in self.groups.values() for identifier in group)


def read_requirements(path: Path) -> Requirements:
    """Return the requirements of a file; raise `ValueError` if it is not one."""
    groups = tomllib.loads(path.read_text(encoding="utf-8"))
    absent = groups.pop("absent", {})
    requirements = Requirements(groups, absent)
    identifiers = requirements.identifiers
    twice = sorted({i for i in identifiers if identifiers.count(i) > 1})
    unknown = sorted(absent.keys() - set(identifiers))
    if twice or unknown:
        raise ValueError(f"{path}: twice: {twice}; absent and unknown: {unknown}")
    return requirements


def identifiers_of(source: str, known: Collection[str]) -> tuple[str, ...]:
    """Return the identifiers at the head of the text of `asked by`, of those that are known.

    An identifier is one word, or a number and a name: `I10` and `I10 PoolConfined` are two.
    """
    found = []
    words = [word.rstrip(",;:") for word in source.split()]
    while words:
        size = 2 if " ".join(words[:2]) in known else 1
        name = " ".join(words[:size])
        if name in known:
            found.append(name)
        elif name != "and":
            break
        words = words[size:]
    return tuple(found)
