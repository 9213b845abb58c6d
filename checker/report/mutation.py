"""Turn what is lost without each guard into a table that a designer can read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from splitspec.checker.proof import Mutant, ProofResult
from splitspec.checker.report.counting import counted
from splitspec.checker.report.text import Paint, adversary
from splitspec.model.ir import PropertyKind
from splitspec.model.verdict import Outcome

NOTHING_PROVED = "nothing is proved with all guards, so that no guard carries anything"

SHOWN = 3
"""So many lost properties stand in a row; the rest are counted."""


def mutation_text(
    result: ProofResult,
    mutants: tuple[Mutant, ...],
    runs: Mapping[str, tuple[str, int]],
    paint: Paint,
    *,
    verbose: bool,
) -> str:
    """Return the table of one run: guards that matter with what they carry, then redundant ones.

    `runs` gives, by mutant, a property that a run violates, and the length of the run.
    """
    run = result.run
    lost = [mutant for mutant in mutants if mutant.lost]
    open_ = [mutant for mutant in mutants if mutant.undecided and not mutant.lost]
    unfinished = [m for m in mutants if m.unfinished and not m.lost and not m.undecided]
    redundant = [mutant for mutant in mutants if mutant.is_redundant]
    proved = _proved(result)
    summary = (
        f"carrying a proof: {len(lost)}, redundant for "
        f"the {counted(proved, 'claim')} that {'is' if proved == 1 else 'are'} proved: "
        f"{len(redundant)}"
        + (f", undecided: {len(open_)}" if open_ else "")
        + (f", used for what is not proved: {len(unfinished)}" if unfinished else "")
    )
    left_out = f" · {counted(len(mutants), 'guard')}" if mutants else ""
    lines = [
        f"{paint('title', run.model)} · {adversary(run.given)}{left_out}",
        f"  {summary if proved else NOTHING_PROVED}",
        *(f"  {paint('bad', 'not proved')} with all guards: {path}" for path in _unproved(result)),
        "",
    ]
    width = max((len(mutant.name) for mutant in mutants), default=0)
    for mutant in lost:
        lines.append(f"  {mutant.name:<{width}}  {_lost(mutant, verbose=verbose)}")
        if mutant.name in runs:
            path, length = runs[mutant.name]
            steps = f"{length} step{'' if length == 1 else 's'}"
            lines.append(f"  {'':<{width}}  shown by a run of {steps}: {path}")
    for mutant in open_:
        lines.append(f"  {mutant.name:<{width}}  undecided: {', '.join(mutant.undecided)}")
    for mutant in unfinished:
        names = ", ".join(mutant.unfinished)
        lines.append(f"  {mutant.name:<{width}}  used for what is not proved: {names}")
    for mutant in redundant if proved else ():
        lines.append(f"  {mutant.name:<{width}}  {paint('faint', _redundant(mutant))}")
    return "\n".join(lines).rstrip()


def redundant_text(runs: Sequence[tuple[ProofResult, tuple[Mutant, ...]]]) -> str:
    """Return the guards that no run of a model needs for what it proves, progress apart, of those
    models that have several runs: one that nothing needs under one adversary may carry the proof
    under another. Of a run that was interrupted nobody knows what it needs."""
    by_model: dict[str, list[tuple[Mutant, ...]]] = {}
    cut = {result.run.model for result, _ in runs if result.run.interrupted}
    for result, mutants in runs:
        # Where nothing is proved, nothing says what is needed.
        if result.run.model not in cut and _proved(result):
            by_model.setdefault(result.run.model, []).append(mutants)
    lines = []
    for model, several in by_model.items():
        if len(several) < 2:
            continue
        needed = {m.name for mutants in several for m in mutants if not m.is_redundant}
        named = dict.fromkeys(m.name for mutants in several for m in mutants)
        spare = [name for name in named if name not in needed]
        if spare:
            words = f"of the {counted(len(named), 'guard')} of {model}, no run needs any one of"
            words += f" {len(spare)} for a claim that it proves, progress apart:"
            lines += [words, *(f"  {name}" for name in spare)]
    return "\n".join(lines)


def _proved(result: ProofResult) -> int:
    """Return how many claims there are for which a guard may be redundant: those of progress are
    not looked at."""
    proved = (v for v in result.verdicts if v.outcome is Outcome.HOLDS)
    return sum(verdict.kind is not PropertyKind.PROGRESS for verdict in proved)


def _unproved(result: ProofResult) -> list[str]:
    """Return the properties that are not proved of the design as it is."""
    return [v.property for v in result.verdicts if v.outcome is not Outcome.HOLDS]


def _lost(mutant: Mutant, *, verbose: bool) -> str:
    shown = mutant.lost if verbose else mutant.lost[:SHOWN]
    more = len(mutant.lost) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _redundant(mutant: Mutant) -> str:
    return f"redundant ({mutant.kind.value}, {mutant.origin})"
