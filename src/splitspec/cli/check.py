"""`splitspec check`: explore every selected run, judge it, and report."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import TYPE_CHECKING

from splitspec.checker.expectation import JudgedRun, judge
from splitspec.checker.explicit.memory import available_memory
from splitspec.checker.explicit.search import cross_check, unexplored
from splitspec.checker.interruption import Interruption
from splitspec.checker.report.counting import counted
from splitspec.checker.report.document import document
from splitspec.checker.report.text import run_text
from splitspec.checker.result import Limits, Progress, RunResult, Stop
from splitspec.cli.copies import make_all
from splitspec.cli.exitcode import ExitCode, combine
from splitspec.cli.making import make_run
from splitspec.cli.models import report_problems
from splitspec.cli.outcome import exit_code
from splitspec.cli.report_request import ExportKind, Report
from splitspec.cli.selection import Job, Request, select
from splitspec.cli.terminal import Choice, ProgressLine, painter
from splitspec.model.frozen import frozen
from splitspec.model.ir import PropertyKind
from splitspec.model.tier import Tier

if TYPE_CHECKING:  # Pictures and graphs cost a third of a second to import; few runs are drawn.
    from splitspec.cli.run_reports import RunReports


@frozen
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
    reports: tuple[Report[ExportKind], ...] = ()

    @property
    def limits(self) -> Limits:
        return Limits(self.states, self.memory, self.time, self.depth)


@dataclass(slots=True)
class Session:
    """What was judged so far, by the number of the job. `failures` are disagreements of a
    cross-check, `obstacles` why part of one was not made; `reports` those for machines, `codes` of
    what could not be written of them."""

    judged: dict[int, JudgedRun] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    obstacles: list[str] = field(default_factory=list)
    reports: RunReports | None = None
    codes: list[ExitCode] = field(default_factory=list)


def check_models(request: CheckRequest, interruption: Interruption) -> ExitCode:
    """Make every selected run and show the runs in order; an interrupt is reported."""
    selected = select(request.what)
    if selected.problems:
        return report_problems(selected.problems, request.color)
    jobs = sorted(selected.jobs, key=lambda job: list(Tier).index(job.tier))
    session, show = Session(), _writer(request)
    if request.reports:
        from splitspec.cli.run_reports import begin

        session.reports, session.codes = begin("check", request.reports)
    shown = 0
    results = _results(jobs, request, interruption)
    # The exception is raised to give up what is under way, and no more.
    with suppress(KeyboardInterrupt), closing(results):
        for number, result in results:
            session.judged[number] = _judge(jobs[number], request, result)
            while shown in session.judged:
                show(jobs[shown], session.judged[shown])
                shown += 1
            if request.cross_check and not interruption.requested:
                _cross_check(jobs[number], request, session, interruption)
    interruption.settle()
    for number in sorted(number for number in session.judged if number >= shown):
        show(jobs[number], session.judged[number])
    left = [f"left to a later tier: {', '.join(selected.left)}"] if selected.left else []
    for sentence in left:
        print(f"note: {sentence}", file=sys.stderr)
    if request.what.narrowing:
        left.append(f"narrowed by {request.what.narrowing}")
    return _conclude(request, jobs, session, left, interrupted=interruption.requested)


def _judge(job: Job, request: CheckRequest, result: RunResult) -> JudgedRun:
    # Variables that nothing reads tell states apart which the manifest counts as one.
    return judge(result, job.expectation if request.slice else job.expectation.uncounted())


def _results(
    jobs: Sequence[Job], request: CheckRequest, interruption: Interruption
) -> Generator[tuple[int, RunResult], None, None]:
    """Iterate over the results of the jobs, by number, until an interrupt.

    Many short runs are made at once; few, and those of a later tier, have all workers each.
    """
    short = [number for number, job in enumerate(jobs) if job.tier is Tier.COMMIT]
    are_variants = all(job.setting.variant is not None for job in jobs)
    are_many = len(short) > (1 if are_variants else 2 * request.workers)
    if are_many and request.workers > 1 and not request.cross_check:
        yield from _all_at_once(jobs, short, request, interruption)
    else:
        short = []
    for number, job in enumerate(jobs):
        if interruption.requested:
            return
        if number in short:
            continue
        line = ProgressLine(request.progress, title=job.title)
        try:
            result = _explore(job, request, request.workers, line, interruption)
        finally:
            line.clear()
        yield number, result


def _all_at_once(
    jobs: Sequence[Job], numbers: Sequence[int], request: CheckRequest, interruption: Interruption
) -> Iterator[tuple[int, RunResult]]:
    """Make some runs in several processes, each with one thread and its share of the memory."""
    memory = request.memory or available_memory()
    shared = replace(request, memory=memory // request.workers)
    line, began, made = ProgressLine(request.progress, title="runs"), monotonic(), 0

    def make(number: int, relayed: Interruption) -> RunResult:
        return _explore(jobs[number], shared, 1, None, relayed)

    def tick() -> None:
        line.runs(made, len(numbers), monotonic() - began)

    try:
        for number, result in make_all(
            _groups(jobs, numbers), make, request.workers, interruption, tick
        ):
            made += 1
            if line.shown:
                line.clear()
            yield number, result
    finally:
        line.clear()


def _groups(jobs: Sequence[Job], numbers: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """Return the numbers of the jobs, those that share a kernel together."""
    groups: dict[object, list[int]] = {}
    for number in numbers:
        job = jobs[number]
        names = tuple(variant.name for variant in job.family)
        key = (job.setting.model, job.setting.given, names) if names else number
        groups.setdefault(key, []).append(number)
    return tuple(map(tuple, groups.values()))


def _explore(
    job: Job,
    request: CheckRequest,
    workers: int,
    on_progress: Callable[[Progress], None] | None,
    interruption: Interruption,
) -> RunResult:
    return make_run(
        job,
        request.limits,
        workers=workers,
        on_progress=on_progress,
        interruption=interruption,
        symmetry=request.symmetry,
        slice=request.slice,
    )


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
    paint = painter(request.color, sys.stdout)

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
    left: Sequence[str],
    *,
    interrupted: bool,
) -> ExitCode:
    judged = [
        session.judged[number]
        if number in session.judged
        else judge(unexplored(job.setting, Stop.INTERRUPTED), job.expectation)
        for number, job in enumerate(jobs)
    ]
    codes = [exit_code(judged)]
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
    stale = _stale(request, jobs, judged)
    for sentence in stale:
        print(f"policy: {sentence}", file=sys.stderr)
        codes.append(ExitCode.POLICY)
    if request.reports:
        from splitspec.cli.exports import exhibits_of_runs, write_exhibits

        runs = list(zip((job.setting for job in jobs), judged, strict=True))
        exhibits = exhibits_of_runs(runs)
        nothing = "nothing is violated"
        codes += write_exhibits(request.reports, exhibits, lambda: document(judged), nothing)
    if session.reports is not None:
        codes += session.codes
        made = list(zip(jobs, judged, strict=True))
        codes += _report(made, session, combine(codes), stale, left)
    code = combine(codes)
    if request.json:
        print(json.dumps(document(judged), indent=2, ensure_ascii=False))
    else:
        print(_summary(judged, session, code))
    return code


def _report(
    runs: Sequence[tuple[Job, JudgedRun]],
    session: Session,
    code: ExitCode,
    stale: Sequence[str],
    left: Sequence[str],
) -> list[ExitCode]:
    """Write the reports for machines; return the codes of what could not be written."""
    from splitspec.checker.gate.finding import Finding, Kind
    from splitspec.checker.gate.lock import Activity
    from splitspec.cli.reported import origin_of

    assert session.reports is not None
    shown = [(origin_of(Activity.EXPLORED, j.setting, j.sentences), run) for j, run in runs]
    found = [Finding(Kind.DISAGREEING, "", "", text) for text in session.failures]
    found += [Finding(Kind.UNKNOWN, "", "", text) for text in session.obstacles]
    found += [Finding(Kind.UNMET, "", "", text) for text in stale]
    return session.reports.finish(shown, code, found=found, left=left)


def _stale(request: CheckRequest, jobs: Sequence[Job], judged: Sequence[JudgedRun]) -> list[str]:
    """Return what is marked idle and is not, unless only a part was asked for."""
    if request.what.given is not None or request.what.properties:
        return []
    return [f"{model}: {path} is marked idle and is not" for model, path in not_idle(jobs, judged)]


def not_idle(jobs: Sequence[Job], judged: Sequence[JudgedRun]) -> list[tuple[str, str]]:
    """Return the vacuities, by model and path, that `models.toml` expects and that no run had.

    Nothing is said of a model of which not every run was made and judged: the vacuity may be there.
    """
    partial = {item.result.run.model for item in judged if item.result.run.coverage is None}
    idle = {(job.setting.model, path) for job in jobs for path in job.expectation.idle}
    seen = {
        (item.result.run.model, path)
        for item in judged
        if (coverage := item.result.run.coverage) is not None
        for path in (*coverage.never_enabled, *coverage.never_met)
    }
    # Whether an idle witness is reached is its verdict, which says so by itself.
    seen |= {
        (item.result.run.model, j.verdict.property)
        for item in judged
        for j in item.judgements
        if j.verdict.kind is PropertyKind.WITNESS
    }
    return [(model, path) for model, path in sorted(idle - seen) if model not in partial]


def _summary(judged: Sequence[JudgedRun], session: Session, code: ExitCode) -> str:
    if not judged:
        return f"nothing was checked · exit {code.value}"
    met = sum(exit_code([item]) is ExitCode.MET for item in judged)
    verdicts = sum(len(item.judgements) for item in session.judged.values())
    missing = len(judged) - len(session.judged)
    left = f", {missing} not made" if missing else ""
    return (
        f"{met} of {counted(len(judged), 'run')} as expected{left}, "
        f"{counted(verdicts, 'verdict')} · exit {code.value}"
    )
