"""What a run never did, and which of its passes therefore mean little (docs/language.md, section
8).

The antecedent of a line is the premise of the implication under its leading quantifiers, conjoined
with those of the implications that stand in its conclusion in the same way. A property is vacuous
if one of its lines has an antecedent that never held. That of progress, `a leads to b`, is a.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from splitspec.checker.result import Coverage
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import (
    Call,
    Definition,
    Expression,
    Implies,
    Property,
    PropertyKind,
    Quantifier,
)
from splitspec.model.scope import State
from splitspec.model.transition import Transition
from splitspec.model.valuation import Environment, Moment

STATE_CLAIMS = frozenset({PropertyKind.INVARIANT, PropertyKind.LEMMA})


def observe(
    evaluator: Evaluator, claims: Collection[Property], states: Iterable[State]
) -> Coverage:
    """Return what never happens in any of the states, nor in any step from one of them."""
    observer = Observer(evaluator, claims)
    for state in states:
        observer.see_state(state)
        for step in evaluator.steps(state):
            observer.see_step(state, step)
    return observer.coverage


class Observer:
    """Strikes off what it sees happen; what is left in the end never did."""

    def __init__(self, evaluator: Evaluator, claims: Collection[Property]) -> None:
        self._evaluator = evaluator
        self._actions = dict.fromkeys(evaluator.actions)
        self._guards = {
            (action.path, guard.name): None
            for action in evaluator.actions.values()
            for guard in action.guards
        }
        definitions = evaluator.program.definitions
        self._lines = {
            (claim.path, number): (claim.kind, line.expression)
            for claim in claims
            if claim.kind in STATE_CLAIMS or claim.kind is PropertyKind.STEP
            for number, line in enumerate(claim.lines)
            if has_antecedent(line.expression, definitions)
        }
        for claim in claims:
            if claim.kind is PropertyKind.PROGRESS:
                self._lines[claim.path, 0] = claim.kind, _premise(claim)

    def see_state(self, state: State) -> None:
        """Take note of the guards that refuse something here, and of the antecedents that hold."""
        refusing = [
            (action, guard)
            for action, guard in self._guards
            if self._evaluator.refuses_alone(state, action, guard)
        ]
        for key in refusing:
            del self._guards[key]
        self._strike(self._evaluator.moment(state), is_step=False)

    def see_step(self, state: State, step: Transition) -> None:
        """Take note of an action that happens, and of the antecedents that hold of the step."""
        self._actions.pop(step.action, None)
        if step.successor is not None:
            self._strike(self._evaluator.moment(state, step), is_step=True)

    @property
    def coverage(self) -> Coverage:
        """What was never seen."""
        return Coverage(
            never_enabled=tuple(self._actions),
            never_refused=tuple(f"{action}.{guard}" for action, guard in self._guards),
            never_met=tuple(dict.fromkeys(path for path, _ in self._lines)),
        )

    def _strike(self, moment: Moment, *, is_step: bool) -> None:
        met = [
            key
            for key, (kind, expression) in self._lines.items()
            if (kind is PropertyKind.STEP) is is_step and _is_met(kind, expression, moment)
        ]
        for key in met:
            del self._lines[key]


def _premise(claim: Property) -> Expression:
    """Return a formula that says that the premise of progress holds, for some parameters."""
    expression = claim.lines[0].expression
    if not claim.parameters:
        return expression
    return Quantifier("some", claim.parameters, expression, expression.type, claim.span)


def _is_met(kind: PropertyKind, expression: Expression, moment: Moment) -> bool:
    if kind is PropertyKind.PROGRESS:
        return moment.holds(expression, {})
    return antecedent_holds(expression, {}, moment)


def has_antecedent(expression: Expression, definitions: Mapping[str, Definition]) -> bool:
    """Return whether an implication stands under the leading quantifiers."""
    match expression:
        case Implies():
            return True
        case Quantifier("all", _, body):
            return has_antecedent(body, definitions)
        case Call(definition):
            return has_antecedent(definitions[definition].body, definitions)
        case _:
            return False


def antecedent_holds(expression: Expression, env: Environment, moment: Moment) -> bool:
    """Return whether the antecedent is true, for some binding of the leading quantifiers."""
    match expression:
        case Implies(premise, conclusion):
            return moment.holds(premise, env) and antecedent_holds(conclusion, env, moment)
        case Quantifier("all", binders, body):
            bindings = moment.universe.bindings(binders, env)
            return any(antecedent_holds(body, inner, moment) for inner in bindings)
        case Call(definition, arguments):
            called = moment.universe.definitions[definition]
            inside = moment.bound(called.parameters, arguments, env)
            return antecedent_holds(called.body, inside, moment)
        case _:
            return True
