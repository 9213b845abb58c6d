"""What the README shows is what the command above it prints."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

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


def test_a_property_of_ones_own_is_refuted_over_fork_and_proved_over_tables(
    tmp_path: Path,
) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.split("## A property of your own\n")[1].split("\n## ")[0]
    module = dedent(section[section.index("    module ") : section.index("    splitspec check")])
    check, prove = re.findall(r"^    splitspec ([^\n]+)$", section, re.MULTILINE)
    shutil.copytree(ROOT / "spec", tmp_path / "spec")

    def ended(text: str, command: str) -> tuple[int, str]:
        (tmp_path / "spec" / "mine.split").write_text(text.strip() + "\n", encoding="utf-8")
        words = [sys.executable, "-m", "splitspec", *command.split()]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=240)
        return done.returncode, done.stdout

    code, shown = ended(module, check)
    assert code == 1
    assert "violated  mine.nobody_shares  6 steps" in shown
    code, shown = ended(module.replace("import fork", "import tables"), prove)
    assert code == 0
    assert "1 invariant · proved" in shown


def test_the_language_is_shown_by_the_specification_itself() -> None:
    """Every example of the section stands in a file of `spec/`, to the letter."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.split("## The language\n")[1].split("\n## ")[0]
    files = [path.read_text(encoding="utf-8") for path in (ROOT / "spec").rglob("*.split")]
    blocks = re.findall(r"(?:^    .*\n|^\n(?=    ))+", section, re.MULTILINE)
    parts = [part for block in blocks for part in dedent(block).strip().split("\n\n")]
    assert len(parts) == 4
    assert [part for part in parts if not any(part in file for file in files)] == []
