"""`splitspec stability`: prove under other seeds, and say whether any proof depends on one."""

from __future__ import annotations

from collections import Counter

from splitspec.checker.proof import Obligation, ProofLimits, ProofResult, Status, unsteady
from splitspec.checker.report.counting import counted
from splitspec.checker.symbolic.proving import is_provable, prove
from splitspec.cli.exitcode import ExitCode, combine
from splitspec.cli.models import report_problems
from splitspec.cli.selection import Job, Request, select
from splitspec.cli.terminal import Choice, ProgressLine
from splitspec.model.frozen import frozen
from splitspec.model.verdict import Outcome

WOBBLE = 20
"""An obligation whose dearest proof takes so many times the steps of its cheapest is named."""

WORTH_NAMING = 100_000
"""Steps below which nobody needs to care."""


@frozen
class StabilityRequest:
    """What was asked on the command line."""

    what: Request
    seeds: int
    steps: int
    workers: int
    color: Choice
    progress: Choice


def stabilise(request: StabilityRequest) -> ExitCode:
    """Prove every selected job under every seed and report what differs."""
    selected = select(request.what)
    if selected.problems:
        return report_problems(selected.problems, request.color)
    codes: list[ExitCode] = []
    for job in selected.jobs:
        if is_provable(job.setting):
            codes.append(_stabilise(job, request))
            if codes[-1] is ExitCode.INTERRUPTED:
                break
    code = combine(codes)
    if not codes:
        print(f"nothing was proved: no proof is claimed · exit {code.value}")
    return code


def _stabilise(job: Job, request: StabilityRequest) -> ExitCode:
    line = ProgressLine(request.progress, title=job.title)
    results: list[ProofResult] = []
    for seed in range(request.seeds):
        result = prove(
            job.setting,
            limits=ProofLimits(steps=request.steps),
            seed=seed,
            workers=request.workers,
            report=line.proof,
        )
        if result.run.interrupted:
            line.clear()
            print(f"{job.title}: interrupted under seed {seed}")
            return ExitCode.INTERRUPTED
        results.append(result)
    line.clear()
    return _told(job, results)


def _told(job: Job, results: list[ProofResult]) -> ExitCode:
    """Print what differs under the seeds, and what is proved under none of them."""
    by_key = _by_key(results)
    unstable = [key for key, found in by_key.items() if len({o.status for o in found}) > 1]
    dearest = max((o.steps for found in by_key.values() for o in found), default=0)
    print(
        f"{job.title}: {len(by_key)} obligations under {len(results)} seeds, "
        f"{len(unstable)} unstable, at most {dearest:,} steps"
    )
    for claim, action in unstable:
        met = sum(o.status is Status.PROVED for o in by_key[(claim, action)])
        print(f"  unstable  {claim} after {action or 'init'}: proved under {met} of {len(results)}")
    changing = unsteady(results)
    for path in changing:
        print(f"  unstable  {path}: {_outcomes(results, path)}")
    for claim, action in _wobbling(by_key):
        steps = [o.steps for o in by_key[(claim, action)]]
        print(f"  wobbles   {claim} after {action}: {min(steps):,} to {max(steps):,} steps")
    open_ = sum(all(o.status is not Status.PROVED for o in found) for found in by_key.values())
    if open_:
        what = counted(open_, "obligation")
        print(f"  open      {what} proved under no seed; `splitspec prove` says why")
    unproved = [v for v in results[0].verdicts if v.outcome is not Outcome.HOLDS]
    for verdict in unproved:
        if verdict.property not in changing:
            print(f"  open      {verdict.property}: {verdict.reason or verdict.outcome.value}")
    if unstable or changing:
        return ExitCode.POLICY
    return ExitCode.UNKNOWN if open_ or unproved else ExitCode.MET


def _outcomes(results: list[ProofResult], path: str) -> str:
    """Return under how many seeds a property comes to what, in words."""
    found = Counter(
        v.assurance.kind.value if v.outcome is Outcome.HOLDS else v.outcome.value
        for result in results
        for v in result.verdicts
        if v.property == path
    )
    return "; ".join(f"{words} under {number}" for words, number in found.items())


def _by_key(results: list[ProofResult]) -> dict[tuple[str, str], list[Obligation]]:
    found: dict[tuple[str, str], list[Obligation]] = {}
    for result in results:
        for obligation in result.obligations:
            found.setdefault((obligation.claim, obligation.action), []).append(obligation)
    return found


def _wobbling(by_key: dict[tuple[str, str], list[Obligation]]) -> list[tuple[str, str]]:
    return [
        key
        for key, found in by_key.items()
        if max(o.steps for o in found) > WORTH_NAMING
        and max(o.steps for o in found) > WOBBLE * max(1, min(o.steps for o in found))
    ]
