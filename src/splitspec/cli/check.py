"""`splitspec check`: explore every selected run, judge it, and report."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from splitspec.checker.expectation import JudgedRun, judge
from splitspec.checker.explicit.search import cross_check, explore, unexplored
from splitspec.checker.interruption import Interruption
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


@dataclass(slots=True)
class Session:
    """What was judged so far. `failures` are disagreements of a cross-check, `obstacles` why part
    of one was not made."""

    judged: list[JudgedRun] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    obstacles: list[str] = field(default_factory=list)


def check_models(request: CheckRequest, interruption: Interruption) -> ExitCode:
    """Run every selected job in order; an interrupt ends the sequence and is reported."""
    selected = select(request.what)
    if selected.problems:
        return report_problems(selected.problems, request.color)
    session, show = Session(), _writer(request)
    with suppress(KeyboardInterrupt):  # Raised to give up what is under way, and no more.
        for job in selected.jobs:
            if interruption.requested:
                break
            _check(job, request, session, show, interruption)
    interruption.settle()
    made = len(session.judged)
    session.judged += [
        judge(unexplored(job.setting, Stop.INTERRUPTED), job.expectation)
        for job in selected.jobs[made:]
    ]
    return _conclude(request, selected.jobs, session, made, interrupted=interruption.requested)


def _check(
    job: Job,
    request: CheckRequest,
    session: Session,
    show: Callable[[Job, JudgedRun], None],
    interruption: Interruption,
) -> None:
    """Make one run and show it."""
    line = ProgressLine(request.progress, title=job.title)
    result = explore(
        job.setting,
        limits=request.limits,
        workers=request.workers,
        symmetry=request.symmetry,
        until=job.until,
        on_progress=line,
        slice=request.slice,
        family=job.family,
        interruption=interruption,
    )
    line.clear()
    # Variables that nothing reads tell states apart which the manifest counts as one.
    expectation = job.expectation if request.slice else job.expectation.uncounted()
    session.judged.append(judge(result, expectation))
    show(job, session.judged[-1])
    if request.cross_check and not interruption.requested:
        _cross_check(job, request, session, interruption)


def _cross_check(
    job: Job, request: CheckRequest, session: Session, interruption: Interruption
) -> None:
    found = cross_check(
        job.setting,
        limits=request.limits,
        workers=request.workers,
        interruption=interruption,
    )
    session.failures += [f"{job.title}: {text}" for text in found.disagreements]
    session.obstacles += [f"{job.title}: {text}" for text in found.obstacles]


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
    request: CheckRequest,
    jobs: Sequence[Job],
    session: Session,
    made: int,
    *,
    interrupted: bool,
) -> ExitCode:
    codes = [exit_code(session.judged)]
    if interrupted:
        codes.append(ExitCode.INTERRUPTED)
    if session.failures:
        codes.append(ExitCode.INTERNAL)
    if session.obstacles:
        codes.append(ExitCode.UNKNOWN)
    if not jobs:
        print(f"note: no run fits {request.what.narrowing}", file=sys.stderr)
    for text in (*session.failures, *session.obstacles):
        print(f"cross-check: {text}", file=sys.stderr)
    for sentence in _stale(request, jobs, session.judged):
        print(f"policy: {sentence}", file=sys.stderr)
        codes.append(ExitCode.POLICY)
    code = combine(codes)
    if request.json:
        print(json.dumps(document(session.judged), indent=2, ensure_ascii=False))
    else:
        print(_summary(session.judged, made, code))
    return code


def _stale(request: CheckRequest, jobs: Sequence[Job], judged: Sequence[JudgedRun]) -> list[str]:
    """Return the vacuities that `models.toml` expects and that no run of the model had.

    Nothing is said of a model of which not every run was made and judged: the vacuity may be there.
    """
    if request.what.given is not None or request.what.properties:
        return []
    partial = {item.result.run.model for item in judged if item.result.run.coverage is None}
    idle = {(job.setting.model, path) for job in jobs for path in job.expectation.idle}
    seen = {
        (item.result.run.model, path)
        for item in judged
        if (coverage := item.result.run.coverage) is not None
        for path in (*coverage.never_enabled, *coverage.never_met)
    }
    seen |= {
        (item.result.run.model, j.verdict.property) for item in judged for j in item.judgements
    }
    return [
        f"{model}: {path} is marked idle and is not"
        for model, path in sorted(idle - seen)
        if model not in partial
    ]


def _summary(judged: Sequence[JudgedRun], made: int, code: ExitCode) -> str:
    if not judged:
        return f"nothing was checked · exit {code.value}"
    met = sum(exit_code([item]) is ExitCode.MET for item in judged)
    verdicts = sum(len(item.judgements) for item in judged[:made])
    left = f", {len(judged) - made} not made" if made < len(judged) else ""
    return (
        f"{met} of {_counted(len(judged), 'run')} as expected{left}, "
        f"{_counted(verdicts, 'verdict')} · exit {code.value}"
    )


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
