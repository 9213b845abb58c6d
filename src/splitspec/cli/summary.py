"""Make the summary of a gate: an item for each claim, a failure for each finding, one code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from splitspec.checker.gate.finding import Finding, Kind
from splitspec.checker.gate.lock import Activity
from splitspec.checker.report.summary import Summary
from splitspec.cli.demands import Demand
from splitspec.cli.exitcode import ExitCode, combine
from splitspec.cli.judging import Judged
from splitspec.cli.reported import Origin, reported
from splitspec.model.manifest_entry import ModelEntry

if TYPE_CHECKING:
    from splitspec.cli.gate import Round


def summarise(round_: Round, title: str, facts: Mapping[str, str], seconds: float) -> Summary:
    """Return everything that a gate did, found and left."""
    runs = [(_origin(item, round_), item.judged) for item in round_.judged if item.judged]
    items, failures = reported(runs, round_.findings)
    kinds = [finding.kind for finding in round_.findings]
    codes = [code_of(kind) for kind in kinds]
    codes += [ExitCode.MET] if round_.judged else [ExitCode.NOTHING]
    return Summary(
        title,
        items,
        failures,
        (*_left(round_.all, round_.due), *_unheld(round_.unheld)),
        not any(kind in (Kind.INTERRUPTED, Kind.SKIPPED, Kind.LOST) for kind in kinds),
        combine(codes).value,
        seconds,
        facts,
    )


def with_finding(summary: Summary, finding: Finding) -> Summary:
    """Return what a gate did, with what went wrong when it was reported."""
    _, failures = reported((), (finding,))
    code = combine((ExitCode(summary.code), code_of(finding.kind)))
    return replace(summary, failures=(*failures, *summary.failures), code=code.value)


def _origin(judged: Judged, round_: Round) -> Origin:
    demand = judged.demand
    return Origin(
        demand.activity.value,
        str(demand.key),
        demand.job.setting,
        demand.job.sentences,
        demand.model.entry.span(),
        round_.due.index(demand) in round_.made.kept,
    )


def _left(everything: Sequence[Demand], due: Sequence[Demand]) -> Iterator[str]:
    """Iterate over what was not done, in sentences."""
    made = {demand.key for demand in due}
    later = Counter((d.tier, d.activity) for d in everything if d.key not in made)
    for (tier, activity), number in sorted(later.items(), key=lambda item: item[0][0].value):
        yield f"to tier {tier.value}: {number:,} {_noun(activity)}{'' if number == 1 else 's'}"
    entries = {demand.model.entry.name: demand.model.entry for demand in everything}.values()
    for what, reasons in (
        ("unproved", list(_unproved(entries))),
        ("proved once", [(entry.proved_once, entry.name) for entry in entries]),
        ("held to nothing above", [(entry.unrefined, entry.name) for entry in entries]),
        ("decided by no run", [(text, p) for e in entries for p, text in e.undecided.items()]),
    ):
        for reason in dict.fromkeys(reason for reason, _ in reasons if reason):
            names = ", ".join(name for other, name in reasons if other == reason)
            yield f"{what}, as models.toml says ({reason}): {names}"


def _unheld(modules: Sequence[str]) -> Iterator[str]:
    if modules:
        yield f"held by no model of models.toml: {', '.join(modules)}"


def _unproved(entries: Iterable[ModelEntry]) -> Iterator[tuple[str, str]]:
    """Iterate over the reasons for which models, and their refinements, are not to be proved."""
    for entry in entries:
        yield entry.unproved, entry.name
        for refinement in entry.refinements.values():
            yield refinement.unproved, f"{entry.name} of {refinement.abstract}"


def _noun(activity: Activity) -> str:
    match activity:
        case Activity.EXPLORED:
            return "exploration"
        case Activity.PROVED:
            return "proof"
        case Activity.VARIANT:
            return "variant"
        case Activity.REFINED:
            return "refinement"
        case Activity.CONFORMED:
            return "conformance"
        case _:
            assert_never(activity)


def code_of(kind: Kind) -> ExitCode:
    """Return the exit code of a finding."""
    match kind:
        case Kind.VIOLATED:
            return ExitCode.VIOLATED
        case Kind.UNKNOWN | Kind.UNDECIDED | Kind.SKIPPED:
            return ExitCode.UNKNOWN
        case Kind.EMPTY | Kind.BUSY:
            return ExitCode.NOTHING
        case Kind.DAMAGED | Kind.UNUSABLE:
            return ExitCode.USAGE
        case Kind.UNWRITABLE | Kind.LOST | Kind.DISAGREEING:
            return ExitCode.INTERNAL
        case Kind.INTERRUPTED:
            return ExitCode.INTERRUPTED
        case Kind.STRONGER | Kind.PENDING | Kind.RECOMPUTED:
            return ExitCode.MET
        case (
            Kind.UNMET
            | Kind.VACUOUS
            | Kind.DRIFTED
            | Kind.WEAKER
            | Kind.STALE
            | Kind.MISSING
            | Kind.NEW
            | Kind.UNSTABLE
            | Kind.DEARER
        ):
            return ExitCode.POLICY
        case _:
            assert_never(kind)
