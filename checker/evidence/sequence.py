"""From the steps of an execution to lanes and the strokes between them.

An action without a message of its own begins at the lane of its actor and ends, if it is done for
somebody, at that one's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from splitspec.checker.evidence.causes import location
from splitspec.model import ir
from splitspec.model.composition import ComposedAction
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import ActorKind, Message
from splitspec.model.picture import Lane, Stroke
from splitspec.model.transition import Transition

Point = tuple[str, str]
"""The name of a lane, and its element or ""."""

_SIDES = {
    ActorKind.HOST: "outside",
    ActorKind.HARDWARE: "inside",
    ActorKind.KERNEL: "inside",
    ActorKind.CONTAINER: "inside",
    ActorKind.ASSUMPTION: "inside",
    ActorKind.VERIFIER: "tenant",
}
_ORDER = (ActorKind.HOST, ActorKind.HARDWARE, ActorKind.KERNEL, ActorKind.CONTAINER,
          ActorKind.VERIFIER)  # fmt: skip


def sequence_of(
    evaluator: Evaluator, steps: Sequence[Transition]
) -> tuple[tuple[Lane, ...], tuple[Stroke, ...]]:
    """Return the lanes that the steps touch, from left to right, and the steps as strokes."""
    views = evaluator.program.views
    messages = {i.action: i for v in views for i in v.items if isinstance(i, Message)}
    declared = {i.name: i for v in views for i in v.items if isinstance(i, ir.Lane)}
    ends = [_ends(evaluator, step, messages.get(step.action)) for step in steps]
    actors = {name: lane.actor for name, lane in declared.items()}
    actors = {kind.value: kind for kind in _ORDER} | actors
    points = {point for pair in ends for point in pair if point is not None}
    order = sorted(points, key=lambda point: _rank(point, actors))
    lanes = tuple(Lane(name.replace("_", " "), e, _SIDES[actors[name]]) for name, e in order)
    numbers = {point: number for number, point in enumerate(order)}
    strokes = tuple(
        _stroke(evaluator, step, numbers[source], None if target is None else numbers[target])
        for step, (source, target) in zip(steps, ends, strict=True)
    )
    return lanes, strokes


def _rank(point: Point, actors: dict[str, ActorKind]) -> tuple[int, int, str]:
    """Order lanes by the side, then as declared; the host before what else is of its kind."""
    name, element = point
    kind = actors[name]
    side = _ORDER.index(kind) if kind in _ORDER else len(_ORDER)
    return side, list(actors).index(name), element


def _ends(
    evaluator: Evaluator, step: Transition, message: Message | None
) -> tuple[Point, Point | None]:
    action = evaluator.actions[step.action]
    values = [value for _, value in step.binding]
    scope = evaluator.places.scope
    shown = {p.name: scope.show(v, p.type) for p, v in zip(action.parameters, values, strict=True)}
    if message is not None:
        given = zip(message.parameters, action.parameters, strict=False)
        renamed = {mine.name: shown[theirs.name] for mine, theirs in given}
        source = _point(message.source, renamed)
        return source, None if message.target is None else _point(message.target, renamed)
    return _by_actor(action, shown)


def _point(end: tuple[str, tuple[str, ...]], shown: dict[str, str]) -> Point:
    name, indices = end
    return name, ", ".join(shown[index] for index in indices)


def _by_actor(action: ComposedAction, shown: dict[str, str]) -> tuple[Point, Point | None]:
    kind, subject = action.actor.kind, action.actor.subject
    if kind is ActorKind.CONTAINER:
        return (kind.value, shown[subject] if subject else ""), None
    target = (ActorKind.CONTAINER.value, shown[subject]) if subject else None
    return (kind.value, ""), target


def _stroke(evaluator: Evaluator, step: Transition, source: int, target: int | None) -> Stroke:
    action = evaluator.actions[step.action]
    declared = evaluator.program.actions.get(step.action)
    return Stroke(
        source,
        target if target != source else None,
        step.hostile,
        "" if declared is None else declared.text,
        location(action.span),
        tuple(_guards(action)),
    )


def _guards(action: ComposedAction) -> Iterable[tuple[str, str, str]]:
    for guard in action.guards:
        kind = guard.guard.kind or action.actor.kind
        text = " and ".join(line.span.text for line in guard.guard.lines)
        yield guard.name, text, kind.value
