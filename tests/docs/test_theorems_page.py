"""The page of theorems says what is held without proofs, and why things are assumed for nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from splitspec.checker.gate.lock import Block, Claim, Key, Lock
from splitspec.checker.gate.standing import refinements, standing
from splitspec.checker.report.explored import BEGIN, END, Model, part, refreshed
from splitspec.model.loader import load
from splitspec.model.reasons import Reason, read_reasons, reason_for
from splitspec.model.tier import Tier

SPEC = Path(__file__).parents[2] / "spec"
LAMP = '''module lamp

var on: bool

action press() by kernel
  on := true

action darken() by kernel
  on := false

recoverable it_can_be_dark
  """It can always be switched off."""
  not on
'''
CLAIM = {"lamp.it_can_be_dark": Claim("", "holds", "exhaustive")}


def _lines(folder: Path, lock: Lock, unproved: str = "") -> list[str]:
    path = folder / "lamp.split"
    path.write_text(LAMP, encoding="utf-8")
    program = load(path).program
    assert program is not None
    return list(part([Model("lamp", program, unproved)], standing(lock), refinements(lock)))


def test_a_claim_of_recovery_stands_with_the_sizes_at_which_it_was_explored(tmp_path: Path) -> None:
    lock = Lock({Key("explored", "lamp"): Block(Tier.COMMIT, "", {"Lamp": 3}, claims=CLAIM)})
    (row,) = [line for line in _lines(tmp_path, lock) if "it_can_be_dark" in line]
    assert row.endswith("It can always be switched off. | lamp: Lamp = 3 | 1 model |")


@pytest.mark.parametrize(
    "key",
    [Key("variant", "lamp with broken"), Key("explored", "other"), Key("refined", "lamp of light")],
)
def test_a_claim_of_recovery_that_the_lock_does_not_have_is_not_held(
    tmp_path: Path, key: Key
) -> None:
    lock = Lock({key: Block(Tier.COMMIT, "", {"Lamp": 3}, claims=CLAIM)})
    (row,) = [line for line in _lines(tmp_path, lock) if "it_can_be_dark" in line]
    assert row.endswith("| not in the lock | 0 models |")


def test_a_refinement_stands_with_its_proof_and_its_exploration(tmp_path: Path) -> None:
    def block(assurance: str) -> Block:
        claims = {"light.on.agrees": Claim("", "holds", assurance)}
        return Block(Tier.PR, "", {"Lamp": 2}, {"orbits": 7}, claims=claims)

    run = "lamp of light given host"
    lock = Lock({Key("proved", run): block("proved"), Key("refined", run): block("exhaustive")})
    assert "| lamp of light | honest host | 1 proved, 1 explored | Lamp = 2 | 7 orbits |" in _lines(
        tmp_path, lock
    )
    assert "light.on.agrees" not in standing(lock)


def test_a_model_without_a_proof_stands_with_the_reason(tmp_path: Path) -> None:
    lock = Lock({Key("explored", "lamp"): Block(Tier.COMMIT, "", {"Lamp": 3}, claims=CLAIM)})
    assert "| lamp | it is too dark | Lamp = 3 |" in _lines(tmp_path, lock, "it is too dark")


def test_only_what_is_read_from_the_lock_is_made_anew() -> None:
    page = f"# Theorems\n\n{BEGIN}\n\nold\n\n{END}: unused\n\nproofs\n"
    made = refreshed(page, [BEGIN, "", "new", ""])
    assert made == page.replace("old", "new")


def test_the_first_reason_that_covers_a_name_is_given() -> None:
    reasons = (Reason("exact", "", ("lamp.press.once",)), Reason("any", "", ("*.once",)))
    assert reason_for("lamp.press.once", reasons) is reasons[0]
    assert reason_for("lamp.release.once", reasons) is reasons[1]
    assert reason_for("lamp.release.twice", reasons) is None


def test_every_reason_of_the_specification_is_given_of_something() -> None:
    page = (SPEC.parent / "docs" / "theorems.md").read_text(encoding="utf-8")
    found = page.partition(f"\n{END}")[2].partition("\n### Used in other models")[0]
    names = [line.split("`")[1] for line in found.splitlines() if line.startswith("| `")]
    reasons = read_reasons(SPEC / "assumptions.toml")
    assert names
    assert [name for name in names if reason_for(name, reasons) is None] == []
    assert {reason_for(name, reasons) for name in names} == set(reasons)
