"""Simulation shows violations by walks that can be walked again, and claims no more."""

from __future__ import annotations

import re
from collections.abc import Callable
from time import process_time

import pytest

from splitspec.checker.explicit.simulation import simulate
from splitspec.checker.result import Engine, Limits, RunResult, Stop
from splitspec.model.setting import Setting
from splitspec.model.verdict import AssuranceKind, Outcome, Verdict

MakeSetting = Callable[..., Setting]

# A walk falls off the ledge by its first step or its second; from the floor nothing is possible.
LEDGE = """
    enum Place = top | ledge | floor
    var place: Place
    action climb_down() by kernel
      when up: place = top
      place := ledge
    action fall() by kernel
      when standing: place != floor
      place := floor
    final
      place = floor
    invariant never_down
      place != floor
    invariant somewhere
      place = top or place = ledge or place = floor
    step no_jump
      next(place) = floor implies place != top
    witness standing_there
      place = ledge
    witness nowhere
      place = top and place = ledge
    recoverable back_up
      place = top
"""


def verdict(result: RunResult, name: str) -> Verdict:
    return next(v for v in result.verdicts if v.property == f"m.{name}")


def test_walks_show_what_happens_and_sample_the_rest(setting: MakeSetting) -> None:
    result = simulate(setting(LEDGE), runs=100, seed=1)
    assert result.run.engine is Engine.SIMULATION
    assert not result.run.complete
    assert result.run.seed == 1
    assert verdict(result, "never_down").outcome is Outcome.VIOLATED
    assert verdict(result, "no_jump").outcome is Outcome.VIOLATED
    assert verdict(result, "standing_there").outcome is Outcome.REACHED
    sampled = verdict(result, "somewhere")
    assert (sampled.outcome, sampled.assurance.kind) == (Outcome.HOLDS, AssuranceKind.SAMPLED)
    assert sampled.assurance.detail == "100 runs"


def test_what_walks_cannot_decide_stays_unknown(setting: MakeSetting) -> None:
    result = simulate(setting(LEDGE), runs=100, seed=1)
    assert verdict(result, "nowhere").outcome is Outcome.UNKNOWN
    assert verdict(result, "back_up").outcome is Outcome.UNKNOWN


def test_a_violation_is_shown_by_its_walk(setting: MakeSetting) -> None:
    found = verdict(simulate(setting(LEDGE), runs=100, seed=1), "no_jump")
    assert found.trace is not None
    assert [step.action for step in found.trace.steps] == ["m.fall"]
    assert found.trace.states == (("top",), ("floor",))
    assert "there may be shorter ones" in found.reason


# One lamp of three that are switched on and off breaks the claim, by one step.
LAMPS = """
    sort Lamp
    var on[Lamp]: bool
    var broken: bool
    action switch(l: Lamp) by kernel
      on[l] := not on[l]
    action smash(l: Lamp) by kernel
      when lit: on[l]
      broken := true
    invariant whole
      not broken
    step never_smashed
      next(broken) = broken
"""


@pytest.mark.parametrize("seed", range(6))
def test_a_violation_is_minimised_and_the_same_every_time(setting: MakeSetting, seed: int) -> None:
    """To smash a lamp takes two steps, whatever else a walk does before."""
    lamps = setting(LAMPS, sizes=3)
    results = [simulate(lamps, runs=1, seed=seed, workers=n) for n in (1, 2)]
    for name in ("whole", "never_smashed"):
        one, two = (verdict(result, name) for result in results)
        assert one.trace is not None
        assert [step.action for step in one.trace.steps] == ["m.switch", "m.smash"]
        assert one == two
    reasons = {verdict(simulate(lamps, runs=1, seed=s), "whole").reason for s in range(6)}
    assert any(re.fullmatch(r"walk 0 of .*, minimised from \d+ steps; .*", r) for r in reasons)


# One up or down at a time, and two lamps beside it: ten steps at least, and a walk takes hundreds.
STAIRS = """
    sort Lamp
    var height: nat
    var on[Lamp]: bool
    action climb() by kernel
      when low: height < 10
      height := height + 1
    action descend() by kernel
      when high: height > 0
      height := height - 1
    action switch(l: Lamp) by kernel
      on[l] := not on[l]
    invariant never_there
      height < 10
"""


@pytest.mark.parametrize("seed", range(4))
def test_a_long_walk_comes_down_to_what_is_needed(setting: MakeSetting, seed: int) -> None:
    stairs = setting(STAIRS, bounds={"m.height": 10})
    found = simulate(stairs, runs=1, seed=seed, limits=Limits(depth=100_000))
    trace = verdict(found, "never_there").trace
    assert trace is not None
    assert [step.action for step in trace.steps] == ["m.climb"] * 10
    walked = re.search(r"minimised from ([\d,]+) steps", verdict(found, "never_there").reason)
    assert walked is not None
    assert int(walked[1].replace(",", "")) > 20


# All steps from a state are sought among 14,641 instances of `smash`, few of which are possible.
WIDE = """
    sort Lamp
    var on[Lamp]: bool
    var broken: bool
    action switch(l: Lamp) by kernel
      on[l] := not on[l]
    action smash(a: Lamp, b: Lamp, c: Lamp, d: Lamp) by kernel
      when full: all l: Lamp: on[l] or l = a or l = b or l = c or l = d
      broken := true
    invariant whole
      not broken
"""


def test_to_minimise_takes_no_longer_than_there_is_time(setting: MakeSetting) -> None:
    """Without an end it takes minutes."""
    lamps = setting(WIDE, sizes=11)
    before = process_time()
    found = verdict(simulate(lamps, runs=20, seed=1, limits=Limits(time=2)), "whole")
    assert process_time() - before < 15
    assert found.outcome is Outcome.VIOLATED
    assert found.trace is not None
    assert found.trace.steps[-1].action == "m.smash"


def test_a_walk_ends_where_nothing_is_possible(setting: MakeSetting) -> None:
    """One step or two, each with one half: 1.5 steps a walk."""
    run = simulate(setting(LEDGE), runs=2000, seed=3).run
    assert run.depth == 2
    assert run.states == run.transitions + 2000
    assert 2800 < run.transitions < 3200


def test_one_seed_gives_one_result_for_any_number_of_threads(setting: MakeSetting) -> None:
    results = [simulate(setting(LEDGE), runs=500, seed=9, workers=n) for n in (1, 2)]
    assert results[0].verdicts == results[1].verdicts
    assert results[0].run.transitions == results[1].run.transitions


def test_another_seed_walks_otherwise(setting: MakeSetting) -> None:
    runs = [simulate(setting(LEDGE), runs=500, seed=seed).run for seed in range(8)]
    assert len({run.transitions for run in runs}) > 1


def test_a_depth_ends_every_walk(setting: MakeSetting) -> None:
    run = simulate(setting(LEDGE), runs=100, seed=1, limits=Limits(depth=1)).run
    assert (run.depth, run.transitions) == (1, 100)


def test_a_limit_of_time_is_said(setting: MakeSetting) -> None:
    run = simulate(setting(LEDGE), runs=1 << 40, seed=1, limits=Limits(time=0.1)).run
    assert run.stop is Stop.TIME
