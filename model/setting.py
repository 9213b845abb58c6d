"""What one run is about: a program at a scope, under one adversary, perhaps with one variant."""

from __future__ import annotations

from dataclasses import replace

from splitspec.model.frozen import frozen
from splitspec.model.ir import (
    ActorKind,
    Call,
    Forgotten,
    Program,
    Property,
    PropertyKind,
    SetConstant,
    Variant,
)
from splitspec.model.scope import Places, Scope


@frozen
class Setting:
    """A transition system and the properties that are asked of it.

    `given` names the honest actors. `properties` are paths of declared properties of exactly this
    adversary; obligations (deadlock, exact, overlap, range) go without saying. `progress` are those
    that a prover decides, and an exploration does not. `forgotten` are the places whose values an
    exploration need not keep.
    """

    model: str
    program: Program
    scope: Scope
    given: frozenset[ActorKind] = frozenset()
    variant: Variant | None = None
    properties: tuple[str, ...] = ()
    progress: tuple[str, ...] = ()
    forgotten: tuple[Forgotten, ...] = ()

    @property
    def places(self) -> Places:
        """The layout of the full, unsliced state, in which traces are written."""
        return Places(tuple(self.program.variables.values()), self.scope)

    @property
    def claimed(self) -> tuple[str, ...]:
        """The paths of all that is claimed: the properties, and progress."""
        return (*self.properties, *self.progress)

    @property
    def claims(self) -> tuple[Property, ...]:
        """The selected properties, in the order of their declaration."""
        chosen = set(self.properties)
        return tuple(p for path, p in self.program.properties.items() if path in chosen)


def effective_scope(scope: Scope, variant: Variant | None) -> Scope:
    """Return the scope of a run: a variant may set constants."""
    if variant is None:
        return scope
    constants = (d for d in variant.differences if isinstance(d, SetConstant))
    return replace(scope, pins={**scope.pins, **{d.variable: d.value for d in constants}})


def forgotten_places(setting: Setting) -> tuple[str, ...]:
    """Return in words what a run of the setting need not keep."""
    return tuple(
        f"{entry.variable} where {entry.condition.definition}"
        if isinstance(entry.condition, Call)
        else entry.variable
        for entry in setting.forgotten
    )


def adversaries(program: Program) -> tuple[frozenset[ActorKind], ...]:
    """Return the sets of honest actors that properties and counters name, the empty one first."""
    sets = {p.given for p in program.properties.values()}
    sets |= {v.counted.given for v in program.variables.values() if v.counted is not None}
    sets.add(frozenset())
    return tuple(sorted(sets, key=lambda given: (len(given), sorted(a.value for a in given))))


def properties_under(program: Program, given: frozenset[ActorKind]) -> tuple[str, ...]:
    """Return the paths of the declared properties that are claimed under exactly this adversary."""
    return tuple(
        path
        for path, p in program.properties.items()
        if p.given == given and p.kind is not PropertyKind.PROGRESS
    )


def progress_under(program: Program, given: frozenset[ActorKind]) -> tuple[str, ...]:
    """Return the paths of the claims of progress under exactly this adversary."""
    return tuple(
        path
        for path, p in program.properties.items()
        if p.given == given and p.kind is PropertyKind.PROGRESS
    )
