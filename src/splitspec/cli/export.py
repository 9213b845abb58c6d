"""`splitspec export`: a model as text for another tool, and what is left out of it."""

from __future__ import annotations

import sys

from splitspec.checker.export.mypyvy import write
from splitspec.checker.export.uncounted import Unsayable
from splitspec.checker.export.uncounting import uncount
from splitspec.cli.exitcode import ExitCode
from splitspec.cli.models import Problems, report_problems
from splitspec.cli.selection import Request, select
from splitspec.cli.terminal import Choice
from splitspec.model.diagnostic import Diagnostic

HELP = "leave it out in a variant for that tool"


def export_model(
    model: str, variant: str | None, given: tuple[str, ...] | None, color: Choice
) -> ExitCode:
    """Print one system of a model: the strongest adversary's, or the one that is named.

    A variant is exported under the adversary of the property that it must break.
    """
    asked = ("none",) if given is None and variant is None else given
    selected = select(Request(models=(model,), variant=variant, given=asked, size=2))
    if selected.problems:
        return report_problems(selected.problems, color)
    if not selected.jobs:
        wrong = Problems((f"{model} claims nothing under that adversary",))
        return report_problems(wrong, color)
    job = selected.jobs[0]
    setting = job.setting
    made = uncount(setting.program, setting.given, setting.variant)
    text = made if isinstance(made, Unsayable) else write(made, job.title)
    if isinstance(text, Unsayable):
        problem = Diagnostic("SS901", text.reason, text.span, help=HELP)
        return report_problems(Problems(diagnostics=(problem,)), color)
    print(text, end="")
    if not isinstance(made, Unsayable):
        for omission in made.omissions:
            print(f"left out: {omission}", file=sys.stderr)
    return ExitCode.MET
