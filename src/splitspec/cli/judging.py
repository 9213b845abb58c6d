"""Judge what was made: beside the expectation, and as the block that would stand in the lock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import assert_never

from splitspec.checker.expectation import (
    JudgedProof,
    JudgedRun,
    Judgement,
    judge,
    judge_proof,
)
from splitspec.checker.gate.finding import Finding, Kind
from splitspec.checker.gate.keeping import Held, Kept
from splitspec.checker.gate.lock import Activity, Block
from splitspec.checker.gate.record import Context, conformed, explored, proved, sizes_of
from splitspec.checker.report.proof import damaged_text
from splitspec.checker.result import RunResult, Stop
from splitspec.cli.check import not_idle
from splitspec.cli.demands import Demand
from splitspec.cli.execution import Made
from splitspec.cli.models import Model
from splitspec.model.frozen import frozen
from splitspec.model.verdict import AssuranceKind, Outcome
from splitspec.refinement.report import BLIND


@frozen
class Judged:
    """A demand with what it gave; `block` is None if it has nothing to prove, or if an
    implementation was not held to all of its model."""

    demand: Demand
    kept: Kept
    judged: JudgedRun | JudgedProof | None
    block: Block | None

    @property
    def is_of_nothing(self) -> bool:
        """Whether nothing is claimed that it could decide, so that it has no block."""
        return self.kept.run is None and self.kept.proof is None

    @property
    def judgements(self) -> tuple[Judgement, ...]:
        """The judgements of the run."""
        return () if self.judged is None else self.judged.judgements


def judge_all(
    due: Sequence[Demand], made: Made, *, interrupted: bool
) -> tuple[tuple[Judged, ...], list[Finding]]:
    """Return every result with its judgement, and what is wrong in itself, whatever was
    accepted."""
    judged = tuple(_judged(due[number], made.results[number]) for number in sorted(made.results))
    findings = [finding for item in judged for finding in _findings(item)]
    for number, demand in enumerate(due):
        if number not in made.results:
            findings.append(_absent(demand, made, interrupted=interrupted))
    findings += [
        Finding(Kind.RECOMPUTED, str(due[number].key), "", "its kept result was damaged")
        for number in made.damaged
    ]
    findings += [
        Finding(Kind.DISAGREEING, str(due[number].key), "", f"kept and made again: {text}")
        for number, text in made.disagreeing
    ]
    if made.lost:
        findings.append(Finding(Kind.LOST, "", "", made.lost))
    explorations = [
        (item.demand.job, item.judged)
        for item in judged
        if item.demand.activity is Activity.EXPLORED and isinstance(item.judged, JudgedRun)
    ]
    idle = not_idle([job for job, _ in explorations], [run for _, run in explorations])
    text = "it is idle in models.toml, and happens"
    findings += [
        Finding(Kind.UNMET, f"{Activity.EXPLORED.value} {model}", path, text)
        for model, path in idle
    ]
    return judged, findings


def is_as_expected(demand: Demand, kept: Kept) -> bool:
    """Whether a result may be kept: nothing is wrong with it in itself."""
    return all(finding.kind.is_note for finding in _findings(_judged(demand, kept)))


def _absent(demand: Demand, made: Made, *, interrupted: bool) -> Finding:
    key = str(demand.key)
    if demand.problem:
        return Finding(Kind.UNUSABLE, key, "", demand.problem)
    if interrupted:
        return Finding(Kind.INTERRUPTED, key, "", "it was not made")
    if made.lost:
        return Finding(Kind.SKIPPED, key, "", "its process died")
    return Finding(Kind.SKIPPED, key, "", "there was no time left for it")


def _judged(demand: Demand, kept: Kept) -> Judged:
    context = _context(demand, kept)
    expectation = demand.job.expectation
    if kept.run is not None:
        run = judge(kept.run, expectation)
        if kept.held is None:
            return Judged(demand, kept, run, explored(run, context))
        is_whole = kept.run.run.complete
        return Judged(demand, kept, run, conformed(run, kept.held, context) if is_whole else None)
    if kept.proof is not None:
        proof = judge_proof(kept.proof, expectation)
        return Judged(demand, kept, proof, proved(proof, context, kept.seeds))
    return Judged(demand, kept, None, None)


def _context(demand: Demand, kept: Kept) -> Context:
    setting = demand.job.setting
    killers = killers_of(demand.model) if demand.is_of_the_text else {}
    walks = demand.job.walks if demand.activity is Activity.EXPLORED else None
    return Context(
        demand.tier,
        kept.system,
        sizes_of(setting.scope, setting.program),
        kept.texts,
        killers,
        None if walks is None else walks.steps,
    )


def killers_of(model: Model) -> dict[str, tuple[str, ...]]:
    """Return the variants of a model by the property that they must break."""
    killers: dict[str, tuple[str, ...]] = {}
    for variant in sorted(model.variants, key=lambda variant: variant.name):
        if variant.violated is not None:
            killers[variant.violated] = (*killers.get(variant.violated, ()), variant.name)
    return killers


def _findings(item: Judged) -> Iterator[Finding]:
    name = str(item.demand.key)
    if item.kept.held is not None and item.kept.run is not None:
        yield from gaps(name, item.kept.run, item.kept.held)
    if item.judged is not None:
        yield from faults(name, item.judged)
    for text in item.kept.unstable:
        yield Finding(Kind.UNSTABLE, name, "", f"{text}: some seeds prove it, some do not")


def faults(name: str, judged: JudgedRun | JudgedProof) -> Iterator[Finding]:
    """Iterate over what is wrong with a run or a proof, beside what was expected of it."""
    for judgement in judged.judgements:
        if not judgement.met:
            yield Finding(_kind(judgement), name, judgement.verdict.property, _words(judgement))
    match judged:
        case JudgedRun(result, judgements, drift, vacuity, is_deep_enough):
            if not judgements:
                yield Finding(Kind.EMPTY, name, "", "nothing is claimed that it could decide")
            yield from (Finding(Kind.DRIFTED, name, "", text) for text in drift)
            yield from (Finding(Kind.VACUOUS, name, "", text) for text in vacuity)
            if result.run.stop is Stop.INTERRUPTED:
                yield Finding(Kind.INTERRUPTED, name, "", "it was not finished")
            elif result.run.stop not in (None, Stop.DECIDED) and not is_deep_enough:
                assert result.run.stop is not None
                yield Finding(Kind.UNKNOWN, name, "", result.run.stop.value)
        case JudgedProof(result, _, vacuity):
            yield from (Finding(Kind.VACUOUS, name, "", text) for text in vacuity)
            if result.run.interrupted:
                yield Finding(Kind.INTERRUPTED, name, "", "it was not finished")
            if result.run.out_of_time:
                yield Finding(Kind.SKIPPED, name, "", "there was no time left to finish it")
            for text in result.run.unconfirmed:
                yield Finding(Kind.UNKNOWN, name, "", f"open: {text}")
            if result.run.damaged:
                yield Finding(Kind.RECOMPUTED, name, "", damaged_text(result.run.damaged))
        case _:
            assert_never(judged)


def gaps(name: str, result: RunResult, held: Held) -> Iterator[Finding]:
    """Iterate over what a walk with an implementation should have come to, and did not."""
    run = result.run
    if run.complete and not run.transitions:
        yield Finding(Kind.EMPTY, name, "", "the implementation did nothing")
    if held.is_blind:
        yield Finding(Kind.EMPTY, name, "", BLIND)
    if run.complete:
        for path in held.unexplained:
            text = "it was never tried, and the mapping gives no reason"
            yield Finding(Kind.VACUOUS, name, path, text)


def _kind(judgement: Judgement) -> Kind:
    """Return the word of a judgement that is not met."""
    match judgement.verdict.outcome:
        case Outcome.UNKNOWN:
            return Kind.UNKNOWN
        case Outcome.VIOLATED | Outcome.UNREACHED if judgement.expected is not Outcome.VIOLATED:
            return Kind.VIOLATED
        case Outcome.HOLDS | Outcome.REACHED if judgement.verdict.assurance.kind in (
            AssuranceKind.BOUNDED,
            AssuranceKind.SAMPLED,
        ):
            return Kind.UNKNOWN
        case _:
            return Kind.UNMET


def _words(judgement: Judgement) -> str:
    verdict = judgement.verdict
    if judgement.miss:
        return judgement.miss
    expected = "" if judgement.expected is None else f", expected {judgement.expected.value}"
    reason = f": {verdict.reason}" if verdict.reason else ""
    return f"is {verdict.outcome.value}{expected}{reason}"
