"""Write reports for machines and reviewers, whole or not at all.

A report that was asked for is there from the start, and says that nothing is finished; so whoever
finds the report of a run that was killed does not take it for a pass.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import assert_never

from splitspec.checker.report.gate_document import gate_document
from splitspec.checker.report.github import step_summary, workflow_commands
from splitspec.checker.report.junit import junit
from splitspec.checker.report.markdown import comparison
from splitspec.checker.report.sarif import sarif
from splitspec.checker.report.summary import Summary
from splitspec.cli.report_request import Report, ReportKind
from splitspec.cli.screen import print_verbatim
from splitspec.cli.writing import is_stream, write_whole


def begin_reports(reports: Iterable[Report[ReportKind]], unfinished: Summary) -> None:
    """Let each report say that nothing is finished; raise `OSError` for the first that cannot be
    written, when no other one says any more what an earlier run found."""
    problems: list[OSError] = []
    for report in reports:
        try:
            _write(report, unfinished)
        except OSError as problem:
            problems.append(problem)
    if problems:
        raise problems[0]


def write_reports(reports: Iterable[Report[ReportKind]], summary: Summary) -> None:
    """Write each report; raise `OSError` for the first that cannot be written."""
    for report in reports:
        _write(report, summary)


def write_all_that_can_be(reports: Iterable[Report[ReportKind]], summary: Summary) -> None:
    """Write again the reports that are files and can be written: one of them could not."""
    for report in reports:
        if report.path != "-" and not is_stream(Path(report.path)):
            with suppress(OSError):
                write_whole(Path(report.path), _written(report.kind)(summary))


def _write(report: Report[ReportKind], summary: Summary) -> None:
    text = _written(report.kind)(summary)
    is_standard, path = report.path == "-", Path(report.path)
    # What was printed cannot be replaced by what is found later.
    if summary.is_unfinished and (is_standard or is_stream(path)):
        return
    if is_standard:
        print_verbatim(text)
    else:
        write_whole(path, text)
    if report.kind is ReportKind.GITHUB:
        _append_step_summary(summary)


def _written(kind: ReportKind) -> Callable[[Summary], str]:
    match kind:
        case ReportKind.JUNIT:
            return junit
        case ReportKind.SARIF:
            return sarif
        case ReportKind.GITHUB:
            return workflow_commands
        case ReportKind.JSON:
            return lambda s: json.dumps(gate_document(s), indent=2, ensure_ascii=False) + "\n"
        case ReportKind.MARKDOWN:
            return comparison
        case _:
            assert_never(kind)


def _append_step_summary(summary: Summary) -> None:
    """Add the summary to the page of the job, if GitHub runs it and something is finished."""
    place = os.environ.get("GITHUB_STEP_SUMMARY", "")
    if not place or summary.is_unfinished:
        return
    with Path(place).open("a", encoding="utf-8") as file:
        file.write(step_summary(summary))
