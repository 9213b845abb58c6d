"""Simulation shows violations by walks that can be walked again, and claims no more."""

from __future__ import annotations

from collections.abc import Callable

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
