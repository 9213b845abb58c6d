"""From a log that is no run to the run that it tells of so far, beside what the log says of it.

Of all runs that fit the lines before, one is shown: that to the first of the states that the text
shows. What the log leaves out is the evaluator's; steps that need no line have none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from splitspec.checker.evidence.drawing import diagrams_of
from splitspec.checker.evidence.execution import Execution, trace, written
from splitspec.checker.evidence.picturing import picture_of
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import Value
from splitspec.model.picture import Companion, Lane, Parting, Picture, Stroke
from splitspec.model.scope import State
from splitspec.model.trace import Step
from splitspec.model.transition import Transition
from splitspec.refinement.companions import (
    DONE,
    ELSEWHERE,
    REFUSED,
    Beside,
    differing,
    guards_named,
    unnamed,
)
from splitspec.refinement.log import Event
from splitspec.refinement.log_reader import LogReader
from splitspec.refinement.replay import CANDIDATES_MAX, Following, evaluator_of_log, event_text


@dataclass(frozen=True, slots=True)
class _Taken:
    """A step on the way, and the line that tells of it; None of an unlogged step. A line without a
    step of its own says what was seen, or refused."""

    step: Transition | None
    event: Event | None
    after: State


def log_beside(path: Path, *, folder: Path | None = None, limit: int = CANDIDATES_MAX) -> Beside:
    """Return the run of a log that is refused, with what its lines say; the log is read again."""
    reader = LogReader(path)
    header, events = reader.read()
    evaluator = evaluator_of_log(reader, header, folder)
    following = Following(reader, evaluator, header, limit)
    layers: list[tuple[Event, frozenset[State]]] = []
    for event in events:
        start = frozenset(following.states)
        fits = following.advance(event)
        layers.append((event, start))
        if not fits:
            return _beside(evaluator, following, layers)
    raise ValueError(f"{path} is a run")


# The way --------------------------------------------------------------------------------


def _way(
    evaluator: Evaluator,
    following: Following,
    layers: list[tuple[Event, frozenset[State]]],
) -> tuple[State, list[_Taken]]:
    """Return where a run begins that fits all lines but the last, and its steps, to the first of
    the states before that line; found from its end."""

    def first(states: set[State]) -> list[State]:
        return sorted(states, key=lambda state: written(evaluator, state))

    goal = first(following.before)[0]
    rows: list[_Taken] = []
    for number in range(len(layers) - 1, -1, -1):
        start, silent = _silent(following, layers[number][1], goal)
        rows[:0] = silent
        goal = start
        if number == 0:
            break
        event, starts = layers[number - 1]
        state, step = next(
            (state, step)
            for state in first(following.closed(starts))
            for step, after in following.ways(state, event)
            if after == goal
        )
        rows.insert(0, _Taken(step, event, goal))
        goal = state
    return goal, rows


def _silent(
    following: Following, starts: frozenset[State], goal: State
) -> tuple[State, list[_Taken]]:
    """Return the shortest way of unlogged steps from one of the states to another."""
    links: dict[State, tuple[State, Transition] | None] = dict.fromkeys(starts)
    todo = list(starts)
    for state in todo:  # It grows on the way.
        if goal in links:
            break
        for step in following.unlogged(state):
            if step.successor is not None and step.successor not in links:
                links[step.successor] = (state, step)
                todo.append(step.successor)
    rows: list[_Taken] = []
    at = goal
    while (link := links[at]) is not None:
        rows.insert(0, _Taken(link[1], None, at))
        at = link[0]
    return at, rows


# The picture ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Last:
    """What the model makes of the refused line: the nearest step, where that leads, the guards that
    refuse it, and what the second run does instead."""

    step: Transition | None
    specified: State
    guards: tuple[str, ...]
    word: str


def _beside(
    evaluator: Evaluator, following: Following, layers: list[tuple[Event, frozenset[State]]]
) -> Beside:
    first, rows = _way(evaluator, following, layers)
    event = layers[-1][0]
    before = rows[-1].after if rows else first
    last = _last(evaluator, following, event, before)
    found = following.seen(last.specified, event)
    rows.append(_Taken(last.step, event, found))
    before_all = (first, *(row.after for row in rows[:-1]))
    parting = Parting(
        verdict="no run",
        sentence=_sentence(evaluator, following, event),
        word=last.word,
        refusals=tuple(guards_named(evaluator.actions[following.path(event)], last.guards))
        if last.guards
        else (),
        differences=tuple(differing(evaluator, last.specified, found)),
        headings=("model", "log"),
        remarks=() if found != last.specified else following.words(before, event),
    )
    companion = Companion(
        name="the log",
        places=evaluator.places.names,
        states=tuple(_looks(evaluator, rows)),
        steps=tuple(map(_line, rows)),
        parting=parting,
        idle="not logged",
        diagrams=diagrams_of(evaluator, (*before_all, found)),
    )
    rows[-1] = replace(rows[-1], after=last.specified)
    return _picture(evaluator, following, first, rows, last), companion


def _last(evaluator: Evaluator, following: Following, event: Event, state: State) -> _Last:
    if event.action is None:
        return _Last(None, state, (), ELSEWHERE)
    binding, guards = following.nearest(state, event)
    path = following.path(event)
    if guards:
        step = _unmoved(evaluator, path, binding, state)
        return _Last(step, state, () if event.refused else guards, REFUSED)
    taken = evaluator.step(state, path, binding)
    assert taken is not None
    specified = state if taken.successor is None else taken.successor
    return _Last(taken, specified, (), DONE if event.refused else ELSEWHERE)


def _unmoved(
    evaluator: Evaluator, path: str, binding: Mapping[str, Value], state: State
) -> Transition:
    """Return a call that is refused, as a step that changes nothing."""
    action = evaluator.actions[path]
    values = tuple((p.name, binding[p.name]) for p in action.parameters)
    return Transition(path, action.actor.kind, action.hostile, values, state)


def _sentence(evaluator: Evaluator, following: Following, event: Event) -> str:
    name, many = evaluator.setting.program.name, len(following.before)
    sentence = f"Line {event.line}, {event_text(event)}, is no step of {name}."
    if many > 1:
        sentence += f" Before it the model can be in {many:,} states, one of which is shown."
    return sentence


def _picture(
    evaluator: Evaluator, following: Following, first: State, rows: list[_Taken], last: _Last
) -> Picture:
    states = [first, *(row.after for row in rows)]
    event = rows[-1].event
    assert event is not None
    path = evaluator.setting.program.name if event.action is None else following.path(event)
    claim = unnamed(path, "The log is a run of the model.")
    steps: list[Transition | None] = []
    for before, row in zip(states, rows, strict=False):
        step = row.step
        if step is None and row.event is not None and row.event.action is not None:
            binding, _ = following.nearest(before, row.event)  # A refusal, as the model has it.
            step = _unmoved(evaluator, following.path(row.event), binding, before)
        steps.append(step)
    taken = tuple(step for step in steps if step is not None)
    execution = Execution(tuple(states), taken)
    whole = trace(evaluator, claim, execution, None)
    picture = picture_of(evaluator, claim, execution, whole)
    texts, strokes = iter(whole.steps), iter(picture.strokes)
    shown = replace(whole, steps=tuple(_LOOK if s is None else next(texts) for s in steps))
    drawn = [_stroke(None if s is None else next(strokes)) for s in steps]
    true = tuple(guard for guard in drawn[-1].guards if guard[0] not in last.guards)
    drawn[-1] = replace(drawn[-1], guards=true)
    lanes = picture.lanes or (Lane("log", "", "outside"),)
    return replace(picture, trace=shown, kind="log", rows=(), strokes=tuple(drawn), lanes=lanes)


_LOOK = Step("look", "log", ())


def _stroke(stroke: Stroke | None) -> Stroke:
    if stroke is not None:
        return stroke
    return Stroke(-1, None, hostile=False, text="The log says what it saw.", location="", guards=())


def _line(row: _Taken) -> str:
    return "" if row.event is None else f"line {row.event.line}: {event_text(row.event)}"


def _looks(evaluator: Evaluator, rows: list[_Taken]) -> Iterator[tuple[str, ...]]:
    """Iterate over what the log said last of each place, "?" for nothing yet."""
    known = dict.fromkeys(evaluator.places.names, "?")
    yield tuple(known.values())
    for row in rows:
        known.update({} if row.event is None else row.event.state)
        yield tuple(known.values())
