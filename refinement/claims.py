"""Turn what conformance found into a run with verdicts: a claim for each action that was done, and
for each guard that refused.

An action `granting.back_page` holds if every call that the specification allows was done, and led
where it says. A guard `granting.back_page.owner` holds if calls were tried that it alone, or it
among others, refuses, and every one was refused for such a guard with nothing changed. What a
divergence shows is violated; of what a walk did not come to, nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from splitspec.checker.evidence.execution import run_id
from splitspec.checker.result import Engine, Run, RunResult, Stop
from splitspec.model.ir import PropertyKind
from splitspec.model.setting import Setting
from splitspec.model.verdict import Assurance, AssuranceKind, Outcome, Verdict
from splitspec.refinement.divergence import Conformance, Divergence
from splitspec.refinement.report import divergence_text

BEGINNING = "the initial state"


def as_run(found: Conformance, setting: Setting, mapping: str) -> RunResult:
    """Return the run of a conformance by the mapping of a name."""
    verdicts = tuple(_verdicts(found))
    run = Run(
        id=f"{run_id(setting)} by {mapping}",
        model=found.model,
        given=found.given,
        variant=None,
        scope=found.scope,
        engine=Engine.EVALUATOR,
        complete=found.complete,
        stop=_stop(found),
        seconds=found.seconds,
        states=found.states,
        transitions=found.transitions,
        depth=0,
        symmetry=False,
        seed=found.seed,
    )
    return RunResult(run, verdicts)


def _stop(found: Conformance) -> Stop | None:
    if found.complete:
        return None
    if found.divergences:
        return Stop.DECIDED
    return next((stop for stop in Stop if stop.value == found.reason), Stop.STATES)


def _verdicts(found: Conformance) -> Iterator[Verdict]:
    for divergence in found.divergences:
        yield Verdict(
            _claim(divergence),
            PropertyKind.STEP,
            Outcome.VIOLATED,
            Assurance(AssuranceKind.REPLAYED),
            f"{divergence.kind.value}\n{divergence_text(divergence)}",
        )
    if found.complete:
        yield from _held((*found.tried.performed, *found.tried.refused), found)


def _claim(divergence: Divergence) -> str:
    return divergence.program[-1].action if divergence.program else BEGINNING


def _held(paths: Iterable[str], found: Conformance) -> Iterator[Verdict]:
    if found.method == "exhaustive":
        scope = ", ".join(f"{sort.rpartition('.')[2]}={size}" for sort, size in found.scope)
        assurance = Assurance(AssuranceKind.EXHAUSTIVE, scope)
    else:
        seed = "" if found.seed is None else f", seed {found.seed}"
        assurance = Assurance(AssuranceKind.SAMPLED, f"{found.tried.calls:,} calls{seed}")
    for path in sorted(paths):
        yield Verdict(path, PropertyKind.STEP, Outcome.HOLDS, assurance)
