"""What a refinement may not say, and what it has to say of steps that change nothing above: else a
claim would be carried over that is false of the refining system."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.refinement.conftest import Pair, PairBuild

from splitspec.checker.explicit.search import explore
from splitspec.model.loader import load
from splitspec.model.scope import Scope
from splitspec.model.verdict import Outcome
from splitspec.refinement.correspondence import Correspondence
from splitspec.refinement.matching import match
from splitspec.refinement.refining import Refinement, prove_refinement, refine, setting_of

# What changes nothing, above, is a step all the same: it has an actor.
SWITCH = """
    const may: bool
    var on: bool
    action turn() by kernel
      when may: may
      on := (not on)
    invariant on_where_it_may
      on implies may
    step {name}
      {claim}
"""
LEVER = """
    const fixed: bool
    var lit: bool
    var open: bool
    var poked: bool
    action pull() by kernel
      when may: {may}
      lit := (not lit)
    action open_or_close() by kernel
      open := (not open)
    action poke() by host
      when apart: not poked
      poked := true
    refinement lower of upper
      let on = lit
      let may = {may}
      pull() is turn()
      open_or_close() is stutter
      poke() is stutter
"""
STEPS = {
    "actor = kernel": {"upper.said.stutters"},
    "next(on) = (not on)": {"upper.said.stutters"},
    "next(on) != on implies actor = kernel": set(),
    "actor = host implies unchanged on": set(),
    "on and next(not on) implies actor = kernel": set(),
    "not on or next(on) or actor = kernel": set(),
}
# Above, a constant may be absent, and the step is only taken while it is; below, it never is.
PERHAPS = """
    const reserve: bool?
    var used: bool
    action use() by kernel
      when lacking: reserve = none
      used := true
"""
SURELY = """
    const spare: bool
    var used: bool
    action use() by kernel
      used := true
    refinement lower of upper
      let reserve = spare
      let used = used
"""


def _broken(found: Refinement) -> set[str]:
    return {v.property for v in found.result.verdicts if v.outcome is Outcome.VIOLATED}


@pytest.mark.parametrize("claim", STEPS)
def test_a_stuttering_step_has_to_be_one_that_the_step_properties_above_allow(
    pair: PairBuild, claim: str
) -> None:
    both = pair(SWITCH.format(name="said", claim=claim), LEVER.format(may="fixed"))
    found = refine(both.correspondence, both.setting)
    assert _broken(found) == STEPS[claim]
    for square in found.squares.values():
        assert [refused.guard for refused in square.refusals] == ["upper.said"]
    proof = prove_refinement(both.correspondence, both.setting)
    proved = {v.property for v in proof.verdicts if v.outcome is Outcome.HOLDS}
    assert proved == {v.property for v in proof.verdicts} - STEPS[claim]


def test_what_goes_by_itself_is_not_claimed_of_a_stuttering_step(pair: PairBuild) -> None:
    claim = "(on implies next(on) or next(not on)) and (next(on) != on implies actor = kernel)"
    both = pair(SWITCH.format(name="said", claim=claim), LEVER.format(may="fixed"))
    assert not any(path.endswith(".stutters") for path in both.setting.properties)


def test_no_constant_is_what_may_change(pair: PairBuild) -> None:
    """Else the abstract invariant would be claimed of a run of no abstract system."""
    claim = SWITCH.format(name="said", claim="unchanged may")
    both = pair(claim, LEVER.format(may="fixed"))
    assert refine(both.correspondence, both.setting).squares == {}
    with pytest.raises(AssertionError, match=r"`upper.may` is a constant, and `lower.open`"):
        pair(claim, LEVER.format(may="open"))


def test_what_is_above_is_seen_through_is_compared(tmp_path: Path) -> None:
    """What is above is seen through variables that nothing else of the middle reads."""
    texts = {
        "above": "var seen: bool\n\naction see() by kernel\n  when first: not seen\n"
        "  seen := true\n\nwitness is_seen\n  seen\n",
        "middle": "var on: bool\nvar shown: bool\n\naction turn() by kernel\n  when off: not on\n"
        "  on := true\n  shown := true\n\nwitness is_on\n  on\n\nrefinement middle of above\n"
        "  let seen = shown\n  turn() is see()\n",
        "below": "var lit: bool\n\naction light() by kernel\n  when dark: not lit\n"
        "  lit := true\n\nrefinement below of middle\n  let on = lit\n  let shown = false\n"
        "  light() is turn()\n",
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.split").write_text(f"module {name}\n\n{text}", encoding="utf-8")
    programs = {name: load(tmp_path / f"{name}.split").program for name in texts}
    below, middle = programs["below"], programs["middle"]
    assert below is not None
    assert middle is not None
    found = match(below, middle, next(r for r in below.refinements if r.abstract == "middle"))
    assert isinstance(found, Correspondence)
    above = programs["above"]
    assert above is not None
    for known in (found, replace(found, above={"above": above})):
        setting = setting_of(known, Scope({}, {}, {}), frozenset())
        assert _broken(refine(known, setting)) == {"middle.shown.agrees"}
    # Where nothing is claimed of `seen`, nobody looks through `shown`.
    silent = replace(found, above={"above": replace(above, properties={}, actions={})})
    setting = setting_of(silent, Scope({}, {}, {}), frozenset())
    assert refine(silent, setting).squares == {}


def test_a_module_refines_two(tmp_path: Path) -> None:
    for name, variable in (("one", "on"), ("two", "lit")):
        (tmp_path / f"{name}.split").write_text(
            f"module {name}\n\nvar {variable}: bool\n\naction turn() by kernel\n"
            f"  when off: not {variable}\n  {variable} := true\n",
            encoding="utf-8",
        )
    refinements = "".join(
        f"\nrefinement both of {name}\n  let {variable} = bright\n  light() is turn()\n"
        for name, variable in (("one", "on"), ("two", "lit"))
    )
    (tmp_path / "both.split").write_text(
        "module both\n\nvar bright: bool\n\naction light() by kernel\n  when dark: not bright\n"
        f"  bright := true\n{refinements}",
        encoding="utf-8",
    )
    both = load(tmp_path / "both.split").program
    assert both is not None
    for declared in both.refinements:
        above = load(tmp_path / f"{declared.abstract}.split").program
        assert above is not None
        found = match(both, above, declared)
        assert isinstance(found, Correspondence)
        result = refine(found, setting_of(found, Scope({}, {}, {}), frozenset()))
        assert {v.outcome for v in result.result.verdicts} == {Outcome.HOLDS}
        assert result.squares == {}


@pytest.mark.parametrize("kind", ["var", "ghost var"])
def test_a_number_without_an_end_above_is_refused(pair: PairBuild, kind: str) -> None:
    above = f"""
        {kind} often: nat
        action turn() by kernel
          often += 1
        invariant few
          often <= 2
    """
    below = """
        var on: bool
        action pull() by kernel
          on := (not on)
        refinement lower of upper
          let often = 0
          pull() is turn()
    """
    with pytest.raises(AssertionError, match=r"`upper.often` is a `nat` of the abstract module"):
        pair(above, below)


@pytest.mark.parametrize("pins", [{}, {"lower.spare": False}], ids=["any", "the first"])
def test_a_constant_that_is_never_absent_is_not_taken_for_absent(
    pair: PairBuild, pins: dict[str, bool]
) -> None:
    """Whatever the value of what stands for it, also the first one of its type."""
    setting = pair(PERHAPS, SURELY).setting
    result = explore(replace(setting, scope=replace(setting.scope, pins=pins)), evaluator_states=0)
    assert {v.property: v.outcome for v in result.verdicts}["lower.use.allowed"] is Outcome.VIOLATED


# Above, what is written is the constant, which is at most 1; below, what stands for it may be more.
CAPPED = """
    const cap{index}: {type}
    var level{index}: {wide}
    action fill({parameter}) by kernel
      level{place} := cap{place}
    invariant low
      {low}
"""
POURED = """
    const much{index}: {type}
    var depth{index}: {wide}
    action fill({parameter}) by kernel
      depth{place} := much{place}
    refinement lower of upper
      let level{place} = depth{place}
      let cap{place} = {cap}
"""
PLAIN = {"index": "", "place": "", "parameter": "", "low": "level <= 1", "wide": "0..9"}
BY_CELL = {"index": "[Cell]", "place": "[c]", "parameter": "c: Cell"}
OPTIONAL = PLAIN | {"low": "no n: 0..9: n > 1 and level = n", "wide": "0..9?"}
STANDING = {
    "a range": (PLAIN, "0..1", "0..3", "much"),
    "a sum": (PLAIN, "0..1", "0..1", "much + 1"),
    "a number": (PLAIN, "0..1", "0..3", "2"),
    "one of many": (
        PLAIN | BY_CELL | {"low": "all c: Cell: level[c] <= 1"},
        "0..1",
        "0..3",
        "much[c]",
    ),
    "an option": (OPTIONAL, "0..1?", "0..3?", "much"),
    "a value for an option": (OPTIONAL, "0..1?", "0..3", "much"),
}
FITTING = {
    "the same range": (PLAIN, "0..1", "0..1", "much"),
    "a wider one": (PLAIN, "0..1", "0..3", "if much <= 1 then much else 1"),
    "an absent one": (OPTIONAL, "0..1?", "0..3?", "none"),
}


def _standing(pair: PairBuild, of: tuple[dict[str, str], str, str, str]) -> tuple[Pair, Refinement]:
    words, above, below, cap = of
    upper = CAPPED.format(**words, type=above)
    both = pair(upper, POURED.format(**words, type=below, cap=cap))
    return both, refine(both.correspondence, both.setting)


@pytest.mark.parametrize("of", STANDING.values(), ids=STANDING)
def test_what_stands_for_a_constant_is_one_of_its_values(
    pair: PairBuild, of: tuple[dict[str, str], str, str, str]
) -> None:
    """Else the abstract invariant, which is true of all of them, would be claimed of others."""
    both, found = _standing(pair, of)
    assert "upper.cap.within" in _broken(found)
    square = found.squares["upper.cap.within"]
    assert square.concrete.steps == ()
    assert {refusal.guard.partition("[")[0] for refusal in square.refusals} == {"cap"}
    proof = prove_refinement(both.correspondence, both.setting)
    assert {v.property: v.outcome for v in proof.verdicts}["upper.cap.within"] is Outcome.VIOLATED


@pytest.mark.parametrize("of", FITTING.values(), ids=FITTING)
def test_a_value_that_a_constant_can_have_may_stand_for_it(
    pair: PairBuild, of: tuple[dict[str, str], str, str, str]
) -> None:
    _, found = _standing(pair, of)
    assert "upper.cap.within" not in _broken(found)


def test_no_number_below_zero_stands_for_a_natural(pair: PairBuild) -> None:
    above = """
        const room: nat
        var full: bool
        action fill() by kernel
          when small: room < 1
          full := true
    """
    below = """
        const spare: 0..1
        var full: bool
        action fill() by kernel
          when none_spare: spare {spare}
          full := true
        refinement lower of upper
          let full = full
          let room = spare {one}
    """
    over = pair(above, below.format(spare="<= 1", one="- 1"))
    found = refine(over.correspondence, over.setting)
    assert _broken(found) == {"upper.room.within"}
    assert prove_refinement(over.correspondence, over.setting).verdicts
    met = pair(above, below.format(spare="= 0", one="+ 0"))
    assert _broken(refine(met.correspondence, met.setting)) == set()


def test_a_sort_that_only_the_abstract_module_has_is_refused(pair: PairBuild) -> None:
    above = """
        sort Shelf
        var laden[Shelf]: bool
        action load(s: Shelf) by kernel
          laden[s] := true
    """
    below = """
        var full: bool
        action fill() by kernel
          full := true
        refinement lower of upper
          let laden[s] = full
          fill() is stutter
    """
    with pytest.raises(AssertionError, match=r"`upper.Shelf` is a sort that only the abstract"):
        pair(above, below)
