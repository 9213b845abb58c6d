"""`splitspec simulate`: random walks over every selected run, judged and reported like a search."""

from __future__ import annotations

import json
import secrets
import shlex
import sys
from collections.abc import Sequence
from contextlib import suppress

from splitspec.checker.expectation import JudgedRun, judge
from splitspec.checker.explicit.search import unexplored
from splitspec.checker.explicit.simulation import simulate
from splitspec.checker.gate.lock import Activity
from splitspec.checker.interruption import Interruption
from splitspec.checker.report.document import document
from splitspec.checker.report.text import run_text
from splitspec.checker.result import Limits, Stop
from splitspec.cli.exitcode import ExitCode, combine
from splitspec.cli.models import report_problems
from splitspec.cli.outcome import exit_code
from splitspec.cli.report_request import ExportKind, Report
from splitspec.cli.run_reports import RunReports, begin
from splitspec.cli.selection import Job, Request, select
from splitspec.cli.terminal import Choice, ProgressLine, painter
from splitspec.model.frozen import frozen


@frozen
class SimulateRequest:
    """What was asked on the command line."""

    what: Request
    runs: int
    depth: int
    time: float | None
    workers: int
    seed: int | None
    json: bool
    color: Choice
    progress: Choice
    verbose: bool
    quiet: bool
    reports: tuple[Report[ExportKind], ...] = ()


def simulate_models(request: SimulateRequest, interruption: Interruption) -> ExitCode:
    """Walk every selected job with one seed, which is printed with the line that repeats it."""
    selected = select(request.what)
    if selected.problems:
        return report_problems(selected.problems, request.color)
    seed = secrets.randbits(31) if request.seed is None else request.seed
    paint = painter(request.color, sys.stdout)
    judged: list[JudgedRun] = []
    begun, codes = begin("simulate", request.reports)
    with suppress(KeyboardInterrupt):  # Raised to give up what is under way, and no more.
        for job in selected.jobs:
            if interruption.requested:
                break
            judged.append(_walk(job, request, seed, interruption))
            is_silent = request.quiet and exit_code(judged[-1:]) is ExitCode.MET
            if not request.json and not is_silent:
                print(run_text(judged[-1], job.sentences, paint, verbose=request.verbose))
                print(flush=True)
    interruption.settle()
    left = selected.jobs[len(judged) :]
    judged += [judge(unexplored(job.setting, Stop.INTERRUPTED), job.expectation) for job in left]
    runs = list(zip(selected.jobs, judged, strict=True))
    codes += [ExitCode.INTERRUPTED] if interruption.requested else []
    codes += _report(request, runs, begun, combine([exit_code(judged), *codes]))
    return _conclude(request, judged, seed, codes)


def _walk(job: Job, request: SimulateRequest, seed: int, interruption: Interruption) -> JudgedRun:
    line = ProgressLine(request.progress, title=job.title)
    result = simulate(
        job.setting,
        runs=request.runs,
        limits=Limits(time=request.time, depth=request.depth),
        seed=seed,
        workers=request.workers,
        on_progress=line,
        interruption=interruption,
    )
    line.clear()
    return judge(result, job.expectation)


def _report(
    request: SimulateRequest,
    runs: Sequence[tuple[Job, JudgedRun]],
    begun: RunReports,
    code: ExitCode,
) -> list[ExitCode]:
    """Write the reports; return the codes of what went wrong."""
    if not request.reports:
        return []
    from splitspec.cli.exports import exhibits_of_runs, write_exhibits
    from splitspec.cli.reported import origin_of

    exhibits = exhibits_of_runs([(job.setting, run) for job, run in runs])
    judged = [run for _, run in runs]
    codes = write_exhibits(
        request.reports, exhibits, lambda: document(judged), "nothing is violated"
    )
    shown = [(origin_of(Activity.EXPLORED, j.setting, j.sentences), run) for j, run in runs]
    return codes + begun.finish(shown, combine([code, *codes]))


def _conclude(
    request: SimulateRequest, judged: list[JudgedRun], seed: int, codes: list[ExitCode]
) -> ExitCode:
    code = combine([exit_code(judged), *codes])
    if not judged:
        print(f"note: no run fits {request.what.narrowing}", file=sys.stderr)
    if request.json:
        print(json.dumps(document(judged), indent=2, ensure_ascii=False))
        return code
    print(f"repeat: {_repetition(request, seed)} · exit {code.value}")
    return code


def _repetition(request: SimulateRequest, seed: int) -> str:
    """Return the command that walks the same walks."""
    what = request.what
    words = ["splitspec", "simulate", *what.models]
    for option, values in (
        ("--scope", [f"{sort}={size}" for sort, size in what.sizes]),
        ("--property", what.properties),
        ("--given", what.given or ()),
        ("--variant", () if what.variant is None else (what.variant,)),
    ):
        words += [word for value in values for word in (option, value)]
    words += ["--runs", str(request.runs), "--depth", str(request.depth), "--seed", str(seed)]
    return shlex.join(words)
