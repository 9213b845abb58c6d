"""What a refinement may not say, and what it has to say of steps that change nothing above: else a
claim would be carried over that is false of the refining system."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.refinement.conftest import PairBuild

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
