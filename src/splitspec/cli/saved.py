"""From a file that was named to the trace in it, and to the run that it is of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from splitspec.checker.evidence.claims import claim_named
from splitspec.checker.evidence.execution import Execution, shows
from splitspec.checker.evidence.lasso import refutes_progress
from splitspec.checker.evidence.replay import Refusal, read_value, retrace
from splitspec.checker.report import itf
from splitspec.checker.report.document import SCHEMA as DOCUMENT_SCHEMA
from splitspec.checker.report.trace_document import SCHEMA as TRACE_SCHEMA
from splitspec.checker.report.trace_document import MalformedError, decode, decode_document
from splitspec.cli.models import Problems, is_shipped, manifest_path
from splitspec.cli.selection import Request, select
from splitspec.model.diagnostic import Diagnostic
from splitspec.model.evaluator import Evaluator
from splitspec.model.frozen import frozen
from splitspec.model.induction import (
    InductionCounterexample,
    bounds_for,
    counterexample_of,
    largest_natural,
)
from splitspec.model.ir import Property, PropertyKind
from splitspec.model.setting import Setting
from splitspec.model.trace import Trace

REACHABILITY_UNKNOWN = (
    "Reachability unknown: the state before the step satisfies every fact of the proof, but nobody "
    "says that a run leads there. This refutes a proof, not the property. Either exploration finds "
    "such a run (`prove --reach`), or a lemma excludes the state (`prove --suggest`)."
)


CHANGED = (
    "the specification has changed since, or the file has; a trace of another specification needs "
    "its --model, as in --model FILE.split"
)


class UnusableError(Exception):
    """Carries what is wrong with a saved trace."""

    def __init__(self, problems: Problems) -> None:
        super().__init__(str(problems))
        self.problems = problems


@frozen
class Saved:
    """A trace that was read. `inductive` says that it begins anywhere, and not at a start; `asked`,
    that its property was looked for, and not only met on the way. `cone` are the places on which a
    counterexample to induction depends, none where that was not saved."""

    trace: Trace
    inductive: bool = False
    asked: bool = True
    cone: frozenset[str] = frozenset()

    @property
    def example(self) -> InductionCounterexample:
        """The trace as the counterexample to induction that it is."""
        return counterexample_of(self.trace, self.cone or frozenset(self.trace.places))


@frozen
class Replayed:
    """A saved trace that the evaluator has followed, step by step."""

    saved: Saved
    evaluator: Evaluator
    claim: Property
    execution: Execution
    command: tuple[str, ...] = ()  # words that find it again, () if they follow from the trace


def read_traces(path: Path) -> tuple[Saved, ...]:
    """Return the traces of a file in their order; raise `UnusableError` if it holds none."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror or "").lower() if isinstance(error, OSError) else "it is not UTF-8"
        raise _unusable("SS701", f"`{path}` cannot be read: {reason}") from error
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _unusable("SS702", f"`{path}` is no JSON: {error}") from error
    try:
        found = tuple(_traces(document, text))
    except MalformedError as error:
        raise _unusable("SS703", f"`{path}` is no saved trace: {error}") from error
    if not found:
        help_ = "a document of `check` has a trace for each property that is violated"
        raise _unusable("SS704", f"`{path}` holds no trace", help_)
    return found


def _traces(document: Any, text: str) -> Iterator[Saved]:
    if not isinstance(document, dict):
        raise MalformedError("expected an object - at `$`")
    if itf.is_itf(document):
        yield Saved(itf.decode_document(document))
    elif document.get("schema") == DOCUMENT_SCHEMA:
        verdicts = document.get("verdicts")
        if not isinstance(verdicts, list):
            raise MalformedError("expected a list - at `$.verdicts`")
        for verdict in verdicts:
            yield from _of_verdict(verdict)
    elif document.get("schema", TRACE_SCHEMA) != TRACE_SCHEMA:
        schema = str(document["schema"])[:60]
        raise MalformedError(f"its schema is `{schema}`, not {DOCUMENT_SCHEMA} or {TRACE_SCHEMA}")
    else:
        yield Saved(decode(text))


def _of_verdict(verdict: Any) -> Iterator[Saved]:
    if not isinstance(verdict, dict):
        raise MalformedError("expected an object - at `$.verdicts[...]`")
    if verdict.get("trace") is not None:
        asked = verdict.get("expected") is not None
        yield Saved(decode_document(verdict["trace"]), asked=asked)
    example = verdict.get("induction")
    if example is not None:
        yield Saved(_of_induction(example), inductive=True, cone=_cone(example))


def _of_induction(example: Any) -> Trace:
    """Return the two states of a counterexample to induction as a trace."""
    if not isinstance(example, dict) or not {"before", "after", "step"} <= example.keys():
        raise MalformedError("a counterexample to induction has `before`, `step` and `after`")
    kept = ("model", "given", "variant", "scope", "property", "places", "explanation")
    states = [example["before"], *([example["after"]] if example["after"] else [])]
    whole = {key: example.get(key) for key in kept} | {"states": states, "steps": [example["step"]]}
    return decode_document(whole)


def _cone(example: Any) -> frozenset[str]:
    places = example.get("cone", [])
    if not isinstance(places, list) or not all(isinstance(place, str) for place in places):
        raise MalformedError("the `cone` of a counterexample to induction is a list of places")
    return frozenset(places)


def choose(saved: tuple[Saved, ...], properties: tuple[str, ...]) -> tuple[Saved, ...]:
    """Return the traces of the named properties, those first that refute what was looked for."""
    chosen = [s for s in saved if not properties or any(_fits(s, glob) for glob in properties)]
    if not chosen:
        known = ", ".join(dict.fromkeys(s.trace.claim for s in saved))
        raise _unusable("SS704", f"no trace of {' or '.join(properties)}", f"there is: {known}")
    return tuple(sorted(chosen, key=lambda s: (s.trace.explanation is None, not s.asked)))


def _fits(saved: Saved, glob: str) -> bool:
    path = saved.trace.claim
    return fnmatchcase(path, glob) or fnmatchcase(path.rpartition(".")[2], glob)


def replay(saved: Saved, model: str | None) -> Replayed:
    """Return the trace as an execution of the evaluator; raise `UnusableError` if it is none."""
    return replay_in(_setting(saved.trace, model), saved)


def replay_in(setting: Setting, saved: Saved) -> Replayed:
    """Return the trace as an execution of a run that is at hand."""
    trace = saved.trace
    evaluator = Evaluator((_at_sizes if saved.inductive else _as_found)(setting, trace))
    claim = claim_named(evaluator, trace.claim)
    if claim is None:
        raise _unusable("SS705", f"the model has no property `{trace.claim}`")
    followed = _from_anywhere(evaluator, trace) if saved.inductive else retrace(evaluator, trace)
    if isinstance(followed, Refusal):
        where = f"step {followed.number}" if followed.number else "its start"
        guards = f" ({', '.join(followed.guards)})" if followed.guards else ""
        message = f"the trace is no run of {trace.model}: at {where}, {followed.reason}{guards}"
        raise _unusable("SS706", message, CHANGED)
    is_progress = claim.kind is PropertyKind.PROGRESS
    if not (refutes_progress if is_progress else shows)(evaluator, claim, followed):
        raise _unusable("SS707", f"the trace does not show {trace.claim} at its end", CHANGED)
    return Replayed(saved, evaluator, claim, followed)


def _at_sizes(setting: Setting, trace: Trace) -> Setting:
    """Return a run at the sizes, and with room for the numbers, of a counterexample to induction,
    which is sought at the smallest that show it."""
    variables, least = setting.program.variables.values(), largest_natural(setting, trace)
    bounds = bounds_for(variables, setting.scope.bounds, least)
    scope = replace(setting.scope, sizes=dict(trace.scope), bounds=bounds)
    return replace(setting, scope=scope)


def _as_found(setting: Setting, trace: Trace) -> Setting:
    """Return a run at the sizes of a trace, which a proof may have chosen, with room for its
    numbers. If an initial state is all that the trace has, its constants count and not those of the
    run: a proof claims each."""
    own = {sort: size for sort, size in trace.scope if sort in setting.scope.sizes}
    sizes = {**setting.scope.sizes, **own}
    variables, least = setting.program.variables.values(), largest_natural(setting, trace)
    bounds = bounds_for(variables, setting.scope.bounds, least)
    found = replace(setting, scope=replace(setting.scope, sizes=sizes, bounds=bounds))
    if trace.steps:
        return found
    evaluator = Evaluator(found)
    if trace.places != evaluator.places.names:
        return found
    pins = dict(found.scope.pins)
    for (variable, indices), text in zip(evaluator.places, trace.states[0], strict=True):
        if variable.path in pins and not indices:
            bound = found.scope.bounds.get(variable.path)
            try:
                pins[variable.path] = read_value(evaluator, text, variable.type, bound)
            except KeyError:
                return found  # The replay says what is wrong with it.
    return replace(found, scope=replace(found.scope, pins=pins))


def _model_of(trace: Trace) -> str:
    """Return what names the model of a trace here: a file, where no models.toml is near."""
    file = Path(f"{trace.model}.split")
    return str(file) if is_shipped(manifest_path()) and file.is_file() else trace.model


def _setting(trace: Trace, model: str | None) -> Setting:
    request = Request(
        models=(model or _model_of(trace),),
        sizes=tuple((sort.rpartition(".")[2], size) for sort, size in trace.scope),
        variant=trace.variant,
        given=None if trace.variant is not None else trace.given or ("none",),
        size=2,  # A proof for any size needs none, and what it finds has those that it chose.
    )
    selected = select(request)
    if selected.problems:
        raise UnusableError(selected.problems)
    given = set(trace.given)
    for job in selected.jobs:
        if {kind.value for kind in job.setting.given} == given:
            return job.setting
    raise _unusable("SS705", f"{trace.model} has no run of this adversary")


def _from_anywhere(evaluator: Evaluator, trace: Trace) -> Execution | Refusal:
    """Return the step of a counterexample to induction, from the state that it names."""
    if trace.places != evaluator.places.names:
        return Refusal(0, "its places are not those of the model")
    variables = [variable for variable, _ in evaluator.places]
    try:
        state = tuple(
            read_value(evaluator, text, variable.type, evaluator.places.scope.bound(variable))
            for text, variable in zip(trace.states[0], variables, strict=True)
        )
        step = trace.steps[0]
        parameters = evaluator.actions[step.action].parameters
        texts = dict(step.arguments)
        binding = {p.name: read_value(evaluator, texts[p.name], p.type) for p in parameters}
    except KeyError as error:
        return Refusal(0, f"{error.args[0]!r} is no value of the model")
    guards = evaluator.refusals(state, step.action, binding)
    taken = evaluator.step(state, step.action, binding)
    if taken is None:
        return Refusal(1, f"{step.action} is not enabled", guards)
    return Execution((state,), ()).then(taken)


def _unusable(code: str, message: str, help_: str = "") -> UnusableError:
    return UnusableError(Problems(diagnostics=(Diagnostic(code, message, None, help=help_),)))
