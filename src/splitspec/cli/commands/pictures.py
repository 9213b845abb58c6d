"""Commands that show saved traces: their flags, as requests to the modules that do it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from splitspec.cli import options as o
from splitspec.cli.terminal import Choice


def view(
    file: Annotated[
        str,
        typer.Argument(
            metavar="TRACE", help="JSON of check, simulate or prove; a saved trace; or ITF."
        ),
    ],
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="PATH", help="[default: TRACE with .html]"),
    ] = None,
    properties: o.Properties = None,
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="MODEL", help="The model or file. [default: as saved]"),
    ] = None,
    color: o.Color = Choice.AUTO,
) -> None:
    """Draw a saved trace as one HTML page that needs nothing else.

    The evaluator replays the trace first; what is no run of the model is not drawn.
    """
    from splitspec.cli.view import ViewRequest, view_trace

    request = ViewRequest(
        Path(file),
        tuple(properties or ()),
        model,
        None if output is None else Path(output),
        color,
    )
    raise typer.Exit(view_trace(request))
