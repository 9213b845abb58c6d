"""An expectation is met by evidence alone; silence, drift and vacuity are misses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.checker.small_systems import SEATS

from splitspec.checker.expectation import Expectation, JudgedRun, judge, judge_proof
from splitspec.checker.proof import Obligation, ObligationKind, ProofLimits, ProofResult, Status
from splitspec.checker.result import Coverage, Engine, Run, RunResult, Stop
from splitspec.checker.symbolic.bounded import explore_bounded
from splitspec.checker.symbolic.induction import InductionSearch
from splitspec.checker.symbolic.proving import prove
from splitspec.checker.symbolic.satisfaction import Satisfaction
from splitspec.cli.exitcode import PRECEDENCE, ExitCode, combine
from splitspec.cli.outcome import exit_code, proof_code
from splitspec.model.ir import PropertyKind, Variant
from splitspec.model.setting import Setting
from splitspec.model.source import Source, Span
from splitspec.model.trace import Step, Trace
from splitspec.model.verdict import Assurance, AssuranceKind, Outcome, Verdict

SPAN = Span(Source("m.split", ""), 1, 1, 1, 1)


def run(**changes: object) -> Run:
    values: dict[str, object] = {
        "id": "m",
        "model": "m",
        "given": (),
        "variant": None,
        "scope": (("m.Page", 2),),
        "engine": Engine.EVALUATOR,
        "complete": True,
        "stop": None,
        "seconds": 0.0,
        "states": 10,
        "transitions": 20,
        "depth": 3,
        "symmetry": False,
    }
    return Run(**{**values, **changes})  # type: ignore[arg-type]


def trace(steps: int) -> Trace:
    states = tuple((str(n),) for n in range(steps + 1))
    moves = tuple(Step("m.tick", "kernel", ()) for _ in range(steps))
    return Trace("m", (), None, (), "m.safe", ("n",), states, moves, None)


def verdict(outcome: Outcome, kind: PropertyKind = PropertyKind.INVARIANT) -> Verdict:
    found = trace(4) if outcome is Outcome.VIOLATED else None
    return Verdict("m.safe", kind, outcome, Assurance(AssuranceKind.EXHAUSTIVE), trace=found)


def variant(violated: str | None, steps: int | None = 5) -> Variant:
    return Variant("wrong", "m", (), violated, steps, (), "", SPAN)


def judged(
    outcome: Outcome, expectation: Expectation | None = None, **changes: object
) -> JudgedRun:
    return judge(RunResult(run(**changes), (verdict(outcome),)), expectation or Expectation())


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Outcome.HOLDS, ExitCode.MET),
        (Outcome.VIOLATED, ExitCode.VIOLATED),
        (Outcome.UNKNOWN, ExitCode.UNKNOWN),
    ],
)
def test_the_code_of_a_run_follows_its_verdict(outcome: Outcome, code: ExitCode) -> None:
    assert exit_code([judged(outcome)]) is code


def test_an_unreached_witness_fails() -> None:
    result = RunResult(run(), (verdict(Outcome.UNREACHED, PropertyKind.WITNESS),))
    assert exit_code([judge(result, Expectation())]) is ExitCode.VIOLATED


def test_a_run_without_verdicts_has_checked_nothing() -> None:
    assert exit_code([judge(RunResult(run(), ()), Expectation())]) is ExitCode.NOTHING
    assert exit_code([]) is ExitCode.NOTHING


def test_a_drifted_count_is_a_policy_failure_and_only_of_complete_runs() -> None:
    expected = Expectation(states=11)
    assert exit_code([judged(Outcome.HOLDS, expected)]) is ExitCode.POLICY
    partial = judged(Outcome.UNKNOWN, expected, complete=False, stop=Stop.STATES)
    assert partial.drift == ()
    assert exit_code([partial]) is ExitCode.UNKNOWN


def test_orbits_are_compared_under_symmetry_and_states_without() -> None:
    expected = Expectation(states=999, orbits=10)
    assert judged(Outcome.HOLDS, expected, symmetry=True).drift == ()
    assert judged(Outcome.HOLDS, expected, symmetry=False).drift != ()


def test_vacuity_fails_unless_it_is_expected() -> None:
    coverage = Coverage(never_enabled=("m.swap",))
    assert exit_code([judged(Outcome.HOLDS, coverage=coverage)]) is ExitCode.POLICY
    idle = Expectation(idle={"m.swap": "one frame only"})
    assert exit_code([judged(Outcome.HOLDS, idle, coverage=coverage)]) is ExitCode.MET


def test_a_witness_that_is_marked_idle_must_not_be_reached() -> None:
    idle = Expectation(idle={"m.safe": "one frame only"})
    for outcome, code in (
        (Outcome.UNREACHED, ExitCode.MET),
        (Outcome.REACHED, ExitCode.POLICY),
        (Outcome.UNKNOWN, ExitCode.UNKNOWN),
    ):
        result = RunResult(run(), (verdict(outcome, PropertyKind.WITNESS),))
        assert exit_code([judge(result, idle)]) is code


def test_a_variant_is_met_by_the_named_property_within_its_steps_alone() -> None:
    named = Expectation(variant=variant("m.safe"))
    assert exit_code([judged(Outcome.VIOLATED, named)]) is ExitCode.MET
    too_long = Expectation(variant=variant("m.safe", 3))
    assert exit_code([judged(Outcome.VIOLATED, too_long)]) is ExitCode.POLICY
    other_length = Expectation(variant=variant("m.safe"), steps=3)
    assert exit_code([judged(Outcome.VIOLATED, other_length)]) is ExitCode.POLICY
    assert exit_code([judged(Outcome.HOLDS, named)]) is ExitCode.POLICY
    other = Expectation(variant=variant("m.other"))
    assert exit_code([judged(Outcome.VIOLATED, other)]) is not ExitCode.MET


LOOSE = (
    SEATS
    + """
    const seats: nat
    assume some_seats
      seats > 0
    variant crowded of m
      drop sit.free
      expect violated one_a_seat within 2 steps
    variant closed of m
      set seats = 0
      expect violated one_a_seat within 2 steps
"""
)


def code_of(setting: Setting, result: ProofResult) -> ExitCode:
    return proof_code([judge_proof(result, Expectation(variant=setting.variant))])


def test_a_proof_meets_a_variant_by_what_it_refutes_and_not_by_silence(
    setting: Callable[..., Setting], monkeypatch: pytest.MonkeyPatch
) -> None:
    crowded = setting(LOOSE, variant="crowded", bounds={"m.seats": 2})
    closed = setting(LOOSE, variant="closed", bounds={"m.seats": 2})
    assert code_of(crowded, prove(crowded)) is ExitCode.MET
    assert code_of(crowded, explore_bounded(crowded, 2)) is ExitCode.MET
    # Where nothing starts nothing breaks, and solvers that were lost have refuted nothing.
    assert code_of(closed, prove(closed)) is ExitCode.UNKNOWN

    def exhausted(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(InductionSearch, "_query", exhausted)
    few = ProofLimits(steps=1)
    assert code_of(crowded, prove(crowded, limits=few, apart=False)) is ExitCode.UNKNOWN
    monkeypatch.setattr(Satisfaction, "check", lambda *_: None)
    assert code_of(crowded, explore_bounded(crowded, 2)) is ExitCode.UNKNOWN


def obligation(path: str, status: Status, *needs: str) -> Obligation:
    return Obligation(path, path, ObligationKind.CONSECUTION, "m.tick", status, None, needs=needs)


@pytest.mark.parametrize(
    ("of_the_named", "code"),
    [
        (obligation("m.safe", Status.UNKNOWN), ExitCode.UNKNOWN),
        (obligation("m.safe", Status.UNKNOWN, "m.step"), ExitCode.MET),
        (obligation("m.safe", Status.REFUTED), ExitCode.MET),
    ],
    ids=["of another", "of what it needs", "of itself"],
)
def test_a_proof_meets_a_variant_by_what_it_refutes_of_the_named_property(
    setting: Callable[..., Setting], of_the_named: Obligation, code: ExitCode
) -> None:
    others = obligation("m.step", Status.UNKNOWN, "m.base"), obligation("m.base", Status.REFUTED)
    proof = prove(setting(SEATS), apart=False)
    result = replace(
        proof, verdicts=(verdict(Outcome.UNKNOWN),), obligations=(of_the_named, *others)
    )
    assert proof_code([judge_proof(result, Expectation(variant=variant("m.safe")))]) is code


def test_no_variant_is_met_where_some_run_does_not_begin_as_its_text_says(
    setting: Callable[..., Setting],
) -> None:
    text = """
        const full: 0..3
        var level: 0..2
        var wet: bool
        init
          level := full
        action spill() by kernel
          when over: level > 2
          wet := true
        invariant dry
          not wet
        variant leaky of m
          drop spill.over
          expect violated dry within 1 steps
    """
    leaky = setting(text, variant="leaky", pins={"m.full": 1})
    assert code_of(leaky, prove(leaky, finite=True)) is ExitCode.MET
    assert code_of(leaky, prove(leaky)) is ExitCode.UNKNOWN


def test_a_redundant_variant_may_break_a_lemma_and_says_so() -> None:
    lemma = verdict(Outcome.VIOLATED, PropertyKind.LEMMA)
    found = judge(
        RunResult(run(), (lemma, verdict(Outcome.HOLDS))), Expectation(variant=variant(None))
    )
    assert [(j.expected, j.met) for j in found.judgements] == [(None, True), (Outcome.HOLDS, True)]
    assert exit_code([found]) is ExitCode.MET


def test_a_redundant_variant_must_break_nothing() -> None:
    redundant = Expectation(variant=variant(None))
    assert exit_code([judged(Outcome.HOLDS, redundant)]) is ExitCode.MET
    assert exit_code([judged(Outcome.VIOLATED, redundant)]) is ExitCode.VIOLATED
    lost = verdict(Outcome.VIOLATED, PropertyKind.RECOVERABLE)
    assert exit_code([judge(RunResult(run(), (lost,)), redundant)]) is ExitCode.VIOLATED


def test_a_run_that_ended_at_a_depth_is_never_a_pass() -> None:
    bounded = replace(verdict(Outcome.HOLDS), assurance=Assurance(AssuranceKind.BOUNDED, "3 steps"))
    short = run(complete=False, stop=Stop.DEPTH)
    assert exit_code([judge(RunResult(short, (bounded,)), Expectation())]) is ExitCode.UNKNOWN
    redundant = Expectation(variant=variant(None))
    assert exit_code([judge(RunResult(short, (bounded,)), redundant)]) is ExitCode.UNKNOWN


def test_an_interrupted_run_is_never_a_pass() -> None:
    stopped = judged(Outcome.HOLDS, complete=False, stop=Stop.INTERRUPTED)
    assert exit_code([stopped]) is ExitCode.INTERRUPTED


@pytest.mark.parametrize("stop", [Stop.STATES, Stop.MEMORY, Stop.TIME, Stop.DEPTH])
@pytest.mark.parametrize("complete", [False, True])
def test_a_run_that_hit_a_limit_is_never_a_pass(stop: Stop, complete: bool) -> None:
    """Even if every verdict is good, as it is up to a depth, or when only vacuity was left open."""
    stopped = judged(Outcome.HOLDS, complete=complete, stop=stop)
    assert exit_code([stopped]) is ExitCode.UNKNOWN


def test_precedence_is_total_and_nothing_never_hides_a_failure() -> None:
    assert set(PRECEDENCE) == set(ExitCode)
    assert combine([ExitCode.MET, ExitCode.NOTHING]) is ExitCode.NOTHING
    assert combine([ExitCode.UNKNOWN, ExitCode.VIOLATED]) is ExitCode.VIOLATED
    assert combine([ExitCode.VIOLATED, ExitCode.USAGE]) is ExitCode.USAGE
