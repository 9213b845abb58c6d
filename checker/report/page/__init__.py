"""Turn pictures into one HTML file that needs nothing else: no network, no other file, no engine.

The style and the script are files of this folder; their hashes are the only ones that the page's
content security policy lets through. What comes from a specification is data: it is escaped into a
JSON block, and the script makes text nodes of it, never markup.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from splitspec.checker.report.text import adversary
from splitspec.checker.report.trace_document import explanation_document
from splitspec.model.frozen import frozen
from splitspec.model.picture import Companion, Diagram, Ink, Picture
from splitspec.model.trace import Step

SCRIPTS = (
    "elements.js",
    "sequence.js",
    "layout.js",
    "wires.js",
    "diagram.js",
    "panels.js",
    "tools.js",
    "page.js",
)


@frozen
class Take:
    """A picture under a name: "minimised", "original". `dropped` are the numbers of the steps that
    a shorter one does without, where that is known; `companion` is drawn beside it."""

    name: str
    picture: Picture
    dropped: frozenset[int] = frozenset()
    companion: Companion | None = None


def page(
    takes: Sequence[Take], text: str, version: str, provenance: str = "", command: str = ""
) -> str:
    """Return the file. `text` is what the command line prints of the first picture, `command` a
    line that makes it print that."""
    style, script = _read("style.css"), _script()
    template = Environment(
        autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    ).from_string(_read("page.html"))
    data = {"takes": [_take(take) for take in takes], "command": command}
    first = takes[0].picture.trace
    return template.render(
        title=f"{first.claim} · {first.model} · splitspec",
        style=Markup(style),
        script=Markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
        data=Markup(embedded(data)),
        text=text,
        version=version,
        provenance=provenance,
    )


def embedded(data: Any) -> str:
    """Return JSON that can stand in a script element: nothing in it ends the element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _script() -> str:
    """Return the scripts as one, with a scope of its own."""
    parts = "\n".join(_read(name) for name in SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


def _hash(text: str) -> str:
    """Return the source expression by which a content security policy names a text."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _take(take: Take) -> dict[str, Any]:
    picture = take.picture
    trace = picture.trace
    return {
        "name": take.name,
        "model": trace.model,
        "variant": trace.variant or "",
        "adversary": adversary(trace.given),
        "scope": _scope(trace.scope),
        "given": [f"honest {actor}" for actor in trace.given],
        "sizes": dict(trace.scope),
        "property": trace.claim,
        "kind": picture.kind,
        "verdict": take.companion.parting.verdict if take.companion else _verdict(picture),
        "companion": None if take.companion is None else _companion(take.companion),
        "title": picture.title,
        "difference": picture.difference,
        "banner": picture.banner,
        "start": "some state" if picture.banner else "initial state",
        "breaks": _breaks(picture),
        "places": list(trace.places),
        "states": [list(state) for state in trace.states],
        "steps": [_step(step) for step in trace.steps],
        "explanation": _explanation(picture),
        "principals": list(picture.principals),
        "lanes": [
            {"name": lane.name, "element": lane.element, "side": lane.side}
            for lane in picture.lanes
        ],
        "strokes": [
            {
                "source": stroke.source,
                "target": stroke.target,
                "hostile": stroke.hostile,
                "text": stroke.text,
                "location": _near(stroke.location),
                "guards": [list(guard) for guard in stroke.guards],
                "dropped": number in take.dropped,
                "needed": stroke.needed,
            }
            for number, stroke in enumerate(picture.strokes, start=1)
        ],
        "diagrams": [_diagram(diagram) for diagram in picture.diagrams],
        "opened": picture.opened,
        "rows": [
            {"path": row.path, "text": row.text, "truths": list(row.truths)}
            for row in picture.rows
            if False in row.truths
        ],
        "held": sum(False not in row.truths for row in picture.rows),
    }


def _companion(companion: Companion) -> dict[str, Any]:
    parting = companion.parting
    return {
        "name": companion.name,
        "places": list(companion.places),
        "states": [list(state) for state in companion.states],
        "steps": list(companion.steps),
        "idle": companion.idle,
        "diagrams": [_diagram(diagram) for diagram in companion.diagrams],
        "sentence": parting.sentence,
        "word": parting.word,
        "refusals": [[name, line, _near(place)] for name, line, place in parting.refusals],
        "differences": [list(difference) for difference in parting.differences],
        "headings": list(parting.headings),
        "remarks": list(parting.remarks),
    }


def _verdict(picture: Picture) -> str:
    if picture.banner:
        return "not proved"
    return "witness" if picture.trace.explanation is None else "violated"


def _breaks(picture: Picture) -> int:
    """Return the number of the first step after which the claim is false, the last by default."""
    row = next((row for row in picture.rows if row.path == picture.trace.claim), None)
    if row is not None and False in row.truths and picture.kind != "recoverable":
        return row.truths.index(False)
    return len(picture.trace.steps)


def _scope(scope: Iterable[tuple[str, int]]) -> str:
    return " ".join(f"{sort.rpartition('.')[2]}={size}" for sort, size in scope)


def _step(step: Step) -> dict[str, Any]:
    return {
        "call": str(step),
        "actor": step.actor,
        "action": step.action,
        "names": [name for name, _ in step.arguments],
        "values": [value for _, value in step.arguments],
    }


def _explanation(picture: Picture) -> dict[str, Any] | None:
    """Return the explanation's document, with the neighbour as a call and near places."""
    explanation = picture.trace.explanation
    if explanation is None:
        return None
    found = explanation_document(explanation)
    found["location"] = _near(explanation.location)
    for cause in found["causes"]:
        cause["location"] = _near(cause["location"])
    if explanation.neighbour is not None:
        found["neighbour"] = _step(explanation.neighbour)
    return found


def _near(location: str) -> str:
    """Return a place in a file without the folders of one machine."""
    return "/".join(location.split("/")[-2:]) if location.startswith("/") else location


def _diagram(diagram: Diagram) -> dict[str, Any]:
    return {
        "name": diagram.name,
        "text": diagram.text,
        "columns": [
            {
                "heading": column.heading,
                "kinds": column.kinds,
                "cells": [{"name": cell.name, "owner": cell.owner} for cell in column.cells],
            }
            for column in diagram.columns
        ],
        "inks": [_ink(ink) for ink in diagram.inks],
        "ledgers": [
            {
                "label": ledger.label,
                "bars": [[name, list(values)] for name, values in ledger.bars],
                "whole": None if ledger.whole is None else list(ledger.whole),
                "wholeText": ledger.whole_text,
                "places": list(ledger.places),
            }
            for ledger in diagram.ledgers
        ],
        "tracks": [
            {
                "label": track.label,
                "rows": [[name, list(values), list(owners)] for name, values, owners in track.rows],
            }
            for track in diagram.tracks
        ],
    }


def _ink(ink: Ink) -> dict[str, Any]:
    return {
        "kind": ink.kind,
        "label": ink.label,
        "source": list(ink.source),
        "target": None if ink.target is None else list(ink.target),
        "principal": ink.principal,
        "values": list(ink.values),
        "places": list(ink.places),
    }
