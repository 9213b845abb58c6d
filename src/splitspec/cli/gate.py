"""`splitspec gate`: show again everything that was accepted, and fail on every difference."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from splitspec.checker.gate.comparison import HAPPENS, compare
from splitspec.checker.gate.finding import ADVICE, Finding, Kind
from splitspec.checker.gate.lock import Activity, Block, Key, Lock
from splitspec.checker.gate.lock_text import DamagedLockError, load
from splitspec.checker.interruption import Interruption
from splitspec.checker.report.gate_document import gate_document
from splitspec.checker.report.summary import Summary, started
from splitspec.checker.report.summary_text import last_line, summary_text
from splitspec.checker.store import Mode
from splitspec.cli.declared import (
    deciding_beside,
    declared_blocks,
    fewer_seeds,
    undecided,
    unheld,
    unrefined,
)
from splitspec.cli.demands import PROOF_SEEDS, Demand, demands, readied
from splitspec.cli.exclusion import BusyError, exclusively
from splitspec.cli.execution import Made, Means, execute
from splitspec.cli.exitcode import ExitCode
from splitspec.cli.judging import Judged, is_as_expected, judge_all
from splitspec.cli.kept import proof_store, result_keeping
from splitspec.cli.models import (
    Model,
    Problems,
    RefusedError,
    own_manifest,
    read_models,
    report_problems,
    wrong,
)
from splitspec.cli.options import CacheMode
from splitspec.cli.places import shown
from splitspec.cli.report_request import Report, ReportKind
from splitspec.cli.reports import begin_reports, write_all_that_can_be, write_reports
from splitspec.cli.summary import summarise, with_finding
from splitspec.cli.terminal import Choice, painter
from splitspec.cli.writing import is_input
from splitspec.model.frozen import frozen
from splitspec.model.manifest import LOCK_NAME, load_manifest, nearest_manifest
from splitspec.model.tier import Tier
from splitspec.refinement.sources import SourceReader


@frozen
class GateRequest:
    """What was asked on the command line; the nearest `models.toml` is that from `folder`."""

    models: tuple[str, ...]
    folder: Path
    tier: Tier
    seconds: float | None
    workers: int
    cache: CacheMode
    reports: tuple[Report[ReportKind], ...]
    json: bool
    color: Choice
    progress: Choice
    verbose: bool
    quiet: bool

    @property
    def means(self) -> Means:
        """With what the runs are made."""
        mode = Mode(self.cache.value)
        return Means(
            result_keeping(mode),
            proof_store(mode),
            self.workers,
            self.seconds,
            PROOF_SEEDS[self.tier],
            self.tier is Tier.NIGHTLY,
            self.progress,
        )


@dataclass(slots=True)
class Round:
    """One time through everything that is due: what was demanded, made, judged, and found.

    `path` is that of the lock. `all` has the demands of every tier, `due` those of this one;
    `unheld` are the modules that no model has.
    """

    path: Path
    all: tuple[Demand, ...]
    due: tuple[Demand, ...]
    unheld: tuple[str, ...] = ()
    made: Made = field(default_factory=Made)
    judged: tuple[Judged, ...] = ()
    findings: list[Finding] = field(default_factory=list)
    was_interrupted: bool = False

    @property
    def blocks(self) -> dict[Key, Block]:
        """What was found, as it would stand in the lock."""
        return {item.demand.key: item.block for item in self.judged if item.block is not None}


def run_gate(request: GateRequest, interruption: Interruption) -> ExitCode:
    """Hold everything that is due to the lock, report, and return one code."""
    try:
        _spare_inputs(request)
        begin_reports(request.reports, started(_title(request), _facts(request)))
        summary = summary_of(request, interruption)
    except RefusedError as refusal:
        return report_problems(refusal.problems, request.color)
    except BusyError as busy:
        return refuse(Kind.BUSY, str(busy), ExitCode.NOTHING)
    except DamagedLockError as damage:
        return refuse(Kind.DAMAGED, str(damage), ExitCode.USAGE)
    except OSError as problem:
        text = f"{problem.filename}: {problem.strerror}"
        return refuse(Kind.UNWRITABLE, text, ExitCode.INTERNAL)
    return _conclude(request, summary)


def _spare_inputs(request: GateRequest) -> None:
    """Raise `RefusedError` if a report would be written over what an implementation is made of."""
    near = nearest_manifest(request.folder.absolute())
    if near is None or not request.reports:
        return
    entries = load_manifest(near).models.values()
    held = [each for entry in entries for each in entry.conformance]
    named = tuple(near.parent / name for each in held for name in each.sources)
    for report in request.reports:
        if is_input(Path(report.path), named):
            raise wrong(f"{report.path} is what is read: no report is written there")


def summary_of(
    request: GateRequest, interruption: Interruption, *, patiently: bool = False
) -> Summary:
    """Return what a gate did and found; raise what keeps it from being done at all."""
    began = monotonic()
    manifest = own_manifest(request.folder)
    with exclusively(manifest.with_name(LOCK_NAME), patiently=patiently):
        round_ = gather(request, manifest, interruption)
        round_.findings += held_to(round_, request)
    interruption.settle()
    facts = _facts(request) | {"manifest": shown(manifest)}
    return summarise(round_, _title(request), facts, monotonic() - began)


def _title(request: GateRequest) -> str:
    return f"gate at tier {request.tier.value}"


def _facts(request: GateRequest) -> dict[str, str]:
    return {"tier": request.tier.value, "models": " ".join(request.models) or "all"}


def refuse(kind: Kind, text: str, code: ExitCode) -> ExitCode:
    """Say what kept the work from being done at all, and return its code."""
    print(f"error: {kind.value}: {text}\n  → {ADVICE[kind]}", file=sys.stderr)
    return code


def gather(
    request: GateRequest, manifest: Path, interruption: Interruption, *, anew: bool = False
) -> Round:
    """Make and judge what is due; raise `RefusedError` for a specification that is wrong."""
    path = manifest.with_name(LOCK_NAME)
    # A lock that is damaged is found before the work, not after it.
    locked = Lock() if anew else load(path) or Lock()
    for name in request.models:
        if name.endswith(".split"):
            raise RefusedError(Problems((f"{manifest} has no model {name}",)))
    asked = demands(read_models(tuple(dict.fromkeys(request.models)), manifest))
    reader = SourceReader()
    due = tuple(readied(each, reader) for each in asked if request.tier.includes(each.tier))
    round_ = Round(path, asked, due, () if request.models else unheld(asked, manifest))
    # The second signal gives up what is under way, and not the report of the rest.
    with suppress(KeyboardInterrupt):
        round_.made = execute(due, request.means, interruption, is_as_expected)
    round_.was_interrupted = interruption.requested
    round_.judged, round_.findings = judge_all(due, round_.made, interrupted=interruption.requested)
    beside = _beside(asked, locked, manifest) if request.models else ()
    is_whole = not request.models
    round_.findings += undecided(asked, round_.judged, locked, beside, is_whole=is_whole)
    round_.findings += unrefined(asked) if is_whole else ()
    if round_.made.unwritten:
        round_.findings.append(Finding(Kind.UNWRITABLE, "", "", round_.made.unwritten))
    if not due:
        text = f"nothing is due at tier {request.tier.value}"
        round_.findings.append(Finding(Kind.EMPTY, "", "", text))
    return round_


def _beside(asked: Sequence[Demand], locked: Lock, manifest: Path) -> tuple[Model, ...]:
    """Return the models that were not asked for, and may decide what is claimed."""
    names = deciding_beside(asked, locked) & load_manifest(manifest).models.keys()
    return tuple(read_models(tuple(sorted(names)), manifest)) if names else ()


def held_to(round_: Round, request: GateRequest) -> list[Finding]:
    """Return how what was found differs from the lock."""
    locked = load(round_.path)
    if locked is None:
        return [Finding(Kind.NEW, "", "", f"there is no {round_.path}: nothing was accepted yet")]
    names = {demand.model.entry.name for demand in round_.all}
    relevant = Lock(
        {
            key: block
            for key, block in locked.blocks.items()
            if not request.models or key.model in names
        }
    )
    # What has come to be of nothing is compared with nothing: no block was made that might differ.
    idle = {item.demand.key for item in round_.judged if item.is_of_nothing}
    declared = {demand.key for demand in round_.all} - idle
    due = {demand.key for demand in round_.due}
    left = [demand for demand in round_.all if demand.key not in due]
    blocks = {**declared_blocks(relevant, left), **round_.blocks}
    findings = [*compare(relevant, blocks, declared), *fewer_seeds(relevant, round_.all)]
    for demand in round_.all:
        is_new = demand.key not in locked.blocks and demand.key not in due
        # Whether a model has anything to prove is known when it was tried; a product always has.
        if is_new and (demand.product or demand.activity is not Activity.PROVED):
            text = f"it is not in the lock, and due at tier {demand.tier.value}"
            findings.append(Finding(Kind.PENDING, str(demand.key), "", text))
    return [finding for finding in findings if not _is_said(finding, round_.findings)]


def _is_said(finding: Finding, before: Sequence[Finding]) -> bool:
    """Whether a difference follows from what is wrong in itself, and so is said already."""
    same_run = [other for other in before if other.run == finding.run]
    if finding.text == HAPPENS and any(_is_of_a_part(other) for other in same_run):
        return True
    if finding.claim:
        return any(other.claim == finding.claim for other in same_run)
    is_part = any(other.kind in (Kind.UNKNOWN, Kind.INTERRUPTED) for other in same_run)
    return finding.kind is Kind.DRIFTED and is_part


def _is_of_a_part(finding: Finding) -> bool:
    """Whether it says of a whole run that it was not made to its end."""
    return not finding.claim and finding.kind in (Kind.UNKNOWN, Kind.INTERRUPTED, Kind.SKIPPED)


def _conclude(request: GateRequest, summary: Summary) -> ExitCode:
    try:
        write_reports(request.reports, summary)
    except OSError as problem:
        text = f"{problem.filename}: {problem.strerror}"
        refuse(Kind.UNWRITABLE, text, ExitCode.INTERNAL)
        # No other report may say that the gate passed, which it does not.
        summary = with_finding(summary, Finding(Kind.UNWRITABLE, "", "", text))
        write_all_that_can_be(request.reports, summary)
    code = ExitCode(summary.code)
    if request.json:
        print(json.dumps(gate_document(summary), indent=2, ensure_ascii=False))
        return code
    if not (request.quiet and code is ExitCode.MET):
        paint = painter(request.color, sys.stdout)
        print(summary_text(summary, paint, verbose=request.verbose))
        print()
    print(last_line(summary))
    return code
