"""Count a run's states, transitions and depth again, by the evaluator and brute-force orbits.

A second witness for counts that the native engine found: no pass, no compiled code and no layout
is shared with it. One state of every orbit is expanded, and counts for as many states as the orbit
has; so the figures are those of the whole space. That a renamed state has the renamed steps is what
makes it right, and is tried on some states of every run.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations, product

from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import Value
from splitspec.model.scope import State
from splitspec.model.setting import Setting
from splitspec.model.types import Option, Sort, Type

STATES_BETWEEN_TRIALS = 5000


@dataclass(frozen=True, slots=True)
class Figures:
    """What is counted over the whole space; `orbits` is what symmetry reduction leaves of it."""

    states: int
    transitions: int
    depth: int
    orbits: int


@dataclass(frozen=True, slots=True)
class Renaming:
    """What a renaming of elements makes of a state.

    Place `i` of the new state holds the value of place `sources[i]` of the old one, renamed by
    `values[i]`, None where the values of the place are no elements.
    """

    sources: tuple[int, ...]
    values: tuple[dict[Value, Value] | None, ...]

    def __call__(self, state: State) -> State:
        return tuple(
            state[source] if values is None else values[state[source]]
            for source, values in zip(self.sources, self.values, strict=True)
        )


def recount(setting: Setting, sliced: frozenset[str] = frozenset()) -> Figures:
    """Return the figures of a run, states told apart by what is not `sliced`."""
    evaluator = Evaluator(setting, sliced)
    renamings = renamings_of(evaluator, setting)
    seen: set[State] = set()
    states = transitions = depth = expanded = 0
    frontier = _unseen(evaluator, renamings, list(evaluator.initial_states()), seen)
    level = 0
    while frontier:
        depth = level
        reached: list[State] = []
        for state, size in frontier:
            steps = list(evaluator.steps(state))
            states += size
            transitions += size * len(steps)
            after = [step.successor for step in steps if step.successor is not None]
            if expanded % STATES_BETWEEN_TRIALS == 0:
                _try_equivariance(evaluator, renamings, state, after)
            expanded += 1
            reached.extend(after)
        frontier = _unseen(evaluator, renamings, reached, seen)
        level += 1
    return Figures(states, transitions, depth, expanded)


def renamings_of(evaluator: Evaluator, setting: Setting) -> tuple[Renaming, ...]:
    """Return all renamings of sort elements that leave the pinned constants alone."""
    sorts = list(setting.scope.sizes)
    choices = [list(permutations(range(setting.scope.sizes[sort]))) for sort in sorts]
    found = [dict(zip(sorts, chosen, strict=True)) for chosen in product(*choices)]
    pins = [
        (setting.program.variables[path].type, value) for path, value in setting.scope.pins.items()
    ]
    return tuple(
        _renaming(evaluator, elements)
        for elements in found
        if all(_renamed(value, type_, elements) == value for type_, value in pins)
    )


def _renaming(evaluator: Evaluator, elements: dict[str, tuple[int, ...]]) -> Renaming:
    places = evaluator.places
    sources, values = [0] * len(list(places)), dict[int, dict[Value, Value] | None]()
    for number, (variable, indices) in enumerate(places):
        moved = [_renamed(i, t, elements) for i, t in zip(indices, variable.indices, strict=True)]
        place = places.place(variable.path, moved)
        sources[place] = number
        type_ = variable.type.of if isinstance(variable.type, Option) else variable.type
        values[place] = None
        if isinstance(type_, Sort):
            order = elements[type_.path]
            values[place] = {None: None, **{old: order[old] for old in range(len(order))}}
    return Renaming(tuple(sources), tuple(values[place] for place in range(len(sources))))


def _renamed(value: Value, type_: Type, elements: dict[str, tuple[int, ...]]) -> Value:
    if value is None:
        return None
    if isinstance(type_, Option):
        type_ = type_.of
    return elements[type_.path][int(value)] if isinstance(type_, Sort) else value


def _unseen(
    evaluator: Evaluator,
    renamings: tuple[Renaming, ...],
    states: list[State],
    seen: set[State],
) -> list[tuple[State, int]]:
    """Return the states of new orbits, one each, with the size of the orbit; see them all."""
    new: list[tuple[State, int]] = []
    for state in states:
        if evaluator.kept(state) in seen:
            continue
        orbit = {evaluator.kept(renaming(state)) for renaming in renamings}
        seen |= orbit
        new.append((state, len(orbit)))
    return new


def _try_equivariance(
    evaluator: Evaluator, renamings: tuple[Renaming, ...], state: State, after: list[State]
) -> None:
    for renaming in renamings:
        expected = sorted(repr(renaming(each)) for each in after)
        steps = evaluator.steps(renaming(state))
        got = sorted(repr(step.successor) for step in steps if step.successor is not None)
        assert got == expected, "a renamed state has not the renamed steps"
