"""Turn the replay of a log into text and data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

from splitspec.refinement.replay_result import Alternative, Candidate, Replay

Paint = Callable[[str, str], str]

SHOWN = 4
"""Candidate states that the text shows; the data have all of them."""


def plain(_style: str, text: str) -> str:
    """Paint nothing."""
    return text


def replay_text(found: Replay, paint: Paint = plain) -> str:
    """Return what became of a log, line by line where it ends to be a run."""
    head = f"{paint('title', found.log)} against {found.model or 'no model'}"
    if found.diagnostics:
        what = found.diagnostics[0]
        line = "" if what.span is None else f"line {what.span.line}: "
        return f"{head}\n  {paint('bad', 'no log')}   {line}{what.message}"
    if found.unknown:
        return f"{head}\n  unknown  after {found.matched:,} events: {found.unknown}"
    if found.refused_at is None:
        states = f"{found.ends_in:,} state{'' if found.ends_in == 1 else 's'}"
        if not found.matched:
            return f"{head}\n  nothing  the log has no events"
        return (
            f"{head}\n  {paint('good', 'is a run')} of {found.matched:,} events, ends in {states}"
        )
    lines = [
        head,
        f"  {paint('bad', 'no run')}   line {found.refused_at}, after {found.matched:,} events",
        f"           {found.event}",
    ]
    candidates = found.candidates
    many = len(candidates)
    lines.append(f"  before it the model can be in {many:,} state{'' if many == 1 else 's'}")
    for number, candidate in enumerate(candidates[:SHOWN], start=1):
        lines += _candidate(number, candidate, candidates)
    if many > SHOWN:
        lines.append(f"    and {many - SHOWN:,} more; --format json has all of them")
    return "\n".join(lines)


def _candidate(number: int, candidate: Candidate, all_: tuple[Candidate, ...]) -> list[str]:
    apart = _telling(candidate, all_)
    state = ", ".join(f"{place} = {value}" for place, value in apart.items())
    lines = [f"    {number}  {state or 'the initial values'}"]
    for alternative in candidate.alternatives:
        lines += [f"       {text}" for text in _words(alternative)]
    return lines


def _telling(candidate: Candidate, all_: tuple[Candidate, ...]) -> Mapping[str, str]:
    """Return what tells a state from the other candidates, or what is not at its first value."""
    if len(all_) == 1:
        return {p: v for p, v in candidate.state if v not in ("none", "false", "0", "absent")}
    values: dict[str, set[str]] = {}
    for other in all_:
        for place, value in other.state:
            values.setdefault(place, set()).add(value)
    return {place: value for place, value in candidate.state if len(values[place]) > 1}


def _words(alternative: Alternative) -> list[str]:
    call = alternative.call or "what was seen"
    if alternative.guard:
        return [
            f"{call} refused by {alternative.guard}: {alternative.line}",
            f"  {alternative.location}",
        ]
    return [f"{call}: {text}" for text in alternative.differences]


def replay_document(found: Replay) -> dict[str, Any]:
    """Return the result as plain data."""
    return {
        "schema": "splitspec-replay/1",
        "log": found.log,
        "model": found.model,
        "accepted": found.is_accepted,
        "matched": found.matched,
        "line": found.refused_at,
        "event": found.event,
        "unknown": found.unknown,
        "diagnostics": [
            {
                "code": each.code,
                "line": None if each.span is None else each.span.line,
                "message": each.message,
                "help": each.help,
            }
            for each in found.diagnostics
        ],
        "candidates": [
            {
                "state": dict(candidate.state),
                "alternatives": [
                    {
                        "call": each.call,
                        "guard": each.guard,
                        "line": each.line,
                        "location": each.location,
                        "differences": list(each.differences),
                    }
                    for each in candidate.alternatives
                ],
            }
            for candidate in found.candidates
        ],
    }


def log_schema_text() -> str:
    """Return the published JSON Schema of the lines of a log."""
    return files(__package__).joinpath("splitspec-log-1.schema.json").read_text(encoding="utf-8")
