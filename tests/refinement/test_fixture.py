"""What a user of the fixture did wrong is said as everywhere else: with its place, and without a
line of ours between it and the reader."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent / "repository"
TEST = "test_cache.py::test_long_programs"


def said_of(folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", TEST],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    return done.stdout


def changed(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return shutil.copytree(REPOSITORY, tmp_path / "repository")


def test_a_module_that_is_misspelt_has_its_place(repository: Path) -> None:
    changed(repository, "sharing.split", "module sharing", "module sharin")
    said = said_of(repository)
    assert re.search(r"error\[SS\d+\]: ", said)
    assert re.search(r"--> .*sharing\.split:1:8", said)
    assert "Traceback" not in said
    assert "splitspec/refinement" not in said


def test_a_model_that_is_misspelt_is_named(repository: Path) -> None:
    changed(repository, "test_cache.py", 'model="sharing"', 'model="sharin"')
    said = said_of(repository)
    assert "models.toml has no model sharin" in said
    assert "TargetError" not in said


def test_an_action_that_is_misspelt_is_named(repository: Path) -> None:
    changed(repository, "test_cache.py", '"let_go": lambda', '"let_og": lambda')
    said = said_of(repository)
    assert "let_og" in said
    assert "MappingError" not in said
