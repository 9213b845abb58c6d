"""The small project that every test of the gate begins with, and how the command is run in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent / "project"
Splitspec = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def warm_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that all tests share which are not about caches."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return shutil.copytree(PROJECT, tmp_path / "project")


def run(folder: Path, cache: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """The command in a folder, with a cache of its own."""
    environment = os.environ | {"XDG_CACHE_HOME": str(cache), "COLUMNS": "200"} | more
    return subprocess.run(
        [sys.executable, "-m", "splitspec", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def splitspec(project: Path, warm_cache: Path) -> Splitspec:
    def start(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return run(project, warm_cache, *words, **more)

    return start
