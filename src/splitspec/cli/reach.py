"""Look by exploration for a run that shows what could not be proved.

The prover and the explorer do not know one another; here the result of the one becomes a question
to the other.
"""

from __future__ import annotations

from dataclasses import replace

from splitspec.checker.explicit.liveness import refute
from splitspec.checker.explicit.search import explore
from splitspec.checker.proof import ProofResult
from splitspec.checker.result import RunResult
from splitspec.model.ir import PropertyKind
from splitspec.model.setting import Setting
from splitspec.model.verdict import Assurance, AssuranceKind, Outcome, Verdict


def with_runs(setting: Setting, proof: ProofResult) -> ProofResult:
    """Return the proof with a violation in the place of each unknown for which a run was found.

    Where there is none at the scope of the setting, the reason says so.
    """
    verdicts = tuple(
        _explored(setting, verdict) if verdict.outcome is Outcome.UNKNOWN else verdict
        for verdict in proof.verdicts
    )
    return replace(proof, verdicts=verdicts)


def _explored(setting: Setting, verdict: Verdict) -> Verdict:
    if verdict.kind is PropertyKind.PROGRESS:
        return _followed_for_ever(setting, verdict)
    result = explore(setting, until=verdict.property, workers=2)
    found = _verdict_on(result, verdict.property)
    if found is None:
        return verdict
    if found.outcome is Outcome.VIOLATED:
        return found
    if found.assurance.kind is AssuranceKind.EXHAUSTIVE:
        words = f"{verdict.reason}; no run shows it at {found.assurance.detail}"
        return replace(verdict, reason=words)
    return replace(verdict, reason=f"{verdict.reason}; exploration: {found.reason}")


def _verdict_on(result: RunResult, path: str) -> Verdict | None:
    return next((verdict for verdict in result.verdicts if verdict.property == path), None)


def _followed_for_ever(setting: Setting, verdict: Verdict) -> Verdict:
    """Return what a search for a fair run says, in which the answer never comes."""
    found = refute(setting, verdict.property)
    if found.trace is not None:
        shown = Assurance(AssuranceKind.REPLAYED)
        return replace(
            verdict, outcome=Outcome.VIOLATED, assurance=shown, reason="", trace=found.trace
        )
    scope = ", ".join(f"{s.rpartition('.')[2]}={n}" for s, n in setting.scope.sizes.items())
    words = f"no fair run shows it at {scope}"
    if not found.complete:
        words = f"no fair run shows it among the first {found.states} states"
    return replace(verdict, reason=f"{verdict.reason}; {words}")
