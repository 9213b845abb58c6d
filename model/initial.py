"""The states in which a program starts: every value of the constants that the assumptions allow,
the first value of everything else unless `init` gives another, and counters at what they count
(docs/language.md, section 3).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import assert_never

from splitspec.model.composition import ComposedUpdate, Site
from splitspec.model.expressions import variables_read
from splitspec.model.ir import Program, Update, Value, Variable, VariableKind
from splitspec.model.scope import Places, State
from splitspec.model.transition import Writing, highest, total, write
from splitspec.model.types import (
    Boolean,
    Enumeration,
    Integer,
    Natural,
    Nothing,
    Option,
    Range,
    Sort,
)
from splitspec.model.valuation import Moment, Universe


def initial_states(program: Program, universe: Universe) -> Iterator[State]:
    """Iterate over the initial states, in the order of the constants' values."""
    for moment in _rigid_moments(program, universe):
        written = _initialise(program.initial, moment)
        _check_sorts(universe.places, written)
        yield _count(program.variables.values(), Moment(universe, written))


def ill_begun(program: Program, universe: Universe) -> tuple[Update, str] | None:
    """Return the first line of `init` that gives a place a second value, or one that it cannot
    have, and what is wrong in words.

    What the types exclude is not tried: most programs need no look at their constants. Those on
    which nothing of this depends keep one value.
    """
    targets = [update.variable for update in program.initial]
    ends = {path: highest(program.variables[path], universe.places) for path in targets}
    if len(ends) == len(targets) and not any(end is not None for end in ends.values()):
        return None
    names, variables = universe.places.names, [variable for variable, _ in universe.places]
    for moment in _rigid_moments(program, universe, _read_at_first(program)):
        for place, writing in _written(program.initial, moment).items():
            (_, value), last = writing[0], writing[-1][0].update
            if len(writing) > 1:
                return last, f"`init` gives {names[place]} two values"
            end = ends[variables[place].path]
            if end is not None and value is not None and not 0 <= value <= end:
                return last, f"`init` gives {names[place]} the value {value}, outside 0..{end}"
    return None


def counted(counter: Variable, moment: Moment) -> Iterator[tuple[int, int]]:
    """Iterate over the places of a counter, each with the number of what it counts in the state."""
    assert counter.counted is not None
    keys, binders = counter.counted.keys, counter.counted.binders
    for env in moment.universe.bindings(keys, {}):
        place = moment.universe.place(counter.path, [env[key.name] for key in keys])
        inner = moment.universe.bindings(binders, env)
        yield place, sum(moment.holds(counter.counted.condition, each) for each in inner)


def _read_at_first(program: Program) -> frozenset[str]:
    """Return what `init` and the assumptions may read, by definitions, too."""
    terms = [definition.body for definition in program.definitions.values()]
    terms += [line.expression for assumption in program.assumptions for line in assumption.lines]
    for update in program.initial:
        terms += [*update.indices, update.value]
        terms += [] if update.condition is None else [update.condition]
    return variables_read(terms)


def _rigid_moments(
    program: Program, universe: Universe, varied: frozenset[str] | None = None
) -> Iterator[Moment]:
    """Iterate over the values of the constants that the assumptions allow: of all, or of those that
    are `varied`."""
    lines = [line for assumption in program.assumptions for line in assumption.lines]
    for state in _rigid_states(universe.places, varied):
        moment = Moment(universe, state)
        if all(moment.holds(line.expression, {}) for line in lines):
            yield moment


def _rigid_states(places: Places, varied: frozenset[str] | None) -> Iterator[State]:
    """Iterate over the values of the constants that are `varied`, all if it is None, everything
    else at its first value."""
    choices: list[tuple[Value, ...]] = []
    for variable, _ in places:
        if variable.kind is not VariableKind.CONSTANT:
            choices.append((_first(variable),))
        elif variable.path in places.scope.pins:
            choices.append((places.scope.pins[variable.path],))
        else:
            values = places.scope.values(variable.type, places.scope.bound(variable))
            choices.append(values if varied is None or variable.path in varied else values[:1])
    return product(*choices)


def _first(variable: Variable) -> Value:
    match variable.type:
        case Boolean():
            return False
        case Enumeration() | Range() | Natural():
            return 0
        case Option():
            return None
        case Sort():
            return None  # It has no first value: `init` must give one.
        case Integer() | Nothing():
            raise AssertionError(f"{variable.path} has type {variable.type}")
        case _:
            assert_never(variable.type)


def _initialise(updates: Iterable[Update], moment: Moment) -> State:
    state = list(moment.state)
    for place, writing in _written(updates, moment).items():
        state[place] = total(writing, moment.state[place])
    return tuple(state)


def _written(updates: Iterable[Update], moment: Moment) -> dict[int, Writing]:
    composed = (ComposedUpdate(update.label, update, Site(), ()) for update in updates)
    return write(composed, moment, {})


def _check_sorts(places: Places, state: State) -> None:
    for (variable, _), value, name in zip(places, state, places.names, strict=True):
        lacking = isinstance(variable.type, Sort) and value is None
        assert not lacking, f"init gives {name} no value"


def _count(variables: Iterable[Variable], moment: Moment) -> State:
    state = list(moment.state)
    for variable in variables:
        if variable.counted is not None:
            for place, number in counted(variable, moment):
                state[place] = number
    return tuple(state)
