"""The small project that every test of the gate begins with, and how the command is run in it:
as a process, or within this one where a hundred starts would take minutes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.cli.within import splitspec as command

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


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    stdout: str
    stderr: str

    @property
    def text(self) -> str:
        """Both streams."""
        return self.stdout + self.stderr


@pytest.fixture
def within(
    project: Path, warm_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Said]]:
    """Run the command in this process; the project's own modules are forgotten afterwards."""
    monkeypatch.chdir(project)
    monkeypatch.setenv("XDG_CACHE_HOME", str(warm_cache))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)

    def start(*words: str) -> Said:
        done = command(project, *words)
        return Said(done.returncode, done.stdout, done.stderr)

    yield start
    for name in set(sys.modules) - before:
        if str(project) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.fixture
def splitspec(within: Callable[..., Said], monkeypatch: pytest.MonkeyPatch) -> Splitspec:
    """The same, with both streams apart, as if it had been a process."""

    def start(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        for name, value in more.items():
            monkeypatch.setenv(name, value)
        done = within(*words)
        return subprocess.CompletedProcess(words, done.code, done.stdout, done.stderr)

    return start
