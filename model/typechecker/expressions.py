"""Turn written expressions into typed ones.

Every function returns None after it reported why there is no typed expression, so that an error is
said once, at the operand that is wrong. `hint` is the type that the surroundings expect: it decides
which enum a member belongs to, and is no demand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import assert_never

from splitspec.model import ir, syntax
from splitspec.model.resolver import Symbol, SymbolKind
from splitspec.model.source import Span
from splitspec.model.typechecker import comparisons, references
from splitspec.model.typechecker.environment import Environment, Place
from splitspec.model.typechecker.type_expressions import (
    BOOLEAN,
    INTEGER,
    NOTHING,
    read_binders,
    shown,
)
from splitspec.model.types import Boolean, Nothing, Option, Type


def infer(
    env: Environment, written: syntax.Expression, hint: Type | None = None
) -> ir.Expression | None:
    """Return the typed expression, of whatever type it has."""
    match written:
        case syntax.Name():
            return _name(env, written, hint)
        case syntax.Index():
            return _indexed(env, written)
        case syntax.Binary():
            return _binary(env, written)
        case syntax.Call():
            return _call(env, written)
        case syntax.Number(value, span):
            return ir.Literal(value, INTEGER, span)
        case syntax.Truth(value, span):
            return ir.Literal(value, BOOLEAN, span)
        case syntax.NoneLiteral(span):
            return ir.Literal(None, hint if isinstance(hint, Option) else NOTHING, span)
        case syntax.Negation(operand, span):
            negated = truth(env, operand)
            return None if negated is None else ir.Not(negated, BOOLEAN, span)
        case syntax.Quantified():
            return _quantified(env, written)
        case syntax.Block(block_lines, span):
            return _conjunction(env, [line.expression for line in block_lines], span)
        case syntax.IfElse():
            return _conditional(env, written, hint)
        case syntax.CountOf():
            return _count(env, written)
        case syntax.NextOf() | syntax.UnchangedOf():
            return _two_state(env, written, hint)
        case syntax.ActorWord(span):
            env.report(
                "SS312",
                "`actor` is no value",
                span,
                label="can only be compared with a kind of actor",
                help="write `actor = host`, or another of container, kernel, hardware, verifier",
            )
            return None
        case _:
            assert_never(written)


def _name(env: Environment, written: syntax.Name, hint: Type | None) -> ir.Expression | None:
    found = references.name(env, written, hint)
    if isinstance(found, Symbol):
        return _applied(env, found, written, (), written.span)
    return found


def _indexed(env: Environment, written: syntax.Index) -> ir.Expression | None:
    symbol = env.find(written.name, (SymbolKind.VARIABLE,), "a variable")
    if symbol is None:
        _infer_arguments(env, written.arguments)
        return None
    return _applied(env, symbol, written.name, written.arguments, written.span)


def _call(env: Environment, written: syntax.Call) -> ir.Expression | None:
    symbol = env.find(written.name, (SymbolKind.DEFINITION,), "a definition")
    if symbol is None:
        _infer_arguments(env, written.arguments)
        return None
    return _applied(env, symbol, written.name, written.arguments, written.span)


def _infer_arguments(env: Environment, arguments: Sequence[syntax.Expression]) -> None:
    """Report what is wrong with the arguments of something that is not known."""
    for argument in arguments:
        if not comparisons.needs_hint(env, argument):
            infer(env, argument)


def _applied(
    env: Environment,
    symbol: Symbol,
    written: syntax.Name,
    arguments: tuple[syntax.Expression, ...],
    span: Span,
) -> ir.Expression | None:
    """Return the read of a variable or the call of a definition."""
    types = references.argument_types(env, symbol, written, len(arguments), span)
    if types is None:
        _infer_arguments(env, arguments)
        return None
    typed = values(env, arguments, types)
    return None if typed is None else references.applied(env, symbol, typed, span)


def values(
    env: Environment, written: Sequence[syntax.Expression], types: Sequence[Type]
) -> tuple[ir.Expression, ...] | None:
    """Return indices or arguments, each strictly a value of its type."""
    typed = []
    for one, type_ in zip(written, types, strict=True):
        value = infer(env, one, type_)
        fitted = None if value is None else references.strictly(env, value, type_)
        if fitted is not None:
            typed.append(fitted)
    return tuple(typed) if len(typed) == len(types) else None


def truth(env: Environment, written: syntax.Expression) -> ir.Expression | None:
    """Return the typed expression if it is a truth value."""
    typed = infer(env, written, BOOLEAN)
    if typed is None or isinstance(typed.type, Boolean):
        return typed
    text = written.span.text
    is_option = isinstance(typed.type, Option | Nothing)
    env.report(
        "SS301",
        f"`{text}` is no condition",
        written.span,
        label=f"expected `bool`, is {shown(typed.type)}",
        help=f"to ask whether a value is present, write `{text} != none`" if is_option else "",
    )
    return None


def lines(env: Environment, block: syntax.Block) -> tuple[ir.Line, ...] | None:
    """Return the conjuncts of a block with their labels."""
    typed = []
    labels: dict[str, Span] = {}
    for line in block.lines:
        condition = truth(env, line.expression)
        label = str(line.label) if line.label is not None else ""
        if line.label is not None and labels.setdefault(label, line.span) is not line.span:
            env.report(
                "SS412",
                f"two lines are labelled `{label}`",
                line.label.span,
                label="already a label of this block",
                help="traces name a line by its label: choose another one",
            )
        if condition is not None:
            typed.append(_conjuncts(env, line, ir.Line(label, condition, line.span)))
    return tuple(chain(*typed)) if len(typed) == len(block.lines) else None


def _conjuncts(env: Environment, line: syntax.Line, typed: ir.Line) -> list[ir.Line]:
    """Return a line as one line for each labelled line under its `all`, which says the same.

    It was typed as a whole before, so that nothing is reported twice.
    """
    parts = list(_labelled_parts(line.expression, line.label, line.span))
    if len(parts) < 2:
        return [typed]
    found = []
    for label, expression, span in parts:
        condition = truth(env, expression)
        assert condition is not None
        found.append(ir.Line("" if label is None else str(label), condition, span))
    return found


def _labelled_parts(
    written: syntax.Expression, label: syntax.Name | None, span: Span
) -> Iterator[tuple[syntax.Name | None, syntax.Expression, Span]]:
    """Iterate over the lines of blocks with labels under `all`, each under its own `all`."""
    match written:
        case syntax.Quantified("all", _, syntax.Block(block_lines)) if _has_labels(block_lines):
            for line in block_lines:
                for name, part, place in _labelled_parts(line.expression, line.label, line.span):
                    yield name or label, replace(written, body=part), place
        case syntax.Quantified("all", _, body):
            for name, part, place in _labelled_parts(body, label, span):
                yield name, replace(written, body=part), place
        case _:
            yield label, written, span


def _has_labels(block_lines: Iterable[syntax.Line]) -> bool:
    return any(line.label is not None for line in block_lines)


def _binary(env: Environment, written: syntax.Binary) -> ir.Expression | None:
    match written.operator:
        case "and" | "or":
            operands = _operands(written, written.operator)
            if written.operator == "and":
                return _conjunction(env, operands, written.span)
            typed = _truths(env, operands)
            return None if typed is None else ir.Or(typed, BOOLEAN, written.span)
        case "implies":
            both = _truths(env, (written.left, written.right))
            return None if both is None else ir.Implies(both[0], both[1], BOOLEAN, written.span)
        case "=" | "!=":
            return _equality(env, written)
        case "<" | "<=" | ">" | ">=":
            pair = _together(env, written.left, written.right, None)
            return None if pair is None else comparisons.order(env, written, *pair)
        case "+" | "-":
            pair = _together(env, written.left, written.right, None)
            return None if pair is None else comparisons.arithmetic(env, written, *pair)
        case _:
            assert_never(written.operator)


def _equality(env: Environment, written: syntax.Binary) -> ir.Expression | None:
    if isinstance(written.left, syntax.ActorWord) or isinstance(written.right, syntax.ActorWord):
        equal = comparisons.actor_is(env, written)
    else:
        pair = _together(env, written.left, written.right, None)
        equal = None if pair is None else comparisons.equality(env, written, *pair)
    if equal is None or written.operator == "=":
        return equal
    return ir.Not(equal, BOOLEAN, written.span)


def _together(
    env: Environment, left: syntax.Expression, right: syntax.Expression, hint: Type | None
) -> tuple[ir.Expression, ir.Expression] | None:
    """Return two expressions of which each may say what the other's enum members mean."""
    if comparisons.needs_hint(env, left) and not comparisons.needs_hint(env, right):
        second = infer(env, right, hint)
        first = _after(env, left, second, hint)
    else:
        first = infer(env, left, hint)
        second = _after(env, right, first, hint)
    return None if first is None or second is None else (first, second)


def _after(
    env: Environment, written: syntax.Expression, other: ir.Expression | None, hint: Type | None
) -> ir.Expression | None:
    if other is None and comparisons.needs_hint(env, written):
        return None  # What is wrong with the other side was said; this side cannot be judged.
    hint = other.type if other is not None and not isinstance(other.type, Nothing) else hint
    return infer(env, written, hint)


def _operands(written: syntax.Expression, operator: str) -> list[syntax.Expression]:
    """Return the operands of a chain `a and b and c`, which is parsed to the left."""
    operands: list[syntax.Expression] = []
    while isinstance(written, syntax.Binary) and written.operator == operator:
        operands.append(written.right)
        written = written.left
    operands.append(written)
    operands.reverse()
    return operands


def _truths(
    env: Environment, written: Sequence[syntax.Expression]
) -> tuple[ir.Expression, ...] | None:
    typed = [truth(env, operand) for operand in written]
    sound = tuple(operand for operand in typed if operand is not None)
    return sound if len(sound) == len(typed) else None


def _conjunction(
    env: Environment, written: Sequence[syntax.Expression], span: Span
) -> ir.Expression | None:
    operands = _truths(env, written)
    if operands is None:
        return None
    return operands[0] if len(operands) == 1 else ir.And(operands, BOOLEAN, span)


def _quantified(env: Environment, written: syntax.Quantified) -> ir.Expression | None:
    binders, inner = read_binders(env, written.binders, "a bound variable")
    body = truth(inner, written.body)
    if binders is None or body is None:
        return None
    if written.quantifier == "no":
        some = ir.Quantifier("some", binders, body, BOOLEAN, written.span)
        return ir.Not(some, BOOLEAN, written.span)
    return ir.Quantifier(written.quantifier, binders, body, BOOLEAN, written.span)


def _count(env: Environment, written: syntax.CountOf) -> ir.Expression | None:
    if not env.place.counts:
        references.report_count(env, "`count`", written.span)
    binders, inner = read_binders(env, written.binders, "a bound variable")
    condition = truth(inner, written.condition)
    if binders is None or condition is None:
        return None
    return ir.Count(binders, condition, INTEGER, written.span)


def _conditional(
    env: Environment, written: syntax.IfElse, hint: Type | None
) -> ir.Expression | None:
    condition = truth(env, written.condition)
    branches = _together(env, written.positive, written.negative, hint)
    if condition is None or branches is None:
        return None
    positive, negative = branches
    type_ = comparisons.join(positive.type, negative.type)
    if type_ is None:
        env.report(
            "SS301",
            "the two branches differ in type",
            written.negative.span,
            label=f"expected {shown(positive.type)}, is {shown(negative.type)}",
        )
        return None
    if isinstance(type_, Nothing):
        env.report(
            "SS308",
            "both branches are `none`",
            written.span,
            label="of which type?",
            help="write `none` alone",
        )
        return None
    return ir.Conditional(
        condition,
        comparisons.settled(positive, type_),
        comparisons.settled(negative, type_),
        type_,
        written.span,
    )


def _two_state(
    env: Environment, written: syntax.NextOf | syntax.UnchangedOf, hint: Type | None
) -> ir.Expression | None:
    word = "next" if isinstance(written, syntax.NextOf) else "unchanged"
    if env.place is not Place.STEP:
        env.report(
            "SS401",
            f"`{word}` in {env.place.value}",
            written.span,
            label="stands in step properties only",
            help="write a `step` property; an update says by `:=` what is next",
        )
        return None
    if env.inside_next:
        env.report(
            "SS402",
            f"`{word}` inside `next` or `unchanged`",
            written.span,
            label="a step has two states, not three",
            help="leave out the inner one",
        )
        return None
    operand = infer(env.in_next(), written.operand, hint)
    if operand is None:
        return None
    if isinstance(written, syntax.NextOf):
        return ir.Next(operand, operand.type, written.span)
    return ir.Unchanged(operand, BOOLEAN, written.span)
