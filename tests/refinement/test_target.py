"""A model's name is looked up in the user's `models.toml`, and nowhere else: one that has the name
of a shipped model is held to its own text, or to none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.within import splitspec

from splitspec.refinement.target import TargetError, evaluator_of

HEADER = '{"schema": "splitspec-log/1", "model": "%s"}\n{"n": 1, "action": "create"}\n{"end": 1}\n'
LAMP = '''module granting
  """A lamp, and no frame."""

var lit: bool                                # there is light

action create() by kernel
  when dark: not lit
  lit := true
'''
MAPPING = """from splitspec.refinement.mapping import Implementation
GRANTING = Implementation("mine", "granting", lambda: None, lambda lamp: {}, {}, ValueError)
"""


@pytest.mark.parametrize("model", ["granting", "nothing"])
def test_no_name_is_taken_for_a_shipped_one(model: str, tmp_path: Path) -> None:
    with pytest.raises(TargetError, match=r"there is no models\.toml in") as refused:
        evaluator_of(model, folder=tmp_path)
    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.code == "SS520"
    assert f"`splitspec:{model}`" in diagnostic.help


def test_a_shipped_model_is_had_by_its_whole_name(tmp_path: Path) -> None:
    (tmp_path / "models.toml").write_text("")
    with pytest.raises(TargetError, match="has no model granting"):
        evaluator_of("granting", folder=tmp_path)
    found = evaluator_of("splitspec:granting", folder=tmp_path)
    assert "granting.back_page" in found.actions


def test_a_log_of_a_shipped_name_is_held_to_the_text_beside_it_or_to_none(tmp_path: Path) -> None:
    log = tmp_path / "log.ndjson"
    log.write_text(HEADER % "granting")
    refused = splitspec(tmp_path, "replay", "log.ndjson")
    assert refused.returncode == 2
    assert "there is no models.toml in" in refused.stderr
    (tmp_path / "granting.split").write_text(LAMP)
    (tmp_path / "models.toml").write_text('[granting]\nmodule = "granting"\n')
    held = splitspec(tmp_path, "replay", "log.ndjson", "--format", "json")
    assert held.returncode == 0, held.stdout + held.stderr
    assert json.loads(held.stdout)["results"][0]["matched"] == 1
    log.write_text(HEADER % "splitspec:granting")
    shipped = splitspec(tmp_path, "replay", "log.ndjson")
    assert shipped.returncode == 0, shipped.stdout + shipped.stderr


def test_a_mapping_of_a_shipped_name_is_refused_where_no_model_is_near(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_lamp.py").write_text(MAPPING)
    monkeypatch.syspath_prepend(tmp_path)
    done = splitspec(tmp_path, "conform", "my_lamp:GRANTING")
    assert done.returncode == 2
    assert "error[SS520]: there is no models.toml in" in done.stderr


def test_what_is_read_is_not_written_over(tmp_path: Path) -> None:
    log = tmp_path / "log.html"
    log.write_text(HEADER % "granting")
    done = splitspec(tmp_path, "replay", "log.html", "--report", "html=log.html")
    assert done.returncode == 2
    assert "log.html is what is read" in done.stderr
    assert log.read_text() == HEADER % "granting"
