"""From an execution that shows a claim to its picture: sequence, diagrams, and what holds when."""

from __future__ import annotations

from splitspec.checker.evidence.default_view import principals_of
from splitspec.checker.evidence.drawing import diagrams_of
from splitspec.checker.evidence.execution import Execution
from splitspec.checker.evidence.sequence import sequence_of
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import Property, PropertyKind
from splitspec.model.picture import Picture, Row
from splitspec.model.trace import Trace
from splitspec.model.types import Sort

_OF_STATES = (PropertyKind.INVARIANT, PropertyKind.LEMMA)


def picture_of(
    evaluator: Evaluator, claim: Property, execution: Execution, trace: Trace, banner: str = ""
) -> Picture:
    """Return the picture of a trace and of the execution that it shows."""
    setting = evaluator.setting
    lanes, strokes = sequence_of(evaluator, execution.steps)
    return Picture(
        trace=trace,
        title=claim.text,
        kind=claim.kind.value,
        difference="" if setting.variant is None else setting.variant.text,
        banner=banner,
        lanes=lanes,
        strokes=strokes,
        principals=_principals(evaluator),
        diagrams=diagrams_of(evaluator, execution.states),
        rows=_rows(evaluator, claim, execution),
    )


def _principals(evaluator: Evaluator) -> tuple[str, ...]:
    """Return the elements of the sorts that act, as traces write them."""
    scope = evaluator.places.scope
    sorts = [path for path in evaluator.program.sorts if path in principals_of(evaluator.program)]
    return tuple(scope.show(v, Sort(path)) for path in sorts for v in scope.values(Sort(path)))


def _rows(evaluator: Evaluator, claim: Property, execution: Execution) -> tuple[Row, ...]:
    """Return the truth of the run's claims about states in each state, the claim itself first."""
    claims = [p for p in evaluator.setting.claims if p.kind in _OF_STATES and p != claim]
    if claim.kind in (*_OF_STATES, PropertyKind.WITNESS, PropertyKind.RECOVERABLE):
        claims.insert(0, claim)
    return tuple(
        Row(p.path, p.text, tuple(evaluator.holds(p.path, state) for state in execution.states))
        for p in claims
    )
