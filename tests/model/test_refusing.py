"""What is remembered of guards is what they say: in every state, of every instance."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from tests.agreement.random_systems import RandomSystem, random_systems
from tests.model.conftest import Build

from splitspec.model import refusing
from splitspec.model.composition import ComposedGuard
from splitspec.model.enumeration import refuses
from splitspec.model.evaluator import Evaluator
from splitspec.model.loader import load
from splitspec.model.scope import Scope, State
from splitspec.model.setting import Setting
from splitspec.model.valuation import Environment, Moment
from splitspec.refinement.target import evaluator_of

# What `some_free` reads depends on what it reads first, and `near` on two parameters of three.
SHELVES = """
sort Shelf
sort Box
enum Kind = open_to_all | locked

var kind[Shelf]: Kind                        # who may use a shelf
var on[Box]: Shelf?                          # where a box stands
var watched: bool                            # somebody looks

action put(b: Box, s: Shelf, t: Shelf) by kernel
  when out:       on[b] = none
  when near:      s = t or kind[s] = open_to_all
  when some_free: if watched then (no c: Box: on[c] = s) else kind[t] = open_to_all
  on[b] := s

action take(b: Box) by kernel
  when stands: on[b] != none
  on[b] := none

action lock_up(s: Shelf) by kernel
  when unwatched: not watched
  when all_the_same: kind[s] = kind[s]
  kind[s] := locked

action look() by host
  watched := true
"""
SHIPPED = ("granting", "teardown", "chain", "shootdown", "randomness")


def reached(evaluator: Evaluator, most: int) -> Iterator[State]:
    """Iterate over states, the nearest first."""
    seen = dict.fromkeys(evaluator.initial_states())
    waiting = list(seen)
    while waiting and len(seen) < most:
        state = waiting.pop(0)
        for step in evaluator.steps(state):
            if step.successor is not None and step.successor not in seen:
                seen[step.successor] = None
                waiting.append(step.successor)
    yield from seen


def differing(evaluator: Evaluator, most: int) -> list[tuple[State, str]]:
    """Return where what is remembered is not what is so; each state is asked for twice."""
    found = []
    states = list(reached(evaluator, most))
    for state in (*states, *reversed(states)):
        for path, action in evaluator.actions.items():
            domains = [evaluator.universe.values(p.type) for p in action.parameters]
            names = [p.name for p in action.parameters]
            for values in product(*domains):
                binding = dict(zip(names, values, strict=True))
                said = evaluator.refusing(path).guards(state, binding)
                if said != evaluator.refusals(state, path, binding):
                    found.append((state, path))
    return found


def test_what_is_read_may_depend_on_what_was_read_before(build: Build) -> None:
    evaluator = build(SHELVES)
    assert len(list(reached(evaluator, 1_000))) > 50
    assert differing(evaluator, 1_000) == []


def test_what_was_forgotten_is_found_out_again(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusing, "REMEMBERED", 2)
    assert differing(build(SHELVES), 1_000) == []


def test_a_guard_is_evaluated_once_for_what_it_reads(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`all_the_same` reads one place, which has two values, for each of two shelves."""
    asked: list[str] = []

    def counted(guard: ComposedGuard, moment: Moment, binding: Environment) -> bool:
        asked.append(guard.name)
        return refuses(guard, moment, binding)

    monkeypatch.setattr(refusing, "refuses", counted)
    assert differing(build(SHELVES), 1_000) == []
    assert asked.count("all_the_same") == 4
    assert asked.count("unwatched") == 2


@pytest.mark.parametrize("name", SHIPPED)
def test_the_guards_of_the_shipped_modules_say_the_same(name: str) -> None:
    assert differing(evaluator_of(f"splitspec:{name}"), 60) == []


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(random_systems(naturals=False))
def test_the_guards_of_programs_that_nobody_chose_say_the_same(system: RandomSystem) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "random.split"
        path.write_text(system.text)
        program = load(path).program
    assert program is not None, system.text
    sizes = {f"random.{sort}": min(size, 2) for sort, size in system.sizes.items()}
    evaluator = Evaluator(Setting("random", program, Scope(sizes, {}, {}), frozenset(), None, ()))
    assert differing(evaluator, 40) == []
