"""Turn the differences of two specifications into text, Markdown and plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from splitspec.checker.report.counting import counted
from splitspec.checker.report.markdown import cell, folded
from splitspec.checker.report.text import Paint, plain, trace_text
from splitspec.checker.report.trace_document import trace_document
from splitspec.model.frozen import frozen
from splitspec.model.trace import Trace

SCHEMA = "splitspec-diff/1"
FEW = 3


@frozen
class Row:
    """One difference, with the models in which it acts."""

    part: str
    word: str
    path: str
    before: str
    after: str
    models: tuple[str, ...]


@frozen
class Broken:
    """A claim that is not as expected any more: what it was, and what it is."""

    run: str
    claim: str
    sentence: str
    before: str
    after: str
    trace: Trace | None

    @property
    def is_new(self) -> bool:
        """Whether it was otherwise before."""
        return self.before != self.after


@frozen
class Difference:
    """Two specifications: how they differ, and what is broken in the new one.

    `unmade` are runs that were not made, in words.
    """

    old: str
    new: str
    rows: tuple[Row, ...]
    broken: tuple[Broken, ...]
    checked: tuple[str, ...]
    unmade: tuple[str, ...]


def difference_text(difference: Difference, paint: Paint) -> str:
    """Return the report for a terminal."""
    lines = [paint("title", f"{difference.old} → {difference.new}")]
    if not difference.rows:
        lines.append("  they mean the same")
    for row in difference.rows:
        models = _models(row.models)
        lines.append(f"  {row.word:<8} {row.part:<9} {row.path}  {paint('faint', models)}")
        lines += [f"    - {row.before}"] if row.before else []
        lines += [f"    + {row.after}"] if row.after else []
    for item in difference.broken:
        words = (
            f"was {item.before}, is {item.after}" if item.is_new else f"is {item.after}, as before"
        )
        lines += ["", f"  {paint('bad', 'breaks')}   {item.run} · {item.claim}: {words}"]
        if item.trace is not None:
            lines.append(trace_text(item.trace, item.sentence, paint))
    lines += ["", *_closing(difference)]
    return "\n".join(lines)


def _closing(difference: Difference) -> Iterator[str]:
    new = sum(item.is_new for item in difference.broken)
    rows = counted(len(difference.rows), "difference")
    if difference.checked:
        yield f"{rows}, {counted(new, 'claim')} newly broken"
        yield f"checked: {', '.join(difference.checked)}"
    else:
        yield f"{rows}, and nothing was run"
    yield from (f"not made: {text}" for text in difference.unmade)


def _models(models: Sequence[str]) -> str:
    if len(models) <= FEW:
        return f"in {', '.join(models)}"
    return f"in {', '.join(models[:FEW])} and {len(models) - FEW} more"


def difference_markdown(difference: Difference) -> str:
    """Return the report for a pull request: what breaks first."""
    return "\n".join(_markdown(difference)) + "\n"


def _markdown(difference: Difference) -> Iterator[str]:
    yield f"### splitspec: {cell(difference.old)} → {cell(difference.new)}"
    yield from ("", ". ".join(_closing(difference)) + ".")
    if difference.broken:
        yield from ("", "| now broken | in | was | is |", "|---|---|---|---|")
        for item in difference.broken:
            words = (item.claim, item.run, item.before, item.after)
            yield f"| {' | '.join(map(cell, words))} |"
    if difference.rows:
        yield from ("", "| | what | before | after | models |", "|---|---|---|---|---|")
        for row in difference.rows:
            where = _models(row.models)
            parts = (row.word, f"{row.part} {row.path}", row.before, row.after, where)
            yield f"| {' | '.join(map(cell, parts))} |"
    for item in difference.broken:
        if item.trace is not None:
            yield from folded(item.claim, trace_text(item.trace, item.sentence, plain))


def difference_document(difference: Difference) -> Mapping[str, Any]:
    """Return the report as plain data."""
    return {
        "schema": SCHEMA,
        "old": difference.old,
        "new": difference.new,
        "differences": [
            {
                "part": row.part,
                "word": row.word,
                "path": row.path,
                "before": row.before,
                "after": row.after,
                "models": list(row.models),
            }
            for row in difference.rows
        ],
        "broken": [
            {
                "run": item.run,
                "claim": item.claim,
                "before": item.before,
                "after": item.after,
                "new": item.is_new,
                "trace": None if item.trace is None else trace_document(item.trace),
            }
            for item in difference.broken
        ],
        "checked": list(difference.checked),
        "unmade": list(difference.unmade),
    }
