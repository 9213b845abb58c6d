"""From an execution that shows a claim to its picture: sequence, diagrams, and what holds when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from splitspec.checker.evidence.default_view import principals_of
from splitspec.checker.evidence.dependence import dependence_of
from splitspec.checker.evidence.drawing import diagrams_of, places_of
from splitspec.checker.evidence.execution import Execution
from splitspec.checker.evidence.replay import read_value
from splitspec.checker.evidence.sequence import sequence_of
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import Property, PropertyKind, VariableKind
from splitspec.model.picture import Diagram, Picture, Row
from splitspec.model.trace import Trace
from splitspec.model.types import Sort

_OF_STATES = (PropertyKind.INVARIANT, PropertyKind.LEMMA)


def picture_of(
    evaluator: Evaluator, claim: Property, execution: Execution, trace: Trace, banner: str = ""
) -> Picture:
    """Return the picture of a trace and of the execution that it shows."""
    setting = evaluator.setting
    lanes, strokes = sequence_of(evaluator, execution.steps)
    found = dependence_of(evaluator, execution, trace.explanation)
    diagrams = diagrams_of(evaluator, execution.states, found.named)
    return Picture(
        trace=trace,
        title=claim.text,
        kind=claim.kind.value,
        difference="" if setting.variant is None else setting.variant.text,
        banner=banner,
        lanes=lanes,
        strokes=tuple(
            replace(stroke, needed=number in found.steps)
            for number, stroke in enumerate(strokes, start=1)
        ),
        principals=_principals(evaluator),
        diagrams=diagrams,
        rows=(*_due(evaluator, claim, execution, trace), *_rows(evaluator, claim, execution)),
        opened=most_telling(
            diagrams,
            found.named - _rigid(evaluator),
            (found.read | _causes(evaluator, trace)) - _rigid(evaluator),
        ),
    )


def _rigid(evaluator: Evaluator) -> frozenset[int]:
    """Return the places of constants, which no step touches."""
    variables = enumerate(evaluator.places)
    return frozenset(n for n, (variable, _) in variables if variable.kind is VariableKind.CONSTANT)


def _causes(evaluator: Evaluator, trace: Trace) -> frozenset[int]:
    """Return the places that what a variant leaves out would have looked at."""
    numbers = {name: number for number, name in enumerate(evaluator.places.names)}
    causes = () if trace.explanation is None else trace.explanation.causes
    return frozenset(
        numbers[place] for cause in causes if cause.varied for place, _ in cause.places
    )


def most_telling(diagrams: Sequence[Diagram], named: frozenset[int], read: frozenset[int]) -> int:
    """Return the number of the diagram that draws most of some places; those that are named count
    twice."""

    def weight(diagram: Diagram) -> int:
        drawn = set(places_of(diagram))
        return 2 * len(drawn & named) + len(drawn & read - named)

    weights = [weight(diagram) for diagram in diagrams]
    return weights.index(max(weights)) if weights else 0


def _principals(evaluator: Evaluator) -> tuple[str, ...]:
    """Return the elements of the sorts that act, as traces write them."""
    scope = evaluator.places.scope
    sorts = [path for path in evaluator.program.sorts if path in principals_of(evaluator.program)]
    return tuple(scope.show(v, Sort(path)) for path in sorts for v in scope.values(Sort(path)))


def _due(
    evaluator: Evaluator, claim: Property, execution: Execution, trace: Trace
) -> Iterator[Row]:
    """Iterate over a row of a claim of progress: false where its answer is due and not there."""
    why = trace.explanation
    if claim.kind is not PropertyKind.PROGRESS or why is None:
        return
    premise, conclusion = (line.expression for line in claim.lines)
    texts = dict(why.binding)
    binding = {p.name: read_value(evaluator, texts[p.name], p.type) for p in claim.parameters}
    settled, is_due = [], False
    for state in execution.states:
        moment = evaluator.moment(state)
        is_due = is_due or moment.holds(premise, binding)
        is_due = is_due and not moment.holds(conclusion, binding)
        settled.append(not is_due)
    yield Row(claim.path, claim.text, tuple(settled))


def _rows(evaluator: Evaluator, claim: Property, execution: Execution) -> tuple[Row, ...]:
    """Return the truth of the run's claims about states in each state, the claim itself first."""
    claims = [p for p in evaluator.setting.claims if p.kind in _OF_STATES and p != claim]
    if claim.kind in (*_OF_STATES, PropertyKind.WITNESS, PropertyKind.RECOVERABLE):
        claims.insert(0, claim)
    return tuple(
        Row(p.path, p.text, tuple(evaluator.holds(p.path, state) for state in execution.states))
        for p in claims
    )
