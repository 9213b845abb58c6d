"""Turn written types into types, and say which types go where (docs/language.md, section 2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from splitspec.model import ir, syntax
from splitspec.model.resolver import SymbolKind
from splitspec.model.source import Span
from splitspec.model.typechecker.environment import Environment
from splitspec.model.types import (
    Boolean,
    Enumeration,
    IndexType,
    Integer,
    Natural,
    Nothing,
    Option,
    Range,
    Sort,
    Type,
)

BOOLEAN = Boolean()
INTEGER = Integer()
NOTHING = Nothing()
INDEX_MAX = 1_000_000
_TYPE_NAMES = (SymbolKind.SORT, SymbolKind.ENUM)


def read_type(env: Environment, written: syntax.TypeExpression) -> Type | None:
    """Return the type that a type expression means, or None after a report."""
    match written:
        case syntax.NamedType(name):
            if name.parts == ("bool",):
                return BOOLEAN
            if name.parts == ("nat",):
                return Natural()
            symbol = env.find(name, _TYPE_NAMES, "a sort, an enum, `bool`, `nat` or a range")
            return env.typed.types.get(symbol.path) if symbol is not None else None
        case syntax.RangeType():
            return _read_range(env, written)
        case syntax.OptionType(of):
            inner = read_type(env, of)
            if isinstance(inner, Natural):
                env.report(
                    "SS306",
                    "a `nat` cannot be optional",
                    of.span,
                    label="expected a sort, enum, `bool` or range",
                    help="give it a range, `(0..K)?`, or a `bool` beside it",
                )
                return None
            return None if inner is None else Option(inner)  # type: ignore[arg-type]
        case _:
            assert_never(written)


def _read_range(env: Environment, written: syntax.RangeType) -> Range | None:
    if written.low != 0:
        env.report(
            "SS309",
            f"a range begins at 0, not at {written.low}",
            written.span,
            label="expected `0..K`",
            help=f"write `0..{written.high}` and exclude the low values by a guard or an invariant",
        )
        return None
    if isinstance(written.high, int):
        return Range(written.high)
    symbol = env.find(written.high, (SymbolKind.VARIABLE,), "a constant of type `nat`")
    if symbol is None:
        return None
    declared = symbol.declaration
    is_number = (
        isinstance(declared, syntax.StateDeclaration)
        and declared.kind == "const"
        and not declared.indices
        and isinstance(declared.type, syntax.NamedType)
        and declared.type.name.parts == ("nat",)
    )
    if not is_number:
        env.report(
            "SS309",
            f"`{written.high}` cannot end a range",
            written.high.span,
            label="expected a number or a constant of type `nat`",
            help=f"declare `const {symbol.name}: nat`, and pin it in models.toml",
        )
        return None
    env.typed.ends.add(symbol.path)
    return Range(symbol.path)


def read_index_type(
    env: Environment, written: syntax.TypeExpression, what: str
) -> IndexType | None:
    """Return the type of an index, parameter or bound variable, or None after a report."""
    type_ = read_type(env, written)
    match type_:
        case Option():
            env.report(
                "SS306",
                f"the type of {what} cannot be an option",
                written.span,
                label=f"`{type_}` may be `none`",
                help=f"write `{type_.of}`; a guard such as `f[x] = y` says that a value is present",
            )
            return None
        case Natural():
            env.report(
                "SS306",
                f"the type of {what} cannot be `nat`",
                written.span,
                label="has no end",
                help="write a range, `0..3`, or `0..K` with `const K: nat`",
            )
            return None
        case Range(int(high)) if high > INDEX_MAX:
            env.report(
                "SS306",
                f"the type of {what} has more than {INDEX_MAX:,} values",
                written.span,
                label="no run could try them all",
                help="write a smaller range: what is true of few values mostly is of many",
            )
            return None
        case Sort() | Enumeration() | Boolean() | Range() | None:
            return type_
        case Integer() | Nothing():
            raise AssertionError("no such type can be written")
        case _:
            assert_never(type_)


def read_binders(
    env: Environment, binders: Iterable[syntax.Binder], what: str
) -> tuple[tuple[ir.Parameter, ...] | None, Environment]:
    """Return the parameters, None if one is ill-typed, and the environment that binds them."""
    parameters: list[ir.Parameter] = []
    names: dict[str, IndexType | None] = dict(env.locals)
    sound = True
    types: dict[int, IndexType | None] = {}
    for binder in binders:
        name = str(binder.name)
        # The binders of `x, y: S` share their type, which is read and reported once.
        if id(binder.type) not in types:
            types[id(binder.type)] = read_index_type(env, binder.type, what)
        type_ = types[id(binder.type)]
        if name in names:
            env.report(
                "SS208",
                f"`{name}` is bound twice",
                binder.name.span,
                label="already a name here",
                help="choose another name; nothing may hide a parameter or bound variable",
            )
        names[name] = type_
        if type_ is None:
            sound = False
        else:
            parameters.append(ir.Parameter(name, type_, binder.span))
    inner = Environment(
        env.module,
        env.names,
        env.typed,
        env.diagnostics,
        env.place,
        names,
        env.inside_next,
    )
    return (tuple(parameters) if sound else None), inner


def is_integer(type_: Type) -> bool:
    """Return whether values of a type are integers."""
    return isinstance(type_, Range | Natural | Integer)


def shown(type_: Type) -> str:
    """Return the type as messages name it."""
    match type_:
        case Integer():
            return "an integer"
        case Nothing():
            return "`none`"
        case _:
            return f"`{type_}`"


def shown_apart(one: Type, other: Type) -> tuple[str, str]:
    """Return two types as messages name them, with their modules if else they would look alike."""
    if str(one) == str(other):
        one, other = without_option(one), without_option(other)
        if isinstance(one, Sort | Enumeration) and isinstance(other, Sort | Enumeration):
            return f"`{one.path}`", f"`{other.path}`"
    return shown(one), shown(other)


def fits(value: Type, place: Type) -> bool:
    """Return whether a value may be put into a place, or is comparable with what is there."""
    match place:
        case Option(of):
            inner = value.of if isinstance(value, Option) else value
            return isinstance(value, Nothing) or fits(inner, of)
        case Range() | Natural() | Integer():
            return is_integer(value)
        case Sort() | Enumeration() | Boolean() | Nothing():
            return value == place
        case _:
            assert_never(place)


def without_option(type_: Type) -> Type:
    """Return the type of the values of an option, or the type itself."""
    return type_.of if isinstance(type_, Option) else type_


def pair(
    env: Environment,
    span: Span,
    numbers: tuple[int, int],
    subject: str,
    usage: str,
    noun: str = "argument",
) -> bool:
    """Return whether as many things are given as wanted, or report it with the right usage."""
    given, wanted = numbers
    if given == wanted:
        return True
    plural = {"index": "indices"}.get(noun, f"{noun}s")
    number = f"{wanted or 'no'} {noun if wanted == 1 else plural}"
    env.report(
        "SS307",
        f"{subject} takes {number}, not {given}",
        span,
        label=f"expected {number}",
        help=f"write `{usage}`",
    )
    return False
