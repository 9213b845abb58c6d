"""Look by exploration for a run that shows what could not be proved.

The prover and the explorer do not know one another; here the result of the one becomes a question
to the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from splitspec.checker.explicit.liveness import refute
from splitspec.checker.explicit.search import explore
from splitspec.checker.proof import ProofResult
from splitspec.checker.result import Limits
from splitspec.checker.symbolic.judgement import scope_text
from splitspec.model.induction import largest_natural
from splitspec.model.ir import PropertyKind
from splitspec.model.setting import Setting
from splitspec.model.verdict import Assurance, AssuranceKind, Outcome, Verdict

WIDER_STATES_MAX = 1_000_000
"""So many states are explored at sizes that nobody asked for."""


def with_runs(setting: Setting, proof: ProofResult) -> ProofResult:
    """Return the proof with a violation in the place of each unknown for which a run was found.

    Where there is none at the scope of the setting, sizes are tried at which there are
    counterexamples to induction, too; the reason says what was looked at.
    """
    unknown = [v for v in proof.verdicts if v.outcome is Outcome.UNKNOWN]
    safety = [v.property for v in unknown if v.kind is not PropertyKind.PROGRESS]
    found = _explored(setting, safety)
    wider = _wider(setting, unknown)
    left = [path for path in safety if found[path].outcome is not Outcome.VIOLATED]
    beyond: Mapping[str, Verdict] = {}
    if wider is not None:
        beyond = _explored(wider, left, Limits(states=WIDER_STATES_MAX))

    def decided(verdict: Verdict) -> Verdict:
        if verdict.outcome is not Outcome.UNKNOWN:
            return verdict
        if verdict.kind is PropertyKind.PROGRESS:
            return _followed_for_ever(setting, verdict)
        return _answered(verdict, found.get(verdict.property), beyond.get(verdict.property), wider)

    return replace(proof, verdicts=tuple(decided(verdict) for verdict in proof.verdicts))


def _wider(setting: Setting, unknown: Iterable[Verdict]) -> Setting | None:
    """Return the setting at sizes and bounds of which none is less than that of a counterexample to
    induction; None if it is so already."""
    sizes, least = dict(setting.scope.sizes), 0
    for verdict in unknown:
        if verdict.induction is not None:
            least = max(least, largest_natural(setting, verdict.induction.trace))
            for sort, size in verdict.induction.scope:
                sizes[sort] = max(sizes[sort], size)
    bounds = {path: max(bound, least) for path, bound in setting.scope.bounds.items()}
    scope = replace(setting.scope, sizes=sizes, bounds=bounds)
    return None if scope == setting.scope else replace(setting, scope=scope)


def _explored(
    setting: Setting, paths: Iterable[str], limits: Limits | None = None
) -> dict[str, Verdict]:
    """Return what exploration says of each property. A search ends when it has found its own, and
    may have found others by then, or have seen every state."""
    found: dict[str, Verdict] = {}
    wanted = tuple(paths)
    for path in wanted:
        if path in found:
            continue
        result = explore(setting, until=path, workers=2, limits=limits)
        for verdict in result.verdicts:
            is_final = verdict.trace is not None or _is_of_every_state(verdict)
            if verdict.property in wanted and (is_final or verdict.property == path):
                found.setdefault(verdict.property, verdict)
    return found


def _is_of_every_state(verdict: Verdict) -> bool:
    return verdict.assurance.kind is AssuranceKind.EXHAUSTIVE


def _answered(
    verdict: Verdict, found: Verdict | None, beyond: Verdict | None, wider: Setting | None
) -> Verdict:
    """Return the violation that was found, or the verdict with the sizes at which there is none."""
    words = verdict.reason
    for each in (found, beyond):
        if each is None:
            continue
        if each.outcome is Outcome.VIOLATED:
            return each
        where = (
            ""
            if each is found or wider is None
            else f" at {scope_text(wider.scope, wider.program.variables)}"
        )
        sizes = f" at {each.assurance.detail}" if each.assurance.detail else ""
        words += (
            f"; no run shows it{sizes}"
            if _is_of_every_state(each)
            else f"; exploration{where}: {each.reason or each.assurance}"
        )
    return replace(verdict, reason=words)


def _followed_for_ever(setting: Setting, verdict: Verdict) -> Verdict:
    """Return what a search for a fair run says, in which the answer never comes."""
    found = refute(setting, verdict.property)
    if found.trace is not None:
        shown = Assurance(AssuranceKind.REPLAYED)
        return replace(
            verdict, outcome=Outcome.VIOLATED, assurance=shown, reason="", trace=found.trace
        )
    words = f"no fair run shows it at {scope_text(setting.scope, setting.program.variables)}"
    if not found.complete:
        words = f"no fair run shows it among the first {found.states} states"
    return replace(verdict, reason=f"{verdict.reason}; {words}")
