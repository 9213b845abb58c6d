"""A proof says which assumptions on constants it used."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from splitspec.checker.symbolic.proving import prove
from splitspec.model.setting import Setting
from splitspec.model.verdict import Outcome

Make = Callable[..., Setting]

RING = """
    sort S
    const next_to[S]: S
    const home: S
    assume nobody_is_next_to_oneself
      all s: S: next_to[s] != s
    assume home_is_next_to_something
      next_to[home] != home
    var place: S
    var passed: bool
    init
      place := home
      passed := false
    action go() by kernel
      place := next_to[place]
      passed := true
    step every_step_moves
      next(place) != place
    invariant who_passed_left_nothing_behind
      passed implies passed
    lemma begun_at_home
      not passed implies place = home
"""


@pytest.mark.parametrize("seed", [0, 1])
def test_a_proof_names_the_assumptions_that_it_used_and_no_others(setting: Make, seed: int) -> None:
    result = prove(setting(RING), seed=seed)
    assert {v.outcome for v in result.verdicts} == {Outcome.HOLDS}
    assert dict(result.basis) == {
        "m.every_step_moves": ("m.nobody_is_next_to_oneself",),
        "m.who_passed_left_nothing_behind": (),
        "m.begun_at_home": (),
    }


def test_what_holds_initially_by_an_assumption_names_it(setting: Make) -> None:
    text = """
        sort S
        const here: S
        const there: S
        assume apart
          here != there
        var place: S
        init
          place := here
        action stay() by kernel
          place := here
        invariant not_there
          place != there
    """
    (initially, later) = prove(setting(text)).obligations
    assert (initially.action, initially.core) == ("", ("m.apart",))
    assert (later.action, later.core) == ("m.stay", ("m.apart",))


@pytest.mark.parametrize("finite", [False, True], ids=["any size", "a scope"])
def test_without_its_assumption_a_claim_is_not_proved(setting: Make, finite: bool) -> None:
    assumption = "    assume nobody_is_next_to_oneself\n      all s: S: next_to[s] != s\n"
    assert assumption in RING
    without = RING.replace(assumption, "")
    for text, outcome in ((RING, Outcome.HOLDS), (without, Outcome.UNKNOWN)):
        found = {v.property: v.outcome for v in prove(setting(text), finite=finite).verdicts}
        assert found["m.every_step_moves"] is outcome


def test_at_a_scope_every_assumption_counts_as_used(setting: Make) -> None:
    basis = dict(prove(setting(RING), finite=True).basis)
    assumed = ("m.nobody_is_next_to_oneself", "m.home_is_next_to_something")
    assert basis["m.every_step_moves"] == assumed


def test_a_second_solver_confirms_proofs_that_used_assumptions(setting: Make) -> None:
    result = prove(setting(RING), recheck=True)
    assert result.run.unconfirmed == ()
    assert all(o.rechecked for o in result.obligations)
