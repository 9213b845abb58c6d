"""Write results to files, each read back and replayed before it is reported.

A document holds everything; the other kinds show one trace. Of a proof, each counterexample to
induction has a page of its own: it is a step from some state, and no run, which is all that the
kinds for other tools can tell of.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, assert_never

from splitspec.checker.evidence.execution import Execution, shows, trace, written
from splitspec.checker.evidence.explanation import analyse
from splitspec.checker.evidence.picturing import picture_of
from splitspec.checker.evidence.replay import Refusal, perform, read_value, retrace
from splitspec.checker.evidence.state_graph import state_graph
from splitspec.checker.expectation import JudgedProof, JudgedRun
from splitspec.checker.proof import Status
from splitspec.checker.report import dot, itf, mermaid, trace_document
from splitspec.cli.exitcode import ExitCode
from splitspec.cli.report_request import ExportKind, Report
from splitspec.cli.saved import Replayed, Saved, replay_in
from splitspec.cli.view import page_of
from splitspec.cli.writing import write_report
from splitspec.model.evaluator import Evaluator
from splitspec.model.frozen import frozen
from splitspec.model.ir import VariableKind
from splitspec.model.setting import Setting
from splitspec.model.trace import Step, Trace
from splitspec.model.verdict import Outcome

PAGES_MAX = 20
NO_RUN = (
    "a counterexample to induction is one step from some state, which html draws, and no run to it "
    "was found"
)


class LostError(Exception):
    """What was written does not read back as what was to be written."""


@frozen
class Exhibit:
    """A trace that was found, and the run that it is of; `command` are the words of a command that
    finds it again, () if they follow from the trace."""

    saved: Saved
    setting: Setting
    command: tuple[str, ...] = ()

    def replayed(self) -> Replayed:
        """Return the trace as the evaluator follows it."""
        return replace(replay_in(self.setting, self.saved), command=self.command)


def exhibits_of_runs(runs: Sequence[tuple[Setting, JudgedRun]]) -> list[Exhibit]:
    """Return the violations of runs. What a variant breaks by the way comes after what it is meant
    to break."""
    violated = [
        (judgement.expected is None, Exhibit(Saved(judgement.verdict.trace), setting))
        for setting, run in runs
        for judgement in run.judgements
        if judgement.verdict.outcome is Outcome.VIOLATED and judgement.verdict.trace is not None
    ]
    return [exhibit for _, exhibit in sorted(violated, key=lambda pair: pair[0])]


def exhibits_of_proof(
    setting: Setting, judged: JudgedProof, command: tuple[str, ...], *, by_claim: bool = True
) -> Iterator[Exhibit]:
    """Iterate over the runs that were found against what a proof is about, and over the
    counterexamples to induction of the rest. `by_claim` says that a command is about one claim if
    it is told so."""

    def words(path: str) -> tuple[str, ...]:
        return (*command, "--property", path) if by_claim else command

    verdicts = {verdict.property: verdict for verdict in judged.result.verdicts}
    for verdict in verdicts.values():
        if verdict.trace is not None and verdict.outcome is Outcome.VIOLATED:
            yield Exhibit(Saved(verdict.trace), setting, words(verdict.property))
    for obligation in judged.result.obligations:
        asked = verdicts.get(obligation.property)
        is_decided = asked is not None and asked.trace is not None
        example = obligation.counterexample
        if obligation.status is Status.REFUTED and example is not None and not is_decided:
            saved = Saved(example.trace, inductive=True, cone=example.cone)
            yield Exhibit(saved, setting, words(obligation.property))


def write_exhibits(
    reports: Sequence[Report[ExportKind]],
    exhibits: Sequence[Exhibit],
    document: Callable[[], dict[str, Any]],
    nothing: str,
) -> list[ExitCode]:
    """Write each report; return the codes of what went wrong. `nothing` says that there is nothing
    to draw."""
    codes: list[ExitCode] = []
    for report in reports:
        match report.kind:
            case ExportKind.JUNIT | ExportKind.SARIF:
                pass  # They are made of all runs, not of a trace.
            case ExportKind.JSON:
                codes += write_report(report.path, _document(exhibits, document))
            case _ if not exhibits:
                print(f"note: {report.path} is not written: {nothing}", file=sys.stderr)
            case ExportKind.HTML:
                codes += _write_pages(report.path, exhibits)
            case ExportKind.ITF | ExportKind.MERMAID | ExportKind.DOT:
                codes += _write_run(report, exhibits)
            case _:
                assert_never(report.kind)
    return codes


def _document(exhibits: Sequence[Exhibit], document: Callable[[], dict[str, Any]]) -> str:
    for exhibit in exhibits:
        shown = exhibit.saved.trace
        again = trace_document.decode(trace_document.encode(shown))
        if again != shown:
            raise LostError(f"the trace of {shown.claim} reads back as another one")
        replace(exhibit, saved=replace(exhibit.saved, trace=again)).replayed()
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def _write_pages(path: str, exhibits: Sequence[Exhibit]) -> list[ExitCode]:
    """Write the page of the first run, or one for each of some counterexamples to induction."""
    examples = [exhibit for exhibit in exhibits if exhibit.saved.inductive]
    shown = exhibits[:1] if len(examples) < len(exhibits) else examples[:PAGES_MAX]
    codes: list[ExitCode] = []
    for number, exhibit in enumerate(shown, start=1):
        name = Path(path)
        if number > 1:
            name = name.with_stem(f"{name.stem}-{number}")
        codes += write_report(str(name), page_of(exhibit.replayed()))
    _note_others([exhibit for exhibit in exhibits if exhibit not in shown])
    return codes


def _write_run(report: Report[ExportKind], exhibits: Sequence[Exhibit]) -> list[ExitCode]:
    runs = [exhibit for exhibit in exhibits if not exhibit.saved.inductive]
    if not runs:
        print(f"note: {report.path} is not written: {NO_RUN}", file=sys.stderr)
        return []
    _note_others(runs[1:])
    return write_report(report.path, ENCODERS[report.kind](runs[0].replayed()))


def _note_others(exhibits: Sequence[Exhibit]) -> None:
    """Say what else could be drawn."""
    names = ", ".join(dict.fromkeys(exhibit.saved.trace.claim for exhibit in exhibits))
    if names:
        print(f"note: not drawn: {names}; --property names one", file=sys.stderr)


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
