"""`splitspec check`: explore every selected run, judge it, and report."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from splitspec.checker.expectation import JudgedRun, judge
from splitspec.checker.explicit.search import explore
from splitspec.checker.report.document import document
from splitspec.checker.report.text import run_text
from splitspec.checker.result import Limits, Stop
from splitspec.cli.exitcode import ExitCode, combine
from splitspec.cli.outcome import exit_code
from splitspec.cli.selection import Job, Request, report_problems, select
from splitspec.cli.terminal import Choice, ProgressLine, painter, uses_color


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """What was asked on the command line."""

    what: Request
    depth: int | None
    states: int | None
    time: float | None
    memory: int | None
    workers: int
    symmetry: bool
    cross_check: bool
    slice: bool
    json: bool
    color: Choice
    progress: Choice
    verbose: bool
    quiet: bool

    @property
    def limits(self) -> Limits:
        return Limits(self.states, self.memory, self.time, self.depth)


def check_models(request: CheckRequest) -> ExitCode:
    """Run every selected job in order; an interrupt ends the sequence and is reported."""
    selected = select(request.what)
    if selected.problems:
        return report_problems(selected.problems, request.color)
    show = _writer(request)
    judged: list[JudgedRun] = []
    failures: list[str] = []
    for job in selected.jobs:
        line = ProgressLine(request.progress, title=job.title)
        judged.append(_run(job, request, line))
        line.clear()
        show(job, judged[-1])
        if request.cross_check:
            failures += _cross_check(job, request)
        if judged[-1].result.run.stop is Stop.INTERRUPTED:
            break
    return _conclude(request, selected.jobs, judged, failures)


def _run(job: Job, request: CheckRequest, progress: ProgressLine) -> JudgedRun:
    result = explore(
        job.setting,
        limits=request.limits,
        workers=request.workers,
        symmetry=request.symmetry,
        until=job.until,
        on_progress=progress,
        slice=request.slice,
        family=job.family,
    )
    return judge(result, job.expectation)


def _cross_check(job: Job, request: CheckRequest) -> list[str]:
    from splitspec.checker.explicit.search import cross_check

    return [
        f"{job.title}: {text}"
        for text in cross_check(job.setting, limits=request.limits, workers=request.workers)
    ]


def _writer(request: CheckRequest) -> Callable[[Job, JudgedRun], None]:
    """Return what prints a run as soon as it is judged; JSON is one document, at the end."""
    paint = painter(uses_color(request.color, sys.stdout))

    def show(job: Job, judged: JudgedRun) -> None:
        if request.json or (request.quiet and exit_code([judged]) is ExitCode.MET):
            return
        print(run_text(judged, job.sentences, paint, verbose=request.verbose))
        print(flush=True)

    return show


def _conclude(
    request: CheckRequest, jobs: tuple[Job, ...], judged: list[JudgedRun], failures: list[str]
) -> ExitCode:
    code = exit_code(judged)
    stale = _stale(jobs[: len(judged)], judged) if len(judged) == len(jobs) else []
    for sentence in stale:
        print(f"policy: {sentence}", file=sys.stderr)
    if stale:
        code = combine([code, ExitCode.POLICY])
    for failure in failures:
        print(f"cross-check: {failure}", file=sys.stderr)
    if failures:
        code = ExitCode.INTERNAL
    if request.json:
        print(json.dumps(document(judged), indent=2, ensure_ascii=False))
    else:
        print(_summary(judged, code))
    return code


def _stale(jobs: Iterable[Job], judged: list[JudgedRun]) -> list[str]:
    """Return the vacuities that `models.toml` expects and that no run of the model had."""
    idle = {(job.setting.model, path) for job in jobs for path in job.expectation.idle}
    seen = {
        (item.result.run.model, path)
        for item in judged
        for path in (*item.result.run.coverage.never_enabled, *item.result.run.coverage.never_met)
    }
    seen |= {
        (item.result.run.model, j.verdict.property) for item in judged for j in item.judgements
    }
    return [f"{model}: {path} is marked idle and is not" for model, path in sorted(idle - seen)]


def _summary(judged: list[JudgedRun], code: ExitCode) -> str:
    met = sum(exit_code([item]) is ExitCode.MET for item in judged)
    verdicts = sum(len(item.judgements) for item in judged)
    if not judged:
        return "nothing was checked"
    plural = "" if len(judged) == 1 else "s"
    return (
        f"{met} of {len(judged)} run{plural} as expected, {verdicts} verdicts · exit {code.value}"
    )
