"""Commands that hold systems, implementations and logs to specifications: their flags, as requests
to the modules that do it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from splitspec.cli import options as o
from splitspec.cli.interrupts import heed
from splitspec.cli.terminal import Choice


def refine(
    models: o.Models = None,
    scope: o.Scope = None,
    given: o.Given = None,
    prove: Annotated[
        bool, typer.Option("--prove", help="Prove every square, for any size, instead.")
    ] = False,
    recheck: o.Recheck = False,
    steps: o.SolverSteps = 12_000_000,
    max_states: o.States = None,
    timeout: o.Timeout = None,
    workers: o.Workers = 2,
    symmetry: o.Symmetry = o.Switch.ON,
    cache: o.Cache = o.CacheMode.READ_WRITE,
    format: o.OutputFormat = o.Format.TEXT,
    report: o.HeldReports = None,
    color: o.Color = Choice.AUTO,
    progress: o.ProgressOption = Choice.AUTO,
    verbose: o.Verbose = False,
    quiet: o.Quiet = False,
) -> None:
    """Hold models to the abstract modules that they refine, step by step.

    Every step of the model must be a step of the abstract module, or stuttering. A step that is
    neither is shown with the run that leads to it, in both systems.
    """
    if recheck and not prove:
        raise typer.BadParameter("nothing is proved without --prove", param_hint="'--recheck'")
    with heed() as interruption:
        from splitspec.checker.store import Mode
        from splitspec.cli.kept import proof_store
        from splitspec.cli.refine import RefineRequest, refine_models
        from splitspec.cli.report_request import parse_held
        from splitspec.cli.selection import Request

        reports, pages = parse_held(report)
        request = RefineRequest(
            what=Request(
                models=tuple(models or ()),
                sizes=tuple(o.parse_scope(text) for text in scope or ()),
                given=None if given is None else tuple(given),
                size=2 if prove else None,
            ),
            prove=prove,
            recheck=recheck,
            steps=steps,
            states=max_states,
            time=timeout,
            workers=workers,
            symmetry=symmetry is o.Switch.ON,
            json=format is o.Format.JSON,
            color=color,
            progress=progress,
            verbose=verbose,
            quiet=quiet,
            reports=reports,
            pages=pages,
            store=proof_store(Mode(cache.value)),
        )
        raise typer.Exit(refine_models(request, interruption))


def conform(
    mappings: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="MAPPING…",
            help="Mappings as module:NAME, or shipped ones by name. [default: the shipped ones]",
        ),
    ] = None,
    tier: o.TierOption = None,
    programs: Annotated[
        int | None,
        typer.Option("--programs", min=1, help="Run so many random programs instead."),
    ] = None,
    calls: Annotated[
        int | None,
        typer.Option("--calls", min=1, help="Make so many calls in one random run instead."),
    ] = None,
    logs: Annotated[
        Path | None,
        typer.Option("--logs", metavar="FOLDER", help="With --calls: write what was done as logs."),
    ] = None,
    steps: Annotated[int, typer.Option("--depth", min=1, help="Calls of a random program.")] = 50,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of random programs.")] = 0,
    max_states: o.States = None,
    timeout: o.Timeout = None,
    workers: o.WalkWorkers = None,
    format: o.OutputFormat = o.Format.TEXT,
    report: o.HeldReports = None,
    color: o.Color = Choice.AUTO,
    verbose: o.Verbose = False,
) -> None:
    """Hold implementations to models: every transition is done, every refusal is tried.

    What differs is shown with the shortest program that was found for it, as a test to keep.
    """
    with heed() as interruption:
        from splitspec.cli.conform import ConformRequest, conform_mappings
        from splitspec.cli.holding import Holding
        from splitspec.cli.report_request import parse_held

        reports, pages = parse_held(report)
        request = ConformRequest(
            mappings=tuple(mappings or ()),
            tier=o.chosen_tier(tier, mappings),
            how=Holding(programs, calls, logs, steps, seed, max_states, timeout),
            workers=o.chosen_workers(workers),
            json=format is o.Format.JSON,
            color=color,
            verbose=verbose,
            reports=reports,
            pages=pages,
        )
        raise typer.Exit(conform_mappings(request, interruption))


def replay(
    logs: Annotated[list[str], typer.Argument(metavar="LOG…", help="NDJSON logs.")],
    candidates: Annotated[
        int, typer.Option("--candidates", min=1, help="States that may fit a line at once.")
    ] = 20_000,
    format: o.OutputFormat = o.Format.TEXT,
    report: o.Pages = None,
    color: o.Color = Choice.AUTO,
) -> None:
    """Hold logs of an implementation to the models that they name.

    What a log leaves out is solved for. Where it is no run, the states before are shown, with the
    first false guard of each call that the line could mean.
    """
    with heed():
        from splitspec.cli.replay import ReplayRequest, replay_logs
        from splitspec.cli.report_request import PageKind, parse_reports

        request = ReplayRequest(
            tuple(logs),
            candidates,
            json=format is o.Format.JSON,
            reports=parse_reports(report, PageKind),
            color=color,
        )
        raise typer.Exit(replay_logs(request))
