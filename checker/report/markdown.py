"""Turn a summary into Markdown for a pull request: the answer first, then what differs from what
was accepted, then the counterexamples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from splitspec.checker.report.summary import Failure, Item, State, Summary
from splitspec.checker.report.text import plain, trace_text
from splitspec.checker.report.visible import visible

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
        yield from folded(item.name, trace_text(item.trace, item.sentence, plain))


def folded(title: str, text: str) -> Iterator[str]:
    """Iterate over the lines of a text that is shown as it is when its title is clicked."""
    # A fence longer than any in the text cannot be closed by it.
    yield from ("", f"<details><summary>{cell(title)}</summary>", "", "````text")
    yield visible(text).replace("````", "'''")
    yield from ("````", "", "</details>")


def cell(text: str) -> str:
    """Return text that neither ends a cell of a table nor is taken for markup."""
    text = visible(text)
    for sign, written in ESCAPES:
        text = text.replace(sign, written)
    return text
