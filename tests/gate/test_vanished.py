"""What vanishes without a trace in any run is missed all the same: the last claim of a proof, a
refinement of a module that is only imported."""

from __future__ import annotations

import os
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


@pytest.mark.parametrize("shared", [False, True], ids=["refined", "shared"])
def test_a_refinement_is_of_the_module_that_its_text_means(
    alone: Path, splitspec: Splitspec, *, shared: bool
) -> None:
    """A model may stand in a folder of its own, with modules named as others beside models.toml."""
    (alone / "models.toml").write_text(entries("candle").replace('= "', '= "sub/'), "utf-8")
    (alone / "sub").mkdir()
    lax = LAMP + "\naction turn_off() by kernel\n  when lit: on\n  on := false\n"
    candle = CANDLE.replace("douse() is stutter", "douse() is turn_off()")
    if shared:
        lax = lax.replace("\nvar", "\nimport people\n\nvar", 1)
        candle = candle.replace("\nvar", "\nimport people\n\nvar", 1)
        (alone / "lamp.split").write_text(lax, "utf-8")
        for folder in (alone, alone / "sub"):
            (folder / "people.split").write_text("module people\n\nsort Person\n", "utf-8")
    else:
        (alone / "lamp.split").write_text(lax, "utf-8")
        strict = lax.replace("when lit: on", "when never: on and not on")
        (alone / "sub" / "lamp.split").write_text(strict, "utf-8")
    (alone / "sub" / "candle.split").write_text(candle, "utf-8")
    done = splitspec("refine")
    if shared:
        assert done.returncode == 2, done.stdout
        assert "two modules of one name" in done.stderr
    else:
        assert done.returncode == 1, done.stdout
        assert "violated  candle.douse.allowed" in done.stdout


def test_a_file_whose_name_is_no_text_is_named_in_every_report(
    project: Path, splitspec: Splitspec
) -> None:
    (project / os.fsdecode(b"lost\xff.split")).write_text("module lost\n", encoding="utf-8")
    kinds = ("json", "junit", "markdown", "sarif")
    reports = [word for kind in kinds for word in ("--report", f"{kind}=report.{kind}")]
    done = splitspec("gate", *reports)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "held by no model of models.toml: lost\\xff.split" in done.stdout
    assert "lost" in (project / "report.json").read_text(encoding="utf-8")


def test_an_implementation_may_be_made_of_a_file_whose_name_is_no_text(
    project: Path, splitspec: Splitspec
) -> None:
    (project / "drivers").mkdir()
    (project / "drivers" / os.fsdecode(b"disk\xff.c")).write_text("int disk;\n", encoding="utf-8")
    manifest = project / "models.toml"
    text = manifest.read_text(encoding="utf-8")
    named = 'mapping = "counter_mapping:COUNTER"\nsources = ["drivers"]'
    manifest.write_text(text.replace('mapping = "counter_mapping:COUNTER"', named), "utf-8")
    done = splitspec("gate", "--tier", "pr")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "stale       conformed desk by counter_mapping:COUNTER" in done.stdout
