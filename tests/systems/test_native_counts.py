"""The command line finds the published numbers, with symmetry and without, on both engines."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from splitspec.model.manifest import load_manifest

FOLDER = Path(__file__).parent
MODELS = load_manifest(FOLDER / "models.toml").models


def check(name: str, symmetry: str) -> dict[str, object]:
    """Return the only run of a model; the command itself holds its counts to the manifest."""
    words = ["check", name, "--symmetry", symmetry, "--format", "json"]
    done = subprocess.run(
        [sys.executable, "-m", "splitspec", *words],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (run,) = json.loads(done.stdout)["runs"]
    assert run["complete"]
    assert run["drift"] == []
    return dict(run)


# The 17,704,917 states of six processes without symmetry are not published; with it they are.
@pytest.mark.parametrize(
    "name", ["peterson", "peterson-5", "transaction-commit", "two-phase-commit-6"]
)
def test_the_full_space_has_the_published_size(name: str) -> None:
    run = check(name, "off")
    (expected,) = MODELS[name].runs
    assert run["states"] == expected.states
    assert expected.transitions in (run["transitions"], None)


@pytest.mark.parametrize("name", ["peterson", "peterson-5", "peterson-6"])
def test_the_reduced_space_has_the_published_number_of_orbits(name: str) -> None:
    run = check(name, "on")
    (expected,) = MODELS[name].runs
    assert run["engine"] == "native"
    assert run["states"] == expected.orbits
