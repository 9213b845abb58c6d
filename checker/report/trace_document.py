"""Traces as JSON, and back: `decode(encode(trace)) = trace`.

A saved trace is an object of the schema `splitspec-trace-1.schema.json`; the documents of `check`
and `prove` hold the same objects, without the line that names the schema.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import msgspec

from splitspec.model.trace import Cause, Explanation, Fairness, Step, Strengthening, Trace, Truth

SCHEMA = "splitspec-trace/1"


class MalformedError(Exception):
    """A text is no trace; the message says what is wrong, and where in it."""


class _Step(msgspec.Struct, forbid_unknown_fields=True):
    action: str
    actor: str
    arguments: dict[str, str]


class _Truth(msgspec.Struct, forbid_unknown_fields=True):
    text: str
    value: str
    label: str
    names: dict[str, str]
    places: dict[str, str]
    since: int | None
    others: int
    parts: list[_Truth]


class _Cause(msgspec.Struct, forbid_unknown_fields=True):
    step: int
    name: str
    text: str
    location: str
    reason: str
    varied: bool
    places: dict[str, str]


class _Strengthening(msgspec.Struct, forbid_unknown_fields=True):
    action: str
    guard: str
    refused: int
    instances: int


class _Fairness(msgspec.Struct, forbid_unknown_fields=True):
    action: str
    names: dict[str, str]
    strong: bool
    enabled: list[int]
    taken: list[int]
    states: list[int]
    instances: int


class _Explanation(msgspec.Struct, forbid_unknown_fields=True):
    label: str
    line: str
    location: str
    binding: dict[str, str]
    facts: dict[str, str]
    remark: str
    truth: list[_Truth]
    causes: list[_Cause]
    strengthening: _Strengthening | None
    neighbour: _Step | None
    fairness: list[_Fairness] = []


class _Trace(msgspec.Struct, forbid_unknown_fields=True):
    model: str
    given: list[str]
    variant: str | None
    scope: dict[str, int]
    property: str
    places: list[str]
    states: list[list[str]]
    steps: list[_Step]
    explanation: _Explanation | None
    schema: str = SCHEMA


# Encoding ------------------------------------------------------------------------------


def encode(trace: Trace) -> str:
    """Return the text of a file that holds the trace."""
    document = {"schema": SCHEMA} | trace_document(trace)
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def trace_document(trace: Trace) -> dict[str, Any]:
    """Return a trace as plain data: the places once, each state as the list of its values."""
    return {
        "model": trace.model,
        "given": [f"honest {actor}" for actor in trace.given],
        "variant": trace.variant,
        "scope": dict(trace.scope),
        "property": trace.claim,
        "places": list(trace.places),
        "states": [list(state) for state in trace.states],
        "steps": [step_document(step) for step in trace.steps],
        "explanation": None
        if trace.explanation is None
        else explanation_document(trace.explanation),
    }


def step_document(step: Step) -> dict[str, Any]:
    """Return a step as plain data."""
    return {"action": step.action, "actor": step.actor, "arguments": dict(step.arguments)}


def explanation_document(explanation: Explanation) -> dict[str, Any]:
    """Return an explanation as plain data."""
    strengthening, neighbour = explanation.strengthening, explanation.neighbour
    fairness = [_fairness_document(row) for row in explanation.fairness]
    return {
        "label": explanation.label,
        "line": explanation.line,
        "location": explanation.location,
        "binding": dict(explanation.binding),
        "facts": dict(explanation.facts),
        "remark": explanation.remark,
        "truth": [_truth_document(truth) for truth in explanation.truth],
        "causes": [
            {
                "step": cause.step,
                "name": cause.name,
                "text": cause.text,
                "location": cause.location,
                "reason": cause.reason,
                "varied": cause.varied,
                "places": dict(cause.places),
            }
            for cause in explanation.causes
        ],
        "strengthening": None
        if strengthening is None
        else {
            "action": strengthening.action,
            "guard": strengthening.guard,
            "refused": strengthening.refused,
            "instances": strengthening.instances,
        },
        "neighbour": None if neighbour is None else step_document(neighbour),
        **({"fairness": fairness} if fairness else {}),
    }


def _fairness_document(row: Fairness) -> dict[str, Any]:
    return {
        "action": row.action,
        "names": dict(row.names),
        "strong": row.strong,
        "enabled": list(row.enabled),
        "taken": list(row.taken),
        "states": list(row.states),
        "instances": row.instances,
    }


def _truth_document(truth: Truth) -> dict[str, Any]:
    return {
        "text": truth.text,
        "value": truth.value,
        "label": truth.label,
        "names": dict(truth.names),
        "places": dict(truth.places),
        "since": truth.since,
        "others": truth.others,
        "parts": [_truth_document(part) for part in truth.parts],
    }


# Decoding ------------------------------------------------------------------------------


def decode(text: str | bytes) -> Trace:
    """Return the trace of a file; raise `MalformedError` if it holds none."""
    try:
        found = msgspec.json.decode(text, type=_Trace)
    except msgspec.MsgspecError as error:
        raise MalformedError(str(error)) from error
    if found.schema != SCHEMA:
        raise MalformedError(f"its schema is {found.schema!r}, and not {SCHEMA!r}")
    return _trace(found)


def decode_document(document: Any) -> Trace:
    """Return the trace of an object that was read already, as from the document of `check`."""
    try:
        return _trace(msgspec.convert(document, type=_Trace))
    except msgspec.MsgspecError as error:
        raise MalformedError(str(error)) from error


def _trace(found: _Trace) -> Trace:
    widths = {len(state) for state in found.states} | {len(found.places)}
    if not found.states:
        raise MalformedError("it has no state - at `$.states`")
    if len(widths) > 1:
        raise MalformedError("a state has another number of values than there are places")
    if len(found.states) not in (len(found.steps), len(found.steps) + 1):
        raise MalformedError("there is not one state more than there are steps - at `$.states`")
    return Trace(
        model=found.model,
        given=tuple(actor.removeprefix("honest ") for actor in found.given),
        variant=found.variant,
        scope=tuple(found.scope.items()),
        claim=found.property,
        places=tuple(found.places),
        states=tuple(tuple(state) for state in found.states),
        steps=tuple(_step(step) for step in found.steps),
        explanation=None if found.explanation is None else _explanation(found.explanation),
    )


def _step(found: _Step) -> Step:
    return Step(found.action, found.actor, tuple(found.arguments.items()))


def _explanation(found: _Explanation) -> Explanation:
    strengthening, neighbour = found.strengthening, found.neighbour
    return Explanation(
        label=found.label,
        line=found.line,
        location=found.location,
        binding=tuple(found.binding.items()),
        facts=tuple(found.facts.items()),
        remark=found.remark,
        truth=tuple(_truth(truth) for truth in found.truth),
        causes=tuple(
            Cause(c.step, c.name, c.text, c.location, c.reason, c.varied, tuple(c.places.items()))
            for c in found.causes
        ),
        strengthening=None
        if strengthening is None
        else Strengthening(
            strengthening.action,
            strengthening.guard,
            strengthening.refused,
            strengthening.instances,
        ),
        neighbour=None if neighbour is None else _step(neighbour),
        fairness=tuple(
            Fairness(
                row.action,
                tuple(row.names.items()),
                row.strong,
                tuple(row.enabled),
                tuple(row.taken),
                tuple(row.states),
                row.instances,
            )
            for row in found.fairness
        ),
    )


def _truth(found: _Truth) -> Truth:
    return Truth(
        text=found.text,
        value=found.value,
        label=found.label,
        names=tuple(found.names.items()),
        places=tuple(found.places.items()),
        since=found.since,
        others=found.others,
        parts=tuple(_truth(part) for part in found.parts),
    )


def schema_text() -> str:
    """Return the published JSON Schema of a saved trace."""
    return files(__package__).joinpath("splitspec-trace-1.schema.json").read_text(encoding="utf-8")
