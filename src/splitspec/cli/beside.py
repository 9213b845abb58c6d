"""Write two runs side by side as one page: the first failure of a refinement, of an implementation
or of a log, with the text that the command prints of it.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Sequence

from splitspec import __version__
from splitspec.checker.report.page import Take, page
from splitspec.cli.exitcode import ExitCode
from splitspec.cli.report_request import PageKind, Report
from splitspec.cli.writing import write_report
from splitspec.model.frozen import frozen
from splitspec.refinement.companions import Beside


@frozen
class Failure:
    """A failure that can be drawn: what makes the two runs, its text, and the words of a command
    that finds it again."""

    make: Callable[[], Beside]
    text: str
    command: tuple[str, ...]


def write_beside(
    reports: Sequence[Report[PageKind]], failures: Sequence[Failure]
) -> list[ExitCode]:
    """Write each report of the first failure; return the codes of what went wrong."""
    codes: list[ExitCode] = []
    for report in reports:
        if failures:
            codes += write_report(report.path, _page(failures[0]))
        else:
            print(f"note: {report.path} is not written: no two runs part", file=sys.stderr)
    return codes


def _page(failure: Failure) -> str:
    picture, companion = failure.make()
    take = Take("run", picture, companion=companion)
    provenance = "Both runs were made again for this page."
    return page([take], failure.text, __version__, provenance, shlex.join(failure.command))
