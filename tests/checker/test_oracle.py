"""The oracle explores everything once, and says of each claim what it then knows.

The running example counts a level up to 3 and resets it at the top: 4 states in a ring. Each has
the step up or the reset, and there is a step `look` everywhere that changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from splitspec.checker.explicit.oracle import explore
from splitspec.checker.result import Engine, Limits, Progress, RunResult, Stop
from splitspec.model.ir import PropertyKind
from splitspec.model.setting import Setting
from splitspec.model.verdict import AssuranceKind, Outcome, Verdict

Make = Callable[..., Setting]

RING = """
    var level: 0..3
    action rise() by kernel
      when low: level < 3
      level += 1
    action reset() by kernel
      when full: level = 3
      level := 0
    action look() by kernel
      level := level
    invariant stays_low
      level < 2
    invariant in_range
      level <= 3
    invariant full_is_full
      level = 3 implies level != 0
    step moves_by_one
      next(level) != level implies next(level) = level + 1
    step moves_down_to_zero
      next(level) < level implies next(level) = 0
    witness full
      level = 3
    witness beyond
      level > 3
    recoverable empty
      level = 0
    """


@pytest.fixture
def ring(setting: Make) -> Setting:
    return setting(RING)


def verdict(result: RunResult, path: str) -> Verdict:
    (found,) = (v for v in result.verdicts if v.property == path)
    return found


def test_each_state_is_counted_once_and_each_enabled_instance(ring: Setting) -> None:
    run = explore(ring).run
    assert run.complete
    assert run.engine is Engine.EVALUATOR
    # 4 levels, each with one step on and one look; level 3 is the last to be found.
    assert (run.states, run.transitions, run.depth) == (4, 8, 3)


@pytest.mark.parametrize(
    ("path", "outcome", "length"),
    [
        ("m.stays_low", Outcome.VIOLATED, 2),
        ("m.in_range", Outcome.HOLDS, None),
        ("m.moves_by_one", Outcome.VIOLATED, 4),  # Three steps up, then the reset.
        ("m.moves_down_to_zero", Outcome.HOLDS, None),
        ("m.full", Outcome.REACHED, 3),
        ("m.beyond", Outcome.UNREACHED, None),
        ("m.empty", Outcome.HOLDS, None),
        ("m.rise.range", Outcome.HOLDS, None),
        ("deadlock", Outcome.HOLDS, None),
    ],
)
def test_every_claim_is_decided_by_a_shortest_trace(
    ring: Setting, path: str, outcome: Outcome, length: int | None
) -> None:
    found = verdict(explore(ring), path)
    assert found.outcome is outcome
    assert (None if found.trace is None else found.trace.length) == length


def test_a_full_search_is_exhaustive_and_a_trace_is_replayed(ring: Setting) -> None:
    result = explore(ring)
    kinds = {v.outcome: v.assurance.kind for v in result.verdicts}
    assert kinds[Outcome.HOLDS] is AssuranceKind.EXHAUSTIVE
    assert kinds[Outcome.UNREACHED] is AssuranceKind.EXHAUSTIVE
    assert kinds[Outcome.VIOLATED] is AssuranceKind.REPLAYED
    assert kinds[Outcome.REACHED] is AssuranceKind.REPLAYED


def test_a_limit_of_depth_decides_all_runs_up_to_it(ring: Setting) -> None:
    result = explore(ring, Limits(depth=2))
    assert result.run.stop is Stop.DEPTH
    assert (result.run.states, result.run.depth) == (3, 2)
    assert verdict(result, "m.stays_low").outcome is Outcome.VIOLATED
    bounded = verdict(result, "m.in_range")
    assert bounded.outcome is Outcome.HOLDS
    assert str(bounded.assurance) == "bounded(2 steps)"
    # That something is out of reach, or can be reached from everywhere, takes the whole graph.
    assert verdict(result, "m.full").outcome is Outcome.UNKNOWN
    assert verdict(result, "m.empty").outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("limits", "stop"), [(Limits(states=2), Stop.STATES), (Limits(time=0), Stop.TIME)]
)
def test_a_budget_that_ends_leaves_the_rest_unknown(
    ring: Setting, limits: Limits, stop: Stop
) -> None:
    result = explore(ring, limits)
    assert result.run.stop is stop
    assert not result.run.complete
    found = verdict(result, "m.in_range")
    assert (found.outcome, found.reason) == (Outcome.UNKNOWN, stop.value)


def test_a_search_for_targets_ends_when_they_are_found(ring: Setting) -> None:
    result = explore(ring, targets=frozenset({"m.stays_low"}))
    assert result.run.stop is Stop.DECIDED
    assert result.run.states == 3
    assert verdict(result, "m.stays_low").outcome is Outcome.VIOLATED
    assert verdict(result, "m.moves_by_one").outcome is Outcome.UNKNOWN


def test_progress_is_reported_while_it_runs(setting: Make) -> None:
    moments: list[Progress] = []
    text = "sort S\nvar on[S]: bool\naction flip(s: S) by kernel\n  on[s] := not on[s]\n"
    explore(setting(text, sizes=9), report=moments.append)
    # 2^9 states, reported at every 256th.
    assert [moment.states for moment in moments][-1] == 512
    assert moments[-1].frontier == 0


# Obligations


def test_a_faulty_step_is_the_last_of_its_trace(setting: Make) -> None:
    result = explore(
        setting(
            """
            var level: 0..2
            action rise() by kernel
              level += 1
            """
        )
    )
    found = verdict(result, "m.rise.range")
    assert found.kind is PropertyKind.RANGE
    assert found.outcome is Outcome.VIOLATED
    assert found.trace is not None
    # Up to 2, and the third step has no outcome; it is a transition all the same.
    assert len(found.trace.steps) == len(found.trace.states) == 3
    assert (result.run.states, result.run.transitions) == (3, 3)
    assert verdict(result, "deadlock").outcome is Outcome.VIOLATED


def test_a_counter_that_is_not_kept_up_is_not_exact(setting: Make) -> None:
    result = explore(
        setting(
            """
            sort S
            var on[S]: bool
            counter lit counts s: S where on[s]
            action light(s: S) by kernel
              on[s] := true
              lit += 1
            """
        )
    )
    # Lighting the same one twice counts it twice.
    found = verdict(result, "m.lit.exact")
    assert found.trace is not None
    assert [str(step) for step in found.trace.steps] == ["light(s1)", "light(s1)"]


# Bounds

CLOCK = """
    var tick: nat
    action pass_time() by kernel
      tick += 1
    recoverable zero
      tick = 0
    witness seven
      tick = 7
    """


def test_a_bound_cuts_the_run_and_the_verdict_says_so(setting: Make) -> None:
    result = explore(setting(CLOCK, bounds={"m.tick": 4}))
    assert result.run.cut == ("m.tick",)
    assert (result.run.states, result.run.transitions) == (5, 5)
    seven = verdict(result, "m.seven")
    assert seven.outcome is Outcome.UNREACHED
    assert seven.assurance.detail == "tick<=4"


def test_what_lies_beyond_a_bound_might_recover(setting: Make) -> None:
    assert verdict(explore(setting(CLOCK, bounds={"m.tick": 4})), "m.zero").outcome is (
        Outcome.UNKNOWN
    )


def test_a_trap_is_not_recoverable(setting: Make) -> None:
    result = explore(
        setting(
            """
            enum Place = home | away | trap
            var at: Place
            action leave() by kernel
              when home: at = home
              at := away
            action come_back() by kernel
              when away: at = away
              at := home
            action fall() by host hostile
              when away: at = away @hardware
              at := trap
            recoverable home_again
              at = home
            """
        )
    )
    found = verdict(result, "m.home_again")
    assert found.trace is not None
    assert [str(step) for step in found.trace.steps] == ["leave()", "fall()"]


# Vacuity


def test_what_never_happened_is_listed(setting: Make) -> None:
    result = explore(
        setting(
            """
            var level: 0..3
            action rise() by kernel
              when low: level < 2
              when any: level <= 2
              level += 1
            action jump() by kernel
              when beyond: level > 2
              level := 0
            invariant beyond_is_odd
              level > 2 implies level = 3
            invariant nested
              level = 2 implies (level = 1 implies level = 0)
            invariant met
              level = 2 implies level > 1
            step never_falls
              next(level) < level implies actor = host
            """
        )
    )
    coverage = result.run.coverage
    assert coverage is not None
    assert coverage.never_enabled == ("m.jump",)
    assert coverage.never_refused == ("m.rise.any",)
    assert coverage.never_met == ("m.beyond_is_odd", "m.nested", "m.never_falls")
    assert verdict(result, "m.beyond_is_odd").vacuous
    assert not verdict(result, "m.met").vacuous


# Slices


def test_nothing_is_said_of_a_run_that_cannot_start(setting: Make) -> None:
    """Every claim would be true of it: of no state, and of no step."""
    result = explore(
        setting("""
            const k: bool
            assume odd
              k
              not k
            var a: bool
            action turn() by kernel
              a := not k
            invariant wrong
              false
            witness right
              true
            recoverable anyhow
              a
        """)
    )
    assert (result.run.states, result.run.complete) == (0, True)
    assert {v.outcome for v in result.verdicts} == {Outcome.UNKNOWN}
    assert all("no initial state" in v.reason for v in result.verdicts)


def test_states_that_differ_in_what_nothing_reads_are_one(setting: Make) -> None:
    noisy = setting(
        """
        var level: 0..1
        var noise: bool
        action flip() by kernel
          level := 1
          noise := not noise
        """
    )
    whole, sliced = explore(noisy).run, explore(noisy, sliced=frozenset({"m.noise"})).run
    # Whole: 00 -> 11 -> 10 -> 11; sliced: 0 -> 1 -> 1.
    assert (whole.states, whole.transitions) == (3, 3)
    assert (sliced.states, sliced.transitions) == (2, 2)
    assert sliced.sliced == ("m.noise",)
