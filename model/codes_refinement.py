"""The codes of refinements and of logs."""

from __future__ import annotations

from splitspec.model.code import Code

REFINEMENT = (
    Code(
        "SS801",
        "refinement incomplete",
        "The refinement does not say what something of the abstract module is, or it relates what "
        "cannot be related: a step of one actor and a step of another, a step and a part, a "
        "constant and what may change.",
        "refinement engine of machine\n  start(c) is stutter",
        "Write the line that the message asks for. Every abstract variable has one `let`; every "
        "step is a step of the same actor, or `stutter`.",
    ),
    Code(
        "SS811",
        "line of a log is no JSON object",
        "A log has one JSON object a line, as UTF-8 text, with each key once.",
        '{"n": 1, "action": "create", "arguments": {"c": "c1"}',
        "Write one object a line, and nothing else on it.",
    ),
    Code(
        "SS812",
        "log without a header",
        "The first line of a log names its schema and the model.",
        '{"n": 1, "action": "create"}',
        'Begin with `{"schema": "splitspec-log/1", "model": "granting"}`.',
    ),
    Code(
        "SS813",
        "line of a log is none of the schema",
        "The line has a key that no line of a log has, or a value of another type.",
        '{"n": 1, "action": "create", "arguments": ["c1"]}',
        "Write the line as `refinement/splitspec-log-1.schema.json` has it.",
    ),
    Code(
        "SS814",
        "events out of order",
        "The events of a log are numbered from 1, and none is missing, repeated or moved.",
        '{"n": 2, "action": "create"}\n{"n": 1, "action": "kill"}',
        "Sort the log by its numbers, and look for the lines that are missing.",
    ),
    Code(
        "SS815",
        "log without its end",
        "The last line of a log says how many events there were. Without it nobody knows whether "
        "the log was cut.",
        '{"n": 1, "action": "create"}',
        'End with `{"end": N}`; `LogWriter` does.',
    ),
    Code(
        "SS816",
        "log speaks of what the model does not have",
        "The model, or an action, parameter, guard, place or value that the line names, does not "
        "exist at the sizes of the log.",
        '{"n": 1, "action": "creates", "arguments": {"c": "c1"}}',
        "Write the names of the specification, and elements as traces write them: `c1`, `p2`.",
    ),
)
