"""From expressions and a scope to the bindings that the evaluator may have to go through, counted
before it does: of one expression, and of all that decides how the runs of a program begin.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod

from splitspec.model.ir import Call, Definition, Expression, Parameter, Program, VariableKind
from splitspec.model.scope import Scope
from splitspec.model.terms import binders, operands

CHOICES_MAX = 64
"""A product of more choices than these is beyond every bound."""


def evaluations_at_start(program: Program, scope: Scope) -> int:
    """Return how many places and bindings are looked at for all initial states, or a number beyond
    every bound: for each value of the constants that are not pinned, every place, and every binding
    of counters, assumptions and `init`."""
    definitions = program.definitions
    choices, each = 1, 0
    for variable in program.variables.values():
        places = prod(scope.count(type_) for type_ in variable.indices)
        each += places
        if variable.counted is not None:
            counted = variable.counted
            keys = (*counted.keys, *counted.binders)
            each += _bound(keys, (counted.condition,), scope, definitions)
        elif variable.kind is VariableKind.CONSTANT and variable.path not in scope.pins:
            values = len(scope.values(variable.type, scope.bound(variable)))
            choices *= values ** min(places, CHOICES_MAX)
    for assumption in program.assumptions:
        each += sum(evaluations(line.expression, scope, definitions) for line in assumption.lines)
    for update in program.initial:
        condition = () if update.condition is None else (update.condition,)
        each += _bound(update.binders, (update.value, *condition), scope, definitions)
    return choices * each


Definitions = Mapping[str, Definition]


def _bound(
    bound: Iterable[Parameter],
    inner: Iterable[Expression],
    scope: Scope,
    definitions: Definitions,
) -> int:
    times = prod(scope.count(binder.type) for binder in bound)
    return times * (1 + sum(evaluations(term, scope, definitions) for term in inner))


def evaluations(term: Expression, scope: Scope, definitions: Definitions) -> int:
    """Return how many bindings of quantifiers and counts an expression goes through, in what it
    calls too."""
    bound, inner = binders(term), operands(term)
    if bound:
        return _bound(bound, inner, scope, definitions)
    if isinstance(term, Call):
        inner = (*inner, definitions[term.definition].body)
    return sum(evaluations(part, scope, definitions) for part in inner)
