"""What things are, as words that are equal iff they are: of values, and of this program itself.

Digests are made of them, by which results are found again that were made of the same things.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from splitspec import __version__

SENTENCES = frozenset({"text", "comment", "asked_by", "cites"})
"""Fields that say something to people, and nothing to an engine."""

ENGINES = ("model", "checker")
SUFFIXES = frozenset({".py", ".lark"})
PACKAGES = ("llvmlite", "z3-solver", "cvc5", "lark")


def canonical(value: object) -> Iterator[str]:
    """Iterate over words that are equal iff two values are, but for places and what is said."""
    if is_dataclass(value) and not isinstance(value, type):
        yield f"({type(value).__name__}"
        for field in fields(value):
            content = getattr(value, field.name)
            # A field that says nothing leaves the digest as it was before there was such a field.
            if field.compare and field.name not in SENTENCES and content != field.default:
                if field.default is not MISSING:
                    yield f".{field.name}"
                yield from canonical(content)
        yield ")"
    elif isinstance(value, Enum):
        yield f"{type(value).__name__}.{value.name}"
    elif isinstance(value, Mapping):
        yield "{"
        for key, item in value.items():
            yield from canonical(key)
            yield from canonical(item)
        yield "}"
    elif isinstance(value, frozenset):
        yield from sorted("\0".join(canonical(item)) for item in value)
        yield f"set of {len(value)}"
    elif isinstance(value, tuple):
        yield "["
        for item in value:
            yield from canonical(item)
        yield "]"
    elif value is None or isinstance(value, str | int):
        yield f"{type(value).__name__} {value}"
    else:
        raise AssertionError(f"{type(value)} has no canonical form")


@cache
def engines(folders: tuple[str, ...] = ENGINES) -> str:
    """Return the digest of the engines' own source, and of what they run on."""
    root = Path(__file__).resolve().parents[1]
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
