"""From the types of a program to a view of it, for a model that declares none.

An option of a sort is a link to it; one of a sort of actors is a claim, of ghost state the owner;
a truth is a mark, or a claim if an actor is among its indices; a counter is a ledger.
"""

from __future__ import annotations

from collections.abc import Iterator

from splitspec.model.ir import (
    Drawing,
    DrawingKind,
    Equal,
    Local,
    Parameter,
    Program,
    Read,
    Variable,
    VariableKind,
    View,
)
from splitspec.model.types import Boolean, Enumeration, Option, Sort, Type

TRUTH = Boolean()


def principals_of(program: Program) -> frozenset[str]:
    """Return the paths of the sorts whose elements act, or are acted for."""
    found = set()
    for action in program.actions.values():
        for parameter in action.parameters:
            is_subject = parameter.name == action.actor.subject
            if is_subject and isinstance(parameter.type, Sort):
                found.add(parameter.type.path)
    return frozenset(found)


def default_view(program: Program, only: frozenset[str] | None = None) -> View:
    """Return the view that follows from the types, of all variables or of some."""
    principals = principals_of(program)
    items = tuple(
        drawing
        for variable in program.variables.values()
        if variable.indices and variable.kind is not VariableKind.CONSTANT
        if only is None or variable.path in only
        for drawing in _drawings(variable, principals)
    )
    span = next(iter(program.variables.values())).span
    return View("state", program.name, items, "", span)


def _drawings(variable: Variable, principals: frozenset[str]) -> Iterator[Drawing]:
    names = _names([*variable.indices, _inner(variable.type)])
    keys = tuple(
        Parameter(name, type_, variable.span)
        for name, type_ in zip(names, variable.indices, strict=False)
    )
    span, label = variable.span, variable.path.rpartition(".")[2]
    read = Read(
        variable.path, tuple(Local(k.name, k.type, span) for k in keys), variable.type, span
    )
    inner = _inner(variable.type)
    if variable.kind is VariableKind.COUNTER:
        if len(keys) == 1:
            yield Drawing(DrawingKind.LEDGER, label, keys, read, None, span)
    elif isinstance(inner, Sort):
        value = Parameter(names[-1], inner, span)
        holds = Equal(read, Local(value.name, inner, span), TRUTH, span)
        kind = DrawingKind.LINK
        if inner.path in principals and not _is_one(keys, principals):
            is_ghost = variable.kind is VariableKind.GHOST
            kind = DrawingKind.OWNER if is_ghost else DrawingKind.CLAIM
        yield Drawing(kind, label, (*keys, value), holds, None, span)
    elif isinstance(inner, Boolean) and variable.type == inner:
        owner = [key for key in keys if isinstance(key.type, Sort) and key.type.path in principals]
        if len(keys) == 2 and len(owner) == 1:
            others = tuple(key for key in keys if key is not owner[0])
            yield Drawing(DrawingKind.CLAIM, label, (*others, *owner), read, None, span)
        else:
            yield Drawing(DrawingKind.MARK, label, keys, read, None, span)
    elif isinstance(inner, Enumeration) or variable.type == inner:
        yield Drawing(DrawingKind.MARK, label, keys, read, None, span)


def _is_one(keys: tuple[Parameter, ...], principals: frozenset[str]) -> bool:
    """Whether the cell is an actor itself: what it has of its own kind is a link."""
    return len(keys) == 1 and isinstance(keys[0].type, Sort) and keys[0].type.path in principals


def _inner(type_: Type) -> Type:
    return type_.of if isinstance(type_, Option) else type_


def _names(types: list[Type]) -> list[str]:
    """Return a name for each of the types."""
    return [f"{str(type_)[0].lower()}{number}" for number, type_ in enumerate(types)]
