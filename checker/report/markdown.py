"""Turn a summary into Markdown for a pull request: the answer first, then what differs from what
was accepted, then the counterexamples."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from splitspec.checker.report.summary import Failure, Item, State, Summary
from splitspec.checker.report.text import plain, trace_text

# Characters that are not seen, or that turn the line around.
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
ESCAPES = (
    ("\\", "\\\\"),
    ("|", "\\|"),
    ("\n", " "),
    ("<", "&lt;"),
    ("`", "\\`"),
    ("@", "&#64;"),
)
ROWS = 60
TRACES = 3


def comparison(summary: Summary) -> str:
    """Return the text of a comment."""
    return "\n".join(_lines(summary)) + "\n"


def _lines(summary: Summary) -> Iterator[str]:
    answer = "passed" if summary.code == 0 else f"failed, exit {summary.code}"
    partial = "" if summary.is_complete else " **Partial: not everything that is due was made.**"
    yield f"### splitspec {summary.title}: {answer}"
    yield ""
    counts = summary.counts
    yield (
        f"{counts[State.PASSED]:,} claims as accepted, {counts[State.FAILED]:,} not, "
        f"{counts[State.UNDECIDED]:,} undecided.{partial}"
    )
    if summary.failures:
        yield from ("", "| what | where | difference |", "|---|---|---|")
        yield from _rows(summary.failures)
    for advice in dict.fromkeys(f"*{f.word}*: {cell(f.advice)}" for f in summary.failing):
        yield from ("", advice)
    yield from _traces(summary.items)
    if summary.left:
        yield from ("", "Not done:", "")
        yield from (f"- {cell(sentence)}" for sentence in summary.left)


def _rows(failures: tuple[Failure, ...]) -> Iterator[str]:
    for failure in failures[:ROWS]:
        place = " · ".join(part for part in (failure.run, failure.claim) if part)
        yield f"| {failure.word} | {cell(place)} | {cell(failure.text)} |"
    if len(failures) > ROWS:
        yield f"| | | and {len(failures) - ROWS} more |"


def _traces(items: Iterable[Item]) -> Iterator[str]:
    shown = [item for item in items if item.state is State.FAILED and item.trace is not None]
    for item in shown[:TRACES]:
        assert item.trace is not None
        # A fence longer than any in the text cannot be closed by it.
        yield from ("", f"<details><summary>{cell(item.name)}</summary>", "", "````text")
        yield trace_text(item.trace, item.sentence, plain).replace("````", "'''")
        yield from ("````", "", "</details>")


def cell(text: str) -> str:
    """Return text that neither ends a cell of a table nor is taken for markup."""
    for sign, written in ESCAPES:
        text = text.replace(sign, written)
    return UNSEEN.sub("\ufffd", text)
