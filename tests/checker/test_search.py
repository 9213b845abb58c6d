"""A search decides what it is asked, by whichever tier, and says how far it went."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from splitspec.checker.budget import Budget
from splitspec.checker.explicit import search
from splitspec.checker.explicit.native.machine_code import load_runtime
from splitspec.checker.explicit.native.object_cache import cache_folder
from splitspec.checker.explicit.search import cross_check, explore
from splitspec.checker.result import Engine, Limits, RunResult, Stop
from splitspec.model.setting import Setting
from splitspec.model.verdict import AssuranceKind, Outcome, Verdict

MakeSetting = Callable[..., Setting]

# Each of n cells goes low, middle, high, and back to low when it is high: 3^n states. From low and
# from middle one step is possible, from high one.
CELLS = """
    sort Cell
    enum Level = low | middle | high
    var level[Cell]: Level
    action raise_once(c: Cell) by kernel
      when low: level[c] = low
      level[c] := middle
    action raise_twice(c: Cell) by kernel
      when middle: level[c] = middle
      level[c] := high
    action fall(c: Cell) by kernel
      when high: level[c] = high
      level[c] := low
    invariant never_all_high
      some c: Cell: level[c] != high
    invariant a_level_is_one_of_three
      all c: Cell: level[c] = low or level[c] = middle or level[c] = high
    step high_comes_from_middle
      all c: Cell: next(level[c]) = high implies level[c] != low
    witness two_are_high
      some c, d: Cell: c != d and level[c] = high and level[d] = high
    recoverable all_low
      all c: Cell: level[c] = low
"""


def natively(setting: Setting, **options: object) -> RunResult:
    result = explore(setting, evaluator_states=0, **options)  # type: ignore[arg-type]
    assert result.run.engine is Engine.NATIVE, result.run.remark
    return result


def verdict(result: RunResult, name: str) -> Verdict:
    return next(v for v in result.verdicts if v.property == name)


@pytest.mark.parametrize("workers", [1, 2])
def test_all_states_are_counted_and_all_claims_decided(setting: MakeSetting, workers: int) -> None:
    """Six cells: 3^6 states with six steps each; the last state has every cell high, 12 steps."""
    result = natively(setting(CELLS, sizes=6), workers=workers, symmetry=False)
    assert result.run.complete
    assert (result.run.states, result.run.transitions, result.run.depth) == (729, 6 * 729, 12)
    outcomes = {v.property: v.outcome for v in result.verdicts}
    assert outcomes == {
        "m.never_all_high": Outcome.VIOLATED,
        "m.a_level_is_one_of_three": Outcome.HOLDS,
        "m.high_comes_from_middle": Outcome.HOLDS,
        "m.two_are_high": Outcome.REACHED,
        "m.all_low": Outcome.HOLDS,
        "deadlock": Outcome.HOLDS,
    }
    assert verdict(result, "m.all_low").assurance.kind is AssuranceKind.EXHAUSTIVE


def test_symmetry_leaves_an_orbit_for_each_distribution_of_levels(setting: MakeSetting) -> None:
    """Six cells on three levels, whichever they are: C(8, 2) = 28."""
    result = natively(setting(CELLS, sizes=6), symmetry=True)
    assert result.run.symmetry
    assert (result.run.states, result.run.depth) == (28, 12)


@pytest.mark.parametrize("symmetry", [False, True])
def test_a_counterexample_is_shortest_and_a_run_of_the_model(
    setting: MakeSetting, symmetry: bool
) -> None:
    result = natively(setting(CELLS, sizes=6), symmetry=symmetry)
    trace = verdict(result, "m.never_all_high").trace
    assert trace is not None
    assert trace.length == 12
    assert set(trace.states[-1]) == {"high"}
    assert set(trace.states[0]) == {"low"}


def test_a_broken_step_is_the_last_one_of_its_trace(setting: MakeSetting) -> None:
    text = CELLS.replace("next(level[c]) = high implies level[c] != low", "next(level[c]) != high")
    trace = verdict(natively(setting(text, sizes=6)), "m.high_comes_from_middle").trace
    assert trace is not None
    assert [step.action for step in trace.steps] == ["m.raise_once", "m.raise_twice"]


def test_a_state_that_cannot_recover_is_shown_by_the_shortest_way(setting: MakeSetting) -> None:
    """Without a way down, the first step leads where not all are low any more."""
    text = CELLS.replace("level[c] := low", "level[c] := high")
    found = verdict(natively(setting(text, sizes=6)), "m.all_low")
    assert found.outcome is Outcome.VIOLATED
    assert found.trace is not None
    assert found.trace.length == 1


def test_a_search_until_a_property_ends_at_its_level(setting: MakeSetting) -> None:
    """The witness has four steps: two cells twice."""
    result = natively(setting(CELLS, sizes=6), symmetry=False, until="m.two_are_high")
    assert result.run.stop is Stop.DECIDED
    assert result.run.depth == 4
    assert verdict(result, "m.two_are_high").outcome is Outcome.REACHED
    assert verdict(result, "m.a_level_is_one_of_three").outcome is Outcome.UNKNOWN


def test_a_depth_that_was_asked_for_bounds_what_holds(setting: MakeSetting) -> None:
    result = natively(setting(CELLS, sizes=6), limits=Limits(depth=5))
    assert result.run.stop is Stop.DEPTH
    held = verdict(result, "m.a_level_is_one_of_three")
    assert (held.outcome, str(held.assurance)) == (Outcome.HOLDS, "bounded(5 steps)")
    assert verdict(result, "m.never_all_high").outcome is Outcome.HOLDS
    assert verdict(result, "m.all_low").outcome is Outcome.UNKNOWN


# Each of n cells is filled once: after n steps, and in no fewer, nothing is left to do.
FILLING = """
    sort Cell
    var full[Cell]: bool
    action fill(c: Cell) by kernel
      when empty: not full[c]
      full[c] := true
    invariant full_or_not
      all c: Cell: full[c] or not full[c]
"""


@pytest.mark.parametrize("symmetry", [False, True], ids=["all states", "orbits"])
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("states", [0, 1000], ids=["native", "evaluator"])
def test_a_run_that_ends_at_the_depth_that_was_asked_for_is_no_run_that_goes_on(
    setting: MakeSetting,
    monkeypatch: pytest.MonkeyPatch,
    states: int,
    workers: int,
    symmetry: bool,
) -> None:
    monkeypatch.setattr("splitspec.checker.explicit.native.exploration.SOLO_WIDTH", 5)
    found = {}
    for depth in (5, 6):
        result = explore(
            setting(FILLING, sizes=6),
            limits=Limits(depth=depth),
            workers=workers,
            symmetry=symmetry,
            evaluator_states=states,
        )
        assert result.run.stop is Stop.DEPTH
        assert (result.run.engine is Engine.NATIVE) is (states == 0)
        found[depth] = verdict(result, "deadlock")
    assert (found[5].outcome, str(found[5].assurance)) == (Outcome.HOLDS, "bounded(5 steps)")
    assert found[6].outcome is Outcome.VIOLATED
    assert found[6].trace is not None
    assert found[6].trace.length == 6


def test_a_deadlock_is_open_where_no_time_was_left_to_look_at_the_last_states(
    setting: MakeSetting, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = "splitspec.checker.explicit.native_search.first_marking"
    monkeypatch.setattr(place, lambda *_: Stop.TIME)
    result = natively(setting(FILLING, sizes=6), limits=Limits(depth=5))
    assert result.run.stop is Stop.TIME
    assert verdict(result, "deadlock").outcome is Outcome.UNKNOWN
    assert str(verdict(result, "m.full_or_not").assurance) == "bounded(5 steps)"


def test_a_limit_leaves_what_was_not_found_unknown(setting: MakeSetting) -> None:
    result = natively(setting(CELLS, sizes=6), symmetry=False, limits=Limits(states=100))
    assert not result.run.complete
    unknown = verdict(result, "m.a_level_is_one_of_three")
    assert (unknown.outcome, unknown.reason) == (Outcome.UNKNOWN, Stop.STATES.value)


def test_a_small_model_is_answered_by_the_evaluator(setting: MakeSetting) -> None:
    result = explore(setting(CELLS, sizes=2))
    assert result.run.engine is Engine.EVALUATOR
    assert (result.run.states, result.run.transitions) == (9, 18)


def test_a_larger_model_goes_on_natively_and_counts_from_the_beginning(
    setting: MakeSetting,
) -> None:
    result = explore(setting(CELLS, sizes=6), evaluator_states=50, symmetry=False)
    assert result.run.engine is Engine.NATIVE
    assert result.run.states == 729


def test_which_engine_explores_is_a_matter_of_counts_and_not_of_time(
    setting: MakeSetting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However slow the machine is: otherwise states would be counted here, and orbits there."""
    monkeypatch.setattr(Budget, "seconds", property(lambda _: 1e6))
    assert explore(setting(CELLS, sizes=3)).run.engine is Engine.EVALUATOR
    monkeypatch.setattr(search, "EVALUATOR_INSTANCES", 1)
    assert explore(setting(CELLS, sizes=3)).run.engine is Engine.NATIVE


def test_both_tiers_say_the_same(setting: MakeSetting) -> None:
    one = explore(setting(CELLS, sizes=4), evaluator_states=1000)
    other = natively(setting(CELLS, sizes=4), symmetry=False)
    assert one.run.engine is Engine.EVALUATOR
    assert [(v.property, v.outcome, v.assurance) for v in one.verdicts] == [
        (v.property, v.outcome, v.assurance) for v in other.verdicts
    ]
    figures = [(r.run.states, r.run.transitions, r.run.depth) for r in (one, other)]
    assert figures[0] == figures[1]


def test_without_native_packages_the_evaluator_explores_and_says_so(
    setting: MakeSetting, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide_native_search(monkeypatch, "llvmlite")
    result = explore(setting(CELLS, sizes=4), evaluator_states=10)
    assert result.run.engine is Engine.EVALUATOR
    assert result.run.complete
    assert result.run.states == 81
    assert "llvmlite" in result.run.remark


def test_a_broken_native_tier_never_hides_behind_the_evaluator(
    setting: MakeSetting, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide_native_search(monkeypatch, "splitspec.checker.explicit.nowhere")
    with pytest.raises(ImportError):
        explore(setting(CELLS, sizes=4), evaluator_states=10)


def hide_native_search(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    """Let the import of the native tier fail as if `missing` were not there."""
    name = "splitspec.checker.explicit.native_search"

    class Refusing:
        @staticmethod
        def find_spec(fullname: str, *_: object) -> None:
            if fullname == name:
                raise ModuleNotFoundError(f"No module named {missing!r}", name=missing)

    monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(sys, "meta_path", [Refusing, *sys.meta_path])


def test_a_bound_that_cuts_is_named(setting: MakeSetting) -> None:
    """Ticks 0 to 5, and two cells on or off: 6 * 4 states."""
    text = """
        sort Cell
        var ticks: nat
        var on[Cell]: bool
        action tick() by kernel
          ticks := ticks + 1
        action flip(c: Cell) by kernel
          on[c] := not on[c]
        invariant counted
          ticks >= 0
        recoverable off
          all c: Cell: not on[c]
    """
    result = natively(setting(text, sizes=2, bounds={"m.ticks": 5}), symmetry=False)
    assert result.run.cut == ("m.ticks",)
    assert result.run.states == 6 * 4
    assert "ticks<=5" in str(verdict(result, "m.counted").assurance)
    assert verdict(result, "m.off").outcome is Outcome.HOLDS


def test_the_three_ways_to_explore_agree(setting: MakeSetting) -> None:
    made = cross_check(setting(CELLS, sizes=5), limits=Limits(), workers=2)
    assert (made.disagreements, made.obstacles) == ((), ())


def test_a_deadlock_of_what_a_run_reads_is_none_of_all_variables_and_no_disagreement(
    setting: MakeSetting,
) -> None:
    """Nothing reads the lamp, so that what only turns it changes nothing of the run."""
    lamp = "\n    var lamp: bool\n    action turn() by kernel\n      lamp := not lamp\n"
    subject = setting(FILLING + lamp, sizes=3)
    assert verdict(natively(subject), "deadlock").outcome is Outcome.VIOLATED
    assert verdict(natively(subject, slice=False), "deadlock").outcome is Outcome.HOLDS
    made = cross_check(subject, limits=Limits(), workers=1)
    assert (made.disagreements, made.obstacles) == ((), ())


def test_a_bound_of_what_nothing_reads_makes_another_run_and_no_disagreement(
    setting: MakeSetting,
) -> None:
    """With the number of all fillings kept, there is none over its bound."""
    filled = FILLING.replace("full[c] := true", "full[c] := true\n      filled += 1")
    text = f"    var filled: nat\n{filled}    witness all_full\n      all c: Cell: full[c]\n"
    subject = setting(text, sizes=3, bounds={"m.filled": 2})
    assert verdict(natively(subject), "m.all_full").outcome is Outcome.REACHED
    assert verdict(natively(subject, slice=False), "m.all_full").outcome is Outcome.UNREACHED
    made = cross_check(subject, limits=Limits(), workers=1)
    assert made.disagreements == ()
    assert made.obstacles == ("all variables: cut at the bounds of m.filled, which nothing reads",)


def test_what_a_limit_cuts_short_is_not_compared(setting: MakeSetting) -> None:
    made = cross_check(setting(CELLS, sizes=5), limits=Limits(depth=2), workers=1)
    assert made.disagreements == ()
    assert len(made.obstacles) == 3
    assert all("nothing can be compared" in text for text in made.obstacles)


def test_a_small_model_imports_no_compiler(tmp_path: Path) -> None:
    (tmp_path / "m.split").write_text(
        "module m\n\nvar on: bool\n\naction turn() by kernel\n  on := true\n\n"
        "invariant sure\n  on or not on\n"
    )
    program = f"""
import sys
from pathlib import Path
from splitspec.checker.explicit.search import explore
from splitspec.model.loader import load
from splitspec.model.scope import Scope
from splitspec.model.setting import Setting
program = load(Path({str(tmp_path / "m.split")!r})).program
setting = Setting("m", program, Scope({{}}, {{}}, {{}}), properties=("m.sure",))
assert explore(setting).run.states == 2
assert "llvmlite" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_runtime_from_the_cache_is_not_translated_again() -> None:
    load_runtime(cache_folder())
    program = """
import sys
from splitspec.checker.explicit.native.machine_code import load_runtime
from splitspec.checker.explicit.native.object_cache import cache_folder
load_runtime(cache_folder())
assert "splitspec.checker.explicit.native.translation" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)
