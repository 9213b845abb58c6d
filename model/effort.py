"""From expressions and a scope to the bindings that the evaluator may have to go through, counted
before it does: of one expression, and of all that decides how the runs of a program begin.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from splitspec.model.ir import Expression, Parameter, Program, VariableKind
from splitspec.model.scope import Scope
from splitspec.model.terms import binders, operands

CHOICES_MAX = 64
"""A product of more choices than these is beyond every bound."""


def evaluations_at_start(program: Program, scope: Scope) -> int:
    """Return how many places and bindings are looked at for all initial states, or a number beyond
    every bound: for each value of the constants that are not pinned, every place, and every binding
    of counters, assumptions and `init`."""
    choices, each = 1, 0
    for variable in program.variables.values():
        places = prod(scope.count(type_) for type_ in variable.indices)
        each += places
        if variable.counted is not None:
            counted = variable.counted
            each += _bound((*counted.keys, *counted.binders), (counted.condition,), scope)
        elif variable.kind is VariableKind.CONSTANT and variable.path not in scope.pins:
            values = len(scope.values(variable.type, scope.bound(variable)))
            choices *= values ** min(places, CHOICES_MAX)
    for assumption in program.assumptions:
        each += sum(evaluations(line.expression, scope) for line in assumption.lines)
    for update in program.initial:
        condition = () if update.condition is None else (update.condition,)
        each += _bound(update.binders, (update.value, *condition), scope)
    return choices * each


def _bound(bound: Iterable[Parameter], inner: Iterable[Expression], scope: Scope) -> int:
    times = prod(scope.count(binder.type) for binder in bound)
    return times * (1 + sum(evaluations(term, scope) for term in inner))


def evaluations(term: Expression, scope: Scope) -> int:
    """Return how many bindings of quantifiers and counts an expression goes through."""
    bound, inner = binders(term), operands(term)
    if bound:
        return _bound(bound, inner, scope)
    return sum(evaluations(part, scope) for part in inner)
