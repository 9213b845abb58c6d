"""`splitspec prove`: prove every selected property by induction, and report."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from splitspec.checker.expectation import JudgedProof, judge_proof
from splitspec.checker.gate.lock import Activity
from splitspec.checker.proof import ProofLimits, Suggestion
from splitspec.checker.report.advice import Tried, next_steps
from splitspec.checker.report.document import proof_document
from splitspec.checker.report.proof import proof_text, suggestion_text
from splitspec.checker.store import Store
from splitspec.checker.symbolic.proving import is_provable, prove
from splitspec.cli.exitcode import ExitCode, combine
from splitspec.cli.models import report_problems
from splitspec.cli.outcome import proof_code
from splitspec.cli.report_request import ExportKind, Report
from splitspec.cli.reported import Shown, origin_of
from splitspec.cli.run_reports import begin
from splitspec.cli.selection import Job, Request, Selected
from splitspec.cli.terminal import Choice, ProgressLine, painter
from splitspec.model.frozen import frozen
from splitspec.model.ir import Property, Variant
from splitspec.model.setting import Setting

NOTHING_DECIDED = "nothing that was asked for is decided"


@frozen
class ProveRequest:
    """What was asked on the command line."""

    what: Request
    finite: bool
    bmc: int | None
    k_induction: int
    limits: ProofLimits
    store: Store
    workers: int
    seed: int
    recheck: bool
    reach: bool
    suggest: bool
    without_lemmas: bool
    json: bool
    color: Choice
    progress: Choice
    verbose: bool
    quiet: bool
    reports: tuple[Report[ExportKind], ...] = ()


def prove_models(request: ProveRequest, read: Callable[[], Selected]) -> ExitCode:
    """Prove every selected job in order; an interrupt ends the sequence and is reported."""
    selected = read()
    if selected.problems:
        return report_problems(selected.problems, request.color)
    show = _writer(request)
    judged: list[JudgedProof] = []
    runs: list[Shown] = []
    settings: list[Setting] = []
    begun, codes = begin("prove", request.reports)
    earlier: dict[tuple[str, Variant | None], list[Property]] = {}
    for job in selected.jobs:
        if not _is_due(job.setting, request):
            continue
        settings.append(job.setting)  # Pictures show the lemmas that a proof did without.
        if request.without_lemmas:
            from splitspec.checker.symbolic.strengthening.suggestion import without_lemmas

            job = replace(job, setting=without_lemmas(job.setting))
        line = ProgressLine(request.progress, title=job.title)
        lemmas = earlier.setdefault((job.setting.model, job.setting.variant), [])
        found = _suggested(job, request, line, lemmas) if request.suggest else None
        proof = _prove(job, request, line) if found is None else _judged(job, found)
        judged.append(replace(proof, advice=_advice(proof, request)))
        line.clear()
        runs.append((origin_of(Activity.PROVED, job.setting, job.sentences), judged[-1]))
        show(job, judged[-1])
        if found is not None and not request.json:
            print(suggestion_text(found, job.setting.program.name), end="\n\n", flush=True)
        if judged[-1].result.run.interrupted:
            break
    code = proof_code(judged)
    narrowing = request.what.narrowing
    left = [f"narrowed by {narrowing}"] if narrowing else []
    if request.reports:
        codes += _exhibited(request, settings, judged)
    codes += begun.finish(runs, code, left=left)
    code = combine([code, *codes])
    if request.json:
        print(json.dumps(proof_document(judged), indent=2, ensure_ascii=False))
    else:
        print(_summary(judged, code, request, is_asked=bool(selected.jobs)))
    return code


def _is_due(setting: Setting, request: ProveRequest) -> bool:
    """Whether a run claims anything that is decided in the way that was asked for."""
    if request.bmc is None:
        return is_provable(setting)
    from splitspec.checker.symbolic.bounded import is_followable

    return is_followable(setting)


def _exhibited(
    request: ProveRequest, settings: Sequence[Setting], judged: Sequence[JudgedProof]
) -> list[ExitCode]:
    """Write what was found, also as pictures; return the codes of what went wrong."""
    from splitspec.cli.exports import exhibits_of_proof, write_exhibits
    from splitspec.cli.view import run_words

    exhibits = [
        exhibit
        for setting, proof in zip(settings, judged, strict=True)
        for exhibit in exhibits_of_proof(
            setting, proof, (*run_words("prove", setting), *_ways(request))
        )
    ]
    nothing = "no proof has a counterexample"
    return write_exhibits(request.reports, exhibits, lambda: proof_document(judged), nothing)


def _ways(request: ProveRequest) -> Iterator[str]:
    """Iterate over the options that say how a proof was sought."""
    for option, is_given in (
        ("--finite", request.finite),
        ("--without-lemmas", request.without_lemmas),
        ("--reach", request.reach),
    ):
        if is_given:
            yield option
    if request.bmc is not None:
        yield from ("--bmc", str(request.bmc))
    for sort, size in request.what.sizes:
        yield from ("--scope", f"{sort}={size}")


def _prove(job: Job, request: ProveRequest, line: ProgressLine) -> JudgedProof:
    # What a plain proof does not need is not imported for it.
    if request.bmc is not None:
        from splitspec.checker.symbolic.bounded import explore_bounded

        result = explore_bounded(
            job.setting, request.bmc, limits=request.limits, seed=request.seed, report=line.proof
        )
    else:
        result = prove(
            job.setting,
            limits=request.limits,
            seed=request.seed,
            finite=request.finite,
            recheck=request.recheck,
            k_induction=request.k_induction,
            store=request.store,
            workers=request.workers,
            report=line.proof,
        )
    if request.reach:
        from splitspec.cli.reach import with_runs

        result = with_runs(job.setting, result)
    return judge_proof(result, job.expectation)


def _suggested(
    job: Job, request: ProveRequest, line: ProgressLine, earlier: list[Property]
) -> Suggestion:
    """Look for lemmas besides the `earlier` ones of the same model, and put them there: what was
    found of an adversary is a fact under every weaker one."""
    from splitspec.checker.symbolic.strengthening.suggestion import suggest, with_lemmas

    known = [lemma for lemma in earlier if lemma.given <= job.setting.given]
    found = suggest(
        with_lemmas(job.setting, known),
        limits=request.limits,
        seed=request.seed,
        report=line.proof,
        workers=request.workers,
    )
    earlier += found.declared
    return found


def _judged(job: Job, found: Suggestion) -> JudgedProof:
    return judge_proof(found.result, job.expectation)


def _writer(request: ProveRequest) -> Callable[[Job, JudgedProof], None]:
    """Return what prints a proof as soon as it is judged; JSON is one document, at the end."""
    paint = painter(request.color, sys.stdout)

    def show(job: Job, judged: JudgedProof) -> None:
        if request.json or (request.quiet and proof_code([judged]) is ExitCode.MET):
            return
        print(proof_text(judged, job.sentences, paint, verbose=request.verbose))
        print(flush=True)

    return show


def _advice(judged: JudgedProof, request: ProveRequest) -> tuple[str, ...]:
    """Return what may lead on where a proof failed; of bounded runs there is none to be made."""
    if request.bmc is not None:
        return ()
    tried = Tried(
        steps=request.limits.steps,
        finite=request.finite,
        reach=request.reach,
        suggest=request.suggest,
        k_induction=request.k_induction,
    )
    return tuple(next_steps(judged, tried))


def _summary(
    judged: list[JudgedProof], code: ExitCode, request: ProveRequest, *, is_asked: bool
) -> str:
    if not judged:
        way = "by induction" if request.bmc is None else "by runs of finite length"
        why = f"{NOTHING_DECIDED} {way}" if is_asked else "no run has such an adversary or variant"
        return f"nothing was proved: {why} · exit {code.value}"
    met = sum(proof_code([item]) is ExitCode.MET for item in judged)
    obligations = sum(len(item.result.obligations) for item in judged)
    plural = "" if len(judged) == 1 else "s"
    owed = f", {obligations} obligations" if obligations else ""  # Bounded runs have none.
    return f"{met} of {len(judged)} proof{plural} as expected{owed} · exit {code.value}"
