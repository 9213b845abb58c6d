"""Turn written guards, updates and `do` into typed ones (docs/language.md, section 5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from splitspec.model import ir, syntax
from splitspec.model.ir import ActorKind, VariableKind
from splitspec.model.resolver import SymbolKind, did_you_mean
from splitspec.model.terms import free_locals, free_locals_of
from splitspec.model.typechecker import comparisons
from splitspec.model.typechecker.environment import Environment, Place
from splitspec.model.typechecker.expressions import infer, lines, truth, values
from splitspec.model.typechecker.fragment import check_guard
from splitspec.model.typechecker.references import argument_types
from splitspec.model.typechecker.type_expressions import (
    fits,
    is_integer,
    pair,
    read_binders,
    shown,
    shown_apart,
)
from splitspec.model.types import Nothing, Option

_VARIABLE = (SymbolKind.VARIABLE,)
_KINDS = tuple(kind.value for kind in ActorKind)

ONE_BY_ONE = (
    "where many elements begin or cease to count at one index, take one in each step, as a "
    "parameter of the action"
)


def type_items(env: Environment, written: Sequence[syntax.Item]) -> tuple[ir.Item, ...] | None:
    """Return the typed items of a body, or None after reports."""
    typed: list[ir.Item] = []
    for one in written:
        item: ir.Item | None
        match one:
            case syntax.Guard():
                item = _guard(env.at(Place.GUARD), one)
            case syntax.Update():
                item = type_update(env.at(Place.UPDATE), one)
            case syntax.Do():
                item = _do(env.at(Place.ARGUMENT), one)
            case _:
                assert_never(one)
        if item is not None:
            typed.append(item)
    return tuple(typed) if len(typed) == len(written) else None


def _guard(env: Environment, written: syntax.Guard) -> ir.Guard | None:
    kind = None
    if written.kind is not None:
        if str(written.kind) not in _KINDS:
            env.report(
                "SS421",
                f"`@{written.kind}` is no kind of guard",
                written.kind.span,
                label=f"expected one of {', '.join(_KINDS)}",
                help=did_you_mean(str(written.kind), _KINDS),
            )
        else:
            kind = ActorKind(str(written.kind))
    typed = lines(env, written.block)
    if typed is None:
        return None
    check_guard(env, typed)
    return ir.Guard(str(written.label), typed, kind, written.span)


def _do(env: Environment, written: syntax.Do) -> ir.Do | None:
    symbol = env.find(written.part, (SymbolKind.PART,), "a part")
    if symbol is None:
        return None
    parameters = env.typed.signatures[symbol.path].parameters
    if parameters is None:
        return None
    usage = f"do {written.part}({', '.join(p.name for p in parameters)})"
    number = len(written.arguments), len(parameters)
    if not pair(env, written.span, number, f"part `{written.part}`", usage):
        return None
    arguments = values(env, written.arguments, [p.type for p in parameters])
    return None if arguments is None else ir.Do(symbol.path, arguments, written.span)


def type_update(env: Environment, written: syntax.Update) -> ir.Update | None:
    """Return a typed update; `env.place` is UPDATE, or INITIAL for those of `init`."""
    symbol = env.find(written.target, _VARIABLE, "a variable")
    if symbol is None:
        return None
    variable = env.typed.variables.get(symbol.path)
    if variable is not None:
        _check_target(env, written, variable)
        if variable.kind is VariableKind.GHOST and env.place is Place.UPDATE:
            env = env.at(Place.GHOST_UPDATE)
    binders, inner = read_binders(env, written.binders, "a bound variable")
    condition = None if written.condition is None else truth(inner, written.condition)
    if variable is None:
        return None
    # The place that is written is not read.
    target = inner.at(Place.PROPERTY)
    types = argument_types(target, symbol, written.target, len(written.indices), written.span)
    indices = None if types is None else values(inner, written.indices, types)
    value = _value(inner, written, variable)
    if indices is None or value is None or binders is None:
        return None
    if written.condition is not None and condition is None:
        return None
    _check_binders(inner, written, indices, binders)
    label = "" if written.label is None else str(written.label)
    return ir.Update(
        label, symbol.path, indices, written.operator, value, binders, condition, written.span
    )


def _check_target(env: Environment, written: syntax.Update, variable: ir.Variable) -> None:
    """Report a variable that cannot be written, or not by this operator."""
    name = written.target
    if variable.kind is VariableKind.CONSTANT:
        env.report(
            "SS405",
            f"`{name}` is a constant",
            name.span,
            label="is never written",
            help="declare it as `var`, or narrow its values by `assume`",
        )
    elif variable.kind is VariableKind.COUNTER and env.place is Place.INITIAL:
        env.report(
            "SS406",
            f"counter `{name}` in `init`",
            name.span,
            label="has the number that it counts",
            help="leave it out: it follows from the variables that its condition reads",
        )
    elif variable.kind is VariableKind.COUNTER and written.operator == ":=":
        env.report(
            "SS406",
            f"counter `{name}` is given a value",
            name.span,
            label="expected `+=` or `-=`",
            help=f"write how much it changes, `{name} += 1`; {ONE_BY_ONE}",
        )
    elif written.operator != ":=" and not is_integer(variable.type):
        env.report(
            "SS311",
            f"`{written.operator}` on `{name}`, which is {shown(variable.type)}",
            name.span,
            label="expected a counter or an integer",
            help="write `:=`",
        )
    elif written.operator != ":=" and env.place is Place.INITIAL:
        env.report(
            "SS422",
            f"`{written.operator}` in `init`",
            name.span,
            label="there is no value before the first",
            help="write `:=`",
        )


def _value(env: Environment, written: syntax.Update, variable: ir.Variable) -> ir.Expression | None:
    value = infer(env, written.value, variable.type)
    if value is None:
        return None
    text = written.value.span.text
    if variable.kind is VariableKind.COUNTER and written.operator != ":=":
        if isinstance(written.value, syntax.Number):
            return value
        env.report(
            "SS407",
            f"counter `{written.target}` changes by `{text}`",
            written.value.span,
            label="expected a number",
            help=f"write `+= 1`, or `-= 1`; {ONE_BY_ONE}",
        )
        return None
    if written.operator != ":=" and not is_integer(variable.type):
        return None
    if not fits(value.type, variable.type):
        _report_misfit(env, value, variable)
        return None
    if not comparisons.in_range(env, value, variable.type):
        return None
    return comparisons.settled(value, variable.type)


def _report_misfit(env: Environment, value: ir.Expression, variable: ir.Variable) -> None:
    text, x = value.span.text, comparisons.name_for(env, variable.type)
    help_ = ""
    if isinstance(value.type, Option) and fits(value.type.of, variable.type):
        help_ = (
            f"name the value by a parameter `{x}: {value.type.of}` that a guard `{text} = {x}` "
            f"fixes, and assign `{x}`; or give the variable the type `{value.type}`"
        )
    elif isinstance(value.type, Nothing):
        help_ = f"declare the variable with the type `{variable.type}?`"
    actual, expected = shown_apart(value.type, variable.type)
    env.report("SS301", f"`{text}` is {actual}", value.span, f"expected {expected}", help_)


def _check_binders(
    env: Environment,
    written: syntax.Update,
    indices: tuple[ir.Expression, ...],
    binders: tuple[ir.Parameter, ...],
) -> None:
    """Report binders that are not the free indices of the left side, each once by itself."""
    alone = [index.name for index in indices if isinstance(index, ir.Local)]
    nested = free_locals_of(index for index in indices if not isinstance(index, ir.Local))
    for binder in binders:
        if alone.count(binder.name) != 1 and binder.name not in nested:
            env.report(
                "SS411",
                f"`{binder.name}` is not an index of `{written.target}`"
                if binder.name not in alone
                else f"`{binder.name}` is an index of `{written.target}` more than once",
                binder.span,
                label="expected once, by itself, on the left side",
                help="bind by `for` exactly the indices that vary; what else is needed is a "
                "parameter of the action, or bound by `some` in the condition",
            )
    bound = frozenset(binder.name for binder in binders)
    for index in indices:
        if not isinstance(index, ir.Local) and bound & free_locals(index):
            env.report(
                "SS411",
                f"`{index.span.text}` depends on what is bound by `for`",
                index.span,
                label="expected a bound variable by itself, or a fixed place",
                help="bind the index itself, and say in the condition where it is: "
                "`f[x] := e for x: S where g[y] = x`",
            )
