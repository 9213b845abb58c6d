"""Digests: of what is claimed, for the lock; and of all that a result depends on, for the cache.

The first are of the typed text, so that comments, places and sentences do not count. The second are
of everything: they only have to be equal where nothing at all has changed.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from splitspec import __version__
from splitspec.model.ir import Property, System

SHORT = 16
"""Hexadecimal digits of a digest that people read. 64 bits tell the texts of a project apart; who
could make two texts with one digest could as well edit the lock."""

SENTENCES = frozenset({"text", "asked_by", "cites"})
"""Fields that say something to people, and nothing to an engine."""

ENGINES = ("model", "checker")
REFINEMENT = "refinement"
"""The folder on which products and conformance depend besides the engines."""
SUFFIXES = frozenset({".py", ".lark"})
PACKAGES = ("llvmlite", "z3-solver", "cvc5", "lark")


def system_digest(system: System) -> str:
    """Return the digest of a transition system, without its properties."""
    return _short(_canonical(replace(system, properties={})))


def claim_digest(claim: Property) -> str:
    """Return the digest of what a property says, and under which givens."""
    return _short(_canonical(claim))


def _short(parts: Iterable[str]) -> str:
    hashed = hashlib.sha256()
    for part in parts:
        hashed.update(part.encode())
        hashed.update(b"\0")
    return hashed.hexdigest()[:SHORT]


def _canonical(value: object) -> Iterator[str]:
    """Iterate over words that are equal iff two values are, but for places and sentences."""
    if is_dataclass(value) and not isinstance(value, type):
        yield f"({type(value).__name__}"
        for field in fields(value):
            content = getattr(value, field.name)
            # A field that says nothing leaves the digest as it was before there was such a field.
            if field.compare and field.name not in SENTENCES and content != field.default:
                yield from _canonical(content)
        yield ")"
    elif isinstance(value, Enum):
        yield f"{type(value).__name__}.{value.name}"
    elif isinstance(value, Mapping):
        yield "{"
        for key, item in value.items():
            yield from _canonical(key)
            yield from _canonical(item)
        yield "}"
    elif isinstance(value, frozenset):
        yield from sorted("\0".join(_canonical(item)) for item in value)
        yield f"set of {len(value)}"
    elif isinstance(value, tuple):
        yield "["
        for item in value:
            yield from _canonical(item)
        yield "]"
    elif value is None or isinstance(value, str | int):
        yield f"{type(value).__name__} {value}"
    else:
        raise AssertionError(f"{type(value)} has no canonical form")


def content_key(parts: Iterable[str], folders: tuple[str, ...] = ENGINES) -> str:
    """Return the name under which a result is kept: of its inputs, and of this program, as far as
    it stands in some of its folders."""
    hashed = hashlib.sha256(_environment(folders).encode())
    for part in parts:
        hashed.update(f"{len(part)}:".encode())
        hashed.update(part.encode())
    return hashed.hexdigest()


@cache
def _environment(folders: tuple[str, ...]) -> str:
    """Return the digest of the engines' own source, and of what they run on."""
    root = Path(__file__).resolve().parents[2]
    hashed = hashlib.sha256()
    for word in (__version__, platform.machine(), platform.python_version(), *_versions()):
        hashed.update(f"{word}\0".encode())
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in SUFFIXES and path.is_file():
                hashed.update(f"{path.relative_to(root)}\0".encode())
                hashed.update(path.read_bytes())
    return hashed.hexdigest()


def _versions() -> Iterator[str]:
    for package in PACKAGES:
        try:
            yield f"{package} {version(package)}"
        except PackageNotFoundError:
            yield f"{package} none"
