"""A proof for any size is one of systems whose `init` says how every run begins, at any size and
for all constants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from splitspec.checker.expectation import Expectation, judge_proof
from splitspec.checker.proof import ILL_BEGUN, ProofLimits, ProofResult
from splitspec.checker.report.advice import Tried, next_steps
from splitspec.checker.symbolic.proving import mutate, prove
from splitspec.model.setting import Setting
from splitspec.model.verdict import Outcome

Make = Callable[..., Setting]

LEVEL = """
    const full: 0..3
    {assumed}
    var level: 0..2
    var spilt: bool
    init
      level := full
    action spill() by kernel
      when over: level > 2
      spilt := true
    invariant dry
      not spilt
"""
"""With `full` = 1 it begins well, and with 3 it does not begin: the level cannot be 3."""

EVENTUALLY = """
    var wet: bool
    action rain() by kernel fair
      wet := true
    progress it_rains
      not wet leads to wet
"""

MARKED = """
    sort S
    const a: S
    const b: S
    const c: S
    assume two
      a != b
      {assumed}
    var on[S]: bool
    init
      on[x] := true for x: S where x != a and x != b
      on[c] := false
    action clear(x: S) by kernel
      on[x] := false
    invariant off
      not on[c]
"""
"""Among two elements `c` is one of the others, and among three it need not be."""


def words(result: ProofResult) -> set[tuple[str, str]]:
    return {(v.outcome.value, v.reason) for v in result.verdicts}


@pytest.mark.parametrize(
    ("text", "pins", "enough"),
    [
        (LEVEL, {"m.full": 1}, "assume some_room\n      full <= 2"),
        (MARKED, {}, "c = a or c = b"),
    ],
    ids=["a value out of range", "two values"],
)
def test_nothing_is_proved_for_any_size_where_some_run_would_not_begin(
    setting: Make, text: str, pins: dict[str, int], enough: str
) -> None:
    loose = setting(text.format(assumed=""), pins=pins)
    assert words(prove(loose)) == {("unknown", ILL_BEGUN)}
    assert words(prove(loose, finite=True)) == {("holds", "")}
    tight = setting(text.format(assumed=enough), pins=pins)
    assert words(prove(tight, recheck=True)) == {("holds", "")}


def test_a_state_in_which_no_run_begins_is_no_violation(setting: Make) -> None:
    """With `full` = 3 the first claim would be false at once; the second one is with 1."""
    claims = "    invariant low\n      level <= 2\n    invariant empty\n      level = 0\n"
    open_ = setting(LEVEL.format(assumed="") + claims, pins={"m.full": 1})
    found = {v.property: v.outcome for v in prove(open_).verdicts}
    assert found["m.low"] is Outcome.UNKNOWN
    assert found["m.empty"] is Outcome.VIOLATED


def test_who_has_an_init_that_need_not_begin_is_told_to_assume_what_it_needs(setting: Make) -> None:
    judged = judge_proof(
        prove(setting(LEVEL.format(assumed=""), pins={"m.full": 1})), Expectation()
    )
    assume, finite = next_steps(judged, Tried(ProofLimits().steps))
    assert assume.startswith("`assume` ")
    assert finite.startswith("--finite ")
    eventually = setting(LEVEL.format(assumed=EVENTUALLY), pins={"m.full": 1})
    of_progress = prove(replace(eventually, properties=()))
    (only,) = next_steps(judge_proof(of_progress, Expectation()), Tried(ProofLimits().steps))
    assert only == assume, "at a scope nothing is proved of progress"


def test_no_guard_carries_a_proof_that_speaks_of_no_run(setting: Make) -> None:
    _, guards = mutate(setting(LEVEL.format(assumed=""), pins={"m.full": 1}))
    assert guards == ()
