"""Turn a square that does not commute into text, both lanes beside one another, and into data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from splitspec.model.trace import Step
from splitspec.refinement.square import Lane, Square

Paint = Callable[[str, str], str]


def square_text(square: Square, paint: Paint) -> str:
    """Return the run in both lanes, step by step, and why its last step is not allowed.

    Under each step of the concrete system stands what the refinement says that it is.
    """
    concrete, lane = square.concrete, square.abstract
    calls = [str(step) for step in concrete.steps]
    shadows = [_shadow(step) for step in lane.steps]
    width = max([len("initial state"), *map(len, calls), *map(len, shadows)])
    lines = [f"  {paint('title', square.name)}: this step is not one of the abstract system", ""]
    lines.append("    " + paint("faint", f"{'':>2}  {'actor':<9} {'step':<{width}}  changes"))
    lines.append(f"    {0:>2}  {'':<9} initial state")
    for number, step in enumerate(concrete.steps):
        changes = [_change(*change) for change in concrete.changes(number)]
        lines += _rows(f"{number + 1:>2}", step.actor, calls[number], changes, width)
        seen = [_change(*change) for change in lane.changes(number)]
        lines += _rows("", "", shadows[number], seen, width)
    lines += ["", *(f"    {line}" for line in _reasons(square, paint))]
    return "\n".join(lines)


def _rows(number: str, actor: str, call: str, changes: list[str], width: int) -> list[str]:
    first = changes[0] if changes else "nothing"
    lines = [f"    {number:>2}  {actor:<9} {call:<{width}}  {first}".rstrip()]
    indent = " " * (4 + 2 + 2 + 10 + width + 2)
    return lines + [indent + change for change in changes[1:]]


def _change(place: str, before: str, after: str) -> str:
    return f"{place}: {before} → {after}"


def _shadow(step: Step | None) -> str:
    return "  is stutter" if step is None else f"  is {step}"


def _reasons(square: Square, paint: Paint) -> list[str]:
    lines = []
    step = next(reversed(square.abstract.steps), None)
    for refusal in square.refusals:
        lines.append(f"{paint('bad', 'refused')}  {_called(step)} by {refusal.guard}")
        lines.append(f"         {refusal.line}")
        lines.append(f"         {paint('faint', refusal.location)}")
    for difference in square.differences:
        lines.append(
            f"{paint('bad', 'differs')}  {difference.place}: {_called(step)} makes it "
            f"{difference.made}, the concrete step {difference.seen}"
        )
    return lines


def _called(step: Step | None) -> str:
    return "stuttering" if step is None else step.action


def square_document(square: Square) -> dict[str, Any]:
    """Return the abstract lane and the reasons as plain data; the concrete lane is the trace."""
    return {
        "refinement": square.name,
        "abstract": _lane_document(square.abstract),
        "refusals": [
            {"guard": each.guard, "line": each.line, "location": each.location}
            for each in square.refusals
        ],
        "differences": [
            {"place": each.place, "abstract": each.made, "concrete": each.seen}
            for each in square.differences
        ],
    }


def _lane_document(lane: Lane) -> dict[str, Any]:
    return {
        "places": list(lane.places),
        "states": [list(state) for state in lane.states],
        "steps": [
            None
            if step is None
            else {"action": step.action, "actor": step.actor, "arguments": dict(step.arguments)}
            for step in lane.steps
        ],
    }
