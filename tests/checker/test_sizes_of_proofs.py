"""Where a proof for any size looks at the sizes of the model, and what it says of others."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from splitspec.checker.expectation import Expectation, judge_proof
from splitspec.checker.report.document import proof_document
from splitspec.checker.report.proof import proof_text
from splitspec.checker.report.text import plain
from splitspec.checker.symbolic.proving import prove
from splitspec.cli.exitcode import ExitCode
from splitspec.cli.outcome import proof_code
from splitspec.model.setting import Setting
from splitspec.model.verdict import AssuranceKind, Outcome

Make = Callable[..., Setting]


def test_an_action_that_other_sizes_enable_is_not_called_idle_at_every_size(setting: Make) -> None:
    """Four elements are more than two, and a limit of five is more than three."""
    few = """
        sort C
        const limit: nat
        var on[C]: bool
        var full: bool
        counter lit counts c: C where on[c]
        action turn_on(c: C) by kernel
          when dark: not on[c]
          on[c] := true
          lit += 1
        action fill() by kernel
          when many: lit >= 4
          full := true
        action widen() by kernel
          when wide: limit >= 5
          full := true
        action never() by kernel
          when none_lit: lit < 0
          full := true
        invariant counted
          all c: C: on[c] implies lit >= 1
    """
    made = setting(few, bounds={"m.limit": 3})
    result = prove(made)
    assert result.run.never_enabled == ("m.fill", "m.widen", "m.never")
    assert result.run.idle_here == ("m.fill", "m.widen")
    assert judge_proof(result, Expectation()).vacuity == ("no state of the facts enables m.never",)
    at_the_scope = judge_proof(prove(made, finite=True), Expectation())
    assert len(at_the_scope.vacuity) == 3


@pytest.mark.parametrize("value", [None, 2])
def test_a_constant_may_have_a_value_that_the_scope_has_not(
    setting: Make, value: int | None
) -> None:
    """Bounds and pins play no part in what is proved for any size."""
    text = """
        const limit: nat
        assume large
          limit > 3
        invariant more_than_two
          limit > 2
    """
    pins = {} if value is None else {"m.limit": value}
    made = setting(text, bounds={"m.limit": 3}, pins=pins)
    (verdict,) = prove(made).verdicts
    assert (verdict.outcome, verdict.assurance.kind) == (Outcome.HOLDS, AssuranceKind.PROVED)
    (at_the_scope,) = prove(made, finite=True).verdicts
    assert at_the_scope.outcome is Outcome.UNKNOWN
    assert "no initial state" in at_the_scope.reason


COUNTED_TWICE = """
    sort C
    var on[C]: bool
    counter lit counts c: C where not on[c]
    action turn(c: C) by kernel
      when off: not on[c]
      on[c] := true
      lit -= 1
    invariant counted
      lit <= (count c: C where not on[c])
"""


def test_what_holds_initially_at_the_sizes_of_the_model_is_proved_for_them(setting: Make) -> None:
    """That two counts of all elements are equal is not told to a solver, and true at any size."""
    result = prove(setting(COUNTED_TWICE), recheck=True)
    (counted,) = [v for v in result.verdicts if v.property == "m.counted"]
    assert str(counted.assurance) == "proved-finite(C=2)"
    assert counted.reason.startswith("for any size, m.counted initially: ")
    assert not result.run.unconfirmed
    assert proof_code([judge_proof(result, Expectation())]) is ExitCode.UNKNOWN
    at_the_scope = prove(setting(COUNTED_TWICE), finite=True)
    assert proof_code([judge_proof(at_the_scope, Expectation())]) is ExitCode.MET


def test_a_proof_at_a_scope_without_sorts_is_still_one_at_a_scope(setting: Make) -> None:
    """Bounds count there, and nobody asked for other ones."""
    text = """
        var level: nat
        action rise() by kernel
          level := level + 1
        invariant low
          level < 99
    """
    made = setting(text, bounds={"m.level": 2})
    at_the_scope = judge_proof(prove(made, finite=True), Expectation())
    assert proof_code([at_the_scope]) is ExitCode.MET
    shown = proof_text(at_the_scope, {}, plain, verbose=False)
    assert "any size" not in shown
    assert proof_document([at_the_scope])["runs"][0]["scope"] == {}
    anywhere = judge_proof(prove(made), Expectation())
    assert proof_code([anywhere]) is ExitCode.UNKNOWN
    assert proof_document([anywhere])["runs"][0]["scope"] is None


def test_nothing_is_proved_at_sizes_at_which_no_assumption_is_met(setting: Make) -> None:
    """Of four elements all four may be lit. Three are fewer, and two are no three."""
    text = """
        sort C
        const one: C
        const two: C
        const three: C
        assume apart
          one != two and one != three and two != three
        var on[C]: bool
        counter lit counts c: C where on[c]
        action turn_on(c: C) by kernel
          when dark: not on[c]
          on[c] := true
          lit += 1
        invariant few
          lit <= 3
    """
    assurances = {}
    for sizes in (2, 3):
        found = prove(setting(text, sizes=sizes)).verdicts
        (assurances[sizes],) = [str(v.assurance) for v in found if v.property == "m.few"]
    assert assurances == {2: "none", 3: "proved-finite(C=3)"}


def test_assumptions_that_contradict_one_another_leave_nothing_to_prove(setting: Make) -> None:
    text = """
        const limit: nat
        assume large
          limit > 3
        assume small
          limit < 3
        invariant anything
          limit = 7
    """
    (verdict,) = prove(setting(text, bounds={"m.limit": 3})).verdicts
    assert verdict.outcome is Outcome.UNKNOWN
    assert "no initial state" in verdict.reason
