"""Turn the summary of a gate into the JSON document `splitspec-gate/1`.

Equal inputs give equal bytes, but for what is named `seconds` and `kept`.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from splitspec.checker.report.summary import Item, Summary
from splitspec.checker.report.trace_document import trace_document

SCHEMA = "splitspec-gate/1"


def gate_document(summary: Summary) -> dict[str, Any]:
    """Return the document as plain dictionaries and lists in a fixed order."""
    return {
        "schema": SCHEMA,
        "title": summary.title,
        "facts": dict(summary.facts),
        "state": "complete" if summary.is_complete else "partial",
        "code": summary.code,
        "seconds": round(summary.seconds, 3),
        "left": list(summary.left),
        "findings": [
            {
                "word": failure.word,
                "run": failure.run,
                "claim": failure.claim,
                "text": failure.text,
                "advice": failure.advice,
                "fails": not failure.is_note,
            }
            for failure in summary.failures
        ],
        "claims": [_item(item) for item in summary.items],
    }


def _item(item: Item) -> dict[str, Any]:
    return {
        "activity": item.activity,
        "run": item.run,
        "claim": item.claim,
        "state": item.state.value,
        "outcome": item.outcome,
        "assurance": item.assurance,
        "file": item.file,
        "line": item.line,
        "seconds": round(item.seconds, 4),
        "kept": item.is_kept,
        "message": item.message,
        "trace": None if item.trace is None else trace_document(item.trace),
    }


def schema_text() -> str:
    """Return the published JSON Schema of the document."""
    return files(__package__).joinpath("splitspec-gate-1.schema.json").read_text(encoding="utf-8")
