"""Commands that explore: their flags, as requests to the modules that do it."""

from __future__ import annotations

import typer

from splitspec.cli import options as o
from splitspec.cli.interrupts import heed
from splitspec.cli.terminal import Choice


def check(
    models: o.Models = None,
    scope: o.Scope = None,
    properties: o.Properties = None,
    variant: o.VariantName = None,
    variants: o.AllVariants = False,
    given: o.Given = None,
    tier: o.TierOption = None,
    depth: o.Depth = None,
    max_states: o.States = None,
    timeout: o.Timeout = None,
    memory: o.Memory = None,
    workers: o.Workers = 2,
    symmetry: o.Symmetry = o.Switch.ON,
    cross_check: o.CrossCheck = False,
    no_slice: o.NoSlice = False,
    format: o.OutputFormat = o.Format.TEXT,
    report: o.Reports = None,
    color: o.Color = Choice.AUTO,
    progress: o.ProgressOption = Choice.AUTO,
    verbose: o.Verbose = False,
    quiet: o.Quiet = False,
) -> None:
    """Explore models exhaustively and check every property; show what is violated.

    The result of a run is the assurance `exhaustive`: all reachable states of the scope.
    """
    with heed() as interruption:
        from splitspec.cli.check import CheckRequest, check_models
        from splitspec.cli.report_request import ExportKind, parse_reports
        from splitspec.cli.selection import Request

        request = CheckRequest(
            what=Request(
                models=tuple(models or ()),
                sizes=tuple(o.parse_scope(text) for text in scope or ()),
                properties=tuple(properties or ()),
                variant=variant,
                variants=variants,
                given=None if given is None else tuple(given),
                tier=o.chosen_tier(tier, models),
            ),
            depth=depth,
            states=max_states,
            time=timeout,
            memory=None if memory is None else o.parse_size(memory),
            workers=workers,
            symmetry=symmetry is o.Switch.ON,
            cross_check=cross_check,
            slice=not no_slice,
            json=format is o.Format.JSON,
            color=color,
            progress=progress,
            verbose=verbose,
            quiet=quiet,
            reports=parse_reports(report, ExportKind),
        )
        raise typer.Exit(check_models(request, interruption))


def simulate(
    models: o.Models = None,
    scope: o.Scope = None,
    properties: o.Properties = None,
    variant: o.VariantName = None,
    given: o.Given = None,
    runs: o.Walks = 10_000,
    depth: o.Steps = 100,
    timeout: o.Timeout = None,
    workers: o.Workers = 2,
    seed: o.Seed = None,
    format: o.OutputFormat = o.Format.TEXT,
    report: o.Reports = None,
    color: o.Color = Choice.AUTO,
    progress: o.ProgressOption = Choice.AUTO,
    verbose: o.Verbose = False,
    quiet: o.Quiet = False,
) -> None:
    """Walk models at random and check every property on the way.

    The result is the assurance `sampled`: it shows violations, and proves nothing.
    """
    with heed() as interruption:
        from splitspec.cli.report_request import ExportKind, parse_reports
        from splitspec.cli.selection import Request
        from splitspec.cli.simulate import SimulateRequest, simulate_models

        request = SimulateRequest(
            what=Request(
                models=tuple(models or ()),
                sizes=tuple(o.parse_scope(text) for text in scope or ()),
                properties=tuple(properties or ()),
                variant=variant,
                variants=False,
                given=None if given is None else tuple(given),
            ),
            runs=runs,
            depth=depth,
            time=timeout,
            workers=workers,
            seed=seed,
            json=format is o.Format.JSON,
            color=color,
            progress=progress,
            verbose=verbose,
            quiet=quiet,
            reports=parse_reports(report, ExportKind),
        )
        raise typer.Exit(simulate_models(request, interruption))
