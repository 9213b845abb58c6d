"""Commands that prove: their flags, as requests to the modules that do it."""

from __future__ import annotations

from typing import Annotated

import typer

from splitspec.cli import options as o
from splitspec.cli.report_request import ExportKind, Report, parse_report
from splitspec.cli.terminal import Choice


def _refuse(timeout: float | None) -> None:
    if timeout is not None:
        raise typer.BadParameter(
            "it ends proofs by induction, not --bmc, --k-induction or --suggest",
            param_hint="'--timeout'",
        )


def _refuse_runs(reports: tuple[Report[ExportKind], ...]) -> None:
    for report in reports:
        if report.kind in (ExportKind.ITF, ExportKind.MERMAID, ExportKind.DOT):
            raise typer.BadParameter(
                f"{report.kind} tells of a run, and a counterexample to induction is one step from "
                "some state: html draws it; --reach or --bmc looks for a run",
                param_hint="'--report'",
            )


def prove(
    models: o.Models = None,
    scope: o.Scope = None,
    properties: o.Properties = None,
    variant: o.VariantName = None,
    variants: o.AllVariants = False,
    given: o.Given = None,
    finite: o.Finite = False,
    bmc: o.BoundedSteps = None,
    k_induction: o.InductionSteps = None,
    steps: o.SolverSteps = 3_000_000,
    memory: o.SolverMemory = "4G",
    timeout: o.Timeout = None,
    seed: o.ProofSeed = 0,
    recheck: o.Recheck = False,
    reach: o.Reach = False,
    suggest: o.Suggest = False,
    without_lemmas: o.WithoutLemmas = False,
    cache: o.Cache = o.CacheMode.READ_WRITE,
    format: o.OutputFormat = o.Format.TEXT,
    report: o.ProofReports = None,
    color: o.Color = Choice.AUTO,
    progress: o.ProgressOption = Choice.AUTO,
    verbose: o.Verbose = False,
    quiet: o.Quiet = False,
) -> None:
    """Prove properties by induction, for any number of containers, pages, frames and threads.

    The result of a proof is the assurance `proved`. Where it fails, the smallest counterexample to
    induction is shown: one step from a state that satisfies all invariants and breaks one.
    """
    if bmc is not None or k_induction is not None or suggest:
        _refuse(timeout)
    reports = tuple(parse_report(text, ExportKind) for text in report or ())
    if bmc is None and not reach:
        _refuse_runs(reports)
    from splitspec.checker.proof import ProofLimits
    from splitspec.checker.store import Mode
    from splitspec.cli.kept import proof_store
    from splitspec.cli.prove import ProveRequest, prove_models
    from splitspec.cli.selection import Request

    request = ProveRequest(
        what=Request(
            models=tuple(models or ()),
            sizes=tuple(o.parse_scope(text) for text in scope or ()),
            properties=tuple(properties or ()),
            variant=variant,
            variants=variants,
            given=None if given is None else tuple(given),
            size=2,
        ),
        finite=finite or k_induction is not None,
        bmc=bmc,
        k_induction=k_induction or 0,
        store=proof_store(Mode(cache.value)),
        limits=ProofLimits(steps=steps, memory=o.parse_size(memory), time=timeout),
        seed=seed,
        recheck=recheck,
        reach=reach,
        suggest=suggest,
        without_lemmas=without_lemmas,
        json=format is o.Format.JSON,
        color=color,
        progress=progress,
        verbose=verbose,
        quiet=quiet,
        reports=reports,
    )
    raise typer.Exit(prove_models(request))


def mutate(
    models: o.Models = None,
    given: o.Given = None,
    explore: Annotated[
        bool, typer.Option("--explore", help="Look for a run that shows each loss.")
    ] = False,
    max_states: o.States = 200_000,
    format: o.OutputFormat = o.Format.TEXT,
    color: o.Color = Choice.AUTO,
    progress: o.ProgressOption = Choice.AUTO,
    verbose: o.Verbose = False,
) -> None:
    """Leave out each guard in turn: which property falls, and which guards are redundant.

    A guard whose loss is proved to matter lists the properties that are no longer proved.
    """
    from splitspec.cli.mutate import MutateRequest, mutate_models
    from splitspec.cli.selection import Request

    request = MutateRequest(
        what=Request(
            models=tuple(models or ()), given=None if given is None else tuple(given), size=2
        ),
        explore=explore,
        states=max_states,
        json=format is o.Format.JSON,
        color=color,
        progress=progress,
        verbose=verbose,
    )
    raise typer.Exit(mutate_models(request))


def stability(
    models: o.Models = None,
    properties: o.Properties = None,
    given: o.Given = None,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Number of seeds.")] = 10,
    steps: o.SolverSteps = 3_000_000,
    color: o.Color = Choice.AUTO,
    progress: o.ProgressOption = Choice.AUTO,
) -> None:
    """Prove again under other seeds, with facts shuffled and symbols renamed.

    A proof that depends on luck is a policy failure: it fails when somebody changes a name.
    """
    from splitspec.cli.selection import Request
    from splitspec.cli.stability import StabilityRequest, stabilise

    request = StabilityRequest(
        what=Request(
            models=tuple(models or ()),
            properties=tuple(properties or ()),
            given=None if given is None else tuple(given),
            size=2,
        ),
        seeds=seeds,
        steps=steps,
        color=color,
        progress=progress,
    )
    raise typer.Exit(stabilise(request))
