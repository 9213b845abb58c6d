"""From what does not fit to two runs side by side: the concrete system and what the refinement sees
of it, an implementation and the specification.

Everything is run again. The concrete run is followed by the evaluator, the program is made on a
fresh implementation; what does not part there as it was found is an error, and no picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

from splitspec.checker.evidence.causes import location
from splitspec.checker.evidence.drawing import diagrams_of
from splitspec.checker.evidence.execution import Execution, trace, written
from splitspec.checker.evidence.picturing import most_telling, picture_of
from splitspec.checker.evidence.replay import Refusal, ReplayError, retrace
from splitspec.model.composition import ComposedAction
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import Property, PropertyKind
from splitspec.model.picture import Companion, Parting, Picture
from splitspec.model.scope import State
from splitspec.model.setting import Setting
from splitspec.model.source import Source, Span
from splitspec.model.trace import Step
from splitspec.model.transition import Transition
from splitspec.refinement.correspondence import Correspondence
from splitspec.refinement.divergence import Divergence, DivergenceKind
from splitspec.refinement.driver import Found
from splitspec.refinement.fitting import Performer
from splitspec.refinement.lanes import Lanes
from splitspec.refinement.mapping import FAILURES, Implementation
from splitspec.refinement.observation import UnreadableError
from splitspec.refinement.reproduction import Taken, Trial
from splitspec.refinement.square import Square

Beside = tuple[Picture, Companion]
"""A run, and the one that stands beside it."""

REFUSED, ELSEWHERE, DONE = "refused", "leads elsewhere", "does it"


def unnamed(path: str, text: str) -> Property:
    """Return a claim that no specification declares, for what is shown under its name."""
    nowhere = Span(Source("", ""), 1, 1, 1, 1)
    return Property(path, PropertyKind.STEP, frozenset(), (), (), text, (), nowhere)


# A refinement ---------------------------------------------------------------------------


def square_beside(correspondence: Correspondence, setting: Setting, square: Square) -> Beside:
    """Return the run that ends in a failing square, and what it is in the abstract system."""
    lanes = Lanes(correspondence, setting)
    execution = retrace(lanes.concrete, square.concrete)
    if isinstance(execution, Refusal):
        raise ReplayError(f"the run of {square.name} ends at step {execution.number}")
    _, abstract = correspondence.names
    declared = setting.program.properties.get(square.concrete.claim)
    claim = unnamed(square.concrete.claim, "" if declared is None else declared.text)
    picture = picture_of(lanes.concrete, claim, execution, square.concrete)
    seen = [lanes.seen(state) for state in execution.states]
    parting = Parting(
        verdict="not a refinement",
        sentence=_square_sentence(square, abstract),
        word=REFUSED if square.refusals else ELSEWHERE,
        refusals=tuple((r.guard, r.line, r.location) for r in square.refusals),
        differences=tuple((d.place, d.made, d.seen) for d in square.differences),
    )
    lane = square.abstract
    return replace(picture, kind="refinement"), Companion(
        name=f"{abstract}, as {square.name.partition(' of ')[0]} is seen",
        places=lane.places,
        states=lane.states,
        steps=tuple("" if step is None else str(step) for step in lane.steps),
        parting=parting,
        diagrams=diagrams_of(lanes.abstract, seen),
    )


def _square_sentence(square: Square, abstract: str) -> str:
    steps = square.concrete.steps
    if not steps:
        return f"No initial state of {abstract} is what is seen in this one."
    step = square.abstract.steps[-1]
    would = "it would change nothing" if step is None else f"it would be {step}"
    return f"Step {len(steps)}, {steps[-1]}, is no step of {abstract}, where {would}."


# An implementation ----------------------------------------------------------------------


def divergence_beside(
    mapping: Implementation[Any], evaluator: Evaluator, divergence: Divergence
) -> Beside:
    """Return the program as it was observed, beside the run that the specification allows."""
    rerun = _Rerun(mapping, evaluator, divergence)
    execution = Execution(tuple(rerun.found), tuple(rerun.steps))
    specified = tuple(rerun.specified)
    name = evaluator.setting.program.name
    path = divergence.program[-1].action if divergence.program else name
    claim = unnamed(path, f"{divergence.kind.value[0].upper()}{divergence.kind.value[1:]}.")
    steps = tuple(
        Step(t.action, t.actor.value, c) for t, c in zip(rerun.steps, rerun.chosen, strict=True)
    )
    shown = replace(trace(evaluator, claim, execution, None), steps=steps)
    picture = picture_of(evaluator, claim, execution, shown)
    if divergence.guards and picture.strokes:
        *before, last = picture.strokes
        true = tuple(guard for guard in last.guards if guard[0] not in divergence.guards)
        picture = replace(picture, strokes=(*before, replace(last, guards=true)))
    picture = replace(picture, opened=_opened(evaluator, picture, specified[-1], execution.last))
    companion = Companion(
        name=f"{name}, the specification",
        places=evaluator.places.names,
        states=tuple(written(evaluator, state) for state in specified),
        steps=tuple(rerun.words),
        parting=_parting(evaluator, divergence, execution.last, specified),
        idle="refuses it, too",
        diagrams=diagrams_of(evaluator, specified),
    )
    return replace(picture, kind=f"conformance of {mapping.name}", rows=()), companion


def _parting(
    evaluator: Evaluator, divergence: Divergence, found: State, specified: tuple[State, ...]
) -> Parting:
    call = f"Call {len(divergence.program)}, " if divergence.program else ""
    differences = tuple(differing(evaluator, specified[-1], found))
    words = {DivergenceKind.REFUSED: DONE, DivergenceKind.OTHER_STATE: ELSEWHERE}
    refusals: tuple[tuple[str, str, str], ...] = ()
    if divergence.program:
        action = evaluator.actions[divergence.program[-1].action]
        refusals = tuple(guards_named(action, divergence.guards))
    is_of_places = divergence.kind in (DivergenceKind.OTHER_STATE, DivergenceKind.BEGINS_ELSEWHERE)
    return Parting(
        verdict="diverges",
        sentence=f"{call}{divergence.last}: {divergence.kind.value}.",
        word=REFUSED if refusals else words.get(divergence.kind, ELSEWHERE),
        refusals=refusals,
        differences=differences,
        headings=("specification", "implementation"),
        remarks=() if is_of_places and differences else divergence.facts,
    )


def guards_named(action: ComposedAction, names: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    """Iterate over the named guards of an action: name, text, place in the source."""
    for composed in action.guards:
        if composed.name in names:
            span = composed.guard.lines[0].span
            yield composed.name, span.text, location(span)


def differing(
    evaluator: Evaluator, specified: State, found: State
) -> Iterator[tuple[str, str, str]]:
    """Iterate over the places at which two states differ, with both values as texts."""
    texts = written(evaluator, specified), written(evaluator, found)
    for place, one, other in zip(evaluator.places.names, *texts, strict=True):
        if one != other:
            yield place, one, other


def _opened(evaluator: Evaluator, picture: Picture, specified: State, found: State) -> int:
    """Return the number of the diagram that shows most of where two states differ."""
    pairs = enumerate(zip(specified, found, strict=True))
    places = frozenset(number for number, (one, other) in pairs if one != other)
    if not places:
        return picture.opened
    return most_telling(picture.diagrams, places, frozenset())


class _Rerun:
    """A program that is run again. `found` are states as the implementation was observed in them,
    with what is not observed as in the specification; `specified` are those of the specification.
    """

    def __init__(
        self, mapping: Implementation[Any], evaluator: Evaluator, divergence: Divergence
    ) -> None:
        self._evaluator, self._mapping = evaluator, mapping
        self._trial = Trial(mapping, evaluator)
        began = self._trial.begin()
        first = next(iter(evaluator.initial_states())) if isinstance(began, Found) else began
        subject = self._trial.create()
        seen = None if isinstance(subject, Found) else self._observed(subject, first)
        self.found = [first if seen is None else seen]
        self.specified = [first]
        self.steps: list[Transition] = []
        self.chosen: list[tuple[tuple[str, str], ...]] = []
        self.words: list[str] = []
        last = None
        for taken in self._trial.calls(divergence.program):
            last = taken.outcome
            self._add(taken, str(divergence.program[taken.number - 1]))
            self.chosen.append(divergence.program[taken.number - 1].arguments)
        if divergence.program and not isinstance(last, Found):
            raise ReplayError(f"{divergence.last} conforms when the program is made again")

    def _add(self, taken: Taken, call: str) -> None:
        step = self._step(taken)
        # What the specification refuses changes nothing there.
        after = taken.before if taken.guards or step.successor is None else step.successor
        observed = self._observed(taken.subject, after)
        self.steps.append(step)
        self.specified.append(after)
        self.found.append(after if observed is None else observed)
        is_idle = taken.outcome is None
        self.words.append("" if is_idle else call)

    def _observed(self, subject: Any, state: State) -> State | None:
        """Return the state with what is observed of the implementation; None if nothing is."""
        observer = self._trial.observer
        try:
            return observer.overlaid(observer.read(self._mapping.observe(subject)), state)
        except UnreadableError:
            return None
        except FAILURES:  # It is the user's; that it fails is what the divergence says.
            return None

    def _step(self, taken: Taken) -> Transition:
        """Return the step of the specification that is meant, or one that its guards refuse."""
        evaluator, performer = self._evaluator, taken.performer
        names = [parameter.name for parameter in performer.chosen]
        chosen = dict(zip(names, taken.values, strict=True))
        if taken.guards:
            return self._refused(performer, chosen, taken)
        possible = [
            step
            for step in evaluator.steps_of(performer.path, taken.before)
            if step.successor is not None and chosen.items() <= dict(step.binding).items()
        ]
        if isinstance(taken.outcome, tuple):
            return next(step for step in possible if step.successor == taken.outcome)
        return min(possible, key=lambda step: self._distance(taken.subject, step))

    def _refused(self, performer: Performer, chosen: dict[str, Any], taken: Taken) -> Transition:
        evaluator, action = self._evaluator, performer.action
        values = product(*(evaluator.universe.values(p.type) for p in performer.own))
        choices = [
            {**chosen, **dict(zip((p.name for p in performer.own), each, strict=True))}
            for each in values
        ]
        refusals = evaluator.refusals
        nearest = min(choices, key=lambda c: len(refusals(taken.before, performer.path, c)))
        binding = tuple((p.name, nearest[p.name]) for p in action.parameters)
        kind = action.actor.kind
        return Transition(action.path, kind, action.hostile, binding, taken.before)

    def _distance(self, subject: Any, step: Transition) -> int:
        assert step.successor is not None
        observed = self._observed(subject, step.successor)
        pairs = zip(step.successor, observed or step.successor, strict=True)
        return sum(one != other for one, other in pairs)
