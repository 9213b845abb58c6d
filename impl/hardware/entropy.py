"""The processor's source of randomness (RDSEED): what it gives, it gives once.

The host cannot read it and has no say in it. Here it is a key that never leaves the processor, and
a count of what was given, so that a machine that is taken back gives the same again.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

from splitspec.impl.journal import Journal, Table

SEED: Final = 32


class Entropy:
    """Seeds, each of 32 bytes."""

    __slots__ = ("_given", "_key")

    def __init__(self, journal: Journal) -> None:
        self._key = secrets.token_bytes(SEED)
        self._given: Table[str, int] = Table(journal)

    @property
    def given(self) -> int:
        """Return how many seeds were given."""
        return self._given.get("seeds", 0)

    def seed(self, number: int) -> bytes:
        """Return the seed of a number, for who looks at the machine from outside."""
        counted = number.to_bytes(8, "little")
        return hashlib.blake2b(counted, key=self._key, digest_size=SEED).digest()

    def draw(self) -> bytes:
        """Give a seed that nobody has."""
        self._given["seeds"] = self.given + 1
        return self.seed(self.given)
