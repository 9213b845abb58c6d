"""A run that forgets values says what holds, and no more than it knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.checker.test_search import hide_native_search

from splitspec.checker.expectation import Expectation, judge
from splitspec.checker.explicit.search import cross_check, explore
from splitspec.checker.result import Limits, RunResult
from splitspec.model.manifest_entry import ExpectedRun
from splitspec.model.manifest_forgetting import forgetting_of
from splitspec.model.setting import Setting
from splitspec.model.verdict import Outcome

MakeSetting = Callable[..., Setting]

# The host scribbles on free pages; only clean ones are mapped. So a page is free and clean, free
# and not clean, or mapped and clean: 3^n states, and 2^n of them where free pages are forgotten.
PAGES = """
    sort Page
    var note[Page]: bool
    var mapped[Page]: bool
    def is_free(g: Page) = not mapped[g]
    action scribble(g: Page) by host
      when free: not mapped[g] @hardware
      note[g] := not note[g]
    action map_page(g: Page) by kernel
      when free:  not mapped[g]
      when clean: not note[g]
      mapped[g] := true
    action free_page(g: Page) by kernel
      when mapped: mapped[g]
      mapped[g] := false
    invariant mapped_pages_are_clean
      all g: Page: mapped[g] implies not note[g]
    witness a_note
      some g: Page: note[g]
"""
FREE = "m.note where m.is_free"


def forgetting(setting: Setting, *texts: str) -> Setting:
    run = ExpectedRun(setting.given, None, None, None, None, None, texts, None)
    found = forgetting_of(run, setting.program)
    assert found.diagnostics == ()
    return replace(setting, forgotten=found.places)


def outcomes(result: RunResult) -> dict[str, Outcome]:
    return {verdict.property: verdict.outcome for verdict in result.verdicts}


@pytest.mark.parametrize("symmetry", [False, True])
def test_states_that_differ_in_forgotten_values_are_one(
    setting: MakeSetting, symmetry: bool
) -> None:
    pages = setting(PAGES, sizes=3)
    whole = explore(pages, symmetry=False)
    result = explore(forgetting(pages, FREE), symmetry=symmetry)
    # Of three pages some number, from none to all, is mapped: four orbits of the eight states.
    assert (whole.run.states, result.run.states) == (27, 4 if symmetry else 8)
    assert result.run.symmetry is symmetry
    assert result.run.forgotten == (FREE,)
    assert outcomes(result)["m.mapped_pages_are_clean"] is Outcome.HOLDS


def test_what_is_reached_and_where_it_ends_is_not_decided_and_not_asked_for(
    setting: MakeSetting,
) -> None:
    result = explore(forgetting(setting(PAGES), FREE))
    open_ = {v.property for v in result.verdicts if v.outcome is Outcome.UNKNOWN}
    assert open_ == {"m.a_note", "deadlock"}
    assert all(j.met for j in judge(result, Expectation(is_forgetful=True)).judgements)
    assert not all(j.met for j in judge(result, Expectation()).judgements)


def test_what_may_be_violated_is_unknown(setting: MakeSetting) -> None:
    result = explore(forgetting(setting(PAGES), "m.note"))
    (verdict,) = [v for v in result.verdicts if v.property == "m.mapped_pages_are_clean"]
    assert (verdict.outcome, verdict.trace) == (Outcome.UNKNOWN, None)
    assert "perhaps of no reachable state" in verdict.reason


def test_a_run_that_needs_what_it_forgets_decides_nothing(setting: MakeSetting) -> None:
    # Without the guard, nothing says what the page holds when it is mapped.
    unread = PAGES.replace("      when clean: not note[g]\n", "")
    result = explore(forgetting(setting(unread), FREE))
    assert set(outcomes(result).values()) == {Outcome.UNKNOWN}
    assert {v.reason for v in result.verdicts} == {"m.map_page needs a value that the run forgets"}


def test_what_an_obligation_watches_is_not_forgotten(setting: MakeSetting) -> None:
    # The fault at the third step would go unseen with the level.
    levels = """
        var level: 0..2
        action rise() by kernel
          level += 1
        invariant true_anyway
          level <= 2
    """
    assert outcomes(explore(setting(levels)))["m.rise.range"] is Outcome.VIOLATED
    assert set(outcomes(explore(forgetting(setting(levels), "m.level"))).values()) == {
        Outcome.UNKNOWN
    }


def test_a_fault_of_a_resting_value_hides_no_step(setting: MakeSetting) -> None:
    # At rest, `spare` makes the step fail; with the true value, it leads to a violation.
    steps = """
        var spare: 0..2
        var level: 0..2
        init
          spare := 1
        action drop_to() by kernel
          level := spare - 1
        action refill() by kernel
          spare := 2
        invariant low
          level = 0
    """
    assert outcomes(explore(setting(steps)))["m.low"] is Outcome.VIOLATED
    assert outcomes(explore(forgetting(setting(steps), "m.spare")))["m.low"] is Outcome.UNKNOWN


def test_nothing_is_forgotten_where_all_variables_are_kept(setting: MakeSetting) -> None:
    pages = forgetting(setting(PAGES, sizes=3), FREE)
    result = explore(pages, slice=False, symmetry=False)
    assert (result.run.states, result.run.forgotten) == (27, ())
    assert outcomes(result)["m.a_note"] is Outcome.REACHED
    assert cross_check(pages, limits=Limits(), workers=1).disagreements == ()


def test_where_nothing_compiles_nothing_is_forgotten(
    setting: MakeSetting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The evaluator reads what the other system leaves out, so it keeps it."""
    hide_native_search(monkeypatch, "llvmlite")
    result = explore(forgetting(setting(PAGES, sizes=3), "m.note"))
    assert (result.run.states, result.run.forgotten) == (27, ())
    assert outcomes(result)["m.a_note"] is Outcome.REACHED
