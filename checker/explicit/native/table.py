"""Which property has which bit: state properties first, then those of transitions, then the bounds
of the run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from splitspec.checker.explicit.native.circuit import Predicate
from splitspec.checker.explicit.native.instances import Family
from splitspec.model.frozen import frozen
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


@frozen
class Bit:
    """What a bit stands for: a property, or (kind None) the bound of the `nat` variable `path`,
    which cut the run.
    """

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


def bits_of(
    system: System, chosen: Sequence[Property], families: Iterable[Family], never: Predicate
) -> tuple[Bit, ...]:
    """Return the bits: the chosen claims, faults that only show at the scope, and bounds that may
    cut the run.
    """
    bits = dict.fromkeys(Bit(claim.path, claim.kind) for claim in chosen)
    for family in families:
        for instance in family.instances:
            path = system.actions[instance.action].path
            if instance.overlap is not never:
                bits[Bit(f"{path}.overlap", PropertyKind.OVERLAP)] = None
            if instance.range is not never:
                bits[Bit(f"{path}.range", PropertyKind.RANGE)] = None
            bits.update({Bit(variable, None): None for variable, _ in instance.cuts})
    return tuple(bits)
