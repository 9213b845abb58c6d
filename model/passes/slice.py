"""Leave out the variables that nothing of a run reads (the cone of influence).

Kept is what guards, properties, finals, assumptions and obligations read, and, as long as anything
is added, what the updates, initial values and counted conditions of kept variables read. Updates of
the others go; every action, guard and parameter stays, so that transitions are the same ones.

Soundness: a step of the sliced system is the projection of a step of the whole, and each step of
the whole has its projection, because no guard, and no value that is kept, depends on what was left
out; a variable whose updates might fail an obligation is kept, so no step is lost or gained by
that. One claim is relative to the run: a *deadlock* is a state in which no step changes anything
that the run reads.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from splitspec.model.expressions import variables_read
from splitspec.model.ir import (
    Counted,
    Expression,
    FlatUpdate,
    Line,
    System,
    Variable,
)
from splitspec.model.passes.oblige import touched_by_obligations
from splitspec.model.passes.restrict import exact_counters
from splitspec.model.types import Option, Range


def slice_unread(
    system: System, selected: Collection[str] | None = None, observed: Collection[Expression] = ()
) -> System:
    """Return the system with the selected properties (None: all) and the variables that these need,
    and what is `observed`, whose values matter to somebody outside."""
    if selected is not None:
        chosen = {path: p for path, p in system.properties.items() if path in selected}
        system = replace(system, properties=chosen)
    kept = cone(system, observed)
    actions = tuple(
        replace(action, updates=tuple(u for u in action.updates if u.variable in kept))
        for action in system.actions
    )
    return replace(
        system,
        variables={path: v for path, v in system.variables.items() if path in kept},
        initial=tuple(update for update in system.initial if update.variable in kept),
        actions=actions,
        sliced=(*system.sliced, *(path for path in system.variables if path not in kept)),
    )


def cone(system: System, observed: Collection[Expression] = ()) -> frozenset[str]:
    """Return the paths of the variables on which a verdict of the run, or a value that is observed,
    can depend."""
    kept = set(variables_read((*_roots(system), *observed)))
    kept.update(counter.path for counter in exact_counters(system))
    kept.update(touched_by_obligations(system))
    kept.update(_ends_of_ranges(system.variables.values()))
    todo = list(kept)
    while todo:
        for path in _sources(system, todo.pop()) - kept:
            kept.add(path)
            todo.append(path)
    return frozenset(kept)


def _roots(system: System) -> Iterator[Expression]:
    """Iterate over the expressions whose value matters by itself."""
    for action in system.actions:
        for guard in action.guards:
            yield from _terms(guard.lines)
        yield from action.lost
    for entry in system.forgotten:
        yield entry.condition
    for claim in system.properties.values():
        yield from _terms(claim.lines)
    for assumption in system.assumptions:
        yield from _terms(assumption.lines)
    yield from _terms(system.finals)


def _terms(lines: Iterable[Line]) -> Iterator[Expression]:
    return (line.expression for line in lines)


def _sources(system: System, path: str) -> frozenset[str]:
    """Return the variables from which the value of a variable is computed, now or at the start."""
    updates = [u for action in system.actions for u in action.updates if u.variable == path]
    updates += [u for u in system.initial if u.variable == path]
    terms = [term for update in updates for term in _parts(update)]
    counted: Counted | None = system.variables[path].counted
    if counted is not None:
        terms.append(counted.condition)
    return variables_read(terms)


def _parts(update: FlatUpdate) -> Iterator[Expression]:
    yield from update.indices
    yield update.value
    if update.condition is not None:
        yield update.condition


def _ends_of_ranges(variables: Iterable[Variable]) -> Iterator[str]:
    """Iterate over the constants that types name."""
    for variable in variables:
        for type_ in (*variable.indices, variable.type):
            inner = type_.of if isinstance(type_, Option) else type_
            if isinstance(inner, Range) and isinstance(inner.high, str):
                yield inner.high
