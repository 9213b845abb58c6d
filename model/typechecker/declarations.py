"""Turn declarations of sorts, enums, variables and counters into typed ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from splitspec.model import ir, syntax
from splitspec.model.diagnostic import Note
from splitspec.model.ir import ActorKind, VariableKind
from splitspec.model.resolver import Symbol
from splitspec.model.source import Span
from splitspec.model.typechecker.environment import Environment, Place
from splitspec.model.typechecker.expressions import truth
from splitspec.model.typechecker.type_expressions import (
    read_binders,
    read_index_type,
    read_type,
)
from splitspec.model.types import Enumeration, IndexType, Natural, Sort

INDICES_MAX = 4
_PROMISING = tuple(kind.value for kind in ActorKind if kind.is_untrusted)


def named_type(env: Environment, symbol: Symbol) -> Sort | Enumeration:
    """Return the type that a sort or enum declares."""
    declared = symbol.declaration
    if not isinstance(declared, syntax.EnumDeclaration):
        return Sort(symbol.path)
    first: dict[str, Span] = {}
    for member in declared.members:
        if first.setdefault(str(member), member.span) is not member.span:
            env.report(
                "SS211",
                f"`{member}` is listed twice",
                member.span,
                label="already a member",
                notes=(Note("first listed here", first[str(member)]),),
                help="leave one of them out",
            )
    return Enumeration(symbol.path, tuple(first))


def variable(env: Environment, symbol: Symbol) -> ir.Variable | None:
    """Return the variable, constant or counter that a symbol declares.

    What a counter counts is left for `counted`: its condition may call definitions, which need the
    types of all variables first.
    """
    declared = symbol.declaration
    if isinstance(declared, syntax.CounterDeclaration):
        keys, _ = read_binders(env, declared.keys, "a key of a counter")
        if keys is None or not _few_enough(env, len(keys), declared.name):
            return None
        indices = tuple(key.type for key in keys)
        kind, type_, comment = VariableKind.COUNTER, Natural(), declared.comment
        return ir.Variable(symbol.path, kind, indices, type_, None, comment, declared.span)
    assert isinstance(declared, syntax.StateDeclaration)
    read = [read_index_type(env, index, "an index") for index in declared.indices]
    found: tuple[IndexType, ...] = tuple(index for index in read if index is not None)
    value = read_type(env, declared.type)
    if value is None or len(found) < len(read) or not _few_enough(env, len(read), declared.name):
        return None
    kind = {
        "var": VariableKind.STATE,
        "ghost": VariableKind.GHOST,
        "const": VariableKind.CONSTANT,
    }[declared.kind]
    return ir.Variable(symbol.path, kind, found, value, None, declared.comment, declared.span)


def _few_enough(env: Environment, count: int, name: syntax.Name) -> bool:
    if count <= INDICES_MAX:
        return True
    env.report(
        "SS313",
        f"`{name}` has {count} indices",
        name.span,
        label=f"expected at most {INDICES_MAX}",
        help="split the variable, or name the combination by a sort of its own",
    )
    return False


def counted(env: Environment, symbol: Symbol) -> ir.Variable | None:
    """Return the counter with what it counts; its type is known already."""
    declared = symbol.declaration
    assert isinstance(declared, syntax.CounterDeclaration)
    typed = env.typed.variables[symbol.path]
    given = honest(env, declared.given)
    # The keys were read and reported with the type of the counter.
    quiet = replace(env, place=Place.COUNTED, diagnostics=[])
    keys, inner = read_binders(quiet, declared.keys, "a key of a counter")
    inner = replace(inner, diagnostics=env.diagnostics)
    binders, inner = read_binders(inner, declared.binders, "what is counted")
    condition = truth(inner, declared.condition)
    if typed is None or keys is None or binders is None or condition is None or given is None:
        return None
    return replace(typed, counted=ir.Counted(keys, binders, condition, given))


def honest(env: Environment, given: Iterable[syntax.Name]) -> frozenset[ActorKind] | None:
    """Return the actors of `given honest host`."""
    kinds = set()
    sound = True
    for actor in given:
        if str(actor) in _PROMISING:
            kinds.add(ActorKind(str(actor)))
            continue
        sound = False
        env.report(
            "SS417",
            f"`{actor}` is not one whose honesty can be given",
            actor.span,
            label="expected `host` or `container`",
            help="all other actors are honest always",
        )
    return frozenset(kinds) if sound else None
