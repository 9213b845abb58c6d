"""Write results to files, each read back and replayed before it is reported.

A document holds everything; the other kinds show one trace.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from splitspec.checker.evidence.execution import Execution, shows, trace, written
from splitspec.checker.evidence.explanation import analyse
from splitspec.checker.evidence.picturing import picture_of
from splitspec.checker.evidence.replay import Refusal, perform, read_value, retrace
from splitspec.checker.evidence.state_graph import state_graph
from splitspec.checker.expectation import JudgedRun
from splitspec.checker.report import dot, itf, mermaid, trace_document
from splitspec.checker.report.document import document
from splitspec.cli.exitcode import ExitCode
from splitspec.cli.report_request import ExportKind, Report
from splitspec.cli.saved import Replayed
from splitspec.cli.view import page_of
from splitspec.cli.writing import write_report
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import VariableKind
from splitspec.model.trace import Step, Trace
from splitspec.model.verdict import Outcome


class LostError(Exception):
    """What was written does not read back as what was to be written."""


def write_reports(
    reports: Sequence[Report[ExportKind]],
    judged: Sequence[JudgedRun],
    replays: Callable[[Trace], Replayed],
) -> list[ExitCode]:
    """Write each report; return the codes of what went wrong."""
    violated = [
        (judgement.expected is None, judgement.verdict.trace)
        for run in judged
        for judgement in run.judgements
        if judgement.verdict.outcome is Outcome.VIOLATED and judgement.verdict.trace is not None
    ]
    # What a variant breaks by the way comes after what it is meant to break.
    traces = [shown for _, shown in sorted(violated, key=lambda pair: pair[0])]
    codes: list[ExitCode] = []
    for report in reports:
        if report.kind in (ExportKind.JUNIT, ExportKind.SARIF):
            continue  # They are made of all runs, not of a trace.
        if report.kind is not ExportKind.JSON and not traces:
            print(f"note: {report.path} is not written: nothing is violated", file=sys.stderr)
            continue
        if report.kind is ExportKind.JSON:
            text = _document(judged, traces, replays)
        else:
            text = ENCODERS[report.kind](replays(traces[0]))
        codes += write_report(report.path, text)
    return codes


def _document(
    judged: Sequence[JudgedRun], traces: Sequence[Trace], replays: Callable[[Trace], Replayed]
) -> str:
    for shown in traces:
        again = trace_document.decode(trace_document.encode(shown))
        if again != shown:
            raise LostError(f"the trace of {shown.claim} reads back as another one")
        replays(again)
    return json.dumps(document(judged), indent=2, ensure_ascii=False) + "\n"


def _itf(replayed: Replayed) -> str:
    evaluator = replayed.evaluator
    names = evaluator.places.names
    types = {
        names[number].partition("[")[0]: itf.type_text(variable.indices, variable.type)
        for number, (variable, _) in enumerate(evaluator.places)
    }
    shown = _trace(replayed)
    text = itf.encode(shown, types)
    again = retrace(evaluator, itf.decode(text))
    _hold(replayed, again)
    return text


def _mermaid(replayed: Replayed) -> str:
    picture = picture_of(replayed.evaluator, replayed.claim, replayed.execution, _trace(replayed))
    text = mermaid.encode(picture, _constants(replayed))
    _hold(replayed, _perform(replayed.evaluator, *mermaid.decode(text)))
    return text


def _dot(replayed: Replayed) -> str:
    graph = state_graph(replayed.evaluator, replayed.execution)
    text = dot.encode(graph, _trace(replayed), _constants(replayed))
    _hold(replayed, _perform(replayed.evaluator, *dot.decode(text)))
    return text


ENCODERS: Mapping[ExportKind, Callable[[Replayed], str]] = {
    ExportKind.ITF: _itf,
    ExportKind.MERMAID: _mermaid,
    ExportKind.DOT: _dot,
    ExportKind.HTML: page_of,
}


def _trace(replayed: Replayed) -> Trace:
    evaluator, claim, execution = replayed.evaluator, replayed.claim, replayed.execution
    return trace(evaluator, claim, execution, analyse(evaluator, claim, execution))


def _constants(replayed: Replayed) -> tuple[tuple[str, str], ...]:
    """Return the rigid places with their values: they decide how a run begins."""
    evaluator = replayed.evaluator
    values = written(evaluator, replayed.execution.states[0])
    return tuple(
        (name.replace(" ", ""), value)
        for name, value, (variable, _) in zip(
            evaluator.places.names, values, evaluator.places, strict=True
        )
        if variable.kind is VariableKind.CONSTANT
    )


def _perform(
    evaluator: Evaluator, steps: Sequence[Step], constants: Mapping[str, str]
) -> Execution | Refusal:
    """Return the execution of steps that were read, from the initial state of the constants."""
    names = [name.replace(" ", "") for name in evaluator.places.names]
    first = next(
        (
            state
            for state in evaluator.initial_states()
            if constants.items() <= dict(zip(names, written(evaluator, state), strict=True)).items()
        ),
        None,
    )
    if first is None:
        return Refusal(0, "no initial state has these constants")
    calls: list[tuple[str, dict[str, Any]]] = []
    for step in steps:
        texts = dict(step.arguments)
        parameters = evaluator.actions[step.action].parameters
        values = {p.name: read_value(evaluator, texts[p.name], p.type) for p in parameters}
        calls.append((step.action, values))
    return perform(evaluator, calls, first)


def _hold(replayed: Replayed, again: Execution | Refusal) -> None:
    """Raise `LostError` unless what was read back is the execution, and shows the claim."""
    if isinstance(again, Refusal):
        raise LostError(f"step {again.number}: {again.reason}")
    if again.states != replayed.execution.states:
        raise LostError("it leads to other states")
    if not shows(replayed.evaluator, replayed.claim, again):
        raise LostError(f"it does not show {replayed.claim.path}")
