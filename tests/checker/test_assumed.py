"""What is assumed of the world is told apart by what proofs use of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from splitspec.checker.report.assumptions import Effect, findings, partly_used, unused
from splitspec.checker.report.proved import Proved, Subject
from splitspec.checker.symbolic.proving import prove
from splitspec.checker.symbolic.theory import theory_of
from splitspec.model.reasons import Reason
from splitspec.model.setting import Setting

Make = Callable[..., Setting]

LAMP = """
    var on: bool
    var dim: bool
    action press() by kernel
      when powered: not dim  @hardware
      when dead: on  @hardware
      on := true
"""
DARK = "    invariant dark\n      not on\n"
LIT = "    invariant one_or_the_other\n      dim or not dim\n"


@pytest.fixture
def proofs(setting: Make) -> list[Proved]:
    """That a lamp stays dark rests on a press of a dark one being impossible; that it is dim or not
    rests on nothing."""
    return [_proved("dark", setting(LAMP + DARK)), _proved("any", setting(LAMP + LIT))]


def _proved(name: str, setting: Setting) -> Proved:
    system = theory_of(setting.program, setting.given).system
    subject = Subject(name, "m", setting.program, (system,), {}, frozenset({"m"}))
    return Proved(subject, (prove(setting, apart=False),))


def test_what_no_proof_uses_stands_with_all_models_that_assume_it(proofs: list[Proved]) -> None:
    found = {item.name: models for item, models in unused(proofs).items()}
    assert found == {"m.press.powered": ["dark", "any"]}


def test_what_one_model_uses_stands_with_the_models_that_do_not(proofs: list[Proved]) -> None:
    assert partly_used(proofs) == {"m.press.dead": (["dark"], ["any"])}
    assert partly_used(proofs[:1]) == {}


@pytest.mark.parametrize(
    ("effect", "said"),
    [
        (None, "not explored"),
        (Effect((), complete=True), "nothing breaks"),
        (Effect((), complete=False), "nothing breaks, as far as it was explored"),
        (Effect(("m.dark",), complete=False), "`m.dark`"),
    ],
)
def test_what_is_lost_without_it_is_said_and_no_more(
    proofs: list[Proved], effect: Effect | None, said: str
) -> None:
    effects = {item: effect for item in unused(proofs) if effect is not None}
    lines = [*findings(proofs, (), effects)]
    assert f"| `m.press.powered` | hardware | `not dim` | dark, any | {said} |" in lines
    assert any(line.startswith("### Without a reason") for line in lines)
    reasons = (Reason("As it is", "Lamps are like that.", ("*.powered",)),)
    explained = "\n".join(findings(proofs, reasons, effects))
    assert "### As it is\n\nLamps are like that." in explained
    assert "### Without a reason" not in explained
