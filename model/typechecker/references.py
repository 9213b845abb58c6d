"""Say what written names stand for, and which values may be indices and arguments."""

from __future__ import annotations

from collections.abc import Sequence

from splitspec.model import ir, syntax
from splitspec.model.diagnostic import Diagnostic, Note
from splitspec.model.ir import VariableKind
from splitspec.model.resolver import Symbol, SymbolKind, find, unknown
from splitspec.model.source import Span
from splitspec.model.typechecker import comparisons
from splitspec.model.typechecker.environment import Environment, Place
from splitspec.model.typechecker.type_expressions import pair, shown, shown_apart, without_option
from splitspec.model.types import Enumeration, Integer, Nothing, Option, Range, Type

_VALUES = (SymbolKind.VARIABLE, SymbolKind.DEFINITION)


def name(
    env: Environment, written: syntax.Name, hint: Type | None
) -> ir.Local | ir.Literal | Symbol | None:
    """Return what a bare name means: a bound name, a member, or a variable or definition."""
    word, qualifier = written.parts[-1], ".".join(written.parts[:-1])
    if not qualifier and word in env.locals:
        bound = env.locals[word]
        return None if bound is None else ir.Local(word, bound, written.span)
    expected = without_option(hint) if hint is not None else None
    if isinstance(expected, Enumeration) and word in expected.members and not qualifier:
        rival = _variable_of(env, word, expected)
        if rival is not None:
            _report_rival(env, written, expected, rival)
            return None
        return ir.Literal(expected.members.index(word), expected, written.span)
    found = find(env.names, env.module, written, _VALUES, "a value")
    if isinstance(found, Symbol):
        return found
    enums = env.names.members[env.module].get(word, ())
    enums = tuple(enum for enum in enums if not qualifier or enum.module == qualifier)
    if enums:
        return _member(env, written, word, enums)
    if found is not None and found.code == "SS201" and not qualifier:
        found = _unknown_value(env, written, expected)
    if found is not None:
        env.diagnostics.append(found)
    return None


def _variable_of(env: Environment, word: str, type_: Enumeration) -> Symbol | None:
    """Return a variable without indices that a member's name could mean, too."""
    for symbol in env.names.visible[env.module].get(word, ()):
        variable = env.typed.variables.get(symbol.path)
        if variable is not None and not variable.indices and without_option(variable.type) == type_:
            return symbol
    return None


def _report_rival(
    env: Environment, written: syntax.Name, type_: Enumeration, rival: Symbol
) -> None:
    env.report(
        "SS210",
        f"`{written}` is a member of `{type_}` and a variable of that type",
        written.span,
        label="which one is meant?",
        help="give the variable another name",
        notes=(Note("the variable", rival.span),),
    )


def _member(
    env: Environment, written: syntax.Name, word: str, enums: Sequence[Symbol]
) -> ir.Literal | None:
    if len(enums) > 1:
        env.report(
            "SS210",
            f"`{word}` is a member of several enums",
            written.span,
            label="which one is meant?",
            help="compare it with a value of that enum: a variable, or a parameter",
            notes=tuple(Note(f"a member of `{enum.path}`", enum.span) for enum in enums),
        )
        return None
    type_ = env.typed.types[enums[0].path]
    assert isinstance(type_, Enumeration)
    return ir.Literal(type_.members.index(word), type_, written.span)


def _unknown_value(env: Environment, written: syntax.Name, expected: Type | None) -> Diagnostic:
    """Return the report of an unknown name with what could have been meant here."""
    known = list(env.locals)
    if isinstance(expected, Enumeration):
        known += expected.members
    visible = env.names.visible[env.module].items()
    known += [other for other, symbols in visible if symbols[0].kind in _VALUES]
    known += env.names.members[env.module]
    wanted = f"a member of `{expected}`" if isinstance(expected, Enumeration) else "a value"
    return unknown(written, written.parts[0], known, wanted)


def argument_types(
    env: Environment, symbol: Symbol, written: syntax.Name, given: int, span: Span
) -> tuple[Type, ...] | None:
    """Return the types of what a variable or definition is applied to; None after a report."""
    if symbol.kind is SymbolKind.VARIABLE:
        variable = env.typed.variables.get(symbol.path)
        if variable is None:
            return None
        if variable.kind not in env.place.readable:
            _report_unreadable(env, variable.kind, f"`{written}` is", written.span)
        if given == len(variable.indices):
            return variable.indices
        usage = f"{written}[{', '.join(map(str, variable.indices))}]"
        usage = usage if variable.indices else str(written)
        numbers = given, len(variable.indices)
        pair(env, span, numbers, f"`{written}`", usage, "index")
        return None
    facts = env.typed.definitions.get(symbol.path)
    if facts is None:
        return None
    for kind, path in facts.reads.items():
        if kind not in env.place.readable:
            what = f"`{written}` reads `{path.rpartition('.')[2]}`,"
            _report_unreadable(env, kind, what, written.span)
    if facts.counts and not env.place.counts:
        report_count(env, f"`{written}` counts, and stands", written.span)
    parameters = facts.definition.parameters
    usage = f"{written}({', '.join(p.name for p in parameters)})" if parameters else str(written)
    complete = pair(env, span, (given, len(parameters)), f"`{written}`", usage)
    return tuple(p.type for p in parameters) if complete else None


def applied(
    env: Environment, symbol: Symbol, arguments: tuple[ir.Expression, ...], span: Span
) -> ir.Expression:
    """Return the read or call of a symbol that has `argument_types`."""
    if symbol.kind is SymbolKind.VARIABLE:
        variable = env.typed.variables[symbol.path]
        assert variable is not None
        return ir.Read(symbol.path, arguments, variable.type, span)
    facts = env.typed.definitions[symbol.path]
    assert facts is not None
    return ir.Call(symbol.path, arguments, facts.definition.body.type, span)


def report_count(env: Environment, what: str, span: Span) -> None:
    """Report a number of bindings where there is none to be read."""
    env.report(
        "SS403",
        f"{what} in {env.place.value}",
        span,
        label="`count` stands in properties only",
        help="declare a counter, `counter n counts x: S where p`, and read `n` here",
    )


def _report_unreadable(env: Environment, kind: VariableKind, what: str, span: Span) -> None:
    where = f"read in {env.place.value}"
    phrase = {
        VariableKind.STATE: "a variable",
        VariableKind.GHOST: "a ghost variable",
        VariableKind.COUNTER: "a counter",
        VariableKind.CONSTANT: "a constant",
    }[kind]
    if env.place in (Place.INITIAL, Place.RIGID):
        env.report(
            "SS409",
            f"{what} {phrase}, {where}",
            span,
            label="expected a constant",
            help=f"{env.place.value} reads constants only",
        )
    elif kind is VariableKind.GHOST:
        env.report(
            "SS404",
            f"{what} {phrase}, {where}",
            span,
            label="ghost state is for properties alone",
            help="leave out `ghost` at its declaration if the system itself depends on it",
        )
    else:
        env.report(
            "SS408",
            f"{what} {phrase}, {where}",
            span,
            label="expected state or constants",
            help="say by variables what is to be counted",
        )


def strictly(env: Environment, typed: ir.Expression, wanted: Type) -> ir.Expression | None:
    """Return an index or argument if it certainly has the type: nothing is partial."""
    if typed.type == wanted:
        return typed
    text, x = typed.span.text, comparisons.name_for(env, wanted)
    named = f"name the value: a parameter or bound variable `{x}: {wanted}` with `{text} = {x}`"
    if isinstance(typed.type, Option | Nothing):
        env.report(
            "SS306",
            f"`{text}` may be `none`",
            typed.span,
            label=f"expected {shown(wanted)}, is {shown(typed.type)}",
            help=f"{named}, and `{x}` here",
        )
        return None
    if isinstance(wanted, Range) and isinstance(typed.type, Range | Integer):
        if not comparisons.in_range(env, typed, wanted):
            return None
        if _lies_in(typed, wanted):
            return typed
        env.report(
            "SS310",
            f"`{text}` may lie outside `{wanted}`",
            typed.span,
            label=f"expected {shown(wanted)}, is {shown(typed.type)}",
            help=f"{named}, and `{x}` here",
        )
        return None
    actual, expected = shown_apart(typed.type, wanted)
    env.report("SS301", f"`{text}` is {actual}", typed.span, label=f"expected {expected}")
    return None


def _lies_in(typed: ir.Expression, wanted: Range) -> bool:
    if isinstance(typed, ir.Literal):
        return isinstance(wanted.high, int) or typed.value == 0
    given = typed.type.high if isinstance(typed.type, Range) else None
    return isinstance(given, int) and isinstance(wanted.high, int) and given <= wanted.high
