"""Commands that decide a merge: their flags, as requests to the modules that do it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from splitspec.cli import options as o
from splitspec.cli.interrupts import heed
from splitspec.cli.report_request import ReportKind, parse_reports
from splitspec.cli.terminal import Choice
from splitspec.model.tier import Tier

DueTier = Annotated[
    Tier, typer.Option("--tier", help="How much is due; each tier has all before it.")
]
TotalTimeout = Annotated[
    float | None,
    typer.Option(
        "--timeout",
        min=0.001,
        callback=o.checked_seconds,
        help="Seconds for all runs; what is not made by then, fails.",
    ),
]


def gate(
    models: o.Models = None,
    folder: o.Folder = Path(),
    tier: DueTier = Tier.COMMIT,
    timeout: TotalTimeout = None,
    workers: o.Workers = 2,
    cache: o.Cache = o.CacheMode.READ_WRITE,
    report: o.GateReports = None,
    format: o.OutputFormat = o.Format.TEXT,
    color: o.Color = Choice.AUTO,
    progress: o.ProgressOption = Choice.AUTO,
    verbose: o.Verbose = False,
    quiet: o.Quiet = False,
) -> None:
    """Hold every run, proof and variant to models.toml and to what splitspec.lock accepted.

    Exit code 0 means that all that is due at the tier was shown, and as strongly as accepted.
    """
    with heed() as interruption:
        from splitspec.cli.gate import GateRequest, run_gate

        request = GateRequest(
            models=tuple(models or ()),
            folder=folder,
            tier=tier,
            seconds=timeout,
            workers=workers,
            cache=cache,
            reports=parse_reports(report, ReportKind),
            json=format is o.Format.JSON,
            color=color,
            progress=progress,
            verbose=verbose,
            quiet=quiet,
        )
        raise typer.Exit(run_gate(request, interruption))


def lock(
    models: o.Models = None,
    folder: o.Folder = Path(),
    tier: DueTier = Tier.COMMIT,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 4 if there is a difference.")
    ] = False,
    weaker: Annotated[
        bool, typer.Option("--weaker", help="Accept losses too: less assurance, fewer claims.")
    ] = False,
    anew: Annotated[
        bool,
        typer.Option(
            "--anew", help="Begin with an empty lock of all models, as after a merge conflict."
        ),
    ] = False,
    workers: o.Workers = 2,
    cache: o.Cache = o.CacheMode.READ_WRITE,
    color: o.Color = Choice.AUTO,
    progress: o.ProgressOption = Choice.AUTO,
    quiet: o.Quiet = False,
) -> None:
    """Run what is due, show how it differs from splitspec.lock, and accept it.

    Only what is as models.toml and the variants expect can be accepted.
    """
    with heed() as interruption:
        from splitspec.cli.gate import GateRequest
        from splitspec.cli.lock import LockRequest, accept

        request = GateRequest(
            models=tuple(models or ()),
            folder=folder,
            tier=tier,
            seconds=None,
            workers=workers,
            cache=cache,
            reports=(),
            json=False,
            color=color,
            progress=progress,
            verbose=False,
            quiet=quiet,
        )
        raise typer.Exit(accept(LockRequest(request, check, weaker, anew), interruption))


def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="A folder, or a revision of git.")],
    new: Annotated[
        str, typer.Argument(metavar="NEW", help="Another one; by default what is here.")
    ] = ".",
    tier: DueTier = Tier.COMMIT,
    no_run: Annotated[bool, typer.Option("--no-run", help="Only compare the texts.")] = False,
    timeout: TotalTimeout = None,
    workers: o.Workers = 2,
    cache: o.Cache = o.CacheMode.READ_WRITE,
    format: Annotated[
        o.DifferenceFormat, typer.Option("--format", help="As text, JSON, or a comment.")
    ] = o.DifferenceFormat.TEXT,
    color: o.Color = Choice.AUTO,
    progress: o.ProgressOption = Choice.AUTO,
) -> None:
    """Show what differs in meaning, in text, variants and models.toml, and what is now broken.

    The models that a difference reaches are run. Exit code 1 if a claim is newly violated, 4 if a
    variant no longer fails.
    """
    with heed() as interruption:
        from splitspec.cli.difference import DifferenceRequest, show_difference

        request = DifferenceRequest(
            old, new, tier, not no_run, timeout, workers, cache, format, color, progress
        )
        raise typer.Exit(show_difference(request, interruption))
