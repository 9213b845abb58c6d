"""Whether a finite run shows that something need never happen: it waits for it, and goes round in a
way that is fair, or may stop.

The claim is `a leads to b` for each value of its parameters. The run refutes it iff for one of them
a holds in some state, b in none from there on, and the last state is one of these again, in a round
in which every instance of a fair action is taken or is not enabled somewhere (if it is strongly
fair: nowhere); or no fair action is enabled in the last state.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from splitspec.checker.evidence.execution import Execution
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import Property, Value
from splitspec.model.scope import State
from splitspec.model.trace import Fairness
from splitspec.model.transition import Transition

Group = tuple[str, tuple[tuple[str, Value], ...], bool]
"""A fair action, its fair parameters with their values, and whether it is strongly fair."""


def groups_of(evaluator: Evaluator, step: Transition) -> Iterator[Group]:
    """Iterate over the fair groups that a step is of."""
    values = dict(step.binding)
    for fairness in evaluator.program.actions[step.action].fairness:
        named = tuple((name, values[name]) for name in fairness.parameters)
        yield step.action, named, fairness.strong


def refutes_progress(evaluator: Evaluator, claim: Property, execution: Execution) -> bool:
    """Return whether a run, of which every step has a successor, refutes a claim of progress."""
    bindings = evaluator.universe.bindings(claim.parameters, {})
    return any(_waits(evaluator, claim, execution, dict(binding)) for binding in bindings)


def _waits(
    evaluator: Evaluator, claim: Property, execution: Execution, binding: dict[str, Value]
) -> bool:
    premise, conclusion = (line.expression for line in claim.lines)
    states = execution.states
    answered = [evaluator.moment(state).holds(conclusion, binding) for state in states]
    first = max(
        (number + 1 for number, is_answered in enumerate(answered) if is_answered), default=0
    )
    waiting = range(first, len(states))
    if not any(evaluator.moment(states[number]).holds(premise, binding) for number in waiting):
        return False
    rounds = [number for number in waiting[:-1] if states[number] == states[-1]]
    if any(_is_fair(evaluator, execution, begin) for begin in rounds):
        return True
    return not _enabled(evaluator, states[-1])


def _is_fair(evaluator: Evaluator, execution: Execution, begin: int) -> bool:
    """Return whether the round from a state to the end is fair to every action."""
    enabled = [_enabled(evaluator, state) for state in execution.states[begin:]]
    taken = {group for step in execution.steps[begin:] for group in groups_of(evaluator, step)}
    owed = set[Group].intersection(*enabled)
    owed |= {group for found in enabled for group in found if group[2]}
    return owed <= taken


def ledger(evaluator: Evaluator, execution: Execution, begin: int) -> tuple[Fairness, ...]:
    """Return what the round from a state to the end owes to each fair action."""
    numbers = range(begin, len(execution.steps)) or range(begin, begin + 1)
    enabled = {number: _enabled(evaluator, execution.states[number]) for number in numbers}
    taken = {
        number: set(groups_of(evaluator, execution.steps[number - 1]))
        for number in range(begin + 1, len(execution.steps) + 1)
    }
    rows: dict[Fairness, int] = {}
    for group in _groups(evaluator):
        action, _, strong = group
        where = tuple(number for number, found in enabled.items() if group in found)
        by = tuple(number for number, found in taken.items() if group in found)
        names = _shown(evaluator, group) if where else ()
        row = Fairness(action, names, strong, where, by, tuple(numbers))
        rows[row] = rows.get(row, 0) + 1
    counted = (replace(row, instances=number) for row, number in rows.items())
    return tuple(sorted(counted, key=lambda row: (not row.taken, not row.enabled)))


def _groups(evaluator: Evaluator) -> Iterator[Group]:
    """Iterate over all fair groups, those of an action that can be enabled nowhere too."""
    for path, action in evaluator.actions.items():
        types = {parameter.name: parameter for parameter in action.parameters}
        for fairness in evaluator.program.actions[path].fairness:
            parameters = tuple(types[name] for name in fairness.parameters)
            for binding in evaluator.universe.bindings(parameters, {}):
                named = tuple((name, binding[name]) for name in fairness.parameters)
                yield path, named, fairness.strong


def _shown(evaluator: Evaluator, group: Group) -> tuple[tuple[str, str], ...]:
    path, named, _ = group
    types = {parameter.name: parameter.type for parameter in evaluator.actions[path].parameters}
    show = evaluator.places.scope.show
    return tuple((name, show(value, types[name])) for name, value in named)


def _enabled(evaluator: Evaluator, state: State) -> set[Group]:
    """Return the groups of the steps that a state enables: a step that a bound of the run cuts is
    one of them, for the model does take it."""
    return {group for step in evaluator.steps(state) for group in groups_of(evaluator, step)}
