"""Report the runs of a command to machines, in the words of a gate: JUnit and SARIF.

As a gate's, a report is there from the start and says that it is unfinished, so that nobody takes
what a killed command left for a pass.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from enum import StrEnum
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any

from splitspec.checker.expectation import JudgedProof, JudgedRun
from splitspec.checker.gate.finding import Finding, Kind
from splitspec.checker.report.summary import Summary, started
from splitspec.checker.result import Stop
from splitspec.cli.exitcode import ExitCode
from splitspec.cli.report_request import Report, ReportKind, ResultKind
from splitspec.cli.writing import write_report
from splitspec.model.frozen import frozen

if TYPE_CHECKING:  # What makes reports is imported when there are some.
    from splitspec.cli.reported import Shown

JUDGED = (ReportKind.JUNIT, ReportKind.SARIF)
"""Kinds that are made of a summary; the others a command makes itself."""


@frozen
class RunReports:
    """The reports that one command was asked for, under its name."""

    title: str
    reports: tuple[Report[ReportKind], ...]
    began: float

    def finish(
        self,
        runs: Iterable[Shown],
        code: ExitCode,
        *,
        found: Sequence[Finding] = (),
        left: Sequence[str] = (),
    ) -> list[ExitCode]:
        """Write the reports; return the codes of what went wrong. `found` is what is wrong besides
        the runs, `left` what was not asked for."""
        if not self.reports:
            return []
        from splitspec.cli.judging import faults
        from splitspec.cli.reported import reported

        shown = tuple(runs)
        findings = [f for origin, judged in shown for f in faults(origin.run, judged)]
        if not shown:
            findings.append(Finding(Kind.EMPTY, "", "", "there was nothing to do"))
        items, failures = reported(shown, (*findings, *found))
        summary = Summary(
            self.title,
            items,
            failures,
            tuple(left),
            all(map(_is_whole, (judged for _, judged in shown))),
            code.value,
            monotonic() - self.began,
            {},
            {o.run: judged.advice for o, judged in shown if isinstance(judged, JudgedProof)},
        )
        return self._written(summary)

    def _written(self, summary: Summary) -> list[ExitCode]:
        from splitspec.cli.reports import write_reports

        codes = []
        for report in self.reports:
            codes += _attempt(report.path, partial(write_reports, [report], summary))
        return codes


def begin(title: str, reports: Iterable[Report[Any]]) -> tuple[RunReports, list[ExitCode]]:
    """Return the reports of a command that are made of a summary, begun on disk, and the codes of
    what cannot be written."""
    judged = tuple(_of_gate(report) for report in reports if _is_judged(report.kind))
    begun = RunReports(f"splitspec {title}", judged, monotonic())
    if not judged:
        return begun, []
    return begun, begun._written(started(begun.title, {}))


def _is_judged(kind: StrEnum) -> bool:
    return kind.value in {each.value for each in JUDGED}


def _of_gate(report: Report[Any]) -> Report[ReportKind]:
    return Report(ReportKind(report.kind.value), report.path)


def others(reports: Collection[Report[Any]]) -> tuple[Report[Any], ...]:
    """Return the reports that are not made of a summary."""
    return tuple(report for report in reports if not _is_judged(report.kind))


def write_documents(
    reports: Iterable[Report[ResultKind]], document: Callable[[], dict[str, Any]]
) -> list[ExitCode]:
    """Write the reports that are the command's own document; return the codes of what failed."""
    codes: list[ExitCode] = []
    for report in others(tuple(reports)):
        text = json.dumps(document(), indent=2, ensure_ascii=False) + "\n"
        codes += write_report(report.path, text)
    return codes


def _attempt(path: str, write: Callable[[], None]) -> list[ExitCode]:
    try:
        write()
    except OSError as error:
        print(f"error: {path} cannot be written: {error.strerror}", file=sys.stderr)
        return [ExitCode.INTERNAL]
    return []


def _is_whole(judged: JudgedRun | JudgedProof) -> bool:
    """Whether a run came to the end that it was meant to."""
    match judged:
        case JudgedRun():
            stop = judged.result.run.stop
            return stop in (None, Stop.DECIDED) or judged.is_deep_enough
        case JudgedProof():
            run = judged.result.run
            return not (run.interrupted or run.out_of_time)
