"""Runs that `prove` finds at other sizes and constants than those of the model."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from tests.cli.desk import DESK, MODELS
from tests.cli.within import splitspec


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "desk.split").write_text(DESK)
    (tmp_path / "models.toml").write_text(MODELS)
    return tmp_path


def prove(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return splitspec(folder, "prove", *words)


def test_reach_looks_at_the_sizes_at_which_there_is_a_counterexample_too(folder: Path) -> None:
    """At the model's own sizes nobody can have three of two tickets."""
    done = prove(folder, "desk", "--reach")
    assert done.returncode == 1
    assert "violated  desk.two_at_most  3 steps" in done.stdout


def test_a_run_at_other_sizes_than_the_models_is_written_and_read_again(folder: Path) -> None:
    words = ("--reach", "--report", "html=a.html", "--report", "json=a.json")
    assert prove(folder, "desk", *words).returncode == 1
    assert "two_at_most" in (folder / "a.html").read_text()
    (verdict,) = [
        v for v in json.loads((folder / "a.json").read_text())["verdicts"] if v["trace"] is not None
    ]
    assert verdict["trace"]["scope"]["desk.Ticket"] == 3
    seen = splitspec(folder, "view", "a.json", "-o", "b.html")
    assert "desk.two_at_most, 3 steps replayed" in seen.stdout


def test_an_initial_state_at_a_constant_that_the_model_does_not_have_is_written(
    folder: Path,
) -> None:
    """A proof claims every value of a constant, pinned or not, and every size."""
    (folder / "room.split").write_text(
        "module room\n\nsort Guest\nconst limit: nat\nvar inside: nat\n\n"
        "action come(g: Guest) by kernel\n  when room: inside < limit\n  inside += 1\n\n"
        "invariant not_full\n  inside < limit\n"
    )
    (folder / "models.toml").write_text(
        '[room]\nmodule = "room"\nscope = { Guest = 2 }\npins = { limit = 1 }\n'
        "bounds = { inside = 2 }\n"
    )
    done = prove(folder, "room", "--report", "html=a.html", "--report", "json=a.json")
    assert done.returncode == 1, done.stderr
    assert "limit = 0" in done.stdout
    seen = splitspec(folder, "view", "a.json", "-o", "b.html")
    assert "room.not_full, 0 steps replayed" in seen.stdout
