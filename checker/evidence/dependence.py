"""On which steps of an execution, and on which places, the truth of its claim depends.

A step is needed if it changed a place that matters after it. Before it, what it read matters: in
its guards, and in the updates of those places (Korel and Laski, Dynamic program slicing, 1988). A
step that is not needed may still be one that the run cannot do without, where a guard later on asks
that something did *not* happen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from splitspec.checker.evidence.execution import Execution
from splitspec.checker.evidence.facts import Facts
from splitspec.model.evaluator import Evaluator
from splitspec.model.frozen import frozen
from splitspec.model.scope import State
from splitspec.model.trace import Explanation, Truth
from splitspec.model.transition import Transition


@frozen
class Dependence:
    """Numbers: the places that the claim names, those that the last needed step read to change
    them, and the needed steps, from 1."""

    named: frozenset[int]
    read: frozenset[int]
    steps: frozenset[int]


def dependence_of(
    evaluator: Evaluator, execution: Execution, explanation: Explanation | None
) -> Dependence:
    """Return on what the end of an execution depends; without an explanation, its last step is what
    is shown."""
    numbers = {name: number for number, name in enumerate(evaluator.places.names)}
    named = frozenset(numbers[n] for n in _named(explanation) if n in numbers)
    matter = set(named)
    needed: list[int] = []
    first_read: frozenset[int] = frozenset()
    for number in range(len(execution.steps), 0, -1):
        state, step = execution.states[number - 1], execution.steps[number - 1]
        changed = _changed(state, step)
        is_last = number == len(execution.steps)
        if not changed & matter and not (is_last and not changed & named):
            continue
        touched = changed & matter if changed & matter else changed
        read = frozenset(_read(evaluator, state, step, touched))
        first_read = first_read or read
        needed.append(number)
        matter = (matter - touched) | read
    return Dependence(named, first_read, frozenset(needed))


def _named(explanation: Explanation | None) -> Iterator[str]:
    if explanation is None:
        return
    yield from (place for place, _ in explanation.facts)
    todo: list[Truth] = list(explanation.truth)
    while todo:
        truth = todo.pop()
        todo += truth.parts
        for place, _ in truth.places:
            yield place.removeprefix("next(").removesuffix(")")


def _changed(state: State, step: Transition) -> frozenset[int]:
    after = step.successor
    if after is None:
        return frozenset()
    pairs = enumerate(zip(state, after, strict=True))
    return frozenset(number for number, (old, new) in pairs if old != new)


def _read(
    evaluator: Evaluator, state: State, step: Transition, touched: Iterable[int]
) -> Iterator[int]:
    """Iterate over the places that the guards of a step read, and its updates of some places."""
    action, moment, binding = evaluator.actions[step.action], evaluator.moment(state), step.binding
    facts, wanted = Facts(evaluator.places), frozenset(touched)
    for guard in action.guards:
        for conjunct in guard.conjuncts:
            facts.collect(conjunct.expression, moment.travel(conjunct.route, dict(binding)), moment)
    for composed in action.updates:
        update = composed.update
        outer = moment.travel(composed.route, dict(binding))
        for env in moment.universe.bindings(update.binders, outer):
            if moment.place(update.variable, update.indices, env) not in wanted:
                continue
            if update.operator != ":=":
                facts.read(moment.place(update.variable, update.indices, env), moment)
            for part in (update.value, *update.indices):
                facts.collect(part, env, moment)
            if update.condition is not None:
                facts.collect(update.condition, env, moment)
    numbers = {name: number for number, name in enumerate(evaluator.places.names)}
    yield from (numbers[name] for name, _ in facts.found if name in numbers)
