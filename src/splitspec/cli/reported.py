"""Turn judged runs and findings into what reports are made of: an item for each claim, and for each
run of which something is wrong as a whole, and a failure for each finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from splitspec.checker.evidence.execution import run_id
from splitspec.checker.expectation import JudgedProof, JudgedRun
from splitspec.checker.gate.finding import ADVICE, Finding, Kind
from splitspec.checker.gate.lock import Activity
from splitspec.checker.report.summary import Failure, Item, State
from splitspec.cli.places import shown
from splitspec.model.frozen import frozen
from splitspec.model.setting import Setting
from splitspec.model.source import Span
from splitspec.model.trace import Trace

UNDECIDED = (Kind.UNKNOWN, Kind.UNDECIDED, Kind.SKIPPED, Kind.INTERRUPTED, Kind.LOST)

Shown = tuple["Origin", JudgedRun | JudgedProof]
"""A judged run, and where it comes from."""


@frozen
class Origin:
    """Of what a run was made: how it is called in a report, and where its claims stand; `span` is
    the place of those that stand nowhere."""

    activity: str
    run: str
    setting: Setting
    sentences: Mapping[str, str]
    span: Span | None
    is_kept: bool = False


def origin_of(activity: Activity, setting: Setting, sentences: Mapping[str, str]) -> Origin:
    """Return the origin of a run that a command made; a variant's has its own word."""
    word = activity if setting.variant is None else Activity.VARIANT
    name = f"{word.value} {run_id(setting)}"
    return Origin(word.value, name, setting, sentences, None)


def reported(
    runs: Iterable[Shown], findings: Sequence[Finding]
) -> tuple[tuple[Item, ...], tuple[Failure, ...]]:
    """Return the items of all claims and faulty runs, and the failures, the weightiest first."""
    ordered = _ordered(findings)
    by_place: dict[tuple[str, str], list[Finding]] = {}
    for finding in ordered:
        by_place.setdefault((finding.run, finding.claim), []).append(finding)
    items = [item for run in runs for item in _items(*run, by_place)]
    placed = {(item.run, item.claim) for item in items}
    items += [
        _item_of_run(members)
        for place, found in by_place.items()
        if place[0]
        and place not in placed
        and (members := [f for f in found if not f.kind.is_note])
    ]
    return tuple(items), tuple(_failure(finding) for finding in ordered)


def _ordered(findings: Sequence[Finding]) -> list[Finding]:
    """Return each finding once, the words in the order of their weight."""
    kinds = list(Kind)
    return sorted(dict.fromkeys(findings), key=lambda finding: kinds.index(finding.kind))


def _failure(finding: Finding) -> Failure:
    """Return a finding as a report has it."""
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
    origin: Origin,
    judged: JudgedRun | JudgedProof,
    findings: Mapping[tuple[str, str], Sequence[Finding]],
) -> Iterator[Item]:
    """Iterate over the claims of a run, each with what was found of it."""
    seconds = judged.result.run.seconds / max(1, len(judged.judgements))
    for judgement in judged.judgements:
        if judgement.expected is None:
            continue
        verdict = judgement.verdict
        wrong = findings.get((origin.run, verdict.property), ())
        file, line = _place(origin, verdict.property)
        yield Item(
            activity=origin.activity,
            run=origin.run,
            claim=verdict.property,
            state=_state(wrong),
            outcome=verdict.outcome.value,
            assurance=str(verdict.assurance),
            sentence=origin.sentences.get(verdict.property, ""),
            file=file,
            line=line,
            seconds=seconds,
            is_kept=origin.is_kept,
            message="; ".join(f"{f.kind.value}: {f.text}" for f in wrong if not f.kind.is_note),
            trace=verdict.trace,
            steps=_steps(origin.setting, verdict.trace),
            induction=verdict.induction,
        )


def _state(wrong: Iterable[Finding]) -> State:
    kinds = [finding.kind for finding in wrong if not finding.kind.is_note]
    if not kinds:
        return State.PASSED
    return State.UNDECIDED if all(kind in UNDECIDED for kind in kinds) else State.FAILED


def _item_of_run(findings: Sequence[Finding]) -> Item:
    """Return the item of what was found of a run as a whole, or of what has no run."""
    run, claim = findings[0].run, findings[0].claim
    text = "; ".join(f"{finding.kind.value}: {finding.text}" for finding in findings)
    return Item(run.partition(" ")[0] or "gate", run, claim, _state(findings), message=text)


def _place(origin: Origin, path: str) -> tuple[str, int]:
    """Return where a claim stands: a property, an action or a guard of one, a counter that is to be
    exact; what else the language demands stands where its model does."""
    program, owner = origin.setting.program, path.rpartition(".")[0]
    for named in (
        program.properties.get(path),
        program.actions.get(path, program.actions.get(owner)),
        program.variables.get(owner),
    ):
        if named is not None:
            return _found(named.span)
    return _found(origin.span)


def _steps(setting: Setting, trace: Trace | None) -> tuple[tuple[str, int], ...]:
    """Return where the actions of a trace stand; what a variant adds stands with the variant."""
    actions, variant = setting.program.actions, setting.variant
    added = None if variant is None else variant.span
    steps = () if trace is None else trace.steps
    return tuple(
        _found(actions[step.action].span if step.action in actions else added) for step in steps
    )


def _found(span: Span | None) -> tuple[str, int]:
    """Return a place as a report has it; "" and 0 are nowhere."""
    if span is None:
        return "", 0
    return shown(Path(span.source.name)), span.line
