"""Which steps a claim depends on, and which picture shows what decides it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from splitspec.checker.evidence.claims import claim_named
from splitspec.checker.evidence.execution import Execution, trace
from splitspec.checker.evidence.explanation import analyse
from splitspec.checker.evidence.picturing import picture_of
from splitspec.checker.evidence.replay import perform
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import Value
from splitspec.model.picture import Picture
from splitspec.model.setting import Setting

Make = Callable[..., Setting]
Calls = Sequence[tuple[str, dict[str, Value]]]

MACHINE = """
    sort C
    sort Page
    var door[C]: bool
    var table[C]: Page?
    var noise[Page]: bool
    ghost var seen[C, C]: bool
    counter opened[p: Page] counts c: C where door[c]
    action open(c: C) by host
      door[c] := true
      opened[p] += 1 for p: Page
    action hum(g: Page) by host
      noise[g] := not noise[g]
    action map(c: C, g: Page) by kernel for c
      when open: door[c]
      table[c] := g
    action peek(c: C, d: C, g: Page) by container[c]
      when mine: table[c] = g   @hardware
      when theirs: table[d] = g @hardware
      when other: c != d        @hardware
      seen[c, d] := true
    invariant unseen
      no c, d: C: seen[c, d]
    invariant shut
      all p: Page: opened[p] <= 0
    view halls
      mark noise g: Page where noise[g]
    view tables
      link table c: C, g: Page where table[c] = g
"""
SHARED: Calls = [
    ("m.hum", {"g": 0}),
    ("m.open", {"c": 0}),
    ("m.hum", {"g": 1}),
    ("m.open", {"c": 1}),
    ("m.map", {"c": 0, "g": 0}),
    ("m.map", {"c": 1, "g": 1}),  # undone by the next one
    ("m.map", {"c": 1, "g": 0}),
    ("m.hum", {"g": 0}),
    ("m.peek", {"c": 0, "d": 1, "g": 0}),
]


@pytest.fixture
def picture(setting: Make) -> Callable[..., Picture]:
    """Return the picture of calls that break a claim of the machine, or of another text."""

    def drawn(calls: Calls, path: str, text: str = MACHINE) -> Picture:
        evaluator = Evaluator(setting(text))
        claim = claim_named(evaluator, path)
        assert claim is not None
        execution = perform(evaluator, calls, next(iter(evaluator.initial_states())))
        assert isinstance(execution, Execution)
        shown = trace(evaluator, claim, execution, analyse(evaluator, claim, execution))
        return picture_of(evaluator, claim, execution, shown)

    return drawn


def _needed(picture: Picture) -> list[int]:
    return [number for number, stroke in enumerate(picture.strokes, start=1) if stroke.needed]


def test_steps_that_nothing_read_are_not_needed(picture: Callable[..., Picture]) -> None:
    """What is overwritten unread is not needed, what a needed step's guard read is."""
    assert _needed(picture(SHARED, "m.unseen")) == [2, 4, 5, 7, 9]


def test_a_sum_depends_on_all_that_was_added(picture: Callable[..., Picture]) -> None:
    calls = [("m.open", {"c": 0}), ("m.hum", {"g": 0}), ("m.open", {"c": 1})]
    assert _needed(picture(calls, "m.shut")) == [1, 3]


def test_the_picture_opens_where_the_claim_is_decided(picture: Callable[..., Picture]) -> None:
    """No view draws `seen`, but the step that wrote it read the tables, and none the noise."""
    drawn = picture(SHARED, "m.unseen")
    assert [diagram.name for diagram in drawn.diagrams] == ["halls", "tables", "claim"]
    without = MACHINE.partition("    view halls")[0]
    assert drawn.diagrams[drawn.opened].name == "tables"
    assert picture(SHARED, "m.unseen", without).opened == 0


def test_a_claim_that_no_view_draws_gets_a_picture(picture: Callable[..., Picture]) -> None:
    *_, own = picture(SHARED, "m.unseen").diagrams
    assert (own.name, {ink.label for ink in own.inks}) == ("claim", {"seen"})
    # One that is drawn needs none.
    drawn = MACHINE.replace(
        "      link table", "      mark opened g: Page = opened[g]\n      link table"
    )
    names = [d.name for d in picture([("m.open", {"c": 0})], "m.shut", drawn).diagrams]
    assert names == ["tables"]
