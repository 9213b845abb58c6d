"""The hooks of `.pre-commit-config.yaml` are well formed, and run what is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[2]
CONFIGURATION = ROOT / ".pre-commit-config.yaml"


def hooks() -> list[dict[str, object]]:
    (repository,) = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))["repos"]
    return list(repository["hooks"])


def test_pre_commit_takes_the_configuration() -> None:
    command = (sys.executable, "-m", "pre_commit", "validate-config", str(CONFIGURATION))
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("hook", hooks(), ids=lambda hook: str(hook["id"]))
def test_each_hook_runs_a_tool_of_the_environment(hook: dict[str, object]) -> None:
    """Only the quick ones are run here; the others are `make type` and the tests."""
    words = str(hook["entry"]).split()
    assert (ROOT / words[0]).exists()
    if hook["id"] in ("ruff-check", "ruff-format"):
        command = (*words, str(Path(__file__)))
        assert subprocess.run(command, cwd=ROOT, timeout=60, check=False).returncode == 0
