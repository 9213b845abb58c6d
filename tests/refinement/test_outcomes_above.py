"""A refinement rests on the outcomes of the steps above: a square of a step that has none holds."""

from __future__ import annotations

import pytest
from tests.refinement.conftest import Pair, PairBuild

from splitspec.model.verdict import AssuranceKind, Outcome
from splitspec.refinement.refining import prove_refinement, refine

# Above, a counter leaves its range at the third step, and below it stays at its end: of two cells
# there is no third.
COUNTED = """
    var seen[Cell]: bool
    var sum: 0..2
    action tick(c: Cell) by kernel
      when fresh: not seen[c]
      seen[c] := true
      sum += 1
    action again() by kernel
      when full: all c: Cell: seen[c]
      seen[c] := false for c: Cell
      sum := 0
"""
SATURATED = """
    var marked[Cell]: bool
    var level: 0..2
    action tick(c: Cell) by kernel
      when fresh: not marked[c]
      marked[c] := true
      level := if level = 0 then 1 else 2
    action again() by kernel
      when full: all c: Cell: marked[c]
      marked[c] := false for c: Cell
      level := 0
    refinement lower of upper
      let seen[c] = marked[c]
      let sum = level
"""


def _broken(pair: Pair) -> set[str]:
    found = refine(pair.correspondence, pair.setting).result
    return {v.property for v in found.verdicts if v.outcome is Outcome.VIOLATED}


def test_a_step_without_an_outcome_above_is_found_where_there_is_one(pair: PairBuild) -> None:
    assert _broken(pair(COUNTED, SATURATED)) == set()
    assert _broken(pair(COUNTED, SATURATED, sizes=3)) == {"lower.tick.range"}


@pytest.mark.parametrize("recheck", [False, True], ids=["once", "rechecked"])
def test_nothing_is_proved_that_rests_on_a_step_without_an_outcome_above(
    pair: PairBuild, *, recheck: bool
) -> None:
    """A proof takes it that each step has an outcome; after one that has none, all squares hold."""
    both = pair(COUNTED, SATURATED)
    proof = prove_refinement(both.correspondence, both.setting, recheck=recheck)
    assert {v.outcome for v in proof.verdicts} == {Outcome.UNKNOWN}
    assert {v.reason for v in proof.verdicts} == {
        "rests on upper.tick.range of upper, not proved for any size"
    }


def test_a_counter_above_that_grows_has_room_only_if_it_is_exact(pair: PairBuild) -> None:
    """Of one cell there are not two; nothing else is said of how far it may count."""
    counting = """
        var full[Cell]: bool
        counter filled counts c: Cell where full[c]
        action tick() by kernel
          filled += 1
    """
    climbing = """
        var marked[Cell]: bool
        var level: 0..9
        action tick() by kernel
          when room: level < 9
          level := level + 1
        refinement lower of upper
          let full[c] = marked[c]
          let filled = level
    """
    both = pair(counting, climbing)
    assert _broken(both) == {"lower.tick.range"}
    proof = prove_refinement(both.correspondence, both.setting)
    assert {v.reason for v in proof.verdicts} == {
        "rests on upper.filled.exact of upper, not proved for any size"
    }


def test_it_is_proved_where_each_step_above_has_an_outcome(pair: PairBuild) -> None:
    steady = COUNTED.replace("sum += 1", "sum := if sum = 0 then 1 else 2")
    both = pair(steady, SATURATED)
    proof = prove_refinement(both.correspondence, both.setting, recheck=True)
    assert {v.assurance.kind for v in proof.verdicts} == {AssuranceKind.PROVED}
    assert proof.run.rechecked
    assert proof.run.unconfirmed == ()


@pytest.mark.parametrize("guard", ["{name} < 3", "{name} > 0"])
def test_a_step_without_an_outcome_below_is_no_square_and_no_pass(
    pair: PairBuild, guard: str
) -> None:
    """It may hide one that has none above, or is refused there; the run is the concrete system's
    own."""
    falling = """
        var {name}: 0..3
        init
          {name} := 1
        action sink() by kernel
          when low: {guard}
          {name} -= 1
        {rest}
    """
    refining = "refinement lower of upper\n          let depth = height"
    above = falling.format(name="depth", guard=guard.format(name="depth"), rest="")
    both = pair(above, falling.format(name="height", guard="height < 3", rest=refining))
    found = refine(both.correspondence, both.setting)
    assert found.squares == {}
    broken = {v.property: v for v in found.result.verdicts if v.outcome is Outcome.VIOLATED}
    refused = {"lower.sink.allowed"} if ">" in guard else set()
    assert broken.keys() == {"lower.sink.range"} | refused
    for verdict in broken.values():
        assert "no outcome in lower itself" in verdict.reason
        assert verdict.trace is not None
        assert verdict.trace.places == ("height",)
        assert [str(step) for step in verdict.trace.steps] == ["sink()", "sink()"]
