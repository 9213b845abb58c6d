"""`splitspec view`: draw a saved trace as one HTML file."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from pathlib import Path

from splitspec import __version__
from splitspec.checker.evidence.execution import Execution, given_names, trace
from splitspec.checker.evidence.explanation import analyse
from splitspec.checker.evidence.minimisation import minimise
from splitspec.checker.evidence.picturing import picture_of
from splitspec.checker.report.counting import counted
from splitspec.checker.report.page import Take, page
from splitspec.checker.report.proof import induction_text
from splitspec.checker.report.text import plain, trace_text
from splitspec.cli.exitcode import ExitCode
from splitspec.cli.models import manifest_path, report_problems
from splitspec.cli.saved import (
    REACHABILITY_UNKNOWN,
    Replayed,
    UnusableError,
    choose,
    read_traces,
    replay,
)
from splitspec.cli.terminal import Choice
from splitspec.cli.writing import is_input, write_whole
from splitspec.model.frozen import frozen
from splitspec.model.ir import PropertyKind
from splitspec.model.manifest import load_manifest
from splitspec.model.setting import Setting


@frozen
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
    if is_input(output, (request.file,)):
        print(f"error: {output} is what is read: no page is written there", file=sys.stderr)
        return ExitCode.USAGE
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
    steps = counted(len(replayed.execution.steps), "step")
    print(f"{output}: {replayed.claim.path}, {steps} replayed")
    return ExitCode.MET


def page_of(replayed: Replayed) -> str:
    """Return the page of a trace: of a shorter one first, if one shows the claim, too."""
    evaluator, claim, whole = replayed.evaluator, replayed.claim, replayed.execution
    is_whole = replayed.saved.inductive or claim.kind is PropertyKind.PROGRESS
    best = whole if is_whole else minimise(evaluator, claim, whole)
    takes = [_take(replayed, best, "minimised")]
    if len(best.steps) < len(whole.steps):
        takes.append(replace(_take(replayed, whole, "original"), dropped=_dropped(whole, best)))
    text = (
        induction_text(replayed.saved.example, claim.text, plain)
        if replayed.saved.inductive
        else trace_text(takes[0].picture.trace, claim.text, plain)
    )
    provenance = "Replayed step by step by the evaluator."
    return page(takes, text, __version__, provenance, _command(replayed))


def _command(replayed: Replayed) -> str:
    """Return a line that finds the trace again."""
    if replayed.command:
        return shlex.join(replayed.command)
    shown, setting = replayed.saved.trace, replayed.evaluator.setting
    words = [*run_words("prove" if replayed.saved.inductive else "check", setting)]
    if not replayed.saved.inductive:
        for sort, size in shown.scope:
            words += ["--scope", f"{sort.rpartition('.')[2]}={size}"]
    if shown.claim in setting.program.properties:
        words += ["--property", shown.claim]
    return shlex.join(words)


def run_words(verb: str, setting: Setting) -> tuple[str, ...]:
    """Return the words of a command that makes a run at the sizes of its model."""
    words = ["splitspec", verb, _model_named(setting)]
    if setting.variant is not None:
        words += ["--variant", setting.variant.name]
    for name in given_names(setting) or ("none",):
        words += ["--given", name]
    return tuple(words)


def _model_named(setting: Setting) -> str:
    """Return what names a model on the command line: its file, if no models.toml at hand has it."""
    module = f"{setting.program.name}.split"
    sources = (each.span.source.name for each in setting.program.actions.values())
    file = next((name for name in sources if Path(name).name == module), "")
    manifest = load_manifest(manifest_path())
    is_listed = setting.model in manifest.models
    if file and not (is_listed and Path(file).resolve().is_relative_to(manifest.folder.resolve())):
        return file
    return setting.model


def _take(replayed: Replayed, execution: Execution, name: str) -> Take:
    evaluator, claim = replayed.evaluator, replayed.claim
    banner = REACHABILITY_UNKNOWN if replayed.saved.inductive else ""
    is_progress = claim.kind is PropertyKind.PROGRESS
    # Of a round, what found it has said why.
    said = replayed.saved.trace.explanation if is_progress else analyse(evaluator, claim, execution)
    shown = trace(evaluator, claim, execution, said)
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
