"""Say which actions, guards and updates exist for which variants, so that all variants share one
system.

A changed action stands beside the original: the same path, one absent for the variant, the other
only for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from splitspec.model.frozen import frozen
from splitspec.model.ir import Action, Add, Change, Drop, Expression, Local, System, Variant
from splitspec.model.passes.substitute import substitute_item


@frozen
class Version:
    """An action with the variants in which it is absent, and those in which alone it exists."""

    action: Action
    absent_for: frozenset[str] = frozenset()
    only_for: frozenset[str] | None = None


def versions(actions: Iterable[Action], variants: tuple[Variant, ...]) -> Iterator[Version]:
    """Iterate over the actions, each followed by its changed versions, then the added ones."""
    for action in actions:
        changes = [
            (variant.name, difference)
            for variant in variants
            for difference in variant.differences
            if isinstance(difference, Change) and difference.action == action.path
        ]
        yield Version(action, absent_for=frozenset(name for name, _ in changes))
        for name, change in changes:
            yield Version(_changed(action, change), only_for=frozenset({name}))
    for variant in variants:
        for difference in variant.differences:
            if isinstance(difference, Add):
                yield Version(difference.action, only_for=frozenset({variant.name}))


def _changed(action: Action, change: Change) -> Action:
    """Return the action with the new items, over its own names: its actor refers to them."""
    values: dict[str, Expression] = {
        alias.name: Local(parameter.name, parameter.type, parameter.span)
        for alias, parameter in zip(change.parameters, action.parameters, strict=True)
    }
    items = tuple(substitute_item(item, values) for item in change.items)
    return replace(action, items=items, span=change.span)


def droppers(variants: Iterable[Variant], owner: str, label: str) -> frozenset[str]:
    """Return the names of the variants that drop `label` of the action or part `owner`."""
    return frozenset(
        variant.name
        for variant in variants
        for difference in variant.differences
        if isinstance(difference, Drop) and difference.owner == owner and difference.label == label
    )


def while_on(system: System, variants: frozenset[str]) -> System:
    """Return what exists of a system while exactly these of its variants are on."""
    return replace(
        system,
        actions=tuple(
            replace(
                action,
                guards=tuple(g for g in action.guards if not g.dropped_by & variants),
                updates=tuple(u for u in action.updates if not u.dropped_by & variants),
            )
            for action in system.actions
            if not action.absent_for & variants
            and (action.only_for is None or action.only_for & variants)
        ),
    )
