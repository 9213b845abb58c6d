"""What the README shows is what the command above it prints."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_counterexample_is_the_output_of_its_command() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"```sh\n(splitspec [^\n]+)\n```\n\n```text\n(.*?)\n```", text, re.DOTALL)
    assert found is not None
    words = found[1].split()[1:]
    done = subprocess.run(
        [sys.executable, "-m", "splitspec", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert found[2] in done.stdout
