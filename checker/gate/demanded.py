"""Turn what `models.toml` says of a model into words by key: `lock.scope.Page`, `lock.runs host`.

A table below that of the model, as that of a variant or a run, is one line. What is left out, or is
the empty text, says nothing and has no words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum

from splitspec.model.manifest_entry import ExpectedConformance, ExpectedRun, ModelEntry

KEYS = {"substitutions": "with"}
"""Fields that have another name in the file."""
NAMES = frozenset({"name", "abstract", "given", "mapping"})
"""Fields by which a table is told from the others, so that they stand in its key."""


def demanded(entry: ModelEntry) -> Mapping[str, str]:
    """Return the words of an entry by its keys, each with the model's name before it."""
    found = {}
    for field in fields(entry):
        if field.compare and field.name not in NAMES:
            place = f"{entry.name}.{KEYS.get(field.name, field.name)}"
            for key, value in _parts(place, getattr(entry, field.name)):
                found[key] = _line(value)
    return {key: text for key, text in found.items() if text}


def _parts(place: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        yield from ((f"{place}.{key}", each) for key, each in value.items())
    elif isinstance(value, tuple):
        yield from ((f"{place} {_name(each)}", each) for each in value)
    else:
        yield place, value


def _name(row: object) -> str:
    """Return what tells a row from the others of its list."""
    match row:
        case ExpectedRun(given=given):
            return _line(given) or "nobody honest"
        case ExpectedConformance(mapping=mapping):
            return mapping
        case _:
            raise AssertionError(f"{type(row)} is no row of a list")


def _line(value: object) -> str:
    """Return a value on one line, "" if it says nothing."""
    match value:
        case None:
            return ""
        case Enum():
            return str(value.value)
        case frozenset():
            return " and ".join(sorted(map(_line, value)))
        case Mapping():
            return ", ".join(f"{key} = {_line(each)}" for key, each in value.items())
        case tuple():
            return ", ".join(map(_row, value))
        case _ if is_dataclass(value):
            return _row(value)
        case _:
            return str(value)


def _row(value: object) -> str:
    if not is_dataclass(value):
        return _line(value)
    told = (field.name for field in fields(value) if field.compare and field.name not in NAMES)
    texts = ((name, _line(getattr(value, name))) for name in told)
    return "; ".join(f"{name} = {text}" for name, text in texts if text)
