"""Whatever a run is doing, an interrupt or the end of its time leaves what was decided, and no
more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import monotonic, process_time

import pytest
from tests.checker.test_search import hide_native_search

from splitspec.checker import budget
from splitspec.checker.explicit import oracle
from splitspec.checker.explicit.search import explore
from splitspec.checker.explicit.simulation import simulate
from splitspec.checker.interruption import Interruption
from splitspec.checker.result import Engine, Limits, Phase, Progress, RunResult, Stop
from splitspec.model.setting import Setting
from splitspec.model.verdict import Outcome

MakeSetting = Callable[..., Setting]

# Each of n cells goes low, middle, high, and back to low: 3^n states.
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
    action never() by kernel
      when never: no c: Cell: level[c] = low or level[c] = middle or level[c] = high
      level[c] := low for c: Cell
    invariant never_all_high
      some c: Cell: level[c] != high
    invariant a_level_is_one_of_three
      all c: Cell: level[c] = low or level[c] = middle or level[c] = high
    witness two_are_high
      some c, d: Cell: c != d and level[c] = high and level[d] = high
    recoverable all_low
      all c: Cell: level[c] = low
"""

DECIDED = {
    "m.never_all_high": Outcome.VIOLATED,
    "m.a_level_is_one_of_three": Outcome.HOLDS,
    "m.two_are_high": Outcome.REACHED,
    "m.all_low": Outcome.HOLDS,
    "deadlock": Outcome.HOLDS,
}


class Ending:
    """Lets a run end as soon as it reports a phase: by a signal, or because its time is up."""

    def __init__(self, phase: Phase, stop: Stop, monkeypatch: pytest.MonkeyPatch) -> None:
        self.phase, self.stop = phase, stop
        self.interruption = Interruption()
        self.late = 0.0
        monkeypatch.setattr(budget, "monotonic", lambda: monotonic() + self.late)

    @property
    def limits(self) -> Limits:
        return Limits(time=10_000.0)

    def __call__(self, progress: Progress) -> None:
        if progress.phase is not self.phase or self.interruption.requested or self.late:
            return
        if self.stop is Stop.INTERRUPTED:
            self.interruption.notify()
        else:
            self.late = 20_000.0


def ended(setting: Setting, ending: Ending, evaluator_states: int = 0) -> RunResult:
    return explore(
        setting,
        limits=ending.limits,
        evaluator_states=evaluator_states,
        symmetry=False,
        workers=2,
        on_progress=ending,
        interruption=ending.interruption,
    )


def outcomes(result: RunResult) -> dict[str, Outcome]:
    return {verdict.property: verdict.outcome for verdict in result.verdicts}


def reasons(result: RunResult, paths: Iterable[str]) -> set[str]:
    return {verdict.reason for verdict in result.verdicts if verdict.property in paths}


both = pytest.mark.parametrize("stop", [Stop.INTERRUPTED, Stop.TIME])


def test_a_run_that_nobody_ends_decides_everything(setting: MakeSetting) -> None:
    result = explore(setting(CELLS, sizes=6), evaluator_states=0, symmetry=False)
    assert outcomes(result) == DECIDED
    assert result.run.coverage is not None
    assert result.run.coverage.never_enabled == ("m.never",)


@both
def test_a_run_that_ends_in_the_compiler_knows_nothing(
    setting: MakeSetting, monkeypatch: pytest.MonkeyPatch, stop: Stop
) -> None:
    result = ended(setting(CELLS, sizes=6), Ending(Phase.COMPILING, stop, monkeypatch))
    assert (result.run.complete, result.run.stop, result.run.transitions) == (False, stop, 0)
    assert outcomes(result) == dict.fromkeys(DECIDED, Outcome.UNKNOWN)
    assert reasons(result, DECIDED) == {stop.value}


@both
def test_what_the_evaluator_found_survives_the_compiler(
    setting: MakeSetting, monkeypatch: pytest.MonkeyPatch, stop: Stop
) -> None:
    """The witness is four steps away: within the first 300 states, beyond which more remain."""
    ending = Ending(Phase.COMPILING, stop, monkeypatch)
    result = ended(setting(CELLS, sizes=6), ending, evaluator_states=300)
    assert (result.run.engine, result.run.complete) == (Engine.EVALUATOR, False)
    assert result.run.stop is stop
    assert outcomes(result) == dict.fromkeys(DECIDED, Outcome.UNKNOWN) | {
        "m.two_are_high": Outcome.REACHED
    }
    assert reasons(result, DECIDED) == {stop.value, ""}


@both
def test_a_search_that_ends_early_keeps_what_it_found(
    setting: MakeSetting, monkeypatch: pytest.MonkeyPatch, stop: Stop
) -> None:
    """Of twelve cells there are 531,441 states, more than one slice of a search makes."""
    result = ended(setting(CELLS, sizes=12), Ending(Phase.EXPLORING, stop, monkeypatch))
    assert (result.run.complete, result.run.stop) == (False, stop)
    assert 0 < result.run.states < 3**12
    assert outcomes(result)["m.two_are_high"] is Outcome.REACHED
    assert outcomes(result)["m.a_level_is_one_of_three"] is Outcome.UNKNOWN
    assert result.run.coverage is None


@both
def test_an_end_in_the_backward_sweep_leaves_that_claim_open_alone(
    setting: MakeSetting, monkeypatch: pytest.MonkeyPatch, stop: Stop
) -> None:
    result = ended(setting(CELLS, sizes=6), Ending(Phase.RECOVERING, stop, monkeypatch))
    assert (result.run.complete, result.run.stop, result.run.states) == (True, stop, 3**6)
    assert outcomes(result) == DECIDED | {"m.all_low": Outcome.UNKNOWN}
    assert reasons(result, ["m.all_low"]) == {stop.value}
    assert result.run.coverage is None


@both
def test_an_end_in_the_coverage_sweep_leaves_vacuity_open(
    setting: MakeSetting, monkeypatch: pytest.MonkeyPatch, stop: Stop
) -> None:
    result = ended(setting(CELLS, sizes=6), Ending(Phase.COVERING, stop, monkeypatch))
    assert (result.run.complete, result.run.stop) == (True, stop)
    assert outcomes(result) == DECIDED
    assert result.run.coverage is None


@both
def test_an_end_while_walking_keeps_what_the_walks_showed(
    setting: MakeSetting, monkeypatch: pytest.MonkeyPatch, stop: Stop
) -> None:
    ending = Ending(Phase.WALKING, stop, monkeypatch)
    result = simulate(
        setting(CELLS, sizes=6),
        runs=1 << 40,
        seed=1,
        limits=ending.limits,
        workers=2,
        on_progress=ending,
        interruption=ending.interruption,
    )
    assert result.run.stop is stop
    assert outcomes(result)["m.two_are_high"] is Outcome.REACHED


@both
def test_the_evaluator_alone_heeds_the_budget_too(
    setting: MakeSetting, monkeypatch: pytest.MonkeyPatch, stop: Stop
) -> None:
    hide_native_search(monkeypatch, "llvmlite")
    result = ended(setting(CELLS, sizes=6), Ending(Phase.EXPLORING, stop, monkeypatch), 10)
    assert (result.run.engine, result.run.stop) == (Engine.EVALUATOR, stop)
    assert 10 < result.run.states < 3**6
    assert outcomes(result)["m.two_are_high"] is Outcome.REACHED
    assert outcomes(result)["m.a_level_is_one_of_three"] is Outcome.UNKNOWN


def test_the_evaluator_alone_heeds_the_limit_of_memory(
    setting: MakeSetting, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide_native_search(monkeypatch, "llvmlite")
    taken = iter(range(0, 1 << 40, 1 << 20))
    monkeypatch.setattr(oracle, "resident_memory", lambda: next(taken))
    result = explore(setting(CELLS, sizes=6), evaluator_states=10, limits=Limits(memory=1 << 19))
    assert result.run.stop is Stop.MEMORY
    assert result.run.coverage is None


def test_an_interruption_is_a_request_then_an_exception() -> None:
    interruption = Interruption()
    asked = [interruption.requested]
    interruption.notify()
    assert [*asked, interruption.requested] == [False, True]
    with pytest.raises(KeyboardInterrupt):
        interruption.notify()


def test_a_settled_interruption_no_longer_disturbs() -> None:
    interruption = Interruption()
    interruption.notify()
    interruption.settle()
    interruption.notify()
    assert interruption.requested


NAMES = [f"b{number}" for number in range(30)]
ANY = " or ".join(f"high[{name}]" for name in NAMES)
WIDE = {
    "at once": f"all {', '.join(NAMES)}: Bank: {ANY} or not high[b0]",
    "one in another": " ".join(f"all {name}: Bank:" for name in NAMES) + f" {ANY} or not high[b0]",
    "counted": f"(count {', '.join(NAMES)}: Bank where {ANY}) < 5",
    "in what is called": f"all {', '.join(NAMES[:15])}: Bank: half(b0)",
}
HALF = f"def half(a: Bank) = all {', '.join(NAMES[15:])}: Bank: high[a] or not high[a]"


@pytest.mark.parametrize("claim", WIDE.values(), ids=WIDE)
def test_no_evaluation_outlasts_the_budget(setting: MakeSetting, claim: str) -> None:
    """Thirty bound variables over two elements have 2^30 bindings: many minutes in one state."""
    wide = setting(f"""
        sort Bank
        var high[Bank]: bool
        {HALF}
        action rise(b: Bank) by kernel
          when low: not high[b]
          high[b] := true
        invariant wide
          {claim}
    """)
    before = process_time()
    result = explore(wide, limits=Limits(time=0.3))
    assert process_time() - before < 5
    assert (result.run.stop, result.run.complete) == (Stop.TIME, False)
    assert outcomes(result)["m.wide"] is Outcome.UNKNOWN


def test_an_evaluation_ends_when_the_user_asks(setting: MakeSetting) -> None:
    class Asked(Interruption):
        """Asked after it was looked at a few times."""

        looks = 0

        @property
        def requested(self) -> bool:
            self.looks += 1
            return self.looks > 3

    wide = setting(f"sort Bank\nvar high[Bank]: bool\ninvariant wide\n  {WIDE['at once']}\n")
    assert explore(wide, interruption=Asked()).run.stop is Stop.INTERRUPTED


def test_what_is_judged_after_a_whole_search_has_to_end_too(setting: MakeSetting) -> None:
    """That something can be reached again is evaluated when all states are known."""
    wide = setting(f"""
        sort Bank
        var high[Bank]: bool
        action rise(b: Bank) by kernel
          when low: not high[b]
          high[b] := true
        recoverable wide
          {WIDE["at once"]}
    """)
    before = process_time()
    result = explore(wide, limits=Limits(time=0.3))
    assert process_time() - before < 5
    assert (result.run.stop, result.run.complete) == (Stop.TIME, True)
    assert outcomes(result)["m.wide"] is Outcome.UNKNOWN
