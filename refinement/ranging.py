"""What has to be true of a value for it to be one of a type, where the value's own type does not
say so: numbers are put into places of other ranges than their own.

Soundness: the value of an expression of a sort, an enumeration or `bool` is one of its type, as is
`none` of any option. So only the ends of ranges are asked for.
"""

from __future__ import annotations

from splitspec.model.expressions import free_locals
from splitspec.model.ir import (
    And,
    Compare,
    Equal,
    Expression,
    Literal,
    Local,
    Or,
    Parameter,
    Quantifier,
    Read,
)
from splitspec.model.passes.substitute import fresh_name
from splitspec.model.source import Span
from splitspec.model.types import Boolean, Integer, Natural, Option, Range, Type


def lies_within(value: Expression, type_: Type) -> Expression | None:
    """Return when a value is one of the type; None if it always is."""
    match type_:
        case Natural():
            return _at_least_zero(value)
        case Range():
            return _between(value, type_)
        case Option(Range() as of):
            if isinstance(value.type, Option):
                return _absent_or_present(value, of)
            return _between(value, of)
        case _:
            return None


def _between(value: Expression, range_: Range) -> Expression:
    return And((_at_least_zero(value), _at_most(value, range_)), Boolean(), value.span)


def _at_least_zero(value: Expression) -> Expression:
    zero = Literal(0, Integer(), value.span)
    return Compare("<=", zero, value, Boolean(), value.span)


def _at_most(value: Expression, range_: Range) -> Expression:
    return Compare("<=", value, _end(range_, value.span), Boolean(), value.span)


def _end(range_: Range, span: Span) -> Expression:
    if isinstance(range_.high, int):
        return Literal(range_.high, Integer(), span)
    return Read(range_.high, (), Natural(), span)


def _absent_or_present(value: Expression, of: Range) -> Expression:
    """Return that an option is `none`, or one of the values."""
    span, name = value.span, fresh_name("x", free_locals(value))
    there = Equal(value, Local(name, of, span), Boolean(), span)
    present = Quantifier("some", (Parameter(name, of, span),), there, Boolean(), span)
    absent = Equal(value, Literal(None, value.type, span), Boolean(), span)
    return Or((absent, present), Boolean(), span)
