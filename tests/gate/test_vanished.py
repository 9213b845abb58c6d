"""What vanishes without a trace in any run is missed all the same: the last claim of a proof, a
refinement of a module that is only imported."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.gate.conftest import Splitspec

LAMP = '''module lamp
  """A lamp that somebody turns on."""

var on: bool                     # it is on

action turn() by kernel fair
  when off: not on
  on := true

final
  on

witness is_on
  on
'''
PROGRESS = '''
progress comes_on
  """It comes on."""
  not on leads to on
'''
CANDLE = '''module candle
  """What burns, and goes out."""

var lit: bool                    # it burns

action light() by kernel
  when dark: not lit
  lit := true

action douse() by kernel
  when bright: lit
  lit := false

witness is_lit
  lit

refinement candle of lamp
  """A lie: a lamp does not go out."""
  let on = lit
  light() is turn()
  douse() is stutter
'''
ROOM = '''module room
  """Where there is a candle."""

import candle

var left: bool                   # somebody has left

action leave() by kernel
  when there: not left
  left := true

final
  left

witness is_left
  left
'''


@pytest.fixture
def alone(project: Path) -> Path:
    """The folder of the project without what is in it."""
    shutil.rmtree(project / "variants")
    for path in (*project.glob("*.split"), *project.glob("*.lock")):
        path.unlink()
    return project


def entries(*names: str) -> str:
    return "\n".join(f'[{name}]\nmodule = "{name}"\nscope = {{}}\n' for name in names)


@pytest.mark.parametrize("tier", ["commit", "pr"])
def test_the_last_claim_of_a_proof_is_missed(tier: str, alone: Path, splitspec: Splitspec) -> None:
    (alone / "models.toml").write_text(entries("lamp"), encoding="utf-8")
    (alone / "lamp.split").write_text(LAMP + PROGRESS, encoding="utf-8")
    assert splitspec("lock").returncode == 0
    assert splitspec("gate").returncode == 0
    (alone / "lamp.split").write_text(LAMP, encoding="utf-8")
    done = splitspec("gate", "--tier", tier)
    assert done.returncode == 4, done.stdout
    text = "proved lamp: it is in the lock, and the specification has it not"
    assert f"missing     {text}" in done.stdout


@pytest.mark.parametrize("names", [("lamp", "room"), ("lamp", "room", "candle")])
def test_a_refinement_is_held_somewhere(
    names: tuple[str, ...], alone: Path, splitspec: Splitspec
) -> None:
    (alone / "models.toml").write_text(entries(*names), encoding="utf-8")
    for name, text in (("lamp", LAMP), ("candle", CANDLE), ("room", ROOM)):
        (alone / f"{name}.split").write_text(text, encoding="utf-8")
    done = splitspec("gate", "--tier", "pr", "--cache", "off")
    if "candle" in names:
        assert done.returncode == 1, done.stdout
        assert "violated    refined candle of lamp" in done.stdout
        assert "undecided" not in done.stdout
    else:
        assert done.returncode == 4, done.stdout  # For there is no lock, too.
        assert "undecided   explored room · candle of lamp: no model is held to it" in done.stdout
