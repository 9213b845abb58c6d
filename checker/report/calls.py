"""Calls as diagrams write them, `tables.map_page(c = c1, v = a1, g = p1)`, and back."""

from __future__ import annotations

import re

from splitspec.model.trace import Step

_CALL = re.compile(r"([\w.]+)\(([^()]*)\)")
_ARGUMENT = re.compile(r"(\w+) = (\w+)")


def call_text(step: Step) -> str:
    """Return a step with its whole path and the names of its parameters."""
    return f"{step.action}({', '.join(f'{name} = {value}' for name, value in step.arguments)})"


def read_call(text: str, actor: str = "") -> Step | None:
    """Return the step that a call says, None if it is none."""
    match = _CALL.fullmatch(text.strip())
    if match is None:
        return None
    arguments = [_ARGUMENT.fullmatch(part.strip()) for part in match[2].split(",") if part.strip()]
    if not all(arguments):
        return None
    return Step(match[1], actor, tuple((a[1], a[2]) for a in arguments if a is not None))
