"""A measured figure, the goal that it is held to, and the table of all as text and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum


class Sense(Enum):
    """On which side of its goal a figure should lie."""

    AT_LEAST = ">="
    AT_MOST = "<="


@dataclass(frozen=True, slots=True)
class Goal:
    sense: Sense
    bound: float

    def is_met(self, value: float) -> bool:
        return value >= self.bound if self.sense is Sense.AT_LEAST else value <= self.bound


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. Without a value it could not be measured, and `remark` says why.

    `is_right` is false where something that must hold did not: then the figure means nothing, and
    the benchmark fails. A goal that is missed does not make it fail.
    """

    section: str
    what: str
    value: float | None
    unit: str
    goal: Goal | None = None
    remark: str = ""
    is_right: bool = True

    @property
    def is_met(self) -> bool | None:
        """Whether the goal is met; None where there is no goal, or nothing was measured."""
        if self.goal is None or self.value is None:
            return None
        return self.is_right and self.goal.is_met(self.value)


def at_least(bound: float) -> Goal:
    return Goal(Sense.AT_LEAST, bound)


def at_most(bound: float) -> Goal:
    return Goal(Sense.AT_MOST, bound)


def as_text(section: str, rows: Sequence[Row]) -> str:
    """Return a line for each figure of a section, under its name."""
    return "\n".join([section, *(_line(row) for row in rows)])


def as_data(rows: Iterable[Row]) -> list[dict[str, object]]:
    """Return the figures for a JSON document."""
    return [
        {
            "section": row.section,
            "what": row.what,
            "value": row.value,
            "unit": row.unit,
            "goal": row.goal and f"{row.goal.sense.value} {row.goal.bound:g}",
            "met": row.is_met,
            "right": row.is_right,
            "remark": row.remark,
        }
        for row in rows
    ]


def _line(row: Row) -> str:
    measured = "-" if row.value is None else f"{_figure(row.value)} {row.unit}"
    goal = "" if row.goal is None else f"{row.goal.sense.value} {row.goal.bound:,g}"
    verdict = {True: "met", False: "missed", None: ""}[row.is_met]
    if not row.is_right:
        verdict = "WRONG"
    return f"  {row.what:58} {measured:>18}  {goal:>7}  {verdict:6}  {row.remark}".rstrip()


def _figure(value: float) -> str:
    """Return three digits, or all of a whole number."""
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
