"""What a step property of the abstract system says of a step that it does not see.

Such a step leaves the abstract state as it is, and has an actor all the same. An invariant is kept
by it, a step property need not be: `next(on) = (not on)` is false of it, and `actor = kernel` may
be. So what refines a system has its step properties only where its stuttering steps have them.

Soundness: in a step that changes nothing `next(e)` is `e` and `unchanged e` is true. What is left
is about one state, and is true of it exactly if the property is true of the step; folding keeps the
value of an expression in every state.
"""

from __future__ import annotations

from splitspec.model.expressions import map_children
from splitspec.model.ir import (
    ActorIs,
    ActorKind,
    And,
    Expression,
    Implies,
    Line,
    Literal,
    Next,
    Not,
    Or,
    Unchanged,
)
from splitspec.model.passes.fold import fold_term, is_true
from splitspec.model.types import Boolean


def stuttering(lines: tuple[Line, ...], kind: ActorKind) -> tuple[Line, ...]:
    """Return what lines say of a step of an actor that changes nothing, without those that are true
    of every such step."""
    said = (Line(each.label, fold_term(_still(each.expression, kind)), each.span) for each in lines)
    return tuple(line for line in said if not is_true(line.expression))


def _still(term: Expression, kind: ActorKind) -> Expression:
    match term:
        case Next():
            return _still(term.operand, kind)
        case Unchanged():
            return Literal(True, Boolean(), term.span)
        case ActorIs():
            return Literal(term.kind is kind, Boolean(), term.span)
    term = map_children(lambda child: _still(child, kind), term)
    match term:
        case And(operands) if any(isinstance(o, Not) and o.operand in operands for o in operands):
            return Literal(False, Boolean(), term.span)
        case Implies(premise, conclusion):
            met = set(premise.operands if isinstance(premise, And) else (premise,))
            enough = set(conclusion.operands if isinstance(conclusion, Or) else (conclusion,))
            return Literal(True, Boolean(), term.span) if met & enough else term
        case _:
            return term
