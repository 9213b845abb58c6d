"""States that a program can reach, found by walking at random.

The evaluator takes the steps: a state that it reaches refutes whatever is false there.
"""

from __future__ import annotations

import random
from itertools import islice

from splitspec.model.evaluator import Evaluator
from splitspec.model.scope import State

STARTS_MAX = 64


def walk(evaluator: Evaluator, *, states: int, depth: int, seed: int) -> list[State]:
    """Return about so many different states, initial ones among them, from walks of a depth."""
    chance = random.Random(seed)
    starts = list(islice(evaluator.initial_states(), STARTS_MAX))
    found = dict.fromkeys(starts)
    if not starts:
        return []
    actions = list(evaluator.actions)
    for _ in range(states):
        state: State | None = chance.choice(starts)
        for _ in range(depth):
            assert state is not None
            following = _step(evaluator, state, actions, chance)
            if following is None:
                break
            state = following
            found[state] = None
            if len(found) >= states:
                return list(found)
    return list(found)


def _step(
    evaluator: Evaluator, state: State, actions: list[str], chance: random.Random
) -> State | None:
    """Return the state after a step: every action that can happen is as likely as the others."""
    chance.shuffle(actions)
    for action in actions:
        after = {
            step.successor: None
            for step in evaluator.steps_of(action, state)
            if step.successor is not None and step.successor != state
        }
        if after:
            return chance.choice(list(after))
    return None
