"""Replace the calls of definitions by their bodies, everywhere in a program and in its variants.

Definitions do not recurse (the type checker refuses it), so each is made call-free once and then
substituted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import assert_never

from splitspec.model.expressions import map_children
from splitspec.model.ir import (
    Abstraction,
    Add,
    Call,
    Change,
    Counted,
    Definition,
    Do,
    Drop,
    Expression,
    Guard,
    Item,
    Line,
    Program,
    Realisation,
    Refinement,
    SetConstant,
    Update,
    Variable,
    Variant,
)
from splitspec.model.passes.substitute import substitute

Rewrite = Callable[[Expression], Expression]


def inline(program: Program) -> Program:
    """Return a program of the same meaning without definitions and calls."""
    rewrite = _rewriter(program.definitions)
    return replace(
        program,
        definitions={},
        variables={path: _variable(v, rewrite) for path, v in program.variables.items()},
        parts={
            path: replace(part, items=rewrite_items(part.items, rewrite))
            for path, part in program.parts.items()
        },
        actions={
            path: replace(action, items=rewrite_items(action.items, rewrite))
            for path, action in program.actions.items()
        },
        extensions=tuple(
            replace(extension, items=rewrite_items(extension.items, rewrite))
            for extension in program.extensions
        ),
        initial=tuple(rewrite_update(update, rewrite) for update in program.initial),
        assumptions=tuple(
            replace(assumption, lines=rewrite_lines(assumption.lines, rewrite))
            for assumption in program.assumptions
        ),
        finals=rewrite_lines(program.finals, rewrite),
        properties={
            path: replace(claim, lines=rewrite_lines(claim.lines, rewrite))
            for path, claim in program.properties.items()
        },
        refinements=tuple(_refinement(r, rewrite) for r in program.refinements),
    )


def inline_variant(variant: Variant, definitions: Mapping[str, Definition]) -> Variant:
    """Return the variant with the calls in its new bodies replaced."""
    rewrite = _rewriter(definitions)
    differences: list[Drop | Change | Add | SetConstant] = []
    for difference in variant.differences:
        match difference:
            case Drop() | SetConstant():
                differences.append(difference)
            case Change():
                items = rewrite_items(difference.items, rewrite)
                differences.append(replace(difference, items=items))
            case Add(action):
                differences.append(Add(replace(action, items=rewrite_items(action.items, rewrite))))
            case _:
                assert_never(difference)
    return replace(variant, differences=tuple(differences))


def inline_calls(term: Expression, definitions: Mapping[str, Definition]) -> Expression:
    """Return one expression without calls."""
    return _rewriter(definitions)(term)


def _rewriter(definitions: Mapping[str, Definition]) -> Rewrite:
    """Return the function that removes calls; each body is made call-free once."""
    bodies: dict[str, Expression] = {}

    def body(path: str) -> Expression:
        if path not in bodies:
            bodies[path] = rewrite(definitions[path].body)
        return bodies[path]

    def rewrite(term: Expression) -> Expression:
        term = map_children(rewrite, term)
        if not isinstance(term, Call):
            return term
        parameters = definitions[term.definition].parameters
        names = (parameter.name for parameter in parameters)
        return substitute(body(term.definition), dict(zip(names, term.arguments, strict=True)))

    return rewrite


def rewrite_lines(lines: Iterable[Line], rewrite: Rewrite) -> tuple[Line, ...]:
    return tuple(replace(line, expression=rewrite(line.expression)) for line in lines)


def rewrite_items(items: Iterable[Item], rewrite: Rewrite) -> tuple[Item, ...]:
    """Return items with every expression in them rewritten."""
    return tuple(_item(item, rewrite) for item in items)


def _item(item: Item, rewrite: Rewrite) -> Item:
    match item:
        case Guard():
            return replace(item, lines=rewrite_lines(item.lines, rewrite))
        case Update():
            return rewrite_update(item, rewrite)
        case Do():
            return replace(item, arguments=tuple(map(rewrite, item.arguments)))


def rewrite_update(update: Update, rewrite: Rewrite) -> Update:
    """Return an update with every expression in it rewritten."""
    return replace(
        update,
        indices=tuple(map(rewrite, update.indices)),
        value=rewrite(update.value),
        condition=None if update.condition is None else rewrite(update.condition),
    )


def _variable(variable: Variable, rewrite: Rewrite) -> Variable:
    if variable.counted is None:
        return variable
    counted: Counted = replace(variable.counted, condition=rewrite(variable.counted.condition))
    return replace(variable, counted=counted)


def _refinement(refinement: Refinement, rewrite: Rewrite) -> Refinement:
    def abstraction(a: Abstraction) -> Abstraction:
        return replace(a, value=rewrite(a.value))

    def realisation(r: Realisation) -> Realisation:
        return replace(r, arguments=tuple(map(rewrite, r.arguments)))

    return replace(
        refinement,
        abstractions=tuple(map(abstraction, refinement.abstractions)),
        realisations=tuple(map(realisation, refinement.realisations)),
    )
