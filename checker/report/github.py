"""Turn a summary into what GitHub shows: annotations beside lines, and the page of the job.

GitHub shows few annotations of a step, so only the first are written; all stand on the page.
"""

from __future__ import annotations

from splitspec.checker.report.markdown import comparison
from splitspec.checker.report.summary import Item, State, Summary

SHOWN = 10
PAGE_BYTES = 1_000_000
"""A little less than GitHub takes."""


def workflow_commands(summary: Summary) -> str:
    """Return workflow commands, one a line: what failed, at the lines of the specification."""
    bad = [item for item in summary.items if item.state in (State.FAILED, State.UNDECIDED)]
    lines = [_annotation(item) for item in bad[:SHOWN]]
    placed = {(item.run, item.claim) for item in bad}
    loose = [f for f in summary.failing if (f.run, f.claim) not in placed]
    room = max(0, SHOWN - len(lines))
    lines += [
        f"::error title={_property(f.word)}::{_data(f'{f.run} {f.text} → {f.advice}'.strip())}"
        for f in loose[:room]
    ]
    more = len(bad) + len(loose) - len(lines)
    if more:
        lines.append(f"::warning::{more} more findings stand on the page of the job")
    lines += [f"::notice title=left::{_data(sentence)}" for sentence in summary.left]
    return "".join(f"{line}\n" for line in lines)


def _annotation(item: Item) -> str:
    level = "error" if item.state is State.FAILED else "warning"
    place = f"file={_property(item.file)},line={item.line}," if item.file else ""
    title = _property(f"{item.run} {item.name}")
    return f"::{level} {place}title={title}::{_data(item.message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def step_summary(summary: Summary) -> str:
    """Return the page of the job, cut at what GitHub takes, and saying so."""
    page = comparison(summary)
    whole = page.encode()
    if len(whole) <= PAGE_BYTES:
        return page
    return whole[:PAGE_BYTES].decode(errors="ignore") + "\n\n*cut: the page was too long*\n"
