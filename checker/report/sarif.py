"""Turn a summary into SARIF 2.1.0: a rule for each claim, a result for each that is not as
accepted, and the steps of its trace as a code flow.

Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0. Consumers refuse
results without a place, so each has one: that of the claim, else the file of the models.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import quote

from splitspec import __version__
from splitspec.checker.report.summary import Failure, Item, State, Summary
from splitspec.model.trace import Trace

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
NOWHERE = "models.toml"


def sarif(summary: Summary) -> str:
    """Return the JSON text of a summary."""
    bad = [item for item in summary.items if item.state in (State.FAILED, State.UNDECIDED)]
    placed = {(item.run, item.claim) for item in summary.items}
    loose = [f for f in summary.failing if (f.run, f.claim) not in placed]
    manifest = summary.facts.get("manifest", "")
    nowhere = NOWHERE if not manifest or manifest.startswith("/") else manifest
    names = sorted({_rule(item) for item in bad} | {failure.word for failure in loose})
    said = {_rule(item): item.sentence for item in bad if item.sentence}
    level = "error" if summary.code else "note"
    notifications = [_notification(level, "; ".join((f"exit {summary.code}", *summary.left)))]
    notifications += [
        _notification("note", f"{name}: {sentence}")
        for name, sentences in summary.advice.items()
        for sentence in sentences
    ]
    run = {
        "tool": {
            "driver": {
                "name": "splitspec",
                "version": __version__,
                "rules": [_described(name, said.get(name, "")) for name in names],
            }
        },
        "invocations": [
            {
                "executionSuccessful": summary.is_complete,
                "exitCode": summary.code,
                "toolExecutionNotifications": notifications,
            }
        ],
        "results": [_result(item, names, nowhere) for item in bad]
        + [_loose(failure, names, nowhere) for failure in loose],
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _notification(level: str, text: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": text}}


def _rule(item: Item) -> str:
    return item.claim or item.activity


def _described(name: str, sentence: str) -> dict[str, Any]:
    return {"id": name, "shortDescription": {"text": sentence or name}}


def _result(item: Item, names: list[str], nowhere: str) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": _rule(item),
        "ruleIndex": names.index(_rule(item)),
        "level": "error" if item.state is State.FAILED else "warning",
        "message": {"text": f"{item.run}: {item.message}"},
        "locations": [_location(item.file or nowhere, item.line)],
        "partialFingerprints": {"claimInRun/v1": _fingerprint(item.run, item.claim)},
    }
    if item.trace is not None:
        result["codeFlows"] = [{"threadFlows": [{"locations": _flow(item.trace, item)}]}]
    return result


def _loose(failure: Failure, names: list[str], nowhere: str) -> dict[str, Any]:
    return {
        "ruleId": failure.word,
        "ruleIndex": names.index(failure.word),
        "level": "error",
        "message": {"text": f"{failure.run}: {failure.text}".removeprefix(": ")},
        "locations": [_location(nowhere, 0)],
        "partialFingerprints": {"claimInRun/v1": _fingerprint(failure.run, failure.text)},
    }


def _flow(trace: Trace, item: Item) -> list[dict[str, Any]]:
    """Return the initial state, where the claim stands, and every step, where its action does."""
    places = ((item.file, item.line), *item.steps)
    calls = ["initial state", *(f"{step.actor}: {step}" for step in trace.steps)]
    return [
        {
            "executionOrder": number,
            "location": _location(*place)
            | {"message": {"text": f"{call}{_changes(trace, number)}"}},
        }
        for number, (call, place) in enumerate(zip(calls, places, strict=True))
    ]


def _changes(trace: Trace, number: int) -> str:
    if number == 0:
        return ""
    changes = trace.changes(number - 1)
    return "".join(f"; {place}: {before} → {after}" for place, before, after in changes)


def _location(file: str, line: int) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(file or NOWHERE)},
            "region": {"startLine": max(1, line)},
        }
    }


def _fingerprint(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:32]
