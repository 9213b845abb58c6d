"""`splitspec lint`: print what is probably not meant in the selected models."""

from __future__ import annotations

import sys

from splitspec.checker.report.counting import counted
from splitspec.cli.diagnostics import render
from splitspec.cli.exitcode import ExitCode
from splitspec.cli.models import RefusedError, read_models, report_problems
from splitspec.cli.terminal import Choice, uses_color
from splitspec.model.lint import Linted, lint


def lint_models(names: tuple[str, ...], prove: bool, color: Choice) -> ExitCode:
    """Print the warnings to stdout; any warning is a policy failure, none is met."""
    try:
        models = tuple(read_models(names))
    except RefusedError as refusal:
        return report_problems(refusal.problems, color)
    linted = [Linted(model.program, model.modules, model.variants) for model in models]
    warnings = lint(linted, prove=prove)
    if warnings:
        print(render(warnings, uses_color(color, sys.stdout)))
    print(f"{counted(len(warnings), 'warning')} in {counted(len(models), 'model')}")
    return ExitCode.POLICY if warnings else ExitCode.MET
