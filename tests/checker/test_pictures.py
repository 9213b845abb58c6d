"""What is drawn of a state is what its view says of it, evaluated."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from splitspec.checker.evidence.claims import claim_named
from splitspec.checker.evidence.execution import Execution, trace
from splitspec.checker.evidence.picturing import picture_of
from splitspec.checker.evidence.replay import perform
from splitspec.checker.report.page import Take, embedded, page
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import Value
from splitspec.model.picture import Diagram, Picture
from splitspec.model.setting import Setting

Make = Callable[..., Setting]

MACHINE = """
    sort C
    sort Page
    sort Frame
    var npt[Page]: Frame?
    var pool[C, Page]: bool
    var table[C, Page]: Frame?
    var pays[Frame]: C?
    ghost var data[Frame]: C?
    counter usage[c: C] counts f: Frame where pays[f] = c
    enum Phase = young | old
    var phase[C]: Phase
    action back(c: C, g: Page, f: Frame) by host
      when quiet: npt[g] = none
      npt[g] := f
      pays[f] := c
      usage[c] += 1
      pool[c, g] := true
    action remap(g: Page, f: Frame) by host hostile
      npt[g] := f
    action write(c: C, f: Frame) by container[c]
      data[f] := c
      phase[c] := old
    action clear(c: C, f: Frame) by kernel for c
      data[f] := none
    action ask() by verifier
      phase[c] := young for c: C
    witness written
      some f: Frame: data[f] != none
"""

VIEW = """
    view memory
      "Where it goes."
      column PA f: Frame
      link NPT g: Page, f: Frame where npt[g] = f
      link entry c: C, g: Page, f: Frame where table[c, g] = f
      owner data f: Frame, c: C where data[f] = c
      claim pool g: Page, c: C where pool[c, g]
      mark phase c: C = phase[c]
      ledger paid c: C = usage[c] of (count f: Frame where pays[f] != none)
      track maps g: Page, f: Frame where npt[g] = f
      lane shadow[c: C] by host
      lane vmm by host
      message back(c, g, f): shadow[c] to kernel
      message remap(g, f): vmm
"""

CALLS: list[tuple[str, dict[str, Value]]] = [
    ("m.back", {"c": 0, "g": 0, "f": 1}),
    ("m.write", {"c": 0, "f": 1}),
    ("m.remap", {"g": 0, "f": 0}),
    ("m.clear", {"c": 0, "f": 1}),
    ("m.ask", {}),
]


def _picture(setting: Setting) -> Picture:
    evaluator = Evaluator(setting)
    claim = claim_named(evaluator, "m.written")
    execution = perform(evaluator, CALLS, next(evaluator.initial_states()))
    assert claim is not None
    assert isinstance(execution, Execution)
    return picture_of(evaluator, claim, execution, trace(evaluator, claim, execution, None))


def _drawn(diagram: Diagram) -> dict[str, tuple[str, ...]]:
    """What is drawn, in words: "link NPT p1 f2", with the values over time."""

    def name(end: tuple[int, int]) -> str:
        return diagram.columns[end[0]].cells[end[1]].name

    return {
        " ".join(
            (ink.kind, ink.label, name(ink.source), ink.principal or name(ink.target or ink.source))
        ): ink.values
        for ink in diagram.inks
    }


@pytest.fixture
def declared(setting: Make) -> Picture:
    return _picture(setting(MACHINE + VIEW.replace('"Where it goes."', '"""Where it goes."""')))


def test_every_line_draws_what_it_is_worth_in_each_state(declared: Picture) -> None:
    (diagram,) = declared.diagrams
    assert diagram.text == "Where it goes."
    assert _drawn(diagram) == {
        "link NPT p1 f2": ("", "1", "1", "", "", ""),
        "link NPT p1 f1": ("", "", "", "1", "1", "1"),
        "owner data f2 c1": ("", "", "1", "1", "", ""),
        "claim pool p1 c1": ("", "1", "1", "1", "1", "1"),
        "mark phase c1 c1": ("young", "young", "old", "old", "old", "young"),
        "mark phase c2 c2": ("young",) * 6,
    }


def test_what_is_drawn_knows_the_places_that_it_shows(declared: Picture) -> None:
    (diagram,) = declared.diagrams
    places = declared.trace.places
    shown = {ink.label: [places[number] for number in ink.places] for ink in diagram.inks}
    assert shown["NPT"] == ["npt[p1]"]
    assert shown["pool"] == ["pool[c1, p1]"]


def test_columns_follow_the_links(declared: Picture) -> None:
    (diagram,) = declared.diagrams
    headings = [column.heading for column in diagram.columns]
    assert headings.index("Page") < headings.index("PA")
    assert headings.index("C × Page") < headings.index("PA")


def test_ledgers_and_tracks_have_a_value_for_each_state(declared: Picture) -> None:
    (diagram,) = declared.diagrams
    (ledger,) = diagram.ledgers
    assert dict(ledger.bars) == {"c1": (0, 1, 1, 1, 1, 1), "c2": (0,) * 6}
    assert ledger.whole == (0, 1, 1, 1, 1, 1)
    (track,) = diagram.tracks
    rows = {name: (values, owners) for name, values, owners in track.rows}
    assert rows["p1"] == (("", "f2", "f2", "f1", "f1", "f1"), ("", "", "c1", "", "", ""))


def test_lanes_stand_on_their_sides_of_the_boundary(declared: Picture) -> None:
    lanes = [(lane.name, lane.element, lane.side) for lane in declared.lanes]
    assert lanes == [
        ("shadow", "c1", "outside"),
        ("vmm", "", "outside"),
        ("kernel", "", "inside"),
        ("container", "c1", "inside"),
        ("verifier", "", "tenant"),
    ]
    ends = [(stroke.source, stroke.target, stroke.hostile) for stroke in declared.strokes]
    assert ends == [
        (0, 2, False),
        (3, None, False),
        (1, None, True),
        (2, 3, False),
        (4, None, False),
    ]


def test_types_are_view_enough(setting: Make) -> None:
    """Ghosts say whose a frame is; tables say whose they take it for."""
    picture = _picture(setting(MACHINE))
    (diagram,) = picture.diagrams
    assert picture.principals == ("c1", "c2")
    drawn = _drawn(diagram)
    assert drawn["link npt p1 f2"] == ("", "1", "1", "", "", "")
    assert drawn["owner data f2 c1"] == ("", "", "1", "1", "", "")
    assert drawn["claim pays f2 c1"] == ("", "1", "1", "1", "1", "1")
    assert drawn["claim pool p1 c1"] == ("", "1", "1", "1", "1", "1")
    assert [ledger.label for ledger in diagram.ledgers] == ["usage"]


def test_a_page_is_the_same_bytes_every_time(setting: Make) -> None:
    made = setting(MACHINE)
    pages = [page([Take("run", _picture(made))], "text", "1.0") for _ in range(2)]
    assert pages[0] == pages[1]


def test_nothing_in_the_data_ends_its_element() -> None:
    text = embedded({"</script><script>": "<!--\u2028&"})
    assert not set("<>&\u2028") & set(text)
