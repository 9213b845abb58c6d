"""Where an expression stands: the names in sight, and what may be read there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from enum import Enum

from splitspec.model import ir, syntax
from splitspec.model.diagnostic import Diagnostic, Note
from splitspec.model.frozen import frozen
from splitspec.model.ir import VariableKind
from splitspec.model.resolver import Names, Symbol, SymbolKind, find
from splitspec.model.source import Span
from splitspec.model.types import Enumeration, IndexType, Sort

_ALL = frozenset(VariableKind)
_NO_GHOST = _ALL - {VariableKind.GHOST}


class Place(Enum):
    """Where an expression stands, in the words of messages."""

    GUARD = "a guard"
    UPDATE = "an update of state that is not ghost"
    GHOST_UPDATE = "an update of ghost state"
    ARGUMENT = "an argument of a part"
    INITIAL = "`init`"
    RIGID = "an assumption"
    COUNTED = "the condition of a counter"
    DEFINITION = "a definition"
    PROPERTY = "a property"
    STEP = "a step property"

    @property
    def readable(self) -> frozenset[VariableKind]:
        """The kinds of variables that may be read here."""
        match self:
            case Place.GUARD | Place.UPDATE | Place.ARGUMENT:
                return _NO_GHOST
            case Place.INITIAL | Place.RIGID:
                return frozenset({VariableKind.CONSTANT})
            case Place.COUNTED:
                return frozenset({VariableKind.CONSTANT, VariableKind.STATE})
            case _:
                return _ALL

    @property
    def counts(self) -> bool:
        """Whether `count` may stand here; a definition is judged where it is used."""
        return self in (Place.PROPERTY, Place.STEP, Place.DEFINITION)


@frozen
class Signature:
    """The parameters of an action or part (None if one is ill-typed), and the names in its body."""

    parameters: tuple[ir.Parameter, ...] | None
    locals: Mapping[str, IndexType | None]


@frozen
class DefinitionFacts:
    """A typed definition with what its uses must know of it."""

    definition: ir.Definition
    reads: Mapping[VariableKind, str]  # for each kind, one variable of it that the body reads
    counts: bool


@frozen
class Typed:
    """What is known of the declarations, by path.

    None stands for a declaration that is ill-typed: it was reported, so its uses are not. The
    tables are filled in the order of need: types, variables, definitions, signatures. `ends` are
    the constants that some type names as the end of a range.
    """

    types: dict[str, Sort | Enumeration]
    variables: dict[str, ir.Variable | None]
    definitions: dict[str, DefinitionFacts | None]
    signatures: dict[str, Signature]
    ends: set[str]


@frozen
class Environment:
    """What an expression of one module sees at one place."""

    module: str
    names: Names
    typed: Typed
    diagnostics: list[Diagnostic]
    place: Place
    locals: Mapping[str, IndexType | None]  # None: its type was ill-formed, and reported
    inside_next: bool = False

    def at(self, place: Place) -> Environment:
        """Return the same surroundings at another place."""
        return self if place is self.place else replace(self, place=place)

    def in_next(self) -> Environment:
        """Return the environment of the operand of `next` or `unchanged`."""
        return replace(self, inside_next=True)

    def binding(self, parameters: Collection[ir.Parameter]) -> Environment:
        """Return the environment in which `parameters` are names too."""
        return replace(self, locals={**self.locals, **{p.name: p.type for p in parameters}})

    def report(
        self,
        code: str,
        message: str,
        span: Span,
        label: str = "",
        help: str = "",
        notes: tuple[Note, ...] = (),
    ) -> None:
        """Add a diagnostic."""
        self.diagnostics.append(Diagnostic(code, message, span, label, notes, help))

    def find(self, name: syntax.Name, kinds: Collection[SymbolKind], wanted: str) -> Symbol | None:
        """Return what a name stands for, or report that it stands for nothing of `kinds`."""
        found = find(self.names, self.module, name, kinds, wanted)
        if isinstance(found, Diagnostic):
            self.diagnostics.append(found)
            return None
        return found
