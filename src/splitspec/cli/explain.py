"""`splitspec explain`: what a diagnostic code means, or what an action does, with its sources."""

from __future__ import annotations

import sys
from difflib import get_close_matches

from splitspec.cli.exitcode import ExitCode
from splitspec.cli.models import Model, RefusedError, read_models, report_problems
from splitspec.cli.terminal import Choice
from splitspec.model.codes import CODES
from splitspec.model.flat_text import action_text
from splitspec.model.ir import System
from splitspec.model.ir_text import writer_for
from splitspec.model.passes.compose import compose
from splitspec.model.passes.inline import inline


def explain_subject(subject: str, color: Choice) -> ExitCode:
    """Print the meaning of a code, or an action as it happens against the strongest adversary.

    Promises of untrusted actors are shown too, marked as such.
    """
    if subject.upper() in CODES:
        return _explain_code(subject.upper())
    model_name, action_name = _parted(subject)
    if not action_name:
        return _refuse(f"{subject} is neither a code (SS203) nor an action (memory.fork)")
    try:
        (model,) = read_models((model_name,))
    except RefusedError as refusal:
        return report_problems(refusal.problems, color)
    return _explain_action(model, action_name)


def _parted(subject: str) -> tuple[str, str]:
    """Return the model and the action of `memory.fork`, or of `spec/memory.split.fork`."""
    path, mark, action = subject.partition(".split.")
    if mark:
        return f"{path}.split", action
    model, _, action = subject.partition(".")
    return model, action


def _explain_code(code: str) -> ExitCode:
    entry = CODES[code]
    example = "\n".join(f"    {line}" for line in entry.example.splitlines())
    print(f"{entry.code}: {entry.title}\n\n{entry.meaning}\n\n{example}\n\n{entry.advice}")
    return ExitCode.MET


def _explain_action(model: Model, name: str) -> ExitCode:
    system = _whole(model)
    paths = [action.path for action in system.actions]
    found = [
        action
        for action in system.actions
        if action.path == name or action.path.rpartition(".")[2] == name
    ]
    if not found:
        short = [path.rpartition(".")[2] for path in paths]
        near = get_close_matches(name, short, n=1)
        hint = f"; did you mean {near[0]}?" if near else f"; there is: {', '.join(short)}"
        return _refuse(f"{model.entry.name} has no action {name}{hint}")
    if len(found) > 1:
        listed = ", ".join(action.path for action in found)
        return _refuse(f"{name} stands in several modules: {listed}")
    print(action_text(found[0], writer_for(system)))
    return ExitCode.MET


def _whole(model: Model) -> System:
    """Return the flat actions with promises and hostile ones alike: no adversary is chosen."""
    return compose(inline(model.program), ())


def _refuse(sentence: str) -> ExitCode:
    print(f"error: {sentence}", file=sys.stderr)
    return ExitCode.USAGE
