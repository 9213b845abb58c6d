"""Verdicts: what an engine says of one property in one run, never more than it knows."""

from __future__ import annotations

from enum import Enum

from splitspec.model.frozen import frozen
from splitspec.model.induction import InductionCounterexample
from splitspec.model.ir import PropertyKind
from splitspec.model.trace import Trace


class Outcome(Enum):
    HOLDS = "holds"  # For `recoverable` and step properties too.
    VIOLATED = "violated"  # Only ever said of a trace that the evaluator has replayed.
    UNKNOWN = "unknown"  # Nothing was decided; the reason says why.
    REACHED = "reached"  # A witness was found.
    UNREACHED = "unreached"  # All reachable states were seen, and none is a witness.


class AssuranceKind(Enum):
    """How much a verdict rests on, strongest first."""

    PROVED = "proved"  # For any size.
    PROVED_FINITE = "proved-finite"  # For the scope.
    EXHAUSTIVE = "exhaustive"  # All reachable states of the scope were visited.
    BOUNDED = "bounded"  # All runs up to a depth.
    SAMPLED = "sampled"  # Some runs.
    REPLAYED = "replayed"  # A trace shows it: violations and reached witnesses.
    NONE = "none"  # Unknown verdicts.


@frozen
class Assurance:
    """`detail` completes the kind: "Container=2, Page=3", "12 steps", "10000 runs"."""

    kind: AssuranceKind
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.kind.value}({self.detail})" if self.detail else self.kind.value


@frozen
class Verdict:
    """What is known of `property`.

    `reason` is for unknowns, and names the vacuity of a pass that means nothing. `induction` shows
    why a proof failed; it says nothing of reachability, and stands beside an unknown only. `needs`
    are paths of properties that are not proved, and without which its proof fails.
    """

    property: str
    kind: PropertyKind
    outcome: Outcome
    assurance: Assurance
    reason: str = ""
    trace: Trace | None = None
    vacuous: bool = False
    induction: InductionCounterexample | None = None
    needs: tuple[str, ...] = ()
