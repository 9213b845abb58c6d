"""`splitspec replay`: hold logs to the models that they name, and report."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path

from splitspec.checker.report.diagnostics import render
from splitspec.cli.beside import Failure, write_beside
from splitspec.cli.exitcode import ExitCode, combine
from splitspec.cli.report_request import PageKind, Report
from splitspec.cli.terminal import Choice, painter
from splitspec.cli.writing import is_input
from splitspec.model.frozen import frozen
from splitspec.refinement.log_run import log_beside
from splitspec.refinement.replay import replay
from splitspec.refinement.replay_report import replay_document, replay_text
from splitspec.refinement.replay_result import Replay


@frozen
class ReplayRequest:
    """What was asked on the command line."""

    logs: tuple[str, ...]
    candidates: int
    json: bool
    reports: tuple[Report[PageKind], ...]
    color: Choice


def replay_logs(request: ReplayRequest) -> ExitCode:
    """Replay every log in order."""
    logs = tuple(map(Path, request.logs))
    for report in request.reports:
        if is_input(Path(report.path), logs):
            print(
                f"error: {report.path} is what is read: no page is written there", file=sys.stderr
            )
            return ExitCode.USAGE
    paint = painter(request.color, sys.stdout)
    results: list[Replay] = []
    failures: list[Failure] = []
    for name in request.logs:
        path = Path(name)
        results.append(replay(path, folder=_folder(path), limit=request.candidates))
        if results[-1].refused_at is not None:
            again = partial(log_beside, path, folder=_folder(path), limit=request.candidates)
            command = ("splitspec", "replay", name)
            failures.append(Failure(again, replay_text(results[-1]), command))
        diagnostics = results[-1].diagnostics
        if diagnostics:
            print(render(diagnostics, painter(request.color, sys.stderr)), file=sys.stderr)
        if not request.json:
            print(replay_text(results[-1], paint))
    problems = write_beside(request.reports, failures)
    code = combine([*map(_code, results), *problems])
    if request.json:
        documents = [replay_document(found) for found in results]
        data = {"schema": "splitspec-replay/1", "results": documents}
        print(json.dumps(data, indent=2))
    else:
        print(f"{len(results)} log{'' if len(results) == 1 else 's'} · exit {code.value}")
    return code


def _folder(path: Path) -> Path:
    """Return where the model is looked up: beside the log, else from the current folder."""
    from splitspec.model.manifest import find_manifest

    beside = path.absolute().parent
    return beside if find_manifest(beside) is not None else Path.cwd()


def _code(found: Replay) -> ExitCode:
    if found.diagnostics:
        return ExitCode.USAGE
    if found.unknown:
        return ExitCode.UNKNOWN
    if found.refused_at is not None:
        return ExitCode.VIOLATED
    return ExitCode.MET if found.matched else ExitCode.NOTHING
