"""Turn a picture into a Mermaid sequence diagram, as GitHub draws it in Markdown, and read the
steps back out of one.

The text after each number is the whole call, so that the diagram alone says which run it is of;
values of constants, which decide the initial state, stand in comments.
"""

from __future__ import annotations

import re

from splitspec.checker.report.calls import call_text, read_call
from splitspec.model.picture import Picture
from splitspec.model.trace import Step

_SAFE = re.compile(r"[^\w .,()=\[\]:/→-]")
_MESSAGE = re.compile(r"\s*L\d+->>L\d+: (\d+)\. (.*)")
_CONSTANT = re.compile(r"\s*%% constant (\S+) = (\S+)")
_BOXES = {"outside": "Host", "inside": "Confidential VM", "tenant": "Tenant"}


def encode(picture: Picture, constants: tuple[tuple[str, str], ...]) -> str:
    """Return the diagram; `constants` are places with their values."""
    trace = picture.trace
    run = f"{trace.model} with {trace.variant}" if trace.variant else trace.model
    lines = ["sequenceDiagram", f"    %% {escaped(f'{trace.claim} of {run}')}"]
    lines += [f"    %% constant {name} = {value}" for name, value in constants]
    for side, title in _BOXES.items():
        lanes = [(n, lane) for n, lane in enumerate(picture.lanes) if lane.side == side]
        if lanes:
            lines.append(f"    box {title}")
            lines += [
                f"    participant L{number} as {escaped(f'{lane.name} {lane.element}'.strip())}"
                for number, lane in lanes
            ]
            lines.append("    end")
    for number, (step, stroke) in enumerate(zip(trace.steps, picture.strokes, strict=True), 1):
        target = stroke.source if stroke.target is None else stroke.target
        lines.append(f"    L{stroke.source}->>L{target}: {number}. {escaped(call_text(step))}")
    why = trace.explanation
    if why is not None and picture.strokes:
        binding = ", ".join(f"{name} = {value}" for name, value in why.binding)
        said = why.line or why.remark
        text = f"✕ {trace.claim}: {said}" + (f" for {binding}" if binding else "")
        lines.append(f"    Note over L{picture.strokes[-1].source}: {escaped(text)}")
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Return a text in which nothing is syntax: signs as Mermaid's entity codes."""
    return _SAFE.sub(lambda match: f"#{ord(match[0])};", text)


def decode(text: str) -> tuple[tuple[Step, ...], dict[str, str]]:
    """Return the steps of a diagram, and the constants; raise ValueError for a broken line."""
    steps: list[Step] = []
    constants: dict[str, str] = {}
    for line in text.splitlines():
        if match := _CONSTANT.fullmatch(line):
            constants[match[1]] = match[2]
        elif match := _MESSAGE.fullmatch(line):
            step = read_call(match[2])
            if step is None or int(match[1]) != len(steps) + 1:
                raise ValueError(f"{line.strip()} is not step {len(steps) + 1}")
            steps.append(step)
    return tuple(steps), constants
