"""A system without numbers of elements, and what was left out to get there."""

from __future__ import annotations

from enum import Enum

from splitspec.model.frozen import frozen
from splitspec.model.ir import Property, System, Value
from splitspec.model.source import Span


class Part(Enum):
    """What is left out."""

    PROPERTY = "property"
    UPDATE = "update"
    GUARD = "guard"  # Without it there are more steps.
    ACTION = "action"


@frozen
class Omission:
    """A part of the system that is left out, by its path, and why."""

    part: Part
    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.part.value} {self.path}: {self.reason}"


@frozen
class Uncounted:
    """A system that reads and writes no counter. Its `claims` are invariants and lemmas;
    `constants` are those that a variant sets."""

    system: System
    claims: tuple[Property, ...]
    constants: dict[str, Value]
    omissions: tuple[Omission, ...]


@frozen
class Unsayable:
    """Why a system has no text in another language, and where that stands."""

    reason: str
    span: Span
