"""Traces in the Informal Trace Format of Apalache and Quint, and back (Apalache ADR-015).

A variable is a function from elements (or tuples of them) to values, an element of a sort and a
member of an enum is a string, an option is the variant `Some` or `None`. Types stand in `varTypes`,
as Apalache writes them. What the format has no place for (actions, arguments, model, scope) stands
under `#meta`, where every reader lets it be.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, assert_never

from splitspec.checker.report.trace_document import (
    MalformedError,
    step_document,
)
from splitspec.checker.report.trace_document import (
    decode_document as decode_plain,
)
from splitspec.model.trace import Trace
from splitspec.model.types import (
    Boolean,
    Enumeration,
    Integer,
    Natural,
    Nothing,
    Option,
    Range,
    Sort,
    Type,
)

FORMAT = "https://apalache-mc.org/docs/adr/015adr-trace.html"
_PLACE = re.compile(r"([^\[\]]+)(?:\[([^\[\]]*)\])?")
NONE: dict[str, Any] = {"tag": "None", "value": {"#tup": []}}


def is_itf(document: dict[str, Any]) -> bool:
    """Return whether an object looks like a trace in this format."""
    return "vars" in document and "states" in document


def type_text(indices: Sequence[Type], value: Type) -> str:
    """Return the type of a variable, as in "Str -> Int"."""
    if not indices:
        return _type(value)
    keys = [_type(index) for index in indices]
    key = keys[0] if len(keys) == 1 else f"<<{', '.join(keys)}>>"
    return f"{key} -> ({_type(value)})" if isinstance(value, Option) else f"{key} -> {_type(value)}"


def _type(type_: Type) -> str:
    match type_:
        case Sort() | Enumeration():
            return "Str"
        case Boolean():
            return "Bool"
        case Range() | Natural() | Integer():
            return "Int"
        case Option(element):
            return f"None(UNIT) | Some({_type(element)})"
        case Nothing():
            return "UNIT"
        case _:
            assert_never(type_)


def encode(trace: Trace, types: Mapping[str, str]) -> str:
    """Return the text of a file. `types` are those of the variables, as `type_text` writes them."""
    variables = _variables(trace)
    options = {name for name, type_ in types.items() if "Some(" in type_}
    document = {
        "#meta": {
            "format": "ITF",
            "format-description": FORMAT,
            "description": f"{trace.claim} of {trace.model}, by splitspec",
            "varTypes": {name.replace(".", "::"): types[name] for name in variables},
            "splitspec": _meta(trace),
        },
        "vars": [name.replace(".", "::") for name in variables],
        "states": [
            {"#meta": _state_meta(trace, number)}
            | {
                name.replace(".", "::"): _function(cells, state, name in options)
                for name, cells in variables.items()
            }
            for number, state in enumerate(trace.states)
        ],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _meta(trace: Trace) -> dict[str, Any]:
    untaken = len(trace.steps) == len(trace.states)
    return {
        "model": trace.model,
        "given": [f"honest {actor}" for actor in trace.given],
        "variant": trace.variant,
        "scope": dict(trace.scope),
        "property": trace.claim,
        "places": list(trace.places),
        "last": step_document(trace.steps[-1]) if untaken else None,
    }


def _state_meta(trace: Trace, number: int) -> dict[str, Any]:
    if number == 0:
        return {"index": 0}
    return {"index": number} | step_document(trace.steps[number - 1])


def _variables(trace: Trace) -> dict[str, list[tuple[tuple[str, ...], int]]]:
    """Return the cells of each variable: its indices, and the number of the place."""
    found: dict[str, list[tuple[tuple[str, ...], int]]] = {}
    for number, place in enumerate(trace.places):
        match = _PLACE.fullmatch(place)
        assert match is not None, place
        indices = () if match[2] is None else tuple(match[2].split(", "))
        found.setdefault(match[1], []).append((indices, number))
    return found


def _function(
    cells: list[tuple[tuple[str, ...], int]], state: tuple[str, ...], optional: bool
) -> Any:
    if cells[0][0] == ():
        return _value(state[cells[0][1]], optional)
    return {
        "#map": [
            [
                _value(indices[0], False)
                if len(indices) == 1
                else {"#tup": [_value(index, False) for index in indices]},
                _value(state[number], optional),
            ]
            for indices, number in cells
        ]
    }


def _value(text: str, optional: bool) -> Any:
    if optional:
        return NONE if text == "none" else {"tag": "Some", "value": _value(text, False)}
    if text in ("true", "false"):
        return text == "true"
    return {"#bigint": text} if text.isdigit() else text


# Reading -------------------------------------------------------------------------------


def decode(text: str) -> Trace:
    """Return the trace of a file; raise `MalformedError` if it holds none of ours."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise MalformedError(str(error)) from error
    if not isinstance(document, dict) or not is_itf(document):
        raise MalformedError("expected an object with `vars` and `states` - at `$`")
    return decode_document(document)


def decode_document(document: dict[str, Any]) -> Trace:
    """Return the trace of an object that was read already."""
    if document.get("loop") is not None:
        raise MalformedError("a trace that leads back to one of its states (`loop`) is not ours")
    try:
        meta = document["#meta"]["splitspec"]
        states = document["states"]
        places = meta["places"]
        steps = [_step(state["#meta"]) for state in states[1:]]
        if meta["last"] is not None:
            steps.append(meta["last"])
        values = [_state(state, places) for state in states]
        plain = {key: meta[key] for key in ("model", "given", "variant", "scope", "property")}
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        # What Python says of the form of a value is no help to who wrote it.
        is_missing = isinstance(error, KeyError)
        what = f"it has no {error}" if is_missing else "a part of it has another form"
        reason = f"{what}; a trace of another tool lacks the model and the actions that were taken"
        raise MalformedError(reason) from error
    return decode_plain(
        plain | {"places": places, "states": values, "steps": steps, "explanation": None}
    )


def _step(meta: dict[str, Any]) -> dict[str, Any]:
    return {key: meta[key] for key in ("action", "actor", "arguments")}


def _state(state: dict[str, Any], places: list[str]) -> list[str]:
    cells = {
        place: value
        for variable, function in state.items()
        if variable != "#meta"
        for place, value in _cells(variable.replace("::", "."), function)
    }
    return [cells[place] for place in places]


def _cells(variable: str, function: Any) -> list[tuple[str, str]]:
    if not isinstance(function, dict) or "#map" not in function:
        return [(variable, _text(function))]
    return [(f"{variable}[{_key(key)}]", _text(value)) for key, value in function["#map"]]


def _key(key: Any) -> str:
    if isinstance(key, dict) and "#tup" in key:
        return ", ".join(map(_text, key["#tup"]))
    return _text(key)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        if value.get("tag") == "None":
            return "none"
        return _text(value["value"]) if "tag" in value else str(value["#bigint"])
    return str(value)
