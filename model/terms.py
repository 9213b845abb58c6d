"""From an expression to its parts: operands, free locals and the places that it may read.

These are facts of the syntax tree alone; values are the work of `splitspec.model.valuation`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from splitspec.model.ir import (
    ActorIs,
    And,
    Arithmetic,
    Call,
    Compare,
    Conditional,
    Count,
    Equal,
    Expression,
    Implies,
    Literal,
    Local,
    Next,
    Not,
    Or,
    Parameter,
    Quantifier,
    Read,
    Unchanged,
)


def operands(expression: Expression) -> tuple[Expression, ...]:
    """Return the expressions that stand directly in this one, from left to right."""
    match expression:
        case Literal() | Local() | ActorIs():
            return ()
        case Read(_, indices):
            return indices
        case Call(_, arguments):
            return arguments
        case Not(operand) | Next(operand) | Unchanged(operand):
            return (operand,)
        case And(operands) | Or(operands):
            return operands
        case Implies(premise, conclusion):
            return (premise, conclusion)
        case Equal(left, right) | Compare(_, left, right) | Arithmetic(_, left, right):
            return (left, right)
        case Conditional(condition, positive, negative):
            return (condition, positive, negative)
        case Quantifier(_, _, body) | Count(_, body):
            return (body,)
        case _:
            assert_never(expression)


def binders(expression: Expression) -> tuple[Parameter, ...]:
    """Return the variables that the expression itself binds in its operands."""
    match expression:
        case Quantifier(binders=bound) | Count(binders=bound):
            return bound
        case _:
            return ()


def free_locals(expression: Expression) -> frozenset[str]:
    """Return the names of the parameters and bound variables that the value depends on."""
    if isinstance(expression, Local):
        return frozenset((expression.name,))
    inner = free_locals_of(operands(expression))
    return inner - {binder.name for binder in binders(expression)}


def free_locals_of(expressions: Iterable[Expression]) -> frozenset[str]:
    """Return the names that the value of one of the expressions depends on."""
    return frozenset().union(*(free_locals(expression) for expression in expressions))


def conjuncts(expression: Expression) -> Iterator[Expression]:
    """Iterate over the expressions of which this one is the conjunction."""
    if isinstance(expression, And):
        for operand in expression.operands:
            yield from conjuncts(operand)
    else:
        yield expression
