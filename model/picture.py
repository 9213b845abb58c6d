"""A picture: what a page draws of a trace, as text and plain data, so that drawing needs neither a
specification nor an engine.

Whatever can change along the trace has one entry for each state.
"""

from __future__ import annotations

from dataclasses import dataclass

from splitspec.model.trace import Step, Trace


@dataclass(frozen=True, slots=True)
class Cell:
    """An element, or a tuple of elements; `owner` is the principal among them, or ""."""

    name: str
    owner: str


@dataclass(frozen=True, slots=True)
class Column:
    heading: str
    kinds: str  # the sorts: "Container, Addr"
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Ink:
    """Something drawn at a cell: `kind` is owner, claim, link or mark.

    `source` and `target` are numbers of a column and of a cell in it; `principal` is whose it is;
    `values` say for each state what is shown, "" for nothing. `places` are numbers of the places
    that it depends on.
    """

    kind: str
    label: str
    source: tuple[int, int]
    target: tuple[int, int] | None
    principal: str
    values: tuple[str, ...]
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Ledger:
    """Bars by element, and what they should add up to, if that is said."""

    label: str
    bars: tuple[tuple[str, tuple[int, ...]], ...]
    whole: tuple[int, ...] | None
    whole_text: str


@dataclass(frozen=True, slots=True)
class Track:
    """Over time: for each element what it has in each state ("" for nothing), and whose it is."""

    label: str
    rows: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Diagram:
    name: str
    text: str
    columns: tuple[Column, ...]
    inks: tuple[Ink, ...]
    ledgers: tuple[Ledger, ...]
    tracks: tuple[Track, ...]


@dataclass(frozen=True, slots=True)
class Lane:
    """A line of life. `side` is outside, inside or tenant: where it lies of the trust boundary."""

    name: str
    element: str
    side: str


@dataclass(frozen=True, slots=True)
class Stroke:
    """A step in the sequence: from a lane to a lane or None; its guards with their kinds."""

    source: int
    target: int | None
    hostile: bool
    text: str
    location: str
    guards: tuple[tuple[str, str, str], ...]  # name, condition, kind


@dataclass(frozen=True, slots=True)
class Row:
    """A property over time: whether it is true of each state."""

    path: str
    text: str
    truths: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Companion:
    """A second run beside the first, such as what a refinement sees of it, or what a specification
    makes of an implementation's: a state for each of its states, a step or a stutter for each step.

    The last step is where the two part: guards (name, line, place in the source) refuse it, or
    places (place, as it should be, as it is) differ after it.
    """

    name: str  # "platform, as sev is seen"
    places: tuple[str, ...]
    states: tuple[tuple[str, ...], ...]
    steps: tuple[Step | None, ...]
    refusals: tuple[tuple[str, str, str], ...]
    differences: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """`title` is the sentence of the claim; `banner` says what is not known of a trace that does
    not begin at an initial state."""

    trace: Trace
    title: str
    kind: str
    difference: str  # what the variant says of itself
    banner: str
    principals: tuple[str, ...]
    lanes: tuple[Lane, ...]
    strokes: tuple[Stroke, ...]
    diagrams: tuple[Diagram, ...]
    rows: tuple[Row, ...]
