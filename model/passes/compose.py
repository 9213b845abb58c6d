"""Make one flat action of an action, the parts that it does and the extensions of other modules.

Parameters of parts are replaced by the arguments. An extension's names for the action's parameters
are replaced by the action's own; its further parameters join them, renamed where two extensions
chose the same name. Labels stay, and a label that comes twice (a part done twice) gets a number:
`distinct`, `distinct_2`. A variant that drops a line of a part drops it wherever the part is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from splitspec.model.frozen import frozen
from splitspec.model.ir import (
    Action,
    Do,
    Expression,
    Extension,
    FlatAction,
    FlatGuard,
    FlatUpdate,
    Guard,
    Item,
    Local,
    Parameter,
    Program,
    System,
    Update,
    Variant,
)
from splitspec.model.passes.substitute import fresh_name, substitute_item
from splitspec.model.passes.vary import Version, droppers, versions


@frozen
class Placed:
    """A guard or update with the place where it was written."""

    item: Guard | Update
    origin: str
    parts: tuple[str, ...]  # the parts that it belongs to, outermost first


def compose(program: Program, variants: tuple[Variant, ...] = ()) -> System:
    """Return the flat system of a program without calls, with every guard and property."""
    return System(
        name=program.name,
        given=frozenset(),
        variants=variants,
        sorts=program.sorts,
        enums=program.enums,
        variables=program.variables,
        initial=tuple(
            _flat_update(Placed(update, "init", ()), update, update.label, frozenset())
            for update in program.initial
        ),
        assumptions=program.assumptions,
        actions=tuple(
            compose_action(program, version, variants)
            for version in versions(program.actions.values(), variants)
        ),
        finals=program.finals,
        properties=program.properties,
        sliced=(),
    )


def compose_action(
    program: Program, version: Version, variants: tuple[Variant, ...] = ()
) -> FlatAction:
    """Return the flat action: its own items, then those of its extensions in import order."""
    action = version.action
    module = action.path.rpartition(".")[0]
    parameters = list(action.parameters)
    placed = list(_expand(program, action.items, module))
    for extension in program.extensions:
        if extension.action == action.path:
            added, items = _adopt(extension, action.parameters, parameters)
            parameters.extend(added)
            placed.extend(_expand(program, items, f"{extension.module}, extension"))
    guards, updates = _named(placed, action, variants)
    return FlatAction(
        path=action.path,
        parameters=tuple(parameters),
        actor=action.actor,
        hostile=action.hostile,
        fairness=action.fairness,
        guards=guards,
        updates=updates,
        absent_for=version.absent_for,
        only_for=version.only_for,
        text=action.text,
        span=action.span,
    )


def _expand(
    program: Program, items: Iterable[Item], origin: str, parts: tuple[str, ...] = ()
) -> Iterator[Placed]:
    """Iterate over guards and updates, the parts that are done expanded where they stand."""
    whole = f"{origin}, part {parts[-1]}" if parts else origin
    for item in items:
        if not isinstance(item, Do):
            yield Placed(item, whole, parts)
            continue
        done = program.parts[item.part]
        names = (parameter.name for parameter in done.parameters)
        values = dict(zip(names, item.arguments, strict=True))
        inner = (substitute_item(inner, values) for inner in done.items)
        yield from _expand(program, inner, origin, (*parts, done.path))


def _adopt(
    extension: Extension, own: Sequence[Parameter], taken: Sequence[Parameter]
) -> tuple[tuple[Parameter, ...], tuple[Item, ...]]:
    """Return the parameters that an extension adds, and its items over the action's names."""
    values: dict[str, Expression] = {}
    for alias, parameter in zip(extension.parameters, own, strict=False):
        values[alias.name] = Local(parameter.name, parameter.type, parameter.span)
    names = {parameter.name for parameter in taken}
    added = []
    for parameter in extension.parameters[len(own) :]:
        name = fresh_name(parameter.name, names)
        names.add(name)
        values[parameter.name] = Local(name, parameter.type, parameter.span)
        added.append(replace(parameter, name=name))
    return tuple(added), tuple(substitute_item(item, values) for item in extension.items)


def _named(
    placed: Iterable[Placed], action: Action, variants: tuple[Variant, ...]
) -> tuple[tuple[FlatGuard, ...], tuple[FlatUpdate, ...]]:
    """Return flat guards and updates; their labels share one name space."""
    taken: set[str] = set()
    guards, updates = [], []
    for entry in placed:
        label = entry.item.label
        name = fresh_name(label, taken) if label else ""
        taken.add(name)
        dropped_by = droppers(variants, action.path, name) if name else frozenset[str]()
        for part in entry.parts if label else ():
            dropped_by |= droppers(variants, part, label)
        match entry.item:
            case Guard() as guard:
                kind = guard.kind or action.actor.kind
                guards.append(
                    FlatGuard(name, guard.lines, kind, dropped_by, entry.origin, guard.span)
                )
            case Update() as update:
                updates.append(_flat_update(entry, update, name, dropped_by))
    return tuple(guards), tuple(updates)


def _flat_update(
    placed: Placed, update: Update, name: str, dropped_by: frozenset[str]
) -> FlatUpdate:
    return FlatUpdate(
        name=name,
        variable=update.variable,
        indices=update.indices,
        operator=update.operator,
        value=update.value,
        binders=update.binders,
        condition=update.condition,
        dropped_by=dropped_by,
        origin=placed.origin,
        span=update.span,
    )
