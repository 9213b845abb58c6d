"""What an action consists of in one run: its own guards and updates, those of the parts that it
does, and those of its extensions (docs/language.md, sections 5 to 7 and 9).

Nothing is substituted. An item keeps its text, and a *route* says what its names mean: how the
parameters of the part or extension in which it was written follow from the parameters of the
action.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace

from splitspec.model.frozen import frozen
from splitspec.model.ir import (
    Action,
    Actor,
    ActorKind,
    Add,
    Change,
    Do,
    Drop,
    Expression,
    Extension,
    Guard,
    Item,
    Local,
    Parameter,
    Program,
    Update,
    Variant,
)
from splitspec.model.source import Span
from splitspec.model.terms import conjuncts, free_locals, free_locals_of

Route = tuple[Mapping[str, Expression], ...]
"""What the names of an inner site mean, in terms of the next outer one; the outermost comes
first.
"""


@frozen
class Site:
    """Where an item was written. An action is the outermost site; a part and an extension stand
    inside another, and their parameters are `arguments` over its names."""

    arguments: Mapping[str, Expression] = field(default_factory=dict)
    outer: Site | None = None


@frozen
class Routed:
    """An expression with the route from the action's parameters to the names in it.

    `needs` are the parameters of the action on which the value depends.
    """

    expression: Expression
    site: Site
    route: Route
    needs: frozenset[str]


@frozen
class ComposedGuard:
    """A guard that holds iff all its conjuncts do."""

    name: str
    conjuncts: tuple[Routed, ...]
    guard: Guard


@frozen
class ComposedUpdate:
    """An update, with the route to its free names."""

    name: str
    update: Update
    site: Site
    route: Route


@frozen
class ComposedAction:
    """An atomic step as it can happen in one run: promises that nobody gave are left out."""

    path: str
    parameters: tuple[Parameter, ...]
    actor: Actor
    hostile: bool
    guards: tuple[ComposedGuard, ...]
    updates: tuple[ComposedUpdate, ...]
    span: Span


def compose(
    program: Program, given: frozenset[ActorKind], variant: Variant | None
) -> tuple[ComposedAction, ...]:
    """Return the actions of a run, in order of declaration; those that a variant adds come last."""
    differences = () if variant is None else variant.differences
    actions = [*program.actions.values()]
    actions += [d.action for d in differences if isinstance(d, Add)]
    dropped = frozenset((d.owner, d.label) for d in differences if isinstance(d, Drop))
    changes = {d.action: d for d in differences if isinstance(d, Change)}
    return tuple(
        _compose_action(program, action, changes.get(action.path), dropped, given)
        for action in actions
        if not (action.hostile and action.actor.kind in given)
    )


@frozen
class _Found:
    """An item with its site and the paths of the action and the parts that it belongs to."""

    item: Guard | Update
    site: Site
    owners: tuple[str, ...]


def _compose_action(
    program: Program,
    action: Action,
    change: Change | None,
    dropped: frozenset[tuple[str, str]],
    given: frozenset[ActorKind],
) -> ComposedAction:
    outermost, owners = Site(), (action.path,)
    parameters = list(action.parameters)
    site, items = outermost, action.items
    if change is not None:
        site, items = Site(_renaming(change.parameters, parameters), outermost), change.items
    found = [*_find(program, items, site, owners)]
    for extension in program.extensions:
        if extension.action == action.path:
            further = _further(extension, action, parameters)
            parameters += further
            names = _renaming(extension.parameters, [*action.parameters, *further])
            found += _find(program, extension.items, Site(names, outermost), owners)
    guards, updates = _name(found, dropped, action.actor.kind, given)
    return ComposedAction(
        action.path,
        tuple(parameters),
        action.actor,
        action.hostile,
        guards,
        updates,
        action.span,
    )


def _further(extension: Extension, action: Action, taken: Iterable[Parameter]) -> list[Parameter]:
    """Return the parameters that the extension adds, under names that are not taken."""
    names = {parameter.name for parameter in taken}
    added = extension.parameters[len(action.parameters) :]
    return [replace(parameter, name=_fresh(parameter.name, names)) for parameter in added]


def _find(
    program: Program, items: Iterable[Item], site: Site, owners: tuple[str, ...]
) -> Iterator[_Found]:
    """Iterate over guards and updates as written, those of a part where it is done."""
    for item in items:
        if isinstance(item, Do):
            part = program.parts[item.part]
            names = (parameter.name for parameter in part.parameters)
            inside = Site(dict(zip(names, item.arguments, strict=True)), site)
            yield from _find(program, part.items, inside, (*owners, part.path))
        else:
            yield _Found(item, site, owners)


def _name(
    found: Iterable[_Found],
    dropped: frozenset[tuple[str, str]],
    actor: ActorKind,
    given: frozenset[ActorKind],
) -> tuple[tuple[ComposedGuard, ...], tuple[ComposedUpdate, ...]]:
    """Name every item, then leave out what the variant drops and what nobody promised."""
    taken: set[str] = set()
    guards: list[ComposedGuard] = []
    updates: list[ComposedUpdate] = []
    for entry in found:
        label = entry.item.label
        name = _fresh(label, taken) if label else ""
        taken.add(name)
        action, *parts = entry.owners
        if (action, name) in dropped or any((part, label) in dropped for part in parts):
            continue
        match entry.item:
            case Guard() as guard:
                kind = guard.kind or actor
                if not kind.is_untrusted or kind in given:
                    parts_of_it = (c for line in guard.lines for c in conjuncts(line.expression))
                    routed = tuple(route(c, entry.site) for c in parts_of_it)
                    guards.append(ComposedGuard(name, routed, guard))
            case Update() as update:
                way, _ = _route(_free_names(update), entry.site)
                updates.append(ComposedUpdate(name, update, entry.site, way))
    return tuple(guards), tuple(updates)


def route(expression: Expression, site: Site) -> Routed:
    """Return the expression with the way to it from the action's parameters."""
    way, needs = _route(free_locals(expression), site)
    return Routed(expression, site, way, needs)


def _route(names: frozenset[str], site: Site) -> tuple[Route, frozenset[str]]:
    """Return the route to `names` at a site, and the action's parameters with which it begins."""
    way: list[Mapping[str, Expression]] = []
    while site.outer is not None:
        meaning = {name: site.arguments[name] for name in sorted(names)}
        way.insert(0, meaning)
        names = free_locals_of(meaning.values())
        site = site.outer
    return tuple(way), names


def parameter_meant(route: Route, name: str) -> str | None:
    """Return the parameter of the action that a name stands for, if it is nothing more."""
    for meaning in reversed(route):
        argument = meaning[name]
        if not isinstance(argument, Local):
            return None
        name = argument.name
    return name


def _free_names(update: Update) -> frozenset[str]:
    condition = () if update.condition is None else (update.condition,)
    names = free_locals_of((*update.indices, update.value, *condition))
    return names - {binder.name for binder in update.binders}


def _renaming(names: Iterable[Parameter], parameters: Iterable[Parameter]) -> dict[str, Expression]:
    """Return what the names stand for, in order: the action's own parameters."""
    return {
        name.name: Local(parameter.name, parameter.type, parameter.span)
        for name, parameter in zip(names, parameters, strict=True)
    }


def _fresh(name: str, taken: set[str]) -> str:
    """Return the name, numbered from the second time: `share`, `share_2`."""
    number, fresh = 1, name
    while fresh in taken:
        number += 1
        fresh = f"{name}_{number}"
    return fresh
