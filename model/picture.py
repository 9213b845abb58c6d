"""A picture: what a page draws of a trace, as text and plain data, so that drawing needs neither a
specification nor an engine.

Whatever can change along the trace has one entry for each state.
"""

from __future__ import annotations

from splitspec.model.frozen import frozen
from splitspec.model.trace import Trace


@frozen
class Cell:
    """An element, or a tuple of elements; `owner` is the principal among them, or ""."""

    name: str
    owner: str


@frozen
class Column:
    heading: str
    kinds: str  # the sorts: "Container, Addr"
    cells: tuple[Cell, ...]


@frozen
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


@frozen
class Ledger:
    """Bars by element, and what they should add up to, if that is said. `places` are numbers of the
    places that it depends on in the last state."""

    label: str
    bars: tuple[tuple[str, tuple[int, ...]], ...]
    whole: tuple[int, ...] | None
    whole_text: str
    places: tuple[int, ...] = ()


@frozen
class Track:
    """Over time: for each element what it has in each state ("" for nothing), and whose it is."""

    label: str
    rows: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]


@frozen
class Diagram:
    name: str
    text: str
    columns: tuple[Column, ...]
    inks: tuple[Ink, ...]
    ledgers: tuple[Ledger, ...]
    tracks: tuple[Track, ...]


@frozen
class Lane:
    """A line of life. `side` is outside, inside or tenant: where it lies of the trust boundary."""

    name: str
    element: str
    side: str


@frozen
class Stroke:
    """A step in the sequence: from a lane to a lane or None; its guards with their kinds. What is
    no step of anybody, such as a line of a log that says what was seen, has the lane -1."""

    source: int
    target: int | None
    hostile: bool
    text: str
    location: str
    guards: tuple[tuple[str, str, str], ...]  # name, condition, kind
    needed: bool = True  # the claim depends on it


@frozen
class Row:
    """A property over time: whether it is true of each state."""

    path: str
    text: str
    truths: tuple[bool, ...]


@frozen
class Parting:
    """How two runs part in their last step: `sentence` says it, `word` what the second run does
    with the step.

    Either guards (name, line, place in the source) refuse the step there, or places (place, as the
    specification has it, as it was found) differ after it; `remarks` are what else is known.
    """

    verdict: str  # "not a refinement", "diverges", "no run"
    sentence: str
    word: str = ""  # "refused", "leads elsewhere", "does it"
    refusals: tuple[tuple[str, str, str], ...] = ()
    differences: tuple[tuple[str, str, str], ...] = ()
    headings: tuple[str, str] = ("as the step makes it", "as it is seen")
    remarks: tuple[str, ...] = ()


@frozen
class Companion:
    """A second run beside the first: what a refinement sees of it, what a specification makes of
    an implementation's, what a log says of it. It has a state for each state of the first, and for
    each step of the first a text, "" where it takes none. The last step is where the two part.
    """

    name: str  # "platform, as sev is seen"
    places: tuple[str, ...]
    states: tuple[tuple[str, ...], ...]
    steps: tuple[str, ...]
    parting: Parting
    idle: str = "stutters"  # what taking no step is called
    diagrams: tuple[Diagram, ...] = ()


@frozen
class Picture:
    """`title` is the sentence of the claim; `banner` says what is not known of a trace that does
    not begin at an initial state. `opened` is the number of the diagram that shows most of what
    decides the claim."""

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
    opened: int = 0
