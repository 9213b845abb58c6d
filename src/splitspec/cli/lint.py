"""`splitspec lint`: print what is probably not meant in the selected models."""

from __future__ import annotations

import sys
from pathlib import Path

from splitspec.checker.report.counting import counted
from splitspec.checker.report.diagnostics import render
from splitspec.cli.exitcode import ExitCode
from splitspec.cli.models import Model, RefusedError, own_manifest, read_models, report_problems
from splitspec.cli.terminal import Choice, painter
from splitspec.model.lint import Linted, lint
from splitspec.model.manifest_forgetting import definitions_named


def lint_models(names: tuple[str, ...], folder: Path, prove: bool, color: Choice) -> ExitCode:
    """Print the warnings to stdout; any warning is a policy failure, none is met."""
    are_files = bool(names) and all(name.endswith(".split") for name in names)
    try:
        models = tuple(read_models(names, None if are_files else own_manifest(folder)))
    except RefusedError as refusal:
        return report_problems(refusal.problems, color)
    warnings = lint([linted(model) for model in models], prove=prove)
    if warnings:
        print(render(warnings, painter(color, sys.stdout)))
    print(f"{counted(len(warnings), 'warning')} in {counted(len(models), 'model')}")
    return ExitCode.POLICY if warnings else ExitCode.MET


def linted(model: Model) -> Linted:
    """Return a model as lint judges it: a definition that its runs name is used."""
    named = definitions_named(model.entry.runs)
    return Linted(model.program, model.modules, model.variants, named)
