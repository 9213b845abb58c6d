"""Which bindings of its parameters enable an action in a state, in the order of the values.

Parameters are bound one after the other. A conjunct of a guard is checked as soon as it can be, so
that a false one spares all that would follow; and where a conjunct says `f[a, b] = p` of the next
parameter, its value is read off instead of being tried.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import MappingProxyType

from splitspec.model.composition import (
    ComposedAction,
    ComposedGuard,
    Routed,
    parameter_meant,
    route,
)
from splitspec.model.frozen import frozen
from splitspec.model.ir import Equal, Expression, Local, Parameter, Value
from splitspec.model.valuation import Environment, Moment

Binding = dict[str, Value]
NOTHING: Environment = MappingProxyType({})


@frozen
class Level:
    """What is done when a parameter is bound: its value comes from `source`, if there is one, else
    from all values of its type, and must pass the checks."""

    parameter: Parameter
    source: Routed | None
    checks: tuple[Routed, ...]


@frozen
class Plan:
    """The order of binding and checking for one action."""

    checks: tuple[Routed, ...]  # those that need no parameter
    levels: tuple[Level, ...]


def plan(action: ComposedAction, without: str | None = None) -> Plan:
    """Return the order in which to bind the parameters; guard `without` is left out."""
    guards = (guard for guard in action.guards if guard.name != without)
    waiting = [conjunct for guard in guards for conjunct in guard.conjuncts]
    bound: set[str] = set()
    first = _ready(waiting, bound)
    levels = []
    for parameter in action.parameters:
        waiting = [conjunct for conjunct in waiting if not conjunct.needs <= bound]
        source = _source(waiting, parameter.name, bound)
        bound.add(parameter.name)
        levels.append(Level(parameter, source, _ready(waiting, bound)))
    return Plan(first, tuple(levels))


def bindings(plan: Plan, moment: Moment, fixed: Environment = NOTHING) -> Iterator[Binding]:
    """Iterate over the bindings that satisfy the guards, of those with the `fixed` values; each is
    valid until the next."""
    if _pass(plan.checks, moment, {}):
        yield from _bind(plan.levels, moment, fixed, {}, 0)


def refuses(guard: ComposedGuard, moment: Moment, binding: Environment) -> bool:
    """Return whether the guard is false for the binding."""
    return not _pass(guard.conjuncts, moment, binding)


def _bind(
    levels: tuple[Level, ...], moment: Moment, fixed: Environment, binding: Binding, number: int
) -> Iterator[Binding]:
    if number == len(levels):
        yield binding
        return
    level = levels[number]
    for value in _candidates(level, moment, fixed, binding):
        binding[level.parameter.name] = value
        if _pass(level.checks, moment, binding):
            yield from _bind(levels, moment, fixed, binding, number + 1)


def _candidates(
    level: Level, moment: Moment, fixed: Environment, binding: Binding
) -> tuple[Value, ...]:
    name = level.parameter.name
    values = (fixed[name],) if name in fixed else moment.universe.values(level.parameter.type)
    if level.source is None:
        return values
    value = moment.at(level.source, binding)
    return (value,) if value in values else ()


def _pass(checks: Iterable[Routed], moment: Moment, binding: Environment) -> bool:
    for check in checks:  # noqa: SIM110 - a generator costs evaluators a tenth of their time
        if not moment.at(check, binding):
            return False
    return True


def _ready(waiting: Iterable[Routed], bound: set[str]) -> tuple[Routed, ...]:
    return tuple(conjunct for conjunct in waiting if conjunct.needs <= bound)


def _source(waiting: Iterable[Routed], name: str, bound: set[str]) -> Routed | None:
    """Return the first expression over bound parameters that a conjunct equates with parameter
    `name`.
    """
    for conjunct in waiting:
        for mine, other in _sides(conjunct.expression):
            if isinstance(mine, Local) and parameter_meant(conjunct.route, mine.name) == name:
                source = route(other, conjunct.site)
                if source.needs <= bound:
                    return source
    return None


def _sides(expression: Expression) -> Iterator[tuple[Expression, Expression]]:
    if isinstance(expression, Equal):
        yield expression.left, expression.right
        yield expression.right, expression.left
