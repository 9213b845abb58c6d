"""Turn comparisons, sums and differences of typed operands into typed ones.

The rules are those of docs/language.md, section 2.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from splitspec.model import ir, syntax
from splitspec.model.ir import ActorKind
from splitspec.model.typechecker.environment import Environment, Place
from splitspec.model.typechecker.type_expressions import (
    BOOLEAN,
    INTEGER,
    fits,
    is_integer,
    shown,
    shown_apart,
    without_option,
)
from splitspec.model.types import Boolean, Enumeration, Nothing, Option, Range, Sort, Type

ACTORS = tuple(kind.value for kind in ActorKind if kind is not ActorKind.ASSUMPTION)


def needs_hint(env: Environment, written: syntax.Expression) -> bool:
    """Return whether the meaning depends on the type that is expected."""
    match written:
        case syntax.NoneLiteral():
            return True
        case syntax.Name(parts):
            return parts[-1] in env.names.members[env.module] and parts[0] not in env.locals
        case syntax.IfElse(_, positive, negative):
            return needs_hint(env, positive) and needs_hint(env, negative)
        case _:
            return False


def equality(
    env: Environment, written: syntax.Binary, left: ir.Expression, right: ir.Expression
) -> ir.Expression | None:
    """Return that the operands are equal, an option first."""
    options = isinstance(left.type, Option), isinstance(right.type, Option)
    if options == (True, True) and not _is_none(left) and not _is_none(right):
        _report_two_options(env, written, left)
        return None
    if isinstance(left.type, Nothing) and isinstance(right.type, Nothing):
        env.report("SS308", "`none` is compared with `none`", written.span, "always the same")
        return None
    for one, other in ((left, right), (right, left)):
        if _is_none(one) and not isinstance(other.type, Option):
            _report_never_none(env, other)
            return None
    if not fits(left.type, right.type) and not fits(right.type, left.type):
        expected, actual = shown_apart(without_option(left.type), without_option(right.type))
        env.report(
            "SS301",
            f"{expected} is compared with {actual}",
            right.span,
            label=f"expected {expected}, is {actual}",
        )
        return None
    if not (in_range(env, left, right.type) and in_range(env, right, left.type)):
        return None
    if options == (False, True) or _is_none(left):
        left, right = right, left
    return ir.Equal(left, settled(right, left.type), BOOLEAN, written.span)


def _is_none(typed: ir.Expression) -> bool:
    return isinstance(typed, ir.Literal) and typed.value is None


def settled(typed: ir.Expression, type_: Type) -> ir.Expression:
    """Return the literal `none` with the type of the option that it met, others as they are."""
    if isinstance(typed, ir.Literal) and typed.value is None and isinstance(type_, Option):
        return replace(typed, type=type_)
    return typed


def in_range(env: Environment, typed: ir.Expression, place: Type) -> bool:
    """Return whether a number can be a value of the place's range, or report it."""
    place = without_option(place)
    if not isinstance(place, Range) or not isinstance(place.high, int):
        return True
    if not isinstance(typed, ir.Literal) or isinstance(typed.value, bool | None):
        return True
    if isinstance(typed.type, Enumeration) or typed.value <= place.high:
        return True
    env.report(
        "SS305",
        f"{typed.value} is no value of `{place}`",
        typed.span,
        label=f"expected at most {place.high}",
        help="widen the range where it is declared, or write a smaller number",
    )
    return False


def name_for(env: Environment, type_: Type) -> str:
    """Return a name that a value of the type could get here: `f` for a frame."""
    name = str(type_)[0].lower() if isinstance(type_, Sort | Enumeration) else "x"
    while name in env.locals:
        name += "2"
    return name


def _report_two_options(env: Environment, written: syntax.Binary, left: ir.Expression) -> None:
    of = without_option(left.type)
    name = name_for(env, of)
    one, other = written.left.span.text, written.right.span.text
    env.report(
        "SS302",
        "two options are compared",
        written.span,
        label="`none = none` would count, or not: the line leaves it unsaid",
        help=f"name the value: `some {name}: {of}: {one} = {name} and {other} = {name}`"
        + (f"; in a guard, make `{name}: {of}` a parameter" if env.place is Place.GUARD else ""),
    )


def _report_never_none(env: Environment, other: ir.Expression) -> None:
    env.report(
        "SS303",
        f"`{other.span.text}` is never `none`",
        other.span,
        label=f"expected an option, is {shown(other.type)}",
        help="leave the comparison out, or give the variable an optional type, `T?`",
    )


def actor_is(env: Environment, written: syntax.Binary) -> ir.Expression | None:
    """Return `actor = kind`, whichever of the two stands first."""
    left_is_word = isinstance(written.left, syntax.ActorWord)
    word, kind = (written.left, written.right) if left_is_word else (written.right, written.left)
    if env.place is not Place.STEP or env.inside_next:
        where = "`next` or `unchanged`" if env.inside_next else env.place.value
        env.report(
            "SS401",
            f"`actor` in {where}",
            word.span,
            label="stands in step properties only",
            help="who acts is said by `by` at the action",
        )
        return None
    if isinstance(kind, syntax.Name) and str(kind) in ACTORS:
        return ir.ActorIs(ActorKind(str(kind)), BOOLEAN, written.span)
    env.report(
        "SS415",
        f"`{kind.span.text}` is no kind of actor",
        kind.span,
        label=f"expected one of {', '.join(ACTORS)}",
    )
    return None


def order(
    env: Environment, written: syntax.Binary, left: ir.Expression, right: ir.Expression
) -> ir.Expression | None:
    """Return `a < b` or `a <= b`; `>` and `>=` are turned around."""
    if not _are_integers(env, left, right, "ordered"):
        return None
    if written.operator in (">", ">="):
        left, right = right, left
    strict = written.operator in ("<", ">")
    return ir.Compare("<" if strict else "<=", left, right, BOOLEAN, written.span)


def arithmetic(
    env: Environment, written: syntax.Binary, left: ir.Expression, right: ir.Expression
) -> ir.Expression | None:
    """Return `a + b` or `a - b`."""
    if not _are_integers(env, left, right, "added or subtracted"):
        return None
    operator: Literal["+", "-"] = "+" if written.operator == "+" else "-"
    return ir.Arithmetic(operator, left, right, INTEGER, written.span)


def _are_integers(env: Environment, left: ir.Expression, right: ir.Expression, verb: str) -> bool:
    wrong = [operand for operand in (left, right) if not is_integer(operand.type)]
    for operand in wrong:
        env.report(
            "SS304",
            f"{shown(operand.type)} cannot be {verb}",
            operand.span,
            label="expected an integer",
            help="enums and sorts are compared by `=` and `!=` only"
            if verb == "ordered"
            else "there is arithmetic on integers only",
        )
    return not wrong


def join(one: Type, other: Type) -> Type | None:
    """Return the type that has the values of both, or None."""
    if one == other:
        return one
    if is_integer(one) and is_integer(other):
        return INTEGER
    for narrow, wide in ((one, other), (other, one)):
        if isinstance(wide, Option) and fits(narrow, wide):
            return wide
        if isinstance(narrow, Nothing) and isinstance(wide, Sort | Enumeration | Boolean | Range):
            return Option(wide)
    return None
