"""Read `requirements.toml`: what the users of a specification ask for, by identifier.

A property names its requirements by `asked by "I3, L2 and why"`: identifiers first, then words. A
counter has no such line, so the table `counts` says which requirements ask that it is exact. Three
more tables of the file are no requirements: `absent`, `sources` and `mechanisms`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import field
from pathlib import Path

from splitspec.model.frozen import frozen

FILE_NAME = "requirements.toml"


@frozen
class Mechanism:
    """What a group of modules, by their names, specifies together."""

    about: str
    modules: tuple[str, ...]


@frozen
class Requirements:
    """Statements by group and identifier; `absent` are the reasons why some have no property,
    `sources` say who asks, `counts` which counters each asks to be exact."""

    groups: Mapping[str, Mapping[str, str]]
    absent: Mapping[str, str]
    sources: Mapping[str, str] = field(default_factory=dict)
    mechanisms: Mapping[str, Mechanism] = field(default_factory=dict)
    counts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def identifiers(self) -> tuple[str, ...]:
        """All identifiers, in the order of the file."""
        return tuple(identifier for group in self.groups.values() for identifier in group)

    def mechanism(self, path: str) -> str:
        """Return the name of the mechanism of which the module of a property is, or ""."""
        module = path.partition(".")[0]
        named = (name for name, each in self.mechanisms.items() if module in each.modules)
        return next(named, "")


def read_requirements(path: Path) -> Requirements:
    """Return the requirements of a file; raise `ValueError` if it is not one."""
    groups = tomllib.loads(path.read_text(encoding="utf-8"))
    absent, sources = groups.pop("absent", {}), groups.pop("sources", {})
    mechanisms = {
        name: Mechanism(table["about"], tuple(table["modules"]))
        for name, table in groups.pop("mechanisms", {}).items()
    }
    counts = {name: tuple(paths) for name, paths in groups.pop("counts", {}).items()}
    requirements = Requirements(groups, absent, sources, mechanisms, counts)
    identifiers = requirements.identifiers
    modules = [module for mechanism in mechanisms.values() for module in mechanism.modules]
    twice = sorted({i for names in (identifiers, modules) for i in names if names.count(i) > 1})
    unknown = sorted((absent.keys() | sources.keys() | counts.keys()) - set(identifiers))
    if twice or unknown:
        raise ValueError(
            f"{path}: twice: {twice}; a reason, a source or a counter, and unknown: {unknown}"
        )
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
