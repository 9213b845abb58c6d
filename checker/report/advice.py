"""Say what to do next about a proof that failed: from what is unknown, and from what was tried."""

from __future__ import annotations

from collections.abc import Iterator

from splitspec.checker.expectation import JudgedProof
from splitspec.checker.proof import ILL_BEGUN, SPENT, ProofResult
from splitspec.checker.report.counting import counted
from splitspec.model.frozen import frozen
from splitspec.model.induction import InductionCounterexample
from splitspec.model.ir import PropertyKind
from splitspec.model.verdict import AssuranceKind, Outcome, Verdict

NAMED_MAX = 3

PROMISED = (
    "a promise restrains nobody here: claim it `given honest ACTOR`, or mark the guard by who "
    "enforces it, `@kernel`"
)

OF_THE_SCOPE = "--finite asks for the sizes of the model alone"


@frozen
class Tried:
    """The ways in which a proof was sought, and the budget of each question."""

    steps: int
    finite: bool = False
    reach: bool = False
    suggest: bool = False
    k_induction: int = 0


def unasked_examples(judged: JudgedProof) -> list[InductionCounterexample]:
    """Return a counterexample to induction of some facts that a proof needed, and that have no
    verdict of their own because they were not asked for."""
    asked = {verdict.property for verdict in judged.result.verdicts}
    needed = _needed(judged).items()
    return [example for path, example in needed if path not in asked][:NAMED_MAX]


def next_steps(judged: JudgedProof, tried: Tried) -> list[str]:
    """Return what may lead on, in sentences, the first thing first; none if all is as expected."""
    result = judged.result
    unknown = _unknown(judged)
    if result.run.interrupted:
        return []
    if result.run.out_of_time:
        return ["--timeout gives it more time"]
    if result.run.unbegun:
        return [*_about_the_beginning(result, unknown), *_about_budgets(unknown, result, tried)]
    return [
        *_first(judged),
        *_about_promises(judged),
        *_about_budgets(unknown, result, tried),
        *_about_steps(result, unknown, tried),
        *_about_progress(result, unknown, tried),
        *_about_sizes(result, tried),
        *_about_vacuity(judged),
    ]


def _unknown(judged: JudgedProof) -> list[Verdict]:
    """Return what should be proved, and is not known."""
    missed = [judgement.verdict for judgement in judged.judgements if not judgement.met]
    return [verdict for verdict in missed if verdict.outcome is Outcome.UNKNOWN]


def _examples(result: ProofResult) -> dict[str, InductionCounterexample]:
    """Return a counterexample to induction of each property that has one."""
    found: dict[str, InductionCounterexample] = {}
    for obligation in result.obligations:
        if obligation.counterexample is not None:
            found.setdefault(obligation.property, obligation.counterexample)
    return found


def _wants(judged: JudgedProof) -> dict[str, set[str]]:
    """Return for each property that is not proved for want of others which these are, if one of
    them should be proved."""
    missed = {judgement.verdict.property for judgement in judged.judgements if not judgement.met}
    needs = [(verdict.property, verdict.needs) for verdict in judged.result.verdicts]
    needs += [(obligation.property, obligation.needs) for obligation in judged.result.obligations]
    found: dict[str, set[str]] = {}
    for path, wanted in needs:
        if wanted:
            found.setdefault(path, set()).update(wanted)
    return found if missed & found.keys() else {}


def _needed(judged: JudgedProof) -> dict[str, InductionCounterexample]:
    """Return the counterexamples of facts that fail by themselves, and for want of which others
    do."""
    wanted = {path for paths in _wants(judged).values() for path in paths}
    examples = _examples(judged.result).items()
    return {path: example for path, example in examples if path in wanted}


def _first(judged: JudgedProof) -> Iterator[str]:
    """Name the facts that fail by themselves, and without which other proofs fail."""
    examples, needed = _examples(judged.result), list(_needed(judged))
    waiting = sum(
        not judgement.met and judgement.verdict.property not in examples
        for judgement in judged.judgements
        if judgement.verdict.property in _wants(judged)
    )
    if needed and waiting:
        more = f" and {len(needed) - NAMED_MAX} more" if len(needed) > NAMED_MAX else ""
        names = f"{', '.join(needed[:NAMED_MAX])}{more}"
        yield f"begin with {names}: {counted(waiting, 'proof')} failed for want of that"


def _about_the_beginning(result: ProofResult, unknown: list[Verdict]) -> Iterator[str]:
    """Say how it becomes known how runs begin: before that, nothing else leads anywhere."""
    if result.run.unbegun == ILL_BEGUN:
        yield "`assume` in the module of the constants what `init` takes for granted of them"
        if any(verdict.kind is not PropertyKind.PROGRESS for verdict in unknown):
            yield OF_THE_SCOPE


def _about_promises(judged: JudgedProof) -> Iterator[str]:
    """Say what becomes of guards that would have refused a step and are nobody's."""
    shown = [v.induction for v in _unknown(judged) if v.induction is not None]
    explained = (example.explanation for example in shown if example.explanation is not None)
    if any(not cause.varied for explanation in explained for cause in explanation.causes):
        yield PROMISED


def _open(result: ProofResult, unknown: list[Verdict]) -> bool:
    """Whether there is a counterexample to induction of which it is not known what it means."""
    violated = {v.property for v in result.verdicts if v.outcome is Outcome.VIOLATED}
    return bool(unknown) and not _examples(result).keys() <= violated


def _about_steps(result: ProofResult, unknown: list[Verdict], tried: Tried) -> Iterator[str]:
    """Say what may decide whether the step of a counterexample to induction can happen."""
    if not _open(result, unknown):
        return
    if tried.reach:
        yield "no run that shows it was found; --scope SORT=N looks at other sizes"
    else:
        yield "--reach looks for a run that shows it: if there is one, the claim is false"
    if tried.suggest:
        yield "no lemma was found: write one that says what is wrong with the state before the step"
    elif tried.finite:
        steps = max(3, tried.k_induction + 1)
        yield f"--k-induction {steps} follows more steps; or a lemma excludes the state before it"
    else:
        yield "--suggest looks for a lemma that excludes the state before: the proof lacks it then"


def _about_progress(result: ProofResult, unknown: list[Verdict], tried: Tried) -> Iterator[str]:
    """Say what may decide a claim that something happens."""
    if not any(verdict.kind is PropertyKind.PROGRESS for verdict in unknown):
        return
    if tried.finite:
        yield "progress is proved without --finite"
    elif not tried.reach and not _open(result, unknown):
        yield "--reach looks for a fair run in which what should happen never does"
    elif tried.reach:
        yield "to be waited for, an action must be fair for each instance, and stay enabled"
        yield "a lemma may have to say that somebody has something to do while it waits"


def _about_budgets(unknown: list[Verdict], result: ProofResult, tried: Tried) -> Iterator[str]:
    """Say which budget was not enough."""
    reasons = [verdict.reason for verdict in unknown]
    reasons += [obligation.reason for obligation in result.obligations if unknown]
    if any(SPENT in reason for reason in reasons):
        yield f"--steps N gives each question more than {tried.steps:,} of the solver's steps"
    if any("memory" in reason or "solver died" in reason for reason in reasons):
        yield "--memory gives the solvers more"


def _about_sizes(result: ProofResult, tried: Tried) -> Iterator[str]:
    """Say how more becomes known of what is proved for the sizes of the model only."""
    kinds = {verdict.assurance.kind for verdict in result.verdicts}
    if AssuranceKind.PROVED_FINITE in kinds and not tried.finite:
        yield "--scope SORT=N tries sizes at which what is not proved for any size may be false"
        yield OF_THE_SCOPE


def _about_vacuity(judged: JudgedProof) -> Iterator[str]:
    """Say what becomes of actions that no state enables."""
    if judged.vacuity:
        yield "an action that cannot happen is a mistake, or idle with a reason in models.toml"
