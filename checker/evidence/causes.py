"""What let the steps of an execution happen: guards and updates that the design has, and that this
run leaves out, because a variant drops them or because they are promises that nobody gave.

The design is the program without the variant and with every promise. Each step is tried in it from
the state in which it was taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from splitspec.checker.evidence.execution import Execution
from splitspec.checker.evidence.facts import Facts
from splitspec.model.composition import ComposedAction, ComposedGuard, compose
from splitspec.model.enumeration import refuses
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import ActorKind, Guard, SetConstant, Update
from splitspec.model.scope import State
from splitspec.model.source import Span
from splitspec.model.trace import Cause
from splitspec.model.transition import Transition, Writer

UNTRUSTED = frozenset(kind for kind in ActorKind if kind.is_untrusted)


def causes_of(evaluator: Evaluator, execution: Execution) -> tuple[Cause, ...]:
    """Return what would have refused or changed a step: what a variant leaves out, then promises,
    each in the order of the steps."""
    found = (*_settings(evaluator), *_steps(evaluator, execution))
    return tuple(sorted(found, key=lambda cause: not cause.varied))


def _settings(evaluator: Evaluator) -> Iterator[Cause]:
    variant = evaluator.setting.variant
    for difference in () if variant is None else variant.differences:
        if isinstance(difference, SetConstant):
            name, span = difference.variable, difference.span
            reason = f"set by {_variant(evaluator)}"
            yield Cause(0, name, span.text, location(span), reason, varied=True)


def _steps(evaluator: Evaluator, execution: Execution) -> Iterator[Cause]:
    taken = {step.action for step in execution.steps}
    program = evaluator.program
    actions = {path: action for path, action in program.actions.items() if path in taken}
    narrowed = replace(program, actions=actions)
    honest = {action.path: action for action in compose(narrowed, UNTRUSTED, None)}
    plain = {a.path: a for a in compose(narrowed, evaluator.setting.given, None)}
    writer = Writer(evaluator.places, frozenset(program.variables))
    pairs = zip(execution.states, execution.steps, strict=False)
    for number, (state, step) in enumerate(pairs, start=1):
        if step.action not in actions:
            span = evaluator.actions[step.action].span
            reason = f"an action that {_variant(evaluator)} adds"
            yield Cause(number, step.action, "", location(span), reason, varied=True)
            continue
        if step.action in honest:
            yield from _refusals(evaluator, number, honest[step.action], state, step)
        if step.action in plain and evaluator.setting.variant is not None:
            yield from _changes(evaluator, number, plain[step.action], writer, state, step)


def honest_guard(evaluator: Evaluator, cause: Cause) -> ComposedGuard | None:
    """Return the guard of the design that a cause names, None if it names none. What only a hostile
    host does is no action of the design, though a variant may change its updates."""
    path, _, label = cause.name.rpartition(".")
    action = evaluator.program.actions.get(path)
    if action is None:
        return None
    alone = replace(evaluator.program, actions={path: action})
    composed = (each for each in compose(alone, UNTRUSTED, None) if each.path == path)
    guards = (guard for each in composed for guard in each.guards)
    return next((guard for guard in guards if guard.name == label), None)


def _refusals(
    evaluator: Evaluator, number: int, action: ComposedAction, state: State, step: Transition
) -> Iterator[Cause]:
    """Iterate over the guards of the design that refuse the step."""
    moment, binding = evaluator.moment(state), dict(step.binding)
    for guard in action.guards:
        if not refuses(guard, moment, binding):
            continue
        kind = guard.guard.kind or action.actor.kind
        is_promise = kind.is_untrusted and kind not in evaluator.setting.given
        reason = f"a promise of an honest {kind.value}, who is hostile here"
        if not is_promise:
            reason = f"left out by {_variant(evaluator)}"
        name = f"{action.path}.{guard.name}"
        span = guard.guard.span
        facts = Facts(evaluator.places)
        for conjunct in guard.conjuncts:
            facts.collect(conjunct.expression, moment.travel(conjunct.route, binding), moment)
        text, where = _condition(guard.guard), location(span)
        yield Cause(number, name, text, where, reason, not is_promise, facts.found)


def _changes(
    evaluator: Evaluator,
    number: int,
    action: ComposedAction,
    writer: Writer,
    state: State,
    step: Transition,
) -> Iterator[Cause]:
    """Iterate over the updates of the design that would have led to another state."""
    outcome = writer.outcome(action, evaluator.moment(state), dict(step.binding))
    after = step.successor
    if not isinstance(outcome, tuple) or after is None or outcome == after:
        return
    kept = {id(update.update) for update in evaluator.actions[step.action].updates}
    scope, names = evaluator.places.scope, evaluator.places.names
    written = [
        (names[place], variable, meant, found)
        for place, ((variable, _), meant, found) in enumerate(
            zip(evaluator.places, outcome, after, strict=True)
        )
        if meant != found
    ]
    for update in action.updates:
        touched = [row for row in written if row[1].path == update.update.variable]
        if id(update.update) in kept or not touched:
            continue
        place, variable, meant, found = touched[0]
        shown = scope.show(meant, variable.type), scope.show(found, variable.type)
        yield Cause(
            number,
            f"{action.path}.{update.name}" if update.name else action.path,
            _without_label(update.update),
            location(update.update.span),
            f"left out by {_variant(evaluator)}: {place} would be {shown[0]}, not {shown[1]}",
            varied=True,
        )


def location(span: Span) -> str:
    """Return a span as `file:line`."""
    return f"{span.source.name}:{span.line}"


def _condition(guard: Guard) -> str:
    """Return what a guard asks, without its label."""
    return " and ".join(line.span.text for line in guard.lines)


def _variant(evaluator: Evaluator) -> str:
    variant = evaluator.setting.variant
    return "the variant" if variant is None else f"the variant {variant.name}"


def _without_label(update: Update) -> str:
    text = update.span.text
    return text.partition(":")[2].strip() if update.label else text
