"""A finite run of the evaluator, and the trace that shows it."""

from __future__ import annotations

from splitspec.model.evaluator import Evaluator
from splitspec.model.frozen import frozen
from splitspec.model.ir import Property, PropertyKind
from splitspec.model.scope import Scope, State
from splitspec.model.setting import Setting
from splitspec.model.trace import Explanation, Step, Trace
from splitspec.model.transition import Fault, Transition


@frozen
class Execution:
    """States and the steps between them. There is one state more than there are steps, unless the
    last step has no successor.
    """

    states: tuple[State, ...]
    steps: tuple[Transition, ...]

    @property
    def last(self) -> State:
        """The last state that there is."""
        return self.states[-1]

    @property
    def fault(self) -> Fault | None:
        """The fault in which the execution ends, if it does."""
        outcome = self.steps[-1].outcome if self.steps else None
        return outcome if isinstance(outcome, Fault) else None

    def then(self, step: Transition) -> Execution:
        """Return the execution with one more step from its last state."""
        after = () if step.successor is None else (step.successor,)
        return Execution((*self.states, *after), (*self.steps, step))


def shows(evaluator: Evaluator, claim: Property, execution: Execution) -> bool:
    """Return whether the end of the execution refutes the claim, or reaches it if it is a witness.

    No execution shows that a state is *not* recoverable: of that the search must be believed.
    """
    last = execution.last
    match claim.kind:
        case PropertyKind.INVARIANT | PropertyKind.LEMMA:
            return not evaluator.holds(claim.path, last)
        case PropertyKind.WITNESS:
            return evaluator.holds(claim.path, last)
        case PropertyKind.RECOVERABLE:
            return not evaluator.holds(claim.path, last)
        case PropertyKind.STEP:
            steps = execution.steps
            if not steps or steps[-1].successor is None:
                return False
            return not evaluator.step_holds(claim.path, execution.states[-2], steps[-1])
        case PropertyKind.EXACT:
            return not evaluator.counter_is_exact(claim.path.removesuffix(".exact"), last)
        case PropertyKind.DEADLOCK:
            return evaluator.is_deadlocked(last)
        case PropertyKind.OVERLAP | PropertyKind.RANGE:
            fault = execution.fault
            return fault is not None and fault.obligation == claim.path
        case PropertyKind.PROGRESS:
            return False


def trace(
    evaluator: Evaluator, claim: Property, execution: Execution, explanation: Explanation | None
) -> Trace:
    """Return the execution as a trace of the claim."""
    setting = evaluator.setting
    return Trace(
        model=setting.model,
        given=given_names(setting),
        variant=None if setting.variant is None else setting.variant.name,
        scope=sizes(evaluator.places.scope),
        claim=claim.path,
        places=evaluator.places.names,
        states=tuple(written(evaluator, state) for state in execution.states),
        steps=tuple(_step(evaluator, step) for step in execution.steps),
        explanation=explanation,
    )


def written(evaluator: Evaluator, state: State) -> tuple[str, ...]:
    """Return the values of a state as traces write them."""
    scope = evaluator.places.scope
    pairs = zip(evaluator.places, state, strict=True)
    return tuple(scope.show(value, variable.type) for (variable, _), value in pairs)


def given_names(setting: Setting) -> tuple[str, ...]:
    """Return the honest actors of a setting by name, in order."""
    return tuple(sorted(kind.value for kind in setting.given))


def run_id(setting: Setting) -> str:
    """Return the name of a run: "granting given host", "granting with accept_twice"."""
    variant = "" if setting.variant is None else f" with {setting.variant.name}"
    given = " and ".join(given_names(setting))
    return f"{setting.model}{variant}{' given ' if given else ''}{given}"


def sizes(scope: Scope) -> tuple[tuple[str, int], ...]:
    """Return the sizes of the sorts, by path."""
    return tuple(scope.sizes.items())


def _step(evaluator: Evaluator, step: Transition) -> Step:
    scope = evaluator.places.scope
    parameters = evaluator.actions[step.action].parameters
    arguments = tuple(
        (name, scope.show(value, parameter.type))
        for (name, value), parameter in zip(step.binding, parameters, strict=True)
    )
    return Step(step.action, step.actor.value, arguments)
