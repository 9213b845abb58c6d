"""Give a system its adversary (docs/language.md, section 6).

Promises of actors that are not honest are left out, and so are the hostile actions of those that
are. Properties that are claimed of another adversary go. What remains is the transition system of
one run.
"""

from __future__ import annotations

from dataclasses import replace

from splitspec.model.ir import ActorKind, FlatAction, FlatGuard, System, Variable


def restrict(system: System, given: frozenset[ActorKind]) -> System:
    """Return the system in which exactly the actors of `given` are honest."""
    return replace(
        system,
        given=given,
        actions=tuple(
            replace(action, guards=tuple(g for g in action.guards if is_in_force(g, given)))
            for action in system.actions
            if exists(action, given)
        ),
        properties={path: p for path, p in system.properties.items() if p.given == given},
    )


def is_in_force(guard: FlatGuard, given: frozenset[ActorKind]) -> bool:
    """Whether the guard holds: it is enforced, or the promise of an honest actor."""
    return not guard.kind.is_untrusted or guard.kind in given


def exists(action: FlatAction, given: frozenset[ActorKind]) -> bool:
    """Whether the action can happen at all: honest actors take no hostile actions."""
    return not (action.hostile and action.actor.kind in given)


def exact_counters(system: System) -> tuple[Variable, ...]:
    """Return the counters that are claimed to be exact in this run, in order of declaration."""
    return tuple(
        variable
        for variable in system.variables.values()
        if variable.counted is not None and variable.counted.given <= system.given
    )
