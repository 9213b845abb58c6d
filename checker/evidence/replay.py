"""From what is claimed to be a run to an execution of the evaluator: links that an engine stored,
actions with their arguments, or a trace that was saved. Whatever the evaluator cannot do, did not
happen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from splitspec.checker.evidence.execution import Execution, shows, trace, written
from splitspec.checker.evidence.explanation import analyse
from splitspec.model.evaluator import Evaluator
from splitspec.model.frozen import frozen
from splitspec.model.ir import Property, PropertyKind, Value
from splitspec.model.scope import State
from splitspec.model.trace import Step, Trace
from splitspec.model.transition import Fault, Transition
from splitspec.model.types import Type


class ReplayError(Exception):
    """An engine found a run that the evaluator cannot follow: one of them is wrong."""


@frozen
class Link:
    """What an engine knows of a step: its action, and which successors it may mean."""

    action: str
    accepts: Callable[[State], bool]


@frozen
class Refusal:
    """Where a sequence of steps is not a run: step `number`, counted from 1, and why."""

    number: int
    reason: str
    guards: tuple[str, ...] = ()


def counterexample(evaluator: Evaluator, claim: Property, execution: Execution) -> Trace:
    """Return the trace of an execution that refutes its claim, or reaches it, with the
    explanation.
    """
    if not shows(evaluator, claim, execution):
        raise ReplayError(f"the evaluator does not see {claim.path} at the end of the run")
    return trace(evaluator, claim, execution, analyse(evaluator, claim, execution))


def follow(
    evaluator: Evaluator,
    claim: Property,
    starts: Callable[[State], bool],
    links: Iterable[Link],
) -> Execution:
    """Return an execution along the links; a transition's claim is sought in a last step of its
    own.

    The first step that a link accepts is taken. That suffices also where links stand for orbits:
    states that have one representative have the same continuations, up to the symmetry.
    """
    execution = begin(evaluator, starts)
    for link in links:
        execution = go_on(evaluator, execution, link)
    return end(evaluator, claim, execution)


def begin(evaluator: Evaluator, starts: Callable[[State], bool]) -> Execution:
    """Return the execution of no steps in the initial state that is meant."""
    first = next((state for state in evaluator.initial_states() if starts(state)), None)
    if first is None:
        raise ReplayError("no initial state is the one from which the run starts")
    return Execution((first,), ())


def go_on(evaluator: Evaluator, execution: Execution, link: Link) -> Execution:
    """Return the execution with the first step that the link accepts."""
    step = next(_accepted(evaluator, execution.last, link), None)
    if step is None:
        number = len(execution.steps) + 1
        raise ReplayError(f"no step of {link.action} is step {number} of the run")
    return execution.then(step)


def end(evaluator: Evaluator, claim: Property, execution: Execution) -> Execution:
    """Return the execution, with one step more if it takes a step to show the claim."""
    if claim.kind in (PropertyKind.STEP, PropertyKind.OVERLAP, PropertyKind.RANGE):
        return _last_step(evaluator, claim, execution)
    return execution


def perform(
    evaluator: Evaluator, calls: Sequence[tuple[str, Mapping[str, Value]]], first: State
) -> Execution | Refusal:
    """Return the execution of the calls, each an action with its parameters' values."""
    execution = Execution((first,), ())
    for number, (action, binding) in enumerate(calls, start=1):
        if execution.fault is not None:
            return Refusal(number, "the step before it has no successor")
        if action not in evaluator.actions:
            return Refusal(number, f"there is no action {action} in this run")
        guards = evaluator.refusals(execution.last, action, binding)
        if guards:
            return Refusal(number, f"{action} is not enabled", guards)
        step = evaluator.step(execution.last, action, binding)
        assert step is not None
        if step.successor is None and not isinstance(step.outcome, Fault):
            return Refusal(number, f"a bound of the run cuts {action}")
        execution = execution.then(step)
    return execution


def retrace(evaluator: Evaluator, saved: Trace) -> Execution | Refusal:
    """Return the execution that a saved trace shows, held to it state by state."""
    if saved.places != evaluator.places.names:
        return Refusal(0, "its places are not those of the model")
    first = _initial_like(evaluator, saved.states[0])
    if first is None:
        return Refusal(0, "its first state is not an initial state")
    calls = []
    for number, step in enumerate(saved.steps, start=1):
        binding = _binding(evaluator, step)
        if binding is None:
            return Refusal(number, f"{step} is not a call of an action of this run")
        calls.append((step.action, binding))
    execution = perform(evaluator, calls, first)
    if isinstance(execution, Refusal):
        return execution
    states = tuple(written(evaluator, state) for state in execution.states)
    for number, (found, shown) in enumerate(zip(states, saved.states, strict=False)):
        if found != shown:
            return Refusal(number, "the state after it is another one")
    if len(states) != len(saved.states):
        return Refusal(len(saved.steps), "it ends otherwise")
    return execution


def read_value(evaluator: Evaluator, text: str, type_: Type, bound: int | None = None) -> Value:
    """Return the value of a type that traces write like this; raise KeyError if there is none.

    `bound` is that of a `nat` or a counter.
    """
    scope = evaluator.places.scope
    return {scope.show(value, type_): value for value in scope.values(type_, bound)}[text]


def _accepted(evaluator: Evaluator, state: State, link: Link) -> Iterator[Transition]:
    for step in evaluator.steps_of(link.action, state):
        if step.successor is not None and link.accepts(step.successor):
            yield step


def _last_step(evaluator: Evaluator, claim: Property, execution: Execution) -> Execution:
    for step in evaluator.steps(execution.last):
        longer = execution.then(step)
        if shows(evaluator, claim, longer):
            return longer
    raise ReplayError(f"no step from the last state of the run refutes {claim.path}")


def _initial_like(evaluator: Evaluator, shown: tuple[str, ...]) -> State | None:
    states = evaluator.initial_states()
    return next((state for state in states if written(evaluator, state) == shown), None)


def _binding(evaluator: Evaluator, step: Step) -> dict[str, Value] | None:
    action = evaluator.actions.get(step.action)
    texts = dict(step.arguments)
    if action is None or texts.keys() != {p.name for p in action.parameters}:
        return None
    try:
        return {p.name: read_value(evaluator, texts[p.name], p.type) for p in action.parameters}
    except KeyError:
        return None
