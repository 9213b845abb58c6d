"""`splitspec refine`: hold systems to the abstract ones that they refine, and report."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from splitspec.checker.expectation import JudgedProof, JudgedRun, judge, judge_proof
from splitspec.checker.gate.finding import Finding, Kind
from splitspec.checker.gate.lock import Activity
from splitspec.checker.interruption import Interruption
from splitspec.checker.proof import ProofLimits
from splitspec.checker.report.document import document, proof_document
from splitspec.checker.report.proof import proof_text
from splitspec.checker.report.text import plain, run_text
from splitspec.checker.result import Limits
from splitspec.checker.store import Store
from splitspec.cli.beside import Failure, write_beside
from splitspec.cli.exitcode import ExitCode, combine
from splitspec.cli.models import report_problems
from splitspec.cli.outcome import exit_code, proof_code
from splitspec.cli.refinements import RefinementJob, choose
from splitspec.cli.report_request import ExportKind, PageKind, Report, ResultKind
from splitspec.cli.reported import origin_of
from splitspec.cli.run_reports import begin, write_documents
from splitspec.cli.selection import Request
from splitspec.cli.terminal import Choice, ProgressLine, painter
from splitspec.model.frozen import frozen
from splitspec.refinement.companions import square_beside
from splitspec.refinement.refining import prove_refinement, refine
from splitspec.refinement.square import Square
from splitspec.refinement.square_text import square_document, square_text

WITHOUT_PROOF = (
    "without --prove, the states of the model's sizes are explored for a run that shows it"
)


@frozen
class RefineRequest:
    """What was asked on the command line."""

    what: Request
    prove: bool
    steps: int
    states: int | None
    time: float | None
    workers: int
    symmetry: bool
    json: bool
    color: Choice
    progress: Choice
    verbose: bool
    quiet: bool
    reports: tuple[Report[ResultKind], ...] = ()
    pages: tuple[Report[PageKind], ...] = ()
    store: Store | None = None  # of proofs
    recheck: bool = False  # by the second solver


def refine_models(request: RefineRequest, interruption: Interruption) -> ExitCode:
    """Hold every selected refinement; an interrupt ends the sequence and is reported."""
    chosen = choose(request.what)
    if chosen.problems:
        return report_problems(chosen.problems, request.color)
    begun, codes = begin("refine", request.reports)
    make = _prove if request.prove else _explore
    code, data, judged, draw = make(chosen.jobs, request, interruption)
    if interruption.requested:
        code = combine([code, ExitCode.INTERRUPTED])
    activity = Activity.PROVED if request.prove else Activity.REFINED
    origins = [origin_of(activity, job.setting, job.sentences) for job in chosen.jobs]
    unmade = [
        Finding(Kind.INTERRUPTED, origin.run, "", "it was not made")
        for origin in origins[len(judged) :]
    ]
    codes += write_documents(request.reports, lambda: data)
    codes += draw()
    codes += begun.finish(zip(origins, judged, strict=False), code, found=unmade)
    code = combine([code, *codes])
    if request.json:
        print(json.dumps(data, indent=2, ensure_ascii=False))
    elif not chosen.jobs:
        print(f"nothing was refined · exit {code.value}")
    else:
        print(f"{len(chosen.jobs)} run{'' if len(chosen.jobs) == 1 else 's'} · exit {code.value}")
    return code


Made = tuple[
    ExitCode, dict[str, Any], Sequence[JudgedRun | JudgedProof], Callable[[], list[ExitCode]]
]
"""A code, the document, what was judged, and what writes the pages that are asked for."""


def _explore(
    jobs: tuple[RefinementJob, ...], request: RefineRequest, interruption: Interruption
) -> Made:
    paint = painter(request.color, sys.stdout)
    judged: list[JudgedRun] = []
    squares: list[dict[str, Any]] = []
    failures: list[Failure] = []
    with suppress(KeyboardInterrupt):  # Raised to give up what is under way, and no more.
        for job in jobs:
            if interruption.requested:
                break
            line = ProgressLine(request.progress, title=job.title)
            made = refine(
                job.correspondence,
                job.setting,
                limits=Limits(states=request.states, time=request.time),
                workers=request.workers,
                symmetry=request.symmetry,
                on_progress=line,
                interruption=interruption,
            )
            line.clear()
            judged.append(judge(made.result, job.expectation))
            run = made.result.run.id
            squares += [
                {"run": run, "property": path, **square_document(square)}
                for path, square in made.squares.items()
            ]
            failures += [_failure(job, square) for square in made.squares.values()]
            if request.json or (request.quiet and exit_code(judged[-1:]) is ExitCode.MET):
                continue
            # The squares say what the traces of the product say, and more.
            text = run_text(judged[-1], job.sentences, paint, verbose=request.verbose, traces=False)
            print(text)
            for square in made.squares.values():
                print(f"\n{square_text(square, paint)}")
            print(flush=True)
    interruption.settle()
    draw = partial(write_beside, request.pages, failures)
    return exit_code(judged), {**document(judged), "squares": squares}, judged, draw


def _failure(job: RefinementJob, square: Square) -> Failure:
    make = partial(square_beside, job.correspondence, job.setting, square)
    sizes = job.setting.scope.sizes.items()
    scope = (w for sort, n in sizes for w in ("--scope", f"{sort.rpartition('.')[2]}={n}"))
    return Failure(make, square_text(square, plain), (*_words(job), *scope))


def _words(job: RefinementJob) -> tuple[str, ...]:
    """Return the words of a command that holds the refinement."""
    model, _ = job.correspondence.names
    names = [kind.value for kind in job.setting.given] or ["none"]
    given = (word for name in sorted(names) for word in ("--given", name))
    return ("splitspec", "refine", model, *given)


def _prove(
    jobs: tuple[RefinementJob, ...], request: RefineRequest, interruption: Interruption
) -> Made:
    show = _writer(request)
    judged: list[JudgedProof] = []
    for job in jobs:
        line = ProgressLine(request.progress, title=job.title)
        limits = ProofLimits(steps=request.steps, time=request.time)
        result = prove_refinement(
            job.correspondence,
            job.setting,
            limits=limits,
            recheck=request.recheck,
            on_progress=line.proof,
            interruption=interruption,
            store=request.store,
        )
        line.clear()
        judged.append(_advised(judge_proof(result, job.expectation)))
        show(job, judged[-1])
        if interruption.requested or result.run.interrupted:
            break
    draw = partial(_draw, jobs, judged, request.pages)
    return proof_code(judged), proof_document(judged), judged, draw


def _draw(
    jobs: Sequence[RefinementJob],
    judged: Sequence[JudgedProof],
    pages: Sequence[Report[PageKind]],
) -> list[ExitCode]:
    """Draw the counterexamples to induction; return the codes of what went wrong."""
    if not pages:
        return []
    from splitspec.cli.exports import exhibits_of_proof, write_exhibits

    exhibits = [
        exhibit
        for job, proof in zip(jobs, judged, strict=False)
        for exhibit in exhibits_of_proof(
            job.setting, proof, (*_words(job), "--prove"), by_claim=False
        )
    ]
    reports = [Report(ExportKind.HTML, page.path) for page in pages]
    return write_exhibits(reports, exhibits, dict, "no proof has a counterexample")


def _writer(request: RefineRequest) -> Callable[[RefinementJob, JudgedProof], None]:
    """Return what prints a proof as soon as it is judged; JSON is one document, at the end."""
    paint = painter(request.color, sys.stdout)

    def show(job: RefinementJob, judged: JudgedProof) -> None:
        if request.json or (request.quiet and proof_code([judged]) is ExitCode.MET):
            return
        print(proof_text(judged, job.sentences, paint, verbose=request.verbose))
        print(flush=True)

    return show


def _advised(judged: JudgedProof) -> JudgedProof:
    """Return a proof with what may lead on where it failed."""
    failed = any(not judgement.met for judgement in judged.judgements)
    return replace(judged, advice=(WITHOUT_PROOF,)) if failed else judged
