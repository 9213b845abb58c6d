"""The native engine says what the evaluator says of steps that lead nowhere."""

from __future__ import annotations

import pytest
from tests.agreement.comparison import assert_agreement, natively, settings_of

ALWAYS_OUT_OF_RANGE = """
module m
const K: nat
var x: 0..3
var marked[0..3]: bool
action leap() by kernel
  x := K
action fall() by kernel
  x := K - 4
action near() by kernel
  when room: x < 3
  x += 1
  marked[x] := true
step behind
  next(marked[x]) implies x = 0
"""
"""With K = 2 `fall` leaves the range in every state, with K = 7 `leap` does: where such a step
would lead, `next(x)` is no index."""

TWO_BOUNDS_AT_ONCE = """
module m
var n: nat
var k: nat
var l: nat
action all_() by kernel
  n := n + 1
  k += 1
  l += 1
action some_() by host
  k += 2
invariant low
  n <= 2 and k <= 2 and l <= 9
"""
"""A step over two bounds is cut at both, and the run says so; a third bound cuts nothing."""


@pytest.mark.parametrize("end", [2, 7], ids=["below", "above"])
def test_a_step_that_always_leaves_its_range_is_judged_as_the_evaluator_does(end: int) -> None:
    ((setting, _),) = settings_of(ALWAYS_OUT_OF_RANGE, {}, {"K": end}, {"K": end})
    assert assert_agreement(setting)


def test_a_step_over_two_bounds_is_cut_at_both() -> None:
    bounds = {"n": 2, "k": 2, "l": 9}
    ((setting, _),) = settings_of(TWO_BOUNDS_AT_ONCE, {}, bounds)
    assert assert_agreement(setting)
    cut = natively(setting, workers=1, symmetry=True).run.cut
    assert cut == ("m.n", "m.k")
