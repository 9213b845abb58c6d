"""Compute what is constant in guards and updates: arguments of parts are often members and truth
values.

Every guard and update stays, so that names, coverage and obligations are those of the text; a guard
that is always true has the line `true`. Properties are left as written: their vacuity is judged on
what was claimed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from splitspec.model.expressions import map_children
from splitspec.model.ir import (
    And,
    Arithmetic,
    Compare,
    Conditional,
    Count,
    Equal,
    Expression,
    FlatAction,
    FlatGuard,
    FlatUpdate,
    Implies,
    Line,
    Literal,
    Local,
    Next,
    Not,
    Or,
    Quantifier,
    System,
    Unchanged,
    Value,
)
from splitspec.model.types import Boolean, Option


def fold(system: System) -> System:
    """Return the system with the guards and updates of its actions folded."""
    return replace(system, actions=tuple(_fold_action(action) for action in system.actions))


def _fold_action(action: FlatAction) -> FlatAction:
    def guard(g: FlatGuard) -> FlatGuard:
        return replace(g, lines=tuple(_fold_line(line) for line in g.lines))

    def update(u: FlatUpdate) -> FlatUpdate:
        condition = None if u.condition is None else fold_term(u.condition)
        if condition is not None and is_true(condition):
            condition = None
        indices = tuple(map(fold_term, u.indices))
        return replace(u, indices=indices, value=fold_term(u.value), condition=condition)

    guards = tuple(guard(g) for g in action.guards)
    return replace(action, guards=guards, updates=tuple(update(u) for u in action.updates))


def _fold_line(line: Line) -> Line:
    return replace(line, expression=fold_term(line.expression))


def is_true(term: Expression) -> bool:
    return isinstance(term, Literal) and term.value is True


def is_false(term: Expression) -> bool:
    return isinstance(term, Literal) and term.value is False


def _is_none(term: Expression) -> bool:
    return isinstance(term, Literal) and term.value is None


def fold_term(term: Expression) -> Expression:
    """Return an expression of the same value in every state of every scope."""
    term = map_children(fold_term, term)
    match term:
        case Not() | And() | Or() | Implies():
            return _fold_connective(term)
        case Equal() | Compare() | Arithmetic():
            return _fold_operator(term)
        case Conditional(condition, positive, negative):
            if is_true(condition) or positive == negative:
                return positive
            return negative if is_false(condition) else term
        case Quantifier():
            # Every index type has a value: sizes are at least 1.
            return term.body if isinstance(term.body, Literal) else term
        case Count():
            return replace(_literal(term, 0), type=term.type) if is_false(term.condition) else term
        case Next():
            return term.operand if isinstance(term.operand, Literal | Local) else term
        case Unchanged():
            return _truth(term, True) if isinstance(term.operand, Literal | Local) else term
        case _:
            return term


def _fold_connective(term: Not | And | Or | Implies) -> Expression:
    match term:
        case Not(operand):
            if isinstance(operand, Literal):
                return _truth(term, not operand.value)
            return operand.operand if isinstance(operand, Not) else term
        case And(operands):
            if any(map(is_false, operands)):
                return _truth(term, False)
            rest = tuple(operand for operand in operands if not is_true(operand))
            return _joined(term, rest, neutral=True)
        case Or(operands):
            if any(map(is_true, operands)):
                return _truth(term, True)
            rest = tuple(operand for operand in operands if not is_false(operand))
            return _joined(term, rest, neutral=False)
        case Implies(premise, conclusion):
            if is_false(premise) or is_true(conclusion):
                return _truth(term, True)
            if is_true(premise):
                return conclusion
            if is_false(conclusion):
                return _fold_connective(Not(premise, term.type, term.span))
            return term


def _fold_operator(term: Equal | Compare | Arithmetic) -> Expression:
    left, right = term.left, term.right
    match term:
        case Equal():
            if isinstance(left, Literal) and isinstance(right, Literal):
                return _truth(term, left.value == right.value)
            if _is_none(right) and not isinstance(left.type, Option):
                # What may be `none` was folded to the branch that never is.
                return _truth(term, False)
            same = left == right and not isinstance(left.type, Option)
            return _truth(term, True) if same else term
        case Compare(operator):
            if isinstance(left, Literal) and isinstance(right, Literal):
                a, b = _number(left), _number(right)
                return _truth(term, a < b if operator == "<" else a <= b)
            return term
        case Arithmetic(operator):
            if isinstance(left, Literal) and isinstance(right, Literal):
                a, b = _number(left), _number(right)
                return _literal(term, a + b if operator == "+" else a - b)
            return term


def _joined(term: And | Or, operands: Sequence[Expression], neutral: bool) -> Expression:
    if not operands:
        return _truth(term, neutral)
    if len(operands) == 1:
        return operands[0]
    return replace(term, operands=tuple(operands))


def _truth(term: Expression, value: bool) -> Literal:
    return Literal(value, Boolean(), term.span)


def _literal(term: Expression, value: Value) -> Literal:
    return Literal(value, term.type, term.span)


def _number(literal: Literal) -> int:
    assert literal.value is not None
    return int(literal.value)
