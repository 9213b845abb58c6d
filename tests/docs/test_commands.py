"""Every `splitspec` command that a page shows runs, and ends with the exit code that it states.

A command stands on a line of its own in a block fenced as `sh`; `# exit 1` after it states its
exit code, and none states 0. The commands of one block are given one after the other in one folder,
and may read what an earlier one has written. Commands of make set up whole environments and are
left to CI.
"""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]

# Pages that show commands. A page with a fenced block that is not named here fails a test.
PAGES = ("README.md", "docs/gate.md", "docs/pictures.md", "docs/refinement.md")

FENCED = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STATED = re.compile(r"#\s*exit (\d+)\s*$")


class Shown(NamedTuple):
    """A command as a page shows it."""

    line: str
    exit_code: int


class Block(NamedTuple):
    """A fenced block of a page, and the commands of the tool that it shows."""

    page: str
    commands: tuple[Shown, ...]


def _blocks(page: str) -> list[Block]:
    blocks = []
    for text in FENCED.findall((ROOT / page).read_text()):
        lines = [line.strip() for line in text.splitlines()]
        shown = [Shown(x, _stated_exit_code(x)) for x in lines if x.startswith("splitspec ")]
        if shown:
            blocks.append(Block(page, tuple(shown)))
    return blocks


def _stated_exit_code(line: str) -> int:
    stated = STATED.search(line)
    return int(stated[1]) if stated else 0


def _all_pages() -> list[str]:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [str(page.relative_to(ROOT)) for page in pages]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the specification, in which commands may leave files."""
    target = tmp_path / "checkout"
    shutil.copytree(ROOT / "spec", target / "spec", ignore=shutil.ignore_patterns("__pycache__"))
    return target


BLOCKS = [block for page in PAGES for block in _blocks(page)]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda b: f"{b.page} · {b.commands[0].line}")
def test_the_commands_of_a_block_end_as_the_page_says(block: Block, checkout: Path) -> None:
    for shown in block.commands:
        _, *arguments = shlex.split(shown.line, comments=True)
        done = subprocess.run(
            [sys.executable, "-m", "splitspec", *arguments],
            cwd=checkout,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert done.returncode == shown.exit_code, f"{shown.line}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("page", PAGES)
def test_a_listed_page_shows_a_command(page: str) -> None:
    assert _blocks(page), f"{page} shows no command of splitspec"


def test_every_page_with_commands_is_listed() -> None:
    assert [page for page in _all_pages() if _blocks(page) and page not in PAGES] == []


def test_the_exit_code_is_read_from_the_end_of_the_line() -> None:
    assert _stated_exit_code("splitspec check granting   # exit 1") == 1
    assert _stated_exit_code("splitspec check granting") == 0
