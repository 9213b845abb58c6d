"""The codes of saved traces: rows of the list in `splitspec.model.codes`."""

from __future__ import annotations

from splitspec.model.code import Code

TRACES = (
    Code(
        "SS701",
        "trace cannot be read",
        "The file of a saved trace is missing, or is no text.",
        "splitspec view gone.json",
        "Write the path of a file that `check --format json` or `--report` wrote.",
    ),
    Code(
        "SS702",
        "no JSON",
        "A saved trace is one JSON document; this file is not, or it is cut off.",
        '{"schema": "splitspec-trace/1", "model": "memo',
        "Save the trace again: `splitspec check MODEL --format json > trace.json`.",
    ),
    Code(
        "SS703",
        "not a saved trace",
        "The document lacks something that a trace has, or has it in another form; the message "
        "says where. A trace in ITF that another tool wrote lacks the actions and their arguments.",
        '{"schema": "splitspec-trace/1", "model": "memory", "steps": 3}',
        "Save it again with this version; `splitspec-trace-1.schema.json` is the form.",
    ),
    Code(
        "SS704",
        "nothing to show",
        "The document holds no trace, or none of the property that was named: nothing is violated.",
        "splitspec view all-holds.json",
        "Name a property that has a trace; the message lists them.",
    ),
    Code(
        "SS705",
        "trace of another model",
        "The model has no such property, or no run of the trace's adversary.",
        "splitspec view trace.json --model threads",
        "Name the model that the trace is of.",
    ),
    Code(
        "SS706",
        "no run of the model",
        "The evaluator cannot follow the trace: a step is not enabled, or leads to another state. "
        "The specification has changed since the trace was saved, or the file has.",
        "splitspec view trace.json     # after a guard was added",
        "Check the model again, and save the new trace.",
    ),
    Code(
        "SS707",
        "trace does not show its property",
        "The evaluator followed the trace, and its end does not refute (or reach) the property.",
        "splitspec view trace.json     # after the property was weakened",
        "Check the model again, and save the new trace.",
    ),
)
