"""From what a search found, and how far it went, to the verdict on each claim.

Soundness: `Violated` and `Reached` rest on a trace that the evaluator has replayed. `Holds` is
said when every reachable state of the scope was visited, or, of all runs up to a depth, when the
search was told to stop there; any other end leaves what was not found unknown. Of a run without
any state nothing is said: all claims would be true of it.
"""

from __future__ import annotations

from splitspec.checker.evidence.execution import given_names, run_id, sizes
from splitspec.checker.result import NOTHING_STARTS, Engine, Run, Stop
from splitspec.model.frozen import frozen
from splitspec.model.ir import Property, PropertyKind
from splitspec.model.scope import Scope
from splitspec.model.setting import Setting
from splitspec.model.trace import Trace
from splitspec.model.verdict import Assurance, AssuranceKind, Outcome, Verdict


@frozen
class Extent:
    """How far a search went: through all `states` of `scope`, or until `stop`."""

    scope: Scope
    stop: Stop | None
    depth: int
    cut: tuple[str, ...]
    states: int

    @property
    def everything(self) -> str:
        """The sizes, and the bounds that cut the run."""
        sizes = [f"{path.rpartition('.')[2]}={size}" for path, size in self.scope.sizes.items()]
        bounds = [f"{path.rpartition('.')[2]}<={self.scope.bounds[path]}" for path in self.cut]
        return ", ".join(sizes + bounds)


def judge(claim: Property, found: Trace | None, extent: Extent, *, vacuous: bool) -> Verdict:
    """Return the verdict on a claim for which the search found this trace, or none."""
    is_witness = claim.kind is PropertyKind.WITNESS
    reason, never_met = "", False
    if found is not None:
        outcome = Outcome.REACHED if is_witness else Outcome.VIOLATED
        assurance = Assurance(AssuranceKind.REPLAYED)
    elif extent.stop is None and extent.states == 0:
        outcome, assurance = Outcome.UNKNOWN, Assurance(AssuranceKind.NONE)
        reason = NOTHING_STARTS
    elif extent.stop is None:
        outcome = Outcome.UNREACHED if is_witness else Outcome.HOLDS
        assurance = Assurance(AssuranceKind.EXHAUSTIVE, extent.everything)
        never_met = vacuous
        reason = "vacuous: its antecedent never held" if vacuous else ""
    elif extent.stop is Stop.DEPTH and not (is_witness or _needs_everything(claim)):
        outcome = Outcome.HOLDS
        assurance = Assurance(AssuranceKind.BOUNDED, f"{extent.depth} steps")
    else:
        outcome, assurance = Outcome.UNKNOWN, Assurance(AssuranceKind.NONE)
        reason = extent.stop.value
    return Verdict(claim.path, claim.kind, outcome, assurance, reason, found, never_met)


def undecided(claim: Property, reason: str) -> Verdict:
    """Return the verdict on a claim of which nothing is known."""
    nothing = Assurance(AssuranceKind.NONE)
    return Verdict(claim.path, claim.kind, Outcome.UNKNOWN, nothing, reason)


def blank_run(setting: Setting, engine: Engine, sliced: tuple[str, ...] = ()) -> Run:
    """Return the run of a setting as it is before anything was done."""
    return Run(
        id=run_id(setting),
        model=setting.model,
        given=given_names(setting),
        variant=None if setting.variant is None else setting.variant.name,
        scope=sizes(setting.scope),
        engine=engine,
        complete=False,
        stop=None,
        seconds=0.0,
        states=0,
        transitions=0,
        depth=0,
        symmetry=False,
        sliced=sliced,
    )


def _needs_everything(claim: Property) -> bool:
    return claim.kind is PropertyKind.RECOVERABLE
