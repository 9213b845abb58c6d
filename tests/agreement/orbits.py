"""Count orbits by brute force: every permutation of every sort, on every reachable state."""

from __future__ import annotations

from tests.agreement.recount import renamings_of

from splitspec.model.evaluator import Evaluator
from splitspec.model.scope import State
from splitspec.model.setting import Setting


def count_orbits(setting: Setting) -> int:
    """Return the number of orbits of the reachable states under all renamings of sort elements."""
    evaluator = Evaluator(setting)
    states = _reachable(evaluator)
    renamings = renamings_of(evaluator, setting)
    representatives = set()
    for state in states:
        orbit = {renaming(state) for renaming in renamings}
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
