"""A counterexample to induction: one step from a state of which only the invariants are known.

Nobody says that the state before the step can be reached. So this refutes a proof, not a property:
it is part of an `unknown`, and never of a `violated`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from splitspec.model.frozen import frozen
from splitspec.model.ir import Variable
from splitspec.model.scope import Places
from splitspec.model.setting import Setting, effective_scope
from splitspec.model.trace import Explanation, Step, Trace
from splitspec.model.types import Natural

REACHABILITY_UNKNOWN = "reachability unknown"
BOUND = 2
"""The bound of a `nat`, where the model gives none."""


@frozen
class InductionCounterexample:
    """A step that the evaluator has taken, from a state in which it found all facts true.

    `after` is empty when the step breaks an obligation of its own (overlap, range), and so leads
    nowhere. `cone` are the places on which the broken claim or the step's guards depend; the others
    have arbitrary values.
    """

    model: str
    given: tuple[str, ...]
    variant: str | None
    scope: tuple[tuple[str, int], ...]
    claim: str  # path of the property that is false after the step
    step: Step
    places: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    cone: frozenset[str]
    explanation: Explanation | None

    @property
    def trace(self) -> Trace:
        """Return the step as a trace, which begins anywhere."""
        return Trace(
            self.model,
            self.given,
            self.variant,
            self.scope,
            self.claim,
            self.places,
            (self.before, self.after) if self.after else (self.before,),
            (self.step,),
            self.explanation,
        )

    @property
    def changes(self) -> tuple[tuple[str, str, str], ...]:
        """Return (place, before, after) for what the step changed in the cone."""
        rows = zip(self.places, self.before, self.after, strict=False)
        return tuple(row for row in rows if row[0] in self.cone and row[1] != row[2])

    @property
    def context(self) -> tuple[tuple[str, str], ...]:
        """Return the places of the cone that the step leaves as they are, with their values."""
        changed = {place for place, _, _ in self.changes}
        rows = zip(self.places, self.before, strict=True)
        return tuple(row for row in rows if row[0] in self.cone and row[0] not in changed)


def counterexample_of(trace: Trace, cone: frozenset[str]) -> InductionCounterexample:
    """Return the counterexample to induction that has this trace."""
    return InductionCounterexample(
        trace.model,
        trace.given,
        trace.variant,
        trace.scope,
        trace.claim,
        trace.steps[0],
        trace.places,
        trace.states[0],
        trace.states[1] if len(trace.states) > 1 else (),
        cone,
        trace.explanation,
    )


def bounds_for(
    variables: Iterable[Variable], given: Mapping[str, int], least: int = 0
) -> dict[str, int]:
    """Return a bound for each `nat`: the one that is given, or else `BOUND`; at least `least`."""
    naturals = (v.path for v in variables if isinstance(v.type, Natural))
    return {path: max(least, given.get(path, BOUND)) for path in naturals}


def largest_natural(setting: Setting, trace: Trace) -> int:
    """Return the largest value of a `nat` in the states of a trace, which may lie beyond a run's
    bounds; 0 if the trace is of other places than the setting has at its sizes."""
    scope = effective_scope(setting.scope, setting.variant)
    scope = replace(scope, sizes={**scope.sizes, **dict(trace.scope)})
    places = Places(tuple(setting.program.variables.values()), scope)
    if places.names != trace.places:
        return 0
    texts = (
        text
        for state in trace.states
        for (variable, _), text in zip(places, state, strict=False)
        if isinstance(variable.type, Natural)
    )
    return max((int(text) for text in texts if text.isdecimal()), default=0)
