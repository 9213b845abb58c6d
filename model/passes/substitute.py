"""Put expressions in the place of parameters, without capture.

A binder of the text that would capture a free name of what is put under it is renamed apart: `c`
becomes `c_2`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from splitspec.model.expressions import free_locals, map_children
from splitspec.model.ir import (
    Count,
    Do,
    Expression,
    Guard,
    Item,
    Line,
    Local,
    Parameter,
    Quantifier,
    Update,
)

Substitution = Mapping[str, Expression]


def substitute(term: Expression, values: Substitution) -> Expression:
    """Return the expression with each free parameter of `values` replaced, capture-free."""
    if not values:
        return term
    match term:
        case Local():
            return values.get(term.name, term)
        case Quantifier():
            binders, inner = open_binders(term.binders, (term.body,), values)
            return replace(term, binders=binders, body=substitute(term.body, inner))
        case Count():
            binders, inner = open_binders(term.binders, (term.condition,), values)
            return replace(term, binders=binders, condition=substitute(term.condition, inner))
        case _:
            return map_children(lambda child: substitute(child, values), term)


def substitute_line(line: Line, values: Substitution) -> Line:
    return replace(line, expression=substitute(line.expression, values))


def substitute_item(item: Item, values: Substitution) -> Item:
    """Return an item of an action or part with its free parameters replaced."""
    match item:
        case Guard():
            lines = tuple(substitute_line(line, values) for line in item.lines)
            return replace(item, lines=lines)
        case Update():
            return _substitute_update(item, values)
        case Do():
            return replace(item, arguments=tuple(substitute(a, values) for a in item.arguments))


def _substitute_update(update: Update, values: Substitution) -> Update:
    condition = () if update.condition is None else (update.condition,)
    scope = (*update.indices, update.value, *condition)
    binders, inner = open_binders(update.binders, scope, values)
    return replace(
        update,
        binders=binders,
        indices=tuple(substitute(index, inner) for index in update.indices),
        value=substitute(update.value, inner),
        condition=None if update.condition is None else substitute(update.condition, inner),
    )


def open_binders(
    binders: Sequence[Parameter], scope: Sequence[Expression], values: Substitution
) -> tuple[tuple[Parameter, ...], Substitution]:
    """Return the binders, renamed where they would capture, and what to substitute under them."""
    bound = {binder.name for binder in binders}
    free = frozenset[str]().union(*(free_locals(term) for term in scope))
    inner = {name: value for name, value in values.items() if name in free - bound}
    arriving = frozenset[str]().union(*(free_locals(value) for value in inner.values()))
    avoided = set(arriving | free | bound)
    opened = []
    for binder in binders:
        if binder.name in arriving:
            name = fresh_name(binder.name, avoided)
            avoided.add(name)
            inner[binder.name] = Local(name, binder.type, binder.span)
            binder = replace(binder, name=name)
        opened.append(binder)
    return tuple(opened), inner


def fresh_name(name: str, taken: Collection[str]) -> str:
    """Return the name itself, or the first of `name_2`, `name_3`, … that is not taken."""
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        candidate = f"{name}_{number}"
    return candidate
