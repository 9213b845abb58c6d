"""`splitspec simulate`: random walks over every selected run, judged and reported like a search."""

from __future__ import annotations

import json
import secrets
import sys
from dataclasses import dataclass

from splitspec.checker.expectation import JudgedRun, judge
from splitspec.checker.explicit.simulation import simulate
from splitspec.checker.report.document import document
from splitspec.checker.report.text import run_text
from splitspec.checker.result import Limits, Stop
from splitspec.cli.exitcode import ExitCode
from splitspec.cli.outcome import exit_code
from splitspec.cli.selection import Job, Request, report_problems, select
from splitspec.cli.terminal import Choice, ProgressLine, painter, uses_color


@dataclass(frozen=True, slots=True)
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


def simulate_models(request: SimulateRequest) -> ExitCode:
    """Walk every selected job with one seed, which is printed with the line that repeats it."""
    selected = select(request.what)
    if selected.problems:
        return report_problems(selected.problems, request.color)
    seed = secrets.randbits(31) if request.seed is None else request.seed
    paint = painter(uses_color(request.color, sys.stdout))
    judged: list[JudgedRun] = []
    for job in selected.jobs:
        judged.append(_walk(job, request, seed))
        if not request.json:
            print(run_text(judged[-1], job.sentences, paint, verbose=request.verbose))
            print(flush=True)
        if judged[-1].result.run.stop is Stop.INTERRUPTED:
            break
    return _conclude(request, judged, seed)


def _walk(job: Job, request: SimulateRequest, seed: int) -> JudgedRun:
    line = ProgressLine(request.progress, title=job.title)
    result = simulate(
        job.setting,
        runs=request.runs,
        limits=Limits(time=request.time, depth=request.depth),
        seed=seed,
        workers=request.workers,
        on_progress=line,
    )
    line.clear()
    return judge(result, job.expectation)


def _conclude(request: SimulateRequest, judged: list[JudgedRun], seed: int) -> ExitCode:
    code = exit_code(judged)
    if request.json:
        print(json.dumps(document(judged), indent=2, ensure_ascii=False))
        return code
    if not judged:
        print("nothing was checked")
        return code
    names = " ".join(request.what.models)
    print(
        f"repeat: splitspec simulate {names} --runs {request.runs} --depth {request.depth} "
        f"--seed {seed}"
    )
    return code
