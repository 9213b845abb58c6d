"""Turn a summary into text for a terminal: what was shown, what was not, and what failed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from splitspec.checker.report.counting import counted
from splitspec.checker.report.summary import Failure, Item, State, Summary
from splitspec.checker.report.text import Paint, trace_text

SHOWN = 8
"""So many failures of one word stand in the text; the rest are counted, unless all are asked
for."""
TRACES = 3


def summary_text(summary: Summary, paint: Paint, *, verbose: bool) -> str:
    """Return the report: a line for each activity, what was left, and every failure with what to
    do about it."""
    lines = [paint("title", summary.title)]
    if "manifest" in summary.facts:
        lines.append(f"  of        {summary.facts['manifest']}")
    lines += [f"  {line}" for line in _activities(summary.items)]
    lines += [f"  left      {text}" for text in summary.left]
    notes = [failure for failure in summary.failures if failure.is_note]
    for note in notes if verbose else notes[:SHOWN]:
        lines.append(f"  note      {note.word}: {_place(note)}{note.text}")
    if len(notes) > SHOWN and not verbose:
        lines.append(f"  note      and {len(notes) - SHOWN} more")
    traces = [i for i in summary.items if i.state is State.FAILED and i.trace is not None]
    for item in traces[: None if verbose else TRACES]:
        assert item.trace is not None
        lines += ["", trace_text(item.trace, item.sentence, paint)]
    if summary.failing:
        lines.append("")
        lines += _failures(summary.failing, paint, verbose=verbose)
    return "\n".join(lines)


def _activities(items: Iterable[Item]) -> Iterator[str]:
    by_activity: dict[str, list[Item]] = {}
    for item in items:
        by_activity.setdefault(item.activity, []).append(item)
    for activity, members in by_activity.items():
        done = [item for item in members if item.claim and item.state is not State.LEFT]
        if not done:
            continue
        passed = sum(item.state is State.PASSED for item in done)
        runs = {item.run for item in done}
        kept = {item.run for item in done if item.is_kept}
        yield (
            f"{activity:<9} {counted(len(runs), 'run')} ({len(kept):,} kept), "
            f"{passed:,} of {counted(len(done), 'claim')} as accepted"
        )


def _failures(failures: Iterable[Failure], paint: Paint, *, verbose: bool) -> Iterator[str]:
    by_word: dict[str, list[Failure]] = {}
    for failure in failures:
        by_word.setdefault(failure.word, []).append(failure)
    for word, members in by_word.items():
        shown = members if verbose else members[:SHOWN]
        for failure in shown:
            yield f"  {paint('bad', f'{word:<12}')}{_place(failure)}{failure.text}"
        if len(members) > len(shown):
            yield f"  {'':<12}and {len(members) - len(shown):,} more (-v lists them)"
        for advice in dict.fromkeys(failure.advice for failure in members):
            yield f"  {'':<12}{paint('faint', '→ ' + advice)}"


def _place(failure: Failure) -> str:
    parts = [part for part in (failure.run, failure.claim) if part]
    return f"{' · '.join(parts)}: " if parts else ""


def last_line(summary: Summary) -> str:
    """Return the last line of a report: the verdict, and the exit code."""
    counts = summary.counts
    words: dict[str, int] = {}
    for failure in summary.failing:
        words[failure.word] = words.get(failure.word, 0) + 1
    shown = ", ".join(f"{number:,} {word}" for word, number in words.items())
    verdict = f"failed: {shown}" if shown else f"passed: {counted(counts[State.PASSED], 'claim')}"
    state = "" if summary.is_complete else " (partial)"
    return f"gate {verdict}{state} · {summary.seconds:.1f} s · exit {summary.code}"
