"""Commands that prove: their flags, as requests to the modules that do it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from splitspec.cli import options as o
from splitspec.cli.report_request import ExportKind, Report, parse_reports
from splitspec.cli.terminal import Choice

if TYPE_CHECKING:  # A command imports what it needs itself.
    from splitspec.cli.selection import Request

IDLE = {
    "--bmc": ("--suggest", "--k-induction", "--finite", "--recheck", "--timeout"),
    "--suggest": ("--k-induction", "--finite", "--recheck", "--reach", "--timeout"),
    "--k-induction": ("--timeout",),
}
"""Options, each with those that would have no effect on it."""


def _refuse_idle(on: Mapping[str, bool], values: Mapping[str, float | None]) -> None:
    given = {**on, **{option: value is not None for option, value in values.items()}}
    for option, others in IDLE.items():
        for other in others if given[option] else ():
            if given[other]:
                raise typer.BadParameter(
                    f"{other} would have no effect on it", param_hint=f"'{option}'"
                )


def _reports(texts: list[str] | None, *, may_tell_of_runs: bool) -> tuple[Report[ExportKind], ...]:
    reports = parse_reports(texts, ExportKind)
    for report in () if may_tell_of_runs else reports:
        if report.kind in (ExportKind.ITF, ExportKind.MERMAID, ExportKind.DOT):
            raise typer.BadParameter(
                f"{report.kind} tells of a run, and a counterexample to induction is one step from "
                "some state: html draws it; --reach or --bmc looks for a run",
                param_hint="'--report'",
            )
    return reports


def _asked(
    models: o.Models,
    properties: o.Properties,
    given: o.Given,
    sizes: tuple[tuple[str, int], ...] = (),
    variant: str | None = None,
    *,
    variants: bool = False,
) -> Request:
    """Return what was named; sorts of which nobody says a size have two elements."""
    from splitspec.cli.selection import Request

    return Request(
        tuple(models or ()),
        sizes,
        tuple(properties or ()),
        variant,
        variants,
        None if given is None else tuple(given),
        size=2,
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
    steps: o.ProofSteps = None,
    memory: o.SolverMemory = "4G",
    timeout: o.Timeout = None,
    workers: o.SolverWorkers = 2,
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
    on = {"--suggest": suggest, "--finite": finite, "--recheck": recheck, "--reach": reach}
    _refuse_idle(on, {"--bmc": bmc, "--k-induction": k_induction, "--timeout": timeout})
    reports = _reports(report, may_tell_of_runs=bmc is not None or reach)
    size, sizes = o.parse_size(memory), tuple(o.parse_scope(text) for text in scope or ())
    from splitspec.cli.reading import begin_reading

    what = _asked(models, properties, given, sizes, variant, variants=variants)
    selected = begin_reading(what)  # Meanwhile the prover is loaded.
    from splitspec.checker.proof import STEPS, ProofLimits
    from splitspec.checker.store import Mode
    from splitspec.cli.kept import proof_store
    from splitspec.cli.prove import ProveRequest, prove_models

    request = ProveRequest(
        what=what,
        finite=finite or k_induction is not None,
        bmc=bmc,
        k_induction=k_induction or 0,
        store=proof_store(Mode(cache.value)),
        limits=ProofLimits(steps=steps or (STEPS if bmc is None else 0), memory=size, time=timeout),
        workers=workers,
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
    raise typer.Exit(prove_models(request, selected))


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

    A guard without which a proof is lost lists the properties that are no longer proved; --explore
    shows that a run breaks one. Each guard is left out by itself, and claims of progress are not
    looked at.
    """
    from splitspec.cli.mutate import MutateRequest, mutate_models

    request = MutateRequest(
        what=_asked(models, None, given),
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
    workers: o.SeedWorkers = None,
    color: o.Color = Choice.AUTO,
    progress: o.ProgressOption = Choice.AUTO,
) -> None:
    """Prove again under other seeds, with facts shuffled and symbols renamed.

    A proof that depends on luck is a policy failure: it fails when somebody changes a name.
    """
    from splitspec.cli.stability import StabilityRequest, stabilise

    request = StabilityRequest(
        what=_asked(models, properties, given),
        seeds=seeds,
        steps=steps,
        workers=o.chosen_workers(workers),
        color=color,
        progress=progress,
    )
    raise typer.Exit(stabilise(request))
