"""`splitspec diff`: how two specifications differ, and what is broken in the new one."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import assert_never

from splitspec.checker.gate.difference import Change, Part, Side, changes
from splitspec.checker.interruption import Interruption
from splitspec.checker.report.difference import (
    Broken,
    Difference,
    Row,
    difference_document,
    difference_markdown,
    difference_text,
)
from splitspec.checker.store import Mode
from splitspec.cli.demands import demands
from splitspec.cli.execution import Means, execute
from splitspec.cli.exitcode import ExitCode
from splitspec.cli.judging import Judged, is_as_expected, judge_all
from splitspec.cli.kept import proof_store, result_keeping
from splitspec.cli.models import Model, RefusedError, models_of, report_problems
from splitspec.cli.options import CacheMode, DifferenceFormat
from splitspec.cli.refinements import abstractions_of
from splitspec.cli.revisions import laid_out, texts_in
from splitspec.cli.terminal import Choice, painter
from splitspec.model.frozen import frozen
from splitspec.model.tier import Tier


@frozen
class DifferenceRequest:
    """What was asked on the command line."""

    old: str
    new: str
    tier: Tier
    is_run: bool
    seconds: float | None
    workers: int
    cache: CacheMode
    format: DifferenceFormat
    color: Choice
    progress: Choice

    @property
    def means(self) -> Means:
        """With what the runs are made."""
        mode = Mode(self.cache.value)
        keeping, proofs = result_keeping(mode), proof_store(mode)
        return Means(keeping, proofs, self.workers, self.seconds, 1, False, self.progress)


Results = Mapping[tuple[str, str], tuple[str, Judged]]
"""By run and claim: the outcome in a word, and what gave it."""


def show_difference(request: DifferenceRequest, interruption: Interruption) -> ExitCode:
    """Compare, run what the differences reach, and print; 1 if a claim is newly violated, 4 if a
    variant no longer fails, 3 if a claim is newly open."""
    try:
        with laid_out(request.old) as old_path, laid_out(request.new) as new_path:
            new = {model.entry.name: model for model in models_of(new_path)}
            is_same = texts_in(old_path.parent) == texts_in(new_path.parent)
            old = new if is_same else {m.entry.name: m for m in models_of(old_path)}
            difference = _difference(request, old, new, interruption)
    except RefusedError as refusal:
        return report_problems(refusal.problems, request.color)
    match request.format:
        case DifferenceFormat.JSON:
            print(json.dumps(difference_document(difference), indent=2, ensure_ascii=False))
        case DifferenceFormat.MARKDOWN:
            print(difference_markdown(difference), end="")
        case DifferenceFormat.TEXT:
            print(difference_text(difference, painter(request.color, sys.stdout)))
        case _:
            assert_never(request.format)
    return _code(difference, interruption)


def _code(difference: Difference, interruption: Interruption) -> ExitCode:
    new = [item for item in difference.broken if item.is_new]
    if interruption.requested:
        return ExitCode.INTERRUPTED
    if any(item.after in ("violated", "unreached") for item in new):
        return ExitCode.VIOLATED
    if any(item.after in ("holds", "reached") for item in new):
        return ExitCode.POLICY  # What should fail, as a variant should, does not.
    return ExitCode.UNKNOWN if new or difference.unmade else ExitCode.MET


def _difference(
    request: DifferenceRequest,
    old: Mapping[str, Model],
    new: Mapping[str, Model],
    interruption: Interruption,
) -> Difference:
    found: dict[Change, list[str]] = {}
    for name in dict.fromkeys((*old, *new)):
        for change in _changes_of(name, old.get(name), new.get(name)):
            found.setdefault(change, []).append(name)
    rows = tuple(
        Row(c.part.value, c.word, c.path, c.before, c.after, tuple(names))
        for c, names in found.items()
    )
    reached = [name for name in new if any(name in names for names in found.values())]
    broken: tuple[Broken, ...] = ()
    unmade: tuple[str, ...] = ()
    if request.is_run and reached:
        after, unmade = _results([new[name] for name in reached], request, interruption)
        wrong = {key: result for key, result in after.items() if not _is_met(key, result[1])}
        models = {judged.demand.model.entry.name for _, judged in wrong.values()}
        before, _ = _results([old[n] for n in models if n in old], request, interruption)
        broken = tuple(
            _broken(key, before.get(key, ("absent",))[0], *result) for key, result in wrong.items()
        )
    checked = tuple(reached) if request.is_run else ()
    return Difference(request.old, request.new, rows, broken, checked, unmade)


def _changes_of(name: str, old: Model | None, new: Model | None) -> Sequence[Change]:
    if old is None or new is None:
        is_new = old is None
        return [Change(Part.MODEL, name, "" if is_new else name, name if is_new else "")]
    if old is new or _is_same_text(old, new):
        return ()
    sides = (
        Side(model.program, model.variants, model.entry, abstractions_of(model))
        for model in (old, new)
    )
    return changes(*sides)


def _is_same_text(old: Model, new: Model) -> bool:
    """Whether two models are read from the same words, so that they mean the same; never of one
    that refines another, whose text is not among its own."""
    if old.program.refinements or old.entry != new.entry:
        return False
    modules = [{str(m.name): m.source.text for m in model.modules} for model in (old, new)]
    variants = [{v.name: v.span.source.text for v in model.variants} for model in (old, new)]
    return modules[0] == modules[1] and variants[0] == variants[1]


def _results(
    models: Sequence[Model], request: DifferenceRequest, interruption: Interruption
) -> tuple[Results, tuple[str, ...]]:
    due = tuple(
        demand
        for demand in demands(models, implementations=False)
        if request.tier.includes(demand.tier)
    )
    made = execute(due, request.means, interruption, is_as_expected)
    judged, _ = judge_all(due, made, interrupted=interruption.requested)
    unmade = tuple(str(d.key) for n, d in enumerate(due) if n not in made.results)
    results = {
        (str(item.demand.key), judgement.verdict.property): (judgement.verdict.outcome.value, item)
        for item in judged
        for judgement in item.judgements
        if judgement.expected is not None
    }
    return results, unmade


def _is_met(key: tuple[str, str], judged: Judged) -> bool:
    return all(j.met for j in judged.judgements if j.verdict.property == key[1])


def _broken(key: tuple[str, str], before: str, after: str, judged: Judged) -> Broken:
    run, claim = key
    verdict = next(j.verdict for j in judged.judgements if j.verdict.property == claim)
    sentence = judged.demand.job.sentences.get(claim, "")
    return Broken(run, claim, sentence, before, after, verdict.trace)
