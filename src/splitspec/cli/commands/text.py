"""Commands for a specification as a text, and the first one of a newcomer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from splitspec.cli import options as o
from splitspec.cli.interrupts import heed
from splitspec.cli.terminal import Choice


def demo(
    run: Annotated[
        bool, typer.Option("--run", help="Run the implementation instead: a chain of functions.")
    ] = False,
    platform: Annotated[
        o.PlatformName, typer.Option("--platform", help="The hardware that --run models.")
    ] = o.PlatformName.SNP,
    log: Annotated[
        Path | None,
        typer.Option("--log", metavar="FILE", help="Write what --run does, for replay."),
    ] = None,
    color: o.Color = Choice.AUTO,
) -> None:
    """Explore the shipped specification, then a wrong variant of it; or run the implementation."""
    if run:
        from splitspec.cli.demo_run import demonstrate_run

        raise typer.Exit(demonstrate_run(platform.value, log, color))
    if log is not None:
        raise typer.BadParameter("it is a log of --run", param_hint="--log")
    with heed() as interruption:
        from splitspec.cli.demo import demonstrate

        raise typer.Exit(demonstrate(color, interruption))


def explain(
    subject: Annotated[
        str, typer.Argument(metavar="CODE|MODEL.action", help="A code as SS203, or an action.")
    ],
    color: o.Color = Choice.AUTO,
) -> None:
    """Explain a diagnostic code, or print an action as it happens, with the source of each line."""
    from splitspec.cli.explain import explain_subject

    raise typer.Exit(explain_subject(subject, color))


def export(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="Name in models.toml or path of a .split file.")
    ],
    variant: o.VariantName = None,
    given: o.Given = None,
    color: o.Color = Choice.AUTO,
) -> None:
    """Print a model in the language of mypyvy, without counters; what is left out is named.

    Without --given it is the system of the strongest adversary.
    """
    from splitspec.cli.export import export_model

    raise typer.Exit(export_model(model, variant, None if given is None else tuple(given), color))


def format_files(
    files: Annotated[list[str], typer.Argument(metavar="FILE…", help=".split files.")],
    check_only: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if a file would change.")
    ] = False,
    color: o.Color = Choice.AUTO,
) -> None:
    """Write specifications in their canonical form."""
    from splitspec.cli.fmt import format_all

    raise typer.Exit(format_all(tuple(files), color, check_only=check_only))


def lint(
    models: o.Models = None,
    folder: o.Folder = Path(),
    prove: o.Prove = False,
    color: o.Color = Choice.AUTO,
) -> None:
    """Point at what is probably not meant: unused names, promises taken for checks, and more."""
    from splitspec.cli.lint import lint_models

    raise typer.Exit(lint_models(tuple(models or ()), folder, prove, color))
