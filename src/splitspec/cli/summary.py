"""Make the summary of a gate: an item for each claim, a failure for each finding, one code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from splitspec.checker.expectation import JudgedProof, JudgedRun
from splitspec.checker.gate.finding import ADVICE, Finding, Kind
from splitspec.checker.gate.lock import Activity
from splitspec.checker.report.summary import Failure, Item, State, Summary
from splitspec.cli.demands import Demand
from splitspec.cli.exitcode import ExitCode, combine
from splitspec.cli.judging import Judged
from splitspec.model.source import Span
from splitspec.model.trace import Trace

if TYPE_CHECKING:
    from splitspec.cli.gate import Round

UNDECIDED = (Kind.UNKNOWN, Kind.SKIPPED, Kind.INTERRUPTED, Kind.LOST)


def summarise(round_: Round, title: str, facts: Mapping[str, str], seconds: float) -> Summary:
    """Return everything that a gate did, found and left."""
    findings = _ordered(round_.findings)
    by_place: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        by_place.setdefault((finding.run, finding.claim), []).append(finding)
    items = [item for judged in round_.judged for item in _items(judged, by_place, round_)]
    placed = {(item.run, item.claim) for item in items}
    items += [
        _item_of(members)
        for place, found in by_place.items()
        if place[0]
        and place not in placed
        and (members := [f for f in found if not f.kind.is_note])
    ]
    codes = [code_of(finding.kind) for finding in findings]
    codes += [ExitCode.MET] if round_.judged else [ExitCode.NOTHING]
    return Summary(
        title,
        tuple(items),
        tuple(_failure(finding) for finding in findings),
        tuple(_left(round_.all, round_.due)),
        not any(f.kind in (Kind.INTERRUPTED, Kind.SKIPPED, Kind.LOST) for f in findings),
        combine(codes).value,
        seconds,
        facts,
    )


def _ordered(findings: Sequence[Finding]) -> list[Finding]:
    """Return each finding once, the words in the order of their weight."""
    kinds = list(Kind)
    return sorted(dict.fromkeys(findings), key=lambda finding: kinds.index(finding.kind))


def _failure(finding: Finding) -> Failure:
    advice = ADVICE.get(finding.kind, "")
    return Failure(
        finding.kind.value,
        finding.run,
        finding.claim,
        finding.text,
        advice,
        finding.kind.is_note,
    )


def _items(
    judged: Judged, findings: Mapping[tuple[str, str], Sequence[Finding]], round_: Round
) -> Iterator[Item]:
    made = round_.made
    seconds = _seconds(judged)
    number = round_.due.index(judged.demand)
    for judgement in judged.judgements:
        if judgement.expected is None:
            continue
        verdict = judgement.verdict
        wrong = findings.get((str(judged.demand.key), verdict.property), ())
        file, line = _place(judged.demand, verdict.property)
        yield Item(
            activity=judged.demand.activity.value,
            run=str(judged.demand.key),
            claim=verdict.property,
            state=_state(wrong),
            outcome=verdict.outcome.value,
            assurance=str(verdict.assurance),
            sentence=judged.demand.job.sentences.get(verdict.property, ""),
            file=file,
            line=line,
            seconds=seconds / max(1, len(judged.judgements)),
            is_kept=number in made.kept,
            message="; ".join(f"{f.kind.value}: {f.text}" for f in wrong if not f.kind.is_note),
            trace=verdict.trace,
            steps=_steps(judged.demand, verdict.trace),
        )


def _state(wrong: Iterable[Finding]) -> State:
    kinds = [finding.kind for finding in wrong if not finding.kind.is_note]
    if not kinds:
        return State.PASSED
    return State.UNDECIDED if all(kind in UNDECIDED for kind in kinds) else State.FAILED


def _item_of(findings: Sequence[Finding]) -> Item:
    """Return the item of what was found of a run as a whole, or of what has no run."""
    run, claim = findings[0].run, findings[0].claim
    text = "; ".join(f"{finding.kind.value}: {finding.text}" for finding in findings)
    return Item(run.partition(" ")[0] or "gate", run, claim, _state(findings), message=text)


def _seconds(judged: Judged) -> float:
    match judged.judged:
        case JudgedRun(result) | JudgedProof(result):
            return result.run.seconds
        case None:
            return 0.0


def _place(demand: Demand, path: str) -> tuple[str, int]:
    """Return where a claim stands; an obligation of the language stands where its model does."""
    program = demand.job.setting.program
    claim = program.properties.get(path)
    if claim is not None:
        return _shown(claim.span)
    if demand.conformance is not None:
        action = program.actions.get(path, program.actions.get(path.rpartition(".")[0]))
        return _shown(demand.model.entry.span() if action is None else action.span)
    return _shown(demand.model.entry.span())


def _steps(demand: Demand, trace: Trace | None) -> tuple[tuple[str, int], ...]:
    """Return where the actions of a trace stand; what a variant adds stands with the variant."""
    setting = demand.job.setting
    actions, variant = setting.program.actions, setting.variant
    added = None if variant is None else variant.span
    steps = () if trace is None else trace.steps
    return tuple(
        _shown(actions[step.action].span if step.action in actions else added) for step in steps
    )


def _shown(span: Span | None) -> tuple[str, int]:
    if span is None:
        return "", 0
    path, here = Path(span.source.name), Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path), span.line


def _left(everything: Sequence[Demand], due: Sequence[Demand]) -> Iterator[str]:
    """Iterate over what was not done, in sentences."""
    made = {demand.key for demand in due}
    later = Counter((d.tier, d.activity) for d in everything if d.key not in made)
    for (tier, activity), number in sorted(later.items(), key=lambda item: item[0][0].value):
        yield f"to tier {tier.value}: {number:,} {_noun(activity)}{'' if number == 1 else 's'}"
    unproved: dict[str, list[str]] = {}
    for demand in everything:
        entry = demand.model.entry
        if entry.unproved and entry.name not in unproved.get(entry.unproved, ()):
            unproved.setdefault(entry.unproved, []).append(entry.name)
    for reason, names in unproved.items():
        yield f"unproved, as models.toml says ({reason}): {', '.join(names)}"


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
        case Kind.UNKNOWN | Kind.SKIPPED:
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
