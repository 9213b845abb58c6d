"""Which property has which bit: state properties first, then those of transitions, then the bounds of the run."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from splitspec.model.ir import Expression, Line, Property, PropertyKind, Read, System
from splitspec.model.passes.oblige import obligations
from splitspec.model.terms import operands

STATE_KINDS = (
    PropertyKind.INVARIANT,
    PropertyKind.LEMMA,
    PropertyKind.WITNESS,
    PropertyKind.RECOVERABLE,
    PropertyKind.EXACT,
)


@dataclass(frozen=True, slots=True)
class Bit:
    """What a bit stands for: a property, or (kind None) the bound of the `nat` variable `path`, which cut the run."""

    path: str
    kind: PropertyKind | None

    @property
    def is_of_states(self) -> bool:
        """Whether `violated` decides it, and not `successors`."""
        return self.kind in STATE_KINDS


def claims(system: System, chosen: Collection[str]) -> tuple[Property, ...]:
    """Return the chosen properties and all obligations, those of states first."""
    every = [p for path, p in system.properties.items() if path in chosen]
    every = [p for p in every if p.kind is not PropertyKind.PROGRESS]
    every += obligations(system)
    of_states = [p for p in every if p.kind in STATE_KINDS]
    return (*of_states, *(p for p in every if p.kind not in STATE_KINDS))


def reads(lines: Collection[Line]) -> frozenset[str]:
    """Return the variables on which the truth of the lines depends."""
    return frozenset(path for line in lines for path in _read(line.expression))


def _read(expression: Expression) -> Iterator[str]:
    if isinstance(expression, Read):
        yield expression.variable
    for operand in operands(expression):
        yield from _read(operand)
