"""From an execution that shows a claim to a shorter one that shows it too, within a budget.

Four things are tried, in this order: to leave out rounds that lead back to a state, to leave out
steps (Zeller and Hildebrandt, "Simplifying and
Isolating Failure-Inducing Input", 2002), to explore anew from its first state by the actions that
are left, breadth-first, and to lower the values of parameters. The evaluator takes every step, so
what is returned is an execution and shows the claim. A shortest one it is only when the third did
not run out of the budget, and then among executions of the same actions from the same state.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from splitspec.checker.evidence.execution import Execution, shows
from splitspec.checker.evidence.replay import perform
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import Property, PropertyKind, Value
from splitspec.model.scope import State
from splitspec.model.transition import Transition

BUDGET = 20_000
"""Steps of the evaluator: no seconds, so that a result is the same on every machine."""
ROUNDS_MAX = 20

Calls = list[tuple[str, dict[str, Value]]]
_OF_STEPS = (PropertyKind.STEP, PropertyKind.OVERLAP, PropertyKind.RANGE)


@dataclass(slots=True)
class _Purse:
    left: int
    is_over: Callable[[], bool]

    def pay(self, steps: int) -> bool:
        """Take the price of some steps; False if it cannot be paid, or nobody waits any more."""
        self.left = -1 if self.is_over() else self.left - steps
        return self.left >= 0


def never_over() -> bool:
    """Let the budget alone decide."""
    return False


def minimise(
    evaluator: Evaluator,
    claim: Property,
    execution: Execution,
    budget: int = BUDGET,
    is_over: Callable[[], bool] = never_over,
) -> Execution:
    """Return a shorter execution that shows the claim, or the given one if none is found before
    the budget `is_over`.

    A recoverable claim is left alone: no execution shows it.
    """
    if claim.kind in (PropertyKind.RECOVERABLE, PropertyKind.PROGRESS):
        return execution
    purse = _Purse(budget, is_over)
    smaller = _drop(evaluator, claim, _without_rounds(execution), purse)
    smaller = _explore(evaluator, claim, smaller, purse) or smaller
    if len(smaller.steps) == len(execution.steps):
        return execution  # Other names for the same steps would only confuse who has seen them.
    return _lower(evaluator, claim, smaller, purse)


def minimise_fully(
    evaluator: Evaluator, claim: Property, execution: Execution, is_over: Callable[[], bool]
) -> Execution:
    """Return what minimising again makes no shorter: the same wherever it is shown, if there was
    time for it."""
    for _ in range(ROUNDS_MAX):
        smaller = minimise(evaluator, claim, execution, is_over=is_over)
        if len(smaller.steps) == len(execution.steps):
            break
        execution = smaller
    return execution


def _without_rounds(execution: Execution) -> Execution:
    """Return the execution without what lies between two visits of a state.

    The last step stays, since the claim may be about it.
    """
    count = len(execution.steps)
    if not count:
        return execution
    latest = {state: number for number, state in enumerate(execution.states[:count])}
    states, steps, number = [], [], 0
    while number < count:
        number = latest[execution.states[number]]
        states.append(execution.states[number])
        steps.append(execution.steps[number])
        number += 1
    return Execution((*states, *execution.states[count:]), tuple(steps))


def _calls(execution: Execution) -> Calls:
    return [(step.action, dict(step.binding)) for step in execution.steps]


def _attempt(
    evaluator: Evaluator, claim: Property, calls: Calls, first: State, purse: _Purse
) -> Execution | None:
    """Return the execution of the calls if it is one, and shows the claim."""
    if not purse.pay(len(calls)):
        return None
    execution = perform(evaluator, calls, first)
    if isinstance(execution, Execution) and shows(evaluator, claim, execution):
        return execution
    return None


def _drop(evaluator: Evaluator, claim: Property, execution: Execution, purse: _Purse) -> Execution:
    """Leave out runs of steps, longer ones first, as long as that goes."""
    best, size = execution, max(len(execution.steps) // 2, 1)
    while size >= 1 and purse.left > 0:
        start, shorter = 0, False
        while start < len(best.steps):
            calls = _calls(best)
            del calls[start : start + size]
            found = _attempt(evaluator, claim, calls, best.states[0], purse)
            if found is None:
                start += size
            else:
                best, shorter = found, True
        size = size if shorter else size // 2
    return best


def _explore(
    evaluator: Evaluator, claim: Property, execution: Execution, purse: _Purse
) -> Execution | None:
    """Return a shortest execution of the same actions from the same state, None if there is no
    shorter one, or if the budget does not last."""
    actions = list(dict.fromkeys(step.action for step in execution.steps))
    first = execution.states[0]
    level: list[State] = [first]
    origin: dict[State, tuple[State, Transition] | None] = {first: None}
    for _ in range(len(execution.steps) - 1):
        following: list[State] = []
        for state in level:
            if not purse.pay(0):  # To find no step may take long, too.
                return None
            for step in (step for path in actions for step in evaluator.steps_of(path, state)):
                if not purse.pay(1):
                    return None
                prefix = Execution((state,), ())
                if claim.kind in _OF_STEPS and shows(evaluator, claim, prefix.then(step)):
                    return _way(origin, state).then(step)
                after = step.successor
                if after is None or after in origin:
                    continue
                origin[after] = state, step
                if claim.kind not in _OF_STEPS and shows(evaluator, claim, prefix.then(step)):
                    return _way(origin, after)
                following.append(after)
        level = following
    return None


def _way(origin: dict[State, tuple[State, Transition] | None], state: State) -> Execution:
    steps: list[Transition] = []
    states = [state]
    link = origin[state]
    while link is not None:
        before, step = link
        steps.append(step)
        states.append(before)
        link = origin[before]
    return Execution(tuple(reversed(states)), tuple(reversed(steps)))


def _lower(evaluator: Evaluator, claim: Property, execution: Execution, purse: _Purse) -> Execution:
    """Give each parameter the least value that does, the same one wherever it had the same."""
    best = execution
    for number, step in enumerate(execution.steps):
        for name, value in step.binding:
            lower = range(int(value)) if isinstance(value, int) else range(0)
            for less in lower:
                calls = _exchanged(evaluator, _calls(best), number, name, less)
                found = _attempt(evaluator, claim, calls, best.states[0], purse)
                if found is not None:
                    best = found
                    break
    return best


def _exchanged(evaluator: Evaluator, calls: Calls, number: int, name: str, less: Value) -> Calls:
    """Return the calls with two values of one type exchanged from a call on."""
    action, binding = calls[number]
    types = _types(evaluator, action)
    type_, value = types[name], binding[name]
    result: Calls = list(calls[:number])
    swap = {value: less, less: value}
    for path, values in calls[number:]:
        kinds = _types(evaluator, path)
        changed = {n: swap.get(v, v) if kinds[n] == type_ else v for n, v in values.items()}
        result.append((path, changed))
    return result


def _types(evaluator: Evaluator, action: str) -> dict[str, object]:
    return {p.name: p.type for p in evaluator.actions[action].parameters}
