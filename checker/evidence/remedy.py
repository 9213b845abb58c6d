"""From an execution that breaks a claim to what would not have broken it: the weakest guard that
refuses its last step, and the step most like it that breaks nothing. Where a variant drops a guard,
it is that one.

A guard is looked for among simple conditions. It must be false of the last step and contradict no
guard of its action, and is the weaker the fewer it refuses of the action's other instances that
were possible on the way and break nothing. It is a proposal: that it suffices is for a check to
show.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from splitspec.checker.evidence.causes import honest_guard
from splitspec.checker.evidence.conditions import (
    Binding,
    Condition,
    conditions,
    limits,
    variables_read,
)
from splitspec.checker.evidence.execution import Execution, shows
from splitspec.model.enumeration import refuses
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import Property, Value
from splitspec.model.scope import State
from splitspec.model.trace import Cause, Step, Strengthening
from splitspec.model.transition import Transition
from splitspec.model.types import Sort

Instance = tuple[State, Binding]
"""A state, and the arguments of an action that is possible in it."""


def strengthening_of(
    evaluator: Evaluator, claim: Property, execution: Execution
) -> Strengthening | None:
    """Return the weakest simple guard that refuses the last step; None if there is none."""
    if not execution.steps:
        return None
    last = execution.steps[-1]
    before = execution.states[len(execution.steps) - 1]
    action = evaluator.actions[last.action]
    harmless = [*_harmless(evaluator, claim, execution, len(execution.steps))]
    read = variables_read(evaluator, claim)
    candidates = chain(
        conditions(evaluator, action.parameters),
        limits(evaluator, claim, action.parameters, before, dict(last.binding)),
    )
    best: tuple[int, bool, int] | None = None
    found: Strengthening | None = None
    for number, candidate in enumerate(candidates):
        if candidate.holds(before, dict(last.binding)):
            continue
        refused = sum(not candidate.holds(state, binding) for state, binding in harmless)
        rank = (refused, candidate.variable not in read, number)
        if best is not None and rank >= best:
            continue
        if _is_possible(evaluator, candidate, before, last):
            best = rank
            found = Strengthening(last.action, candidate.text, refused, len(harmless))
    return found


def _is_possible(
    evaluator: Evaluator, candidate: Condition, before: State, last: Transition
) -> bool:
    """Whether an action that has a condition, too, could still happen: if some value of the places
    that it reads makes it true, and keeps the other guards of the last step true.

    One that contradicts a guard would refuse whatever the action does, in every run.
    """
    binding = dict(last.binding)
    places = set(candidate.places(binding))
    for value in candidate.domain:
        state = tuple(value if n in places else old for n, old in enumerate(before))
        if candidate.holds(state, binding) and not evaluator.refusals(state, last.action, binding):
            return True
    return not places


def restored(
    evaluator: Evaluator, claim: Property, execution: Execution, causes: Sequence[Cause]
) -> Strengthening | None:
    """Return the last guard that a variant leaves out, with what else it would have refused; None
    if the variant leaves out no guard that refuses a step."""
    for cause in sorted(causes, key=lambda cause: -cause.step):
        guard = honest_guard(evaluator, cause) if cause.varied and cause.step else None
        if guard is None:
            continue
        harmless = [*_harmless(evaluator, claim, execution, cause.step)]
        refused = sum(refuses(guard, evaluator.moment(s), binding) for s, binding in harmless)
        action = execution.steps[cause.step - 1].action
        return Strengthening(action, cause.text, refused, len(harmless))
    return None


def neighbour_of(evaluator: Evaluator, claim: Property, execution: Execution) -> Step | None:
    """Return the enabled step most like the last one that breaks nothing and changes something: of
    the same action, or about an element that the last one names and something that it writes or the
    claim reads."""
    if not execution.steps:
        return None
    last = execution.steps[-1]
    before = execution.states[len(execution.steps) - 1]
    prefix = Execution(execution.states[: len(execution.steps)], execution.steps[:-1])
    touched = variables_read(evaluator, claim) | _written(evaluator, last)
    best: tuple[tuple[bool, bool, int], Transition] | None = None
    for step in evaluator.steps(before):
        if step.successor is None or (step.successor == before and step.action != last.action):
            continue
        if step.action != last.action and not _is_concerned(evaluator, step, last, touched):
            continue
        if shows(evaluator, claim, prefix.then(step)):
            continue
        rank = (step.action != last.action, step.actor is not last.actor, _apart(step, last))
        if best is None or rank < best[0]:
            best = rank, step
    return None if best is None else shown_step(evaluator, best[1])


def shown_step(evaluator: Evaluator, step: Transition) -> Step:
    """Return a transition as traces write it."""
    scope = evaluator.places.scope
    parameters = evaluator.actions[step.action].parameters
    arguments = tuple(
        (name, scope.show(value, parameter.type))
        for (name, value), parameter in zip(step.binding, parameters, strict=True)
    )
    return Step(step.action, step.actor.value, arguments)


def _apart(one: Transition, other: Transition) -> int:
    """Return in how many parameters two steps differ."""
    values = dict(other.binding)
    return sum(values.get(name) != value for name, value in one.binding)


def _is_concerned(
    evaluator: Evaluator, step: Transition, last: Transition, touched: frozenset[str]
) -> bool:
    """Whether a step writes some of the variables, and names an element that another one names; of
    one that names none, whether the same actor takes it."""
    if not _written(evaluator, step) & touched:
        return False
    elements = _elements(evaluator, last)
    return bool(_elements(evaluator, step) & elements) if elements else step.actor is last.actor


def _written(evaluator: Evaluator, step: Transition) -> frozenset[str]:
    updates = evaluator.actions[step.action].updates
    return frozenset(update.update.variable for update in updates)


def _elements(evaluator: Evaluator, step: Transition) -> frozenset[tuple[str, Value]]:
    """Return the elements of sorts that a step names."""
    binding = dict(step.binding)
    parameters = evaluator.actions[step.action].parameters
    return frozenset((p.type.path, binding[p.name]) for p in parameters if isinstance(p.type, Sort))


def _harmless(
    evaluator: Evaluator, claim: Property, execution: Execution, length: int
) -> Iterator[Instance]:
    """Iterate over the instances of the action of the step of a number that were possible until
    then, and break nothing."""
    action = execution.steps[length - 1].action
    for number, state in enumerate(execution.states[:length]):
        prefix = Execution(execution.states[: number + 1], execution.steps[:number])
        for step in evaluator.steps_of(action, state):
            if step.successor is not None and not shows(evaluator, claim, prefix.then(step)):
                yield state, dict(step.binding)
