"""`splitspec conform`: hold implementations to their models, and report."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from splitspec.checker.gate.finding import Finding, Kind
from splitspec.checker.gate.lock import Activity
from splitspec.checker.interruption import Interruption
from splitspec.checker.report.diagnostics import render
from splitspec.cli.beside import Failure, write_beside
from splitspec.cli.exitcode import ExitCode, combine
from splitspec.cli.report_request import PageKind, Report, ResultKind
from splitspec.cli.run_reports import begin, write_documents
from splitspec.cli.terminal import Choice, painter
from splitspec.model.evaluator import Evaluator
from splitspec.model.tier import Tier
from splitspec.refinement.companions import divergence_beside
from splitspec.refinement.conformance import Bounds, conform
from splitspec.refinement.divergence import Conformance, Divergence
from splitspec.refinement.driver import MappingError
from splitspec.refinement.machine.shipped import due
from splitspec.refinement.mapping import Implementation, UncopiableError
from splitspec.refinement.naming import UnknownMappingError, mapping_of
from splitspec.refinement.observation import UnreadableError
from splitspec.refinement.report import (
    conformance_document,
    conformance_text,
    divergence_text,
    program_text,
)
from splitspec.refinement.session_log import SessionLog
from splitspec.refinement.target import SHIPPED, TargetError, evaluator_of
from splitspec.refinement.walking import run

UNUSABLE = (UnknownMappingError, MappingError, UnreadableError, UncopiableError)

if TYPE_CHECKING:  # What makes reports is imported when there are some.
    from splitspec.cli.reported import Shown


@dataclass(frozen=True, slots=True)
class ConformRequest:
    """What was asked on the command line."""

    mappings: tuple[str, ...]
    tier: Tier  # of all shipped ones, if none is named
    programs: int | None  # random programs
    calls: int | None  # of one random run; if neither is given, the walk is exhaustive
    logs: Path | None  # the folder to which such a run is written
    steps: int
    seed: int
    states: int | None
    time: float | None
    json: bool
    color: Choice
    verbose: bool
    reports: tuple[Report[ResultKind], ...] = ()
    pages: tuple[Report[PageKind], ...] = ()


def conform_mappings(request: ConformRequest, interruption: Interruption) -> ExitCode:
    """Hold every named mapping, or all shipped ones of the tier; an interrupt ends the sequence."""
    if request.logs is not None and request.calls is None:
        return _refuse("--logs are written of a run of --calls")
    results: list[Conformance] = []
    codes: list[ExitCode] = []
    failures: list[Failure] = []
    paint = painter(request.color, sys.stdout)
    runs: list[Shown] = []
    findings: list[Finding] = []
    begun, failed = begin("conform", request.reports)
    codes += failed
    with suppress(KeyboardInterrupt):  # Raised to give up what is under way, and no more.
        sampled = request.programs is not None or request.calls is not None
        for name in request.mappings or due(request.tier, sampled=sampled):
            if interruption.requested:
                break
            try:
                mapping = _mapping(name)
                evaluator = _evaluator(mapping)
                found = _hold(name, mapping, evaluator, request, interruption)
            except TargetError as error:
                words = render(error.diagnostics, painter(request.color, sys.stderr))
                print(words, file=sys.stderr, end="")
                return _refuse(f"{name}: {error}")
            except UNUSABLE as error:
                return _refuse(str(error))
            results.append(found)
            if request.reports:
                runs.append(_shown(found, evaluator, name))
                findings += _untried(found, runs[-1][0].run)
            codes.append(_code(found))
            failures += [_failure(mapping, evaluator, each, name) for each in found.divergences]
            if not request.json:
                print(conformance_text(found, paint, verbose=request.verbose))
                for divergence in found.divergences:
                    print("\n  as a test:\n")
                    print(_indented(program_text(divergence, _reference(name))))
                print(flush=True)
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


def _failure(
    mapping: Implementation[Any], evaluator: Evaluator, divergence: Divergence, name: str
) -> Failure:
    make = partial(divergence_beside, mapping, evaluator, divergence)
    return Failure(make, divergence_text(divergence), ("splitspec", "conform", name))


def _hold(
    name: str,
    mapping: Implementation[Any],
    evaluator: Evaluator,
    request: ConformRequest,
    interruption: Interruption,
) -> Conformance:
    if request.calls is not None:
        making = partial(run, steps=request.calls, seed=request.seed, interruption=interruption)
        if request.logs is None:
            return making(mapping, evaluator)
        with SessionLog(request.logs, name.rpartition(":")[2].lower(), mapping) as log:
            return making(mapping, evaluator, log=log)
    if request.programs is None:
        bounds = Bounds(states=request.states, time=request.time)
        return conform(mapping, evaluator, bounds, interruption=interruption)
    try:
        from splitspec.refinement.stateful import walk
    except ImportError as missing:
        raise MappingError("random programs need hypothesis: install splitspec[stateful]") from (
            missing
        )
    return walk(
        mapping, evaluator, programs=request.programs, steps=request.steps, seed_=request.seed
    )


def _document(results: list[Conformance]) -> dict[str, Any]:
    data = [conformance_document(found) for found in results]
    return {"schema": "splitspec-conformance/1", "results": data}


def _shown(found: Conformance, evaluator: Evaluator, name: str) -> Shown:
    """Return a conformance as a run of claims, as reports have it."""
    from splitspec.checker.expectation import Expectation, judge
    from splitspec.cli.reported import Origin
    from splitspec.refinement.claims import as_run

    result = as_run(found, evaluator.setting, name)
    run = f"{Activity.CONFORMED.value} {result.run.id}"
    origin = Origin(Activity.CONFORMED.value, run, evaluator.setting, {}, None)
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


def _mapping(name: str) -> Implementation[Any]:
    """Return a mapping; a shipped one is to the shipped specification, whatever is near."""
    mapping = mapping_of(name)
    return mapping if ":" in name else replace(mapping, model=f"{SHIPPED}{mapping.model}")


def _evaluator(mapping: Implementation[Any]) -> Evaluator:
    return evaluator_of(
        mapping.model,
        sizes=mapping.sizes,
        pins=mapping.pins,
        given=mapping.given,
        folder=mapping.folder,
    )


def _code(found: Conformance) -> ExitCode:
    if found.divergences:
        return ExitCode.VIOLATED
    if not found.transitions:
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


def _refuse(sentence: str) -> ExitCode:
    print(f"error: {sentence}", file=sys.stderr)
    return ExitCode.USAGE
