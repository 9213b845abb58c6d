"""A counter is never more than there is to count: a step that would make it so has no outcome, and
that none does is proved only with the counter's being exact. It is enabled all the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from splitspec.checker.explicit import oracle
from splitspec.checker.symbolic.proving import prove
from splitspec.model.setting import Setting
from splitspec.model.verdict import Outcome

Make = Callable[..., Setting]

TOKENS = """
    sort F
    var taken[F]: bool
    var left: 0..3
    counter tokens counts f: F where taken[f]
    action fill() by kernel
      left := 3
    action issue(f: F) by kernel fair
      when some_left: left > 0
      when free: not taken[f]
      taken[f] := true
      tokens += 1
      left -= 1
"""
"""With one frame, a second token that no frame accounts for would be more than there can be."""


def outcomes(of: Setting) -> dict[str, Outcome]:
    return {v.property.removeprefix("m."): v.outcome for v in prove(of).verdicts}


def test_that_a_counter_has_room_follows_from_its_being_exact(setting: Make) -> None:
    result = prove(setting(TOKENS))
    assert {v.property: v.outcome for v in result.verdicts} == {
        "m.tokens.exact": Outcome.HOLDS,
        "m.issue.range": Outcome.HOLDS,
    }
    assert "m.tokens.exact" in dict(result.basis)["m.issue.range"]


@pytest.mark.parametrize("sizes", [1, 2])
def test_what_a_run_violates_is_not_proved_of_a_counter_that_is_not_exact(
    setting: Make, sizes: int
) -> None:
    loose = setting(TOKENS.replace("      taken[f] := true\n", ""), sizes=sizes)
    found = {v.property.removeprefix("m.") for v in oracle.explore(loose).verdicts if v.trace}
    assert {"tokens.exact", "issue.range"} <= found
    assert set(outcomes(loose).values()) == {Outcome.UNKNOWN}


WAITING = """
    sort F
    var taken[F]: bool
    var waiting: bool
    counter tokens counts f: F where taken[f]
    action ask() by kernel
      waiting := true
    action answer(f: F) by kernel fair
      when open: waiting
      waiting := false
      tokens += 1
    progress answered
      waiting leads to not waiting
"""


def test_nobody_waits_for_a_step_that_may_have_no_outcome(setting: Make) -> None:
    """The second answer, with one frame, would count more than that."""
    found = {v.property: v for v in prove(setting(WAITING)).verdicts}
    assert found["m.answered"].outcome is Outcome.UNKNOWN
    assert "m.tokens.exact" in found["m.answered"].reason
    kept = WAITING.replace("      tokens += 1\n", "")
    assert outcomes(setting(kept))["answered"] is Outcome.HOLDS


@pytest.mark.parametrize(
    "update", ["n := n + 5", "n := 1\n          n := 2"], ids=["cut", "overlap"]
)
def test_an_action_without_an_outcome_is_enabled_all_the_same(setting: Make, update: str) -> None:
    """Whether a step can happen is a matter of its guards, in a proof as in a run."""
    text = f"""
        var n: nat
        action leap() by kernel
          when low: n <= 3
          {update}
        invariant never
          n != 4
    """
    leaping = setting(text, bounds={"m.n": 3})
    coverage = oracle.explore(leaping).run.coverage
    assert coverage is not None
    assert coverage.never_enabled == ()
    assert prove(leaping).run.never_enabled == ()
