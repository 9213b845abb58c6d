"""Digests: of what is claimed, for the lock; and of all that a result depends on, for the cache.

The first are of the typed text, so that comments, places and sentences do not count. The second are
of everything: they only have to be equal where nothing at all has changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from splitspec.checker.content import ENGINES, canonical, engines
from splitspec.model.ir import Property, Refinement, System

REFINEMENT = "refinement"
"""The folder on which products and conformance depend besides the engines."""

SHORT = 16
"""Hexadecimal digits of a digest that people read. 64 bits tell the texts of a project apart; who
could make two texts with one digest could as well edit the lock."""


def system_digest(system: System) -> str:
    """Return the digest of a transition system, without its properties."""
    return _short(canonical(replace(system, properties={})))


def claim_digest(claim: Property) -> str:
    """Return the digest of what a property says, and under which givens."""
    return _short(canonical(claim))


def refinement_digest(refinement: Refinement, abstract: System | None) -> str:
    """Return the digest of what a refinement says, and of what it refines, if that is known."""
    return _short((*canonical(refinement), *canonical(abstract)))


def _short(parts: Iterable[str]) -> str:
    hashed = hashlib.sha256()
    for part in parts:
        hashed.update(part.encode())
        hashed.update(b"\0")
    return hashed.hexdigest()[:SHORT]


def content_key(parts: Iterable[str], folders: tuple[str, ...] = ENGINES) -> str:
    """Return the name under which a result is kept: of its inputs, and of this program, as far as
    it stands in some of its folders."""
    hashed = hashlib.sha256(engines(folders).encode())
    for part in parts:
        hashed.update(f"{len(part)}:".encode())
        # The name of a file need not be text.
        hashed.update(part.encode(errors="surrogateescape"))
    return hashed.hexdigest()
