"""Turn judged proofs and counterexamples to induction into text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from splitspec.checker.expectation import JudgedProof, Judgement
from splitspec.checker.proof import Obligation, ProofResult, ProofRun, Suggestion, title_of
from splitspec.checker.report.advice import unasked_examples
from splitspec.checker.report.counting import counted
from splitspec.checker.report.text import (
    Paint,
    adversary,
    explanation_lines,
    trace_text,
    verdict_lines,
)
from splitspec.model.induction import REACHABILITY_UNKNOWN, InductionCounterexample
from splitspec.model.verdict import AssuranceKind, Outcome

DULL = ("none", "false", "0")
"""Values of places that a reader need not be shown unless the claim speaks of them."""

SLOWEST = 3


def proof_text(
    judged: JudgedProof,
    texts: dict[str, str],
    paint: Paint,
    *,
    verbose: bool,
) -> str:
    """Return the report of one run: headline, figures, verdicts, what failed and why, advice.

    `texts` gives the sentence of a property by its path. With `verbose`, every property is listed
    with those on which its proof rests, and the slowest obligations are.
    """
    result = judged.result
    lines = [_headline(result, paint), _figures(result.run, result.obligations)]
    lines += verdict_lines(judged.judgements, paint, verbose=verbose)
    lines += [f"  {paint('bad', 'open')}      {text}" for text in judged.result.run.unconfirmed]
    lines += [f"  {paint('bad', 'vacuous')}   {text}" for text in judged.vacuity]
    if verbose:
        lines += [f"  note      {_idle(path)}" for path in result.run.idle_here]
        lines += [f"  rests     {path} on {', '.join(used)}" for path, used in result.basis if used]
        lines += _slowest(result.obligations)
    for judgement in judged.judgements:
        lines += _picture(judgement, texts, paint, verbose=verbose)
    for example in unasked_examples(judged):
        lines += ["", induction_text(example, texts.get(example.claim, ""), paint)]
    lines += ["", *_column("next", judged.advice)] if judged.advice else []
    return "\n".join(lines)


def _column(word: str, sentences: Sequence[str]) -> list[str]:
    """Return sentences below one another, the first of them behind a word."""
    return [f"  {word if not i else '':<8}  {text}" for i, text in enumerate(sentences)]


def suggestion_text(found: Suggestion, module: str) -> str:
    """Return the lemmas of a suggestion, as they can be pasted into a module, and what they
    cost."""
    number = len(found.lemmas)
    lines = [
        f"  {number} lemma{'' if number == 1 else 's'} suggested, from {found.atoms} atoms, "
        f"{found.candidates} candidates and {found.questions} questions, {found.seconds:.1f} s"
    ]
    if found.lemmas:
        lines.append(f"  to be pasted into module {module}, which sees every name in them")
    lines += [f"  no lemma was found for {name}" for name in found.hopeless]
    if not found.lemmas:
        is_proved = all(v.outcome is Outcome.HOLDS for v in found.result.verdicts)
        lines.append("  no lemma is missing" if is_proved else "  nothing to paste")
    return "\n".join([*lines, *(f"\n{lemma}" for lemma in found.lemmas)])


def _idle(path: str) -> str:
    return f"no state of the facts enables {path} at the model's sizes; other sizes may"


def _headline(result: ProofResult, paint: Paint) -> str:
    run = result.run
    name = f"{run.model} with {run.variant}" if run.variant else run.model
    scope = " ".join(f"{sort.rpartition('.')[2]}={size}" for sort, size in run.scope)
    extent = scope if run.is_of_the_scope else _any_size(result)
    return " · ".join(part for part in (paint("title", name), adversary(run.given), extent) if part)


def _any_size(result: ProofResult) -> str:
    """Return for which sizes a proof that was sought for all of them is."""
    finite = sum(v.assurance.kind is AssuranceKind.PROVED_FINITE for v in result.verdicts)
    if not finite:
        return "any size"
    return f"any size, but {counted(finite, 'claim')} at the model's sizes only"


def _figures(run: ProofRun, obligations: tuple[Obligation, ...]) -> str:
    met = sum(obligation.method is not None for obligation in obligations)
    kept = f" ({run.kept} kept)" if run.kept else ""
    owed = f"{met} of {len(obligations)} obligations{kept}, {run.framed} kept by the frame rule, "
    return (
        f"  {owed if obligations or run.framed else ''}"
        f"{run.seconds:.2f} s ({run.solving:.2f} s solving), {', '.join(run.solvers)}"
        + ("\n  incomplete: interrupted" if run.interrupted else "")
        + ("\n  incomplete: limit of time" if run.out_of_time else "")
        + _confirmed(run, obligations)
        + (f"\n  {run.remark}" if run.remark else "")
        + (f"\n  warning: {damaged_text(run.damaged)}" if run.damaged else "")
    )


def damaged_text(number: int) -> str:
    """Return in words that kept proofs were not whole."""
    files = "one file" if number == 1 else f"{number} files"
    return f"{files} of kept proofs {'was' if number == 1 else 'were'} damaged, and made again"


def _confirmed(run: ProofRun, obligations: tuple[Obligation, ...]) -> str:
    if not run.rechecked:
        return ""
    confirmed = sum(obligation.rechecked for obligation in obligations)
    return f"\n  {confirmed} proved again by cvc5 alone"


def _slowest(obligations: tuple[Obligation, ...]) -> list[str]:
    slow = sorted(obligations, key=lambda o: -o.steps)[:SLOWEST]
    return [f"  slow      {title_of(o)}: {o.steps:,} steps, {o.seconds:.2f} s" for o in slow]


def _picture(
    judgement: Judgement, texts: dict[str, str], paint: Paint, *, verbose: bool
) -> list[str]:
    verdict = judgement.verdict
    if judgement.expected is None and not verbose:
        return []
    text = texts.get(verdict.property, "")
    if verdict.outcome is Outcome.VIOLATED and verdict.trace is not None:
        return ["", trace_text(verdict.trace, text, paint)]
    if verdict.induction is not None:
        return ["", induction_text(verdict.induction, text, paint)]
    return []


def induction_text(example: InductionCounterexample, text: str, paint: Paint) -> str:
    """Return a counterexample to induction as what the step changes, and what stands around it."""
    scope = " ".join(f"{sort.rpartition('.')[2]}={size}" for sort, size in example.scope)
    claim = paint("title", example.claim)
    lines = [f"  counterexample to induction of {claim} · {REACHABILITY_UNKNOWN}"]
    lines += [f"    {line}" for line in text.splitlines()]
    lines += ["", f"    all facts hold before the step{f' ({scope})' if scope else ''}"]
    context = [f"{place} = {value}" for place, value in _shown(example)]
    lines += [f"      {', '.join(row)}" for row in _rows(context)]
    lines.append(f"    {example.step.actor}: {example.step}")
    lines += [f"      {place}: {old} → {new}" for place, old, new in example.changes]
    if not example.after:
        lines.append("      has no outcome: it breaks its obligation")
    elif not example.changes:
        lines.append("      nothing changes")
    if example.explanation is not None:
        said = explanation_lines(example.explanation, paint)
        lines += ["", *(f"    {line}".rstrip() for line in said)]
    return "\n".join(lines)


def _shown(example: InductionCounterexample) -> list[tuple[str, str]]:
    """Return the places around the step that say something, in the order of the state."""
    named = {place for place, _ in example.explanation.facts} if example.explanation else set()
    return [
        (place, value) for place, value in example.context if value not in DULL or place in named
    ]


def _rows(words: list[str], width: int = 88) -> list[list[str]]:
    rows: list[list[str]] = []
    for word in words:
        if rows and len(", ".join([*rows[-1], word])) <= width:
            rows[-1].append(word)
        else:
            rows.append([word])
    return rows
