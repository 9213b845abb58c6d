"""Take expressions apart and put them together: what every rewriting needs.

The evaluator walks expressions with `splitspec.model.terms`, so that it shares nothing with what it
judges.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
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
    Quantifier,
    Read,
    Unchanged,
)


def children(term: Expression) -> tuple[Expression, ...]:
    """Return the direct parts of an expression, from left to right."""
    match term:
        case Literal() | Local() | ActorIs():
            return ()
        case Read():
            return term.indices
        case Call():
            return term.arguments
        case Not() | Next() | Unchanged():
            return (term.operand,)
        case And() | Or():
            return term.operands
        case Implies():
            return (term.premise, term.conclusion)
        case Equal() | Compare() | Arithmetic():
            return (term.left, term.right)
        case Conditional():
            return (term.condition, term.positive, term.negative)
        case Quantifier():
            return (term.body,)
        case Count():
            return (term.condition,)
        case _:
            assert_never(term)


def map_children(change: Callable[[Expression], Expression], term: Expression) -> Expression:
    """Return the expression with `change` applied to each of its direct parts."""
    match term:
        case Literal() | Local() | ActorIs():
            return term
        case Read():
            return replace(term, indices=tuple(map(change, term.indices)))
        case Call():
            return replace(term, arguments=tuple(map(change, term.arguments)))
        case Not() | Next() | Unchanged():
            return replace(term, operand=change(term.operand))
        case And() | Or():
            return replace(term, operands=tuple(map(change, term.operands)))
        case Implies():
            premise, conclusion = change(term.premise), change(term.conclusion)
            return replace(term, premise=premise, conclusion=conclusion)
        case Equal() | Compare() | Arithmetic():
            return replace(term, left=change(term.left), right=change(term.right))
        case Conditional():
            condition, positive = change(term.condition), change(term.positive)
            negative = change(term.negative)
            return replace(term, condition=condition, positive=positive, negative=negative)
        case Quantifier():
            return replace(term, body=change(term.body))
        case Count():
            return replace(term, condition=change(term.condition))
        case _:
            assert_never(term)


def subterms(term: Expression) -> Iterator[Expression]:
    """Iterate over an expression and everything in it, outermost first."""
    yield term
    for child in children(term):
        yield from subterms(child)


def variables_read(terms: Iterable[Expression]) -> frozenset[str]:
    """Return the paths of the variables that the expressions read."""
    return frozenset(t.variable for term in terms for t in subterms(term) if isinstance(t, Read))


def free_locals(term: Expression) -> frozenset[str]:
    """Return the parameters and bound variables that the expression uses but does not bind."""
    if isinstance(term, Local):
        return frozenset({term.name})
    free: frozenset[str] = frozenset()
    for child in children(term):
        free |= free_locals(child)
    if isinstance(term, Quantifier | Count):
        free -= {binder.name for binder in term.binders}
    return free
