"""Count orbits by brute force: every permutation of every sort, on every reachable state."""

from __future__ import annotations

from itertools import permutations, product

from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import Value
from splitspec.model.scope import State
from splitspec.model.setting import Setting
from splitspec.model.types import Option, Sort, Type

Renaming = dict[str, tuple[int, ...]]


def count_orbits(setting: Setting) -> int:
    """Return the number of orbits of the reachable states under all renamings of sort elements."""
    evaluator = Evaluator(setting)
    states = _reachable(evaluator)
    renamings = _renamings(setting)
    representatives = set()
    for state in states:
        orbit = {_rename(evaluator, state, renaming) for renaming in renamings}
        assert orbit <= states, "a renamed reachable state is not reachable"
        representatives.add(min(orbit, key=repr))
    return len(representatives)


def _reachable(evaluator: Evaluator) -> set[State]:
    frontier = list(evaluator.initial_states())
    seen = set(frontier)
    while frontier:
        state = frontier.pop()
        for step in evaluator.steps(state):
            successor = step.successor
            if successor is not None and successor not in seen:
                seen.add(successor)
                frontier.append(successor)
    return seen


def _renamings(setting: Setting) -> list[Renaming]:
    """Return all renamings that leave the pinned constants alone."""
    sorts = list(setting.scope.sizes)
    choices = [list(permutations(range(setting.scope.sizes[sort]))) for sort in sorts]
    found = [dict(zip(sorts, chosen, strict=True)) for chosen in product(*choices)]
    return [
        renaming
        for renaming in found
        if all(
            _renamed(value, setting.program.variables[path].type, renaming) == value
            for path, value in setting.scope.pins.items()
        )
    ]


def _renamed(value: Value, type_: Type, renaming: Renaming) -> Value:
    if value is None:
        return None
    if isinstance(type_, Option):
        type_ = type_.of
    return renaming[type_.path][int(value)] if isinstance(type_, Sort) else value


def _rename(evaluator: Evaluator, state: State, renaming: Renaming) -> State:
    places = evaluator.places
    renamed: list[Value] = list(state)
    for value, (variable, indices) in zip(state, places, strict=True):
        moved = [_renamed(i, t, renaming) for i, t in zip(indices, variable.indices, strict=True)]
        place = places.place(variable.path, moved)
        renamed[place] = _renamed(value, variable.type, renaming)
    return tuple(renamed)
