"""Bounded runs, and induction over several steps, say what was looked at, wherever somebody or
something ends them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from tests.checker.small_systems import LIGHT, SEATS

from splitspec.checker.proof import ProofLimits
from splitspec.checker.symbolic import cvc5_solver, proving
from splitspec.checker.symbolic.bounded import explore_bounded
from splitspec.checker.symbolic.journal import Journal
from splitspec.checker.symbolic.k_induction import confirm, induct
from splitspec.checker.symbolic.proving import opened, prove
from splitspec.checker.symbolic.satisfaction import Satisfaction
from splitspec.checker.symbolic.term import Term
from splitspec.checker.symbolic.theory import Claim
from splitspec.checker.symbolic.unrolling import Unrolling
from splitspec.checker.symbolic.z3_solver import Answer, Reply
from splitspec.model.setting import Setting
from splitspec.model.verdict import Outcome

Make = Callable[..., Setting]

TAKEN = (
    SEATS
    + """
    invariant nobody_sits
      all t: Thread: seat[t] = none
    invariant somebody_sits
      some t: Thread: seat[t] != none
"""
)
"""At first nobody sits, and after one step somebody may."""


FADING = (
    LIGHT.replace("      light := red\n", "      light := blue\n")
    + """
    invariant coloured
      light = red or light != red
"""
)
"""No run has five states in a row that are not white; the only one ends in white."""


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def outcomes(setting: Setting, depth: int, *, apart: bool = True) -> dict[str, tuple[Outcome, str]]:
    verdicts = explore_bounded(setting, depth, apart=apart).verdicts
    return {v.property.removeprefix("m."): (v.outcome, v.reason) for v in verdicts}


def interrupted_after(monkeypatch: pytest.MonkeyPatch, questions: int) -> None:
    """Let somebody ask for the end when a solver is asked once more than so often."""
    asked: list[int] = []
    really = Satisfaction.check

    def check(solver: Satisfaction, *terms: Term) -> bool | None:
        asked.append(len(asked))
        if len(asked) == questions + 1:
            raise KeyboardInterrupt
        return really(solver, *terms)

    monkeypatch.setattr(Satisfaction, "check", check)


@pytest.mark.parametrize("questions", [1, 2, 3])
def test_who_interrupts_the_first_state_is_told_nothing_of_it(
    setting: Make, monkeypatch: pytest.MonkeyPatch, questions: int
) -> None:
    interrupted_after(monkeypatch, questions)
    result = explore_bounded(setting(TAKEN), 2, apart=False)
    assert result.run.interrupted
    assert result.run.remark == ""
    assert {v.outcome for v in result.verdicts} == {Outcome.UNKNOWN}


def test_a_step_more_that_ends_the_solver_leaves_what_was_found_before(
    setting: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = Unrolling.extend

    def extend(unrolling: Unrolling) -> None:
        if unrolling.depth == 1:
            killed()
        really(unrolling)

    monkeypatch.setattr(Unrolling, "extend", extend)
    lost = "depth 2: the solver died of SIGKILL"
    assert outcomes(setting(TAKEN), 3) == {
        "one_a_seat": (Outcome.UNKNOWN, lost),
        "nobody_sits": (Outcome.VIOLATED, ""),
        "somebody_sits": (Outcome.VIOLATED, ""),
    }
    # What lies before that step is no question of it.
    assert outcomes(setting(TAKEN), 1)["one_a_seat"] == (Outcome.HOLDS, "")


def test_a_state_of_which_no_question_is_answered_does_not_count_as_looked_at(
    setting: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    really = Unrolling.is_shown

    def shown(unrolling: Unrolling, claim: Claim, number: int) -> Term:
        asked[:] = [number]
        return really(unrolling, claim, number)

    def check(solver: Satisfaction, *terms: Term) -> bool | None:
        return None if asked == [2] else really_checked(solver, *terms)

    really_checked = Satisfaction.check
    monkeypatch.setattr(Unrolling, "is_shown", shown)
    monkeypatch.setattr(Satisfaction, "check", check)
    result = explore_bounded(setting(SEATS), 4)
    assert [v.reason for v in result.verdicts] == ["depth 2: the solver does not know"]
    assert result.run.remark == "all runs of up to 1 steps"


def test_bounded_runs_that_no_question_kills_are_unknown(
    setting: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Unrolling, "__init__", lambda *_, **__: killed())
    reason = "the prover was lost: the solver died of SIGKILL"
    paths = ("one_a_seat", "nobody_sits", "somebody_sits")
    assert outcomes(setting(TAKEN), 1) == dict.fromkeys(paths, (Outcome.UNKNOWN, reason))


@pytest.mark.parametrize("questions", range(10))
def test_an_interrupt_proves_nothing_over_several_steps(
    setting: Make, monkeypatch: pytest.MonkeyPatch, questions: int
) -> None:
    def induct_(*arguments: Any) -> Mapping[str, int]:
        interrupted_after(monkeypatch, questions)
        return induct(*arguments)

    monkeypatch.setattr(proving, "induct", induct_)
    try:
        result = prove(setting(FADING), finite=True, k_induction=6, apart=False)
    except KeyboardInterrupt:
        pytest.fail("what was decided before is lost")
    found = {v.property: v.outcome for v in result.verdicts}
    assert result.run.interrupted
    assert found == {"m.never_white": Outcome.UNKNOWN, "m.coloured": Outcome.HOLDS}


BLINKING = FADING.replace("      light := blue\n", "      light := red\n")
"""Nothing leads to blue, so that what is not white for three states stays so."""


def test_the_second_solver_proves_both_halves_of_an_induction(setting: Make) -> None:
    def reply(text: str, steps: int) -> Reply:
        proof = opened(setting(text), ProofLimits(), 0, Journal(), finite=True)
        return confirm(proof, "m.never_white", steps).reply

    assert [reply(BLINKING, steps) for steps in (2, 3)] == [Reply.REFUTED, Reply.PROVED]
    assert reply(FADING, 5) is Reply.REFUTED  # by the fourth step of a run


def test_what_the_second_solver_does_not_prove_over_several_steps_is_open(
    setting: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = setting(BLINKING)
    result = prove(made, finite=True, k_induction=3, recheck=True)
    assert result.run.unconfirmed == ()
    assert {v.outcome for v in result.verdicts} == {Outcome.HOLDS}
    lazy = Answer(Reply.UNKNOWN, frozenset(), "no idea", 0, 0.0)

    def confirmed(*arguments: Any) -> Answer:
        monkeypatch.setattr(cvc5_solver, "ask", lambda *_, **__: lazy)
        return confirm(*arguments)

    monkeypatch.setattr(proving, "confirm", confirmed)
    open_ = prove(made, finite=True, k_induction=3, recheck=True, apart=False).run.unconfirmed
    assert open_ == ("m.never_white after 3 steps, by cvc5: no idea",)
