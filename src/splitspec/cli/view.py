"""`splitspec view`: draw a saved trace as one HTML file."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

from splitspec import __version__
from splitspec.checker.evidence.execution import Execution, trace
from splitspec.checker.evidence.explanation import analyse
from splitspec.checker.evidence.minimisation import minimise
from splitspec.checker.evidence.picturing import picture_of
from splitspec.checker.report.page import Take, page
from splitspec.checker.report.text import plain, trace_text
from splitspec.cli.exitcode import ExitCode
from splitspec.cli.models import report_problems
from splitspec.cli.saved import (
    REACHABILITY_UNKNOWN,
    Replayed,
    UnusableError,
    choose,
    read_traces,
    replay,
)
from splitspec.cli.terminal import Choice
from splitspec.cli.writing import write_whole


@dataclass(frozen=True, slots=True)
class ViewRequest:
    """What was asked on the command line. Without `output`, the page stands beside the trace."""

    file: Path
    properties: tuple[str, ...]
    model: str | None
    output: Path | None
    color: Choice


def view_trace(request: ViewRequest) -> ExitCode:
    """Replay a saved trace, and write the page that shows it."""
    try:
        chosen = choose(read_traces(request.file), request.properties)
        replayed = replay(chosen[0], request.model)
    except UnusableError as error:
        return report_problems(error.problems, request.color)
    output = request.output or request.file.with_suffix(".html")
    text = page_of(replayed)
    try:
        write_whole(output, text)
    except OSError as error:
        print(f"error: {output} cannot be written: {error.strerror}", file=sys.stderr)
        return ExitCode.USAGE
    others = [saved.trace.claim for saved in chosen[1:]]
    if others:
        listed = ", ".join(dict.fromkeys(others))
        print(f"note: there are traces of {listed}, too; -p names one", file=sys.stderr)
    print(f"{output}: {replayed.claim.path}, {len(replayed.execution.steps)} steps replayed")
    return ExitCode.MET


def page_of(replayed: Replayed) -> str:
    """Return the page of a trace: of a shorter one first, if one shows the claim, too."""
    evaluator, claim, whole = replayed.evaluator, replayed.claim, replayed.execution
    inductive = replayed.saved.inductive
    best = whole if inductive else minimise(evaluator, claim, whole)
    takes = [_take(replayed, best, "minimised")]
    if len(best.steps) < len(whole.steps):
        takes.append(replace(_take(replayed, whole, "original"), dropped=_dropped(whole, best)))
    text = trace_text(takes[0].picture.trace, claim.text, plain)
    return page(takes, text, __version__, "Replayed step by step by the evaluator.")


def _take(replayed: Replayed, execution: Execution, name: str) -> Take:
    evaluator, claim = replayed.evaluator, replayed.claim
    banner = REACHABILITY_UNKNOWN if replayed.saved.inductive else ""
    shown = trace(evaluator, claim, execution, analyse(evaluator, claim, execution))
    return Take(name, picture_of(evaluator, claim, execution, shown, banner))


def _dropped(whole: Execution, best: Execution) -> frozenset[int]:
    """Return the numbers of the steps that the shorter run leaves out, if it only leaves out."""
    calls = [(step.action, step.binding) for step in best.steps]
    dropped = set()
    for number, step in enumerate(whole.steps, start=1):
        if calls and calls[0] == (step.action, step.binding):
            calls.pop(0)
        else:
            dropped.add(number)
    return frozenset() if calls else frozenset(dropped)
