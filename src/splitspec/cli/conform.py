"""`splitspec conform`: hold implementations to their models, and report."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from splitspec.checker.gate.finding import ADVICE, Finding, Kind
from splitspec.checker.gate.lock import Activity
from splitspec.checker.interruption import Interruption
from splitspec.checker.report.diagnostics import render
from splitspec.cli.beside import Failure, write_beside
from splitspec.cli.copies import LostCopyError
from splitspec.cli.exitcode import ExitCode, combine
from splitspec.cli.holding import Holding, Unheld, hold_all, mapped
from splitspec.cli.report_request import PageKind, Report, ResultKind
from splitspec.cli.run_reports import begin, write_documents
from splitspec.cli.terminal import Choice, painter
from splitspec.model.frozen import frozen
from splitspec.model.tier import Tier
from splitspec.refinement.companions import divergence_beside
from splitspec.refinement.divergence import Conformance
from splitspec.refinement.machine.shipped import due
from splitspec.refinement.report import (
    BLIND,
    conformance_document,
    conformance_text,
    divergence_text,
    program_text,
)

if TYPE_CHECKING:  # What makes reports is imported when there are some.
    from splitspec.cli.reported import Shown


@frozen
class ConformRequest:
    """What was asked on the command line."""

    mappings: tuple[str, ...]
    tier: Tier  # of all shipped ones, if none is named
    how: Holding
    workers: int
    json: bool
    color: Choice
    verbose: bool
    reports: tuple[Report[ResultKind], ...] = ()
    pages: tuple[Report[PageKind], ...] = ()


def conform_mappings(request: ConformRequest, interruption: Interruption) -> ExitCode:
    """Hold every named mapping, or all shipped ones of the tier; an interrupt ends the sequence,
    and a process that dies."""
    if request.how.logs is not None and request.how.calls is None:
        return _refuse("--logs are written of a run of --calls")
    results: list[Conformance] = []
    codes: list[ExitCode] = []
    failures: list[Failure] = []
    runs: list[Shown] = []
    findings: list[Finding] = []
    begun, failed = begin("conform", request.reports)
    codes += failed
    sampled = request.how.programs is not None or request.how.calls is not None
    names = request.mappings or due(request.tier, sampled=sampled)
    outcomes = hold_all(names, request.how, request.workers, interruption)
    # The interrupt is raised to give up what is under way, and no more.
    with suppress(KeyboardInterrupt), closing(outcomes):
        try:
            for name, found in outcomes:
                if isinstance(found, Unheld):
                    codes.append(_unheld(found, request))
                    findings.append(Finding(Kind.UNUSABLE, "", "", found.sentence))
                    continue
                results.append(found)
                if request.reports:
                    runs.append(_shown(found, name))
                    findings += _untried(found, runs[-1][0].run)
                codes.append(_code(found))
                failures += _failures(found, name)
                if not request.json:
                    print(_text(found, name, request), flush=True)
        except LostCopyError as lost:
            print(f"error: lost: {lost}\n  → {ADVICE[Kind.LOST]}", file=sys.stderr)
            findings.append(Finding(Kind.LOST, "", "", str(lost)))
            codes.append(ExitCode.INTERNAL)
    interruption.settle()
    if interruption.requested:
        codes.append(ExitCode.INTERRUPTED)
    code = combine(codes)
    codes += write_documents(request.reports, lambda: _document(results))
    codes += write_beside(request.pages, failures)
    codes += begun.finish(runs, code, found=findings)
    code = combine(codes)
    if request.json:
        print(json.dumps(_document(results), indent=2))
    else:
        number = len(results)
        print(f"{number} implementation{'' if number == 1 else 's'} · exit {code.value}")
    return code


def _text(found: Conformance, name: str, request: ConformRequest) -> str:
    """Return what is printed of a mapping: each divergence as a test, too."""
    paint = painter(request.color, sys.stdout)
    lines = [conformance_text(found, paint, verbose=request.verbose)]
    for divergence in found.divergences:
        lines += ["\n  as a test:\n", _indented(program_text(divergence, _reference(name)))]
    return "\n".join((*lines, ""))


def _failures(found: Conformance, name: str) -> Iterator[Failure]:
    """Iterate over what is drawn beside what it should be."""
    if found.divergences:
        mapping, evaluator = mapped(name)
        for each in found.divergences:
            make = partial(divergence_beside, mapping, evaluator, each)
            yield Failure(make, divergence_text(each), ("splitspec", "conform", name))


def _document(results: list[Conformance]) -> dict[str, Any]:
    data = [conformance_document(found) for found in results]
    return {"schema": "splitspec-conformance/1", "results": data}


def _shown(found: Conformance, name: str) -> Shown:
    """Return a conformance as a run of claims, as reports have it."""
    from splitspec.checker.expectation import Expectation, judge
    from splitspec.cli.reported import Origin
    from splitspec.refinement.claims import as_run

    setting = mapped(name)[1].setting
    result = as_run(found, setting, name)
    run = f"{Activity.CONFORMED.value} {result.run.id}"
    origin = Origin(Activity.CONFORMED.value, run, setting, {}, None)
    return origin, judge(result, Expectation())


def _untried(found: Conformance, run: str) -> Iterator[Finding]:
    """Iterate over what an exhaustive walk should have tried."""
    if _code(found) is ExitCode.POLICY:
        for path, reason in found.untried.items():
            if not reason:
                text = "it was never tried, and the mapping gives no reason"
                yield Finding(Kind.VACUOUS, run, path, text)
    elif not found.transitions:
        yield Finding(Kind.EMPTY, run, "", "nothing was done")
    elif found.is_blind:
        yield Finding(Kind.EMPTY, run, "", BLIND)


def _code(found: Conformance) -> ExitCode:
    if found.divergences:
        return ExitCode.VIOLATED
    if not found.transitions or found.is_blind:
        return ExitCode.NOTHING
    if not found.complete:
        return ExitCode.UNKNOWN
    is_exhaustive = found.method == "exhaustive"
    unexplained = [name for name, reason in found.untried.items() if not reason]
    return ExitCode.POLICY if is_exhaustive and unexplained else ExitCode.MET


def _reference(name: str) -> str:
    return name if ":" in name else f"mapping:{name.upper().replace('-', '_')}"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line else "" for line in text.splitlines())


def _unheld(found: Unheld, request: ConformRequest) -> ExitCode:
    words = render(found.diagnostics, painter(request.color, sys.stderr))
    print(words, file=sys.stderr, end="")
    return _refuse(found.sentence)


def _refuse(sentence: str) -> ExitCode:
    print(f"error: {sentence}", file=sys.stderr)
    return ExitCode.USAGE
