"""The evaluator finds the numbers that others published (`models.toml` beside says where)."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import Value
from splitspec.model.loader import load
from splitspec.model.manifest import load_manifest
from splitspec.model.manifest_entry import ModelEntry
from splitspec.model.manifest_scope import scope_of
from splitspec.model.scope import Places, State
from splitspec.model.setting import Setting, properties_under
from splitspec.model.types import Option, Sort, Type

FOLDER = Path(__file__).parent
MODELS = load_manifest(FOLDER / "models.toml").models
# The others are for faster engines.
SMALL = ("peterson", "transaction-commit", "two-phase-commit")


def _evaluator(entry: ModelEntry) -> Evaluator:
    program = load(FOLDER / f"{entry.module}.split").program
    assert program is not None
    scope = scope_of(entry, program).scope
    assert scope is not None
    claims = properties_under(program, frozenset())
    return Evaluator(Setting(entry.name, program, scope, properties=claims))


def _explore(evaluator: Evaluator) -> tuple[list[State], int, int]:
    """Return the reachable states, the number of transitions, and the depth."""
    level = list(evaluator.initial_states())
    seen = dict.fromkeys(level)
    transitions = depth = 0
    while True:
        following = []
        for state in level:
            for step in evaluator.steps(state):
                transitions += 1
                assert step.successor is not None
                if step.successor not in seen:
                    seen[step.successor] = None
                    following.append(step.successor)
        if not following:
            return list(seen), transitions, depth
        level, depth = following, depth + 1


@pytest.mark.parametrize("name", SMALL)
def test_the_evaluator_finds_the_published_numbers(name: str) -> None:
    states, transitions, depth = _explore(_evaluator(MODELS[name]))
    (expected,) = MODELS[name].runs
    assert (len(states), transitions) == (expected.states, expected.transitions)
    assert expected.depth in (depth, None)


@pytest.mark.parametrize("name", SMALL)
def test_the_invariants_of_the_classics_hold_and_their_witnesses_are_reached(name: str) -> None:
    evaluator = _evaluator(MODELS[name])
    states, _, _ = _explore(evaluator)
    invariants = [c.path for c in evaluator.setting.claims if c.kind.value == "invariant"]
    witnesses = [c.path for c in evaluator.setting.claims if c.kind.value == "witness"]
    assert invariants
    assert witnesses
    assert all(evaluator.holds(path, state) for path in invariants for state in states)
    assert all(any(evaluator.holds(path, state) for state in states) for path in witnesses)
    assert not any(evaluator.is_deadlocked(state) for state in states)


def test_peterson_has_the_published_number_of_orbits() -> None:
    """Murphi counts one state of each set that differs only in the names of the processes."""
    evaluator = _evaluator(MODELS["peterson"])
    states, _, _ = _explore(evaluator)
    orbits = {
        min(_renamed(state, evaluator.places, names) for names in permutations(range(3)))
        for state in states
    }
    assert len(orbits) == MODELS["peterson"].runs[0].orbits


def _renamed(state: State, places: Places, names: tuple[int, ...]) -> tuple[int, ...]:
    """Return the state after renaming the elements of the one sort; `none` becomes -1."""
    renamed = [0] * len(state)
    for value, (variable, indices) in zip(state, places, strict=True):
        moved = [_rename(i, t, names) for i, t in zip(indices, variable.indices, strict=True)]
        new = _rename(value, variable.type, names)
        renamed[places.place(variable.path, moved)] = -1 if new is None else int(new)
    return tuple(renamed)


def _rename(value: Value, type_: Type, names: tuple[int, ...]) -> Value:
    inner = type_.of if isinstance(type_, Option) else type_
    return names[value] if isinstance(inner, Sort) and value is not None else value
