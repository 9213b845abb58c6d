"""Every `splitspec` command that a page shows runs, and ends with the exit code that it states.

A command stands on a line of its own in a block fenced as `sh`; `# exit 1` after it states its
exit code, and none states 0. Commands of make set up whole environments and are left to CI.
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

    page: str
    line: str
    exit_code: int


def _shown(page: str) -> list[Shown]:
    lines = [
        line.strip()
        for block in FENCED.findall((ROOT / page).read_text())
        for line in block.splitlines()
        if line.strip().startswith("splitspec ")
    ]
    return [Shown(page, line, _stated_exit_code(line)) for line in lines]


def _stated_exit_code(line: str) -> int:
    stated = STATED.search(line)
    return int(stated[1]) if stated else 0


def _all_pages() -> list[str]:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [str(page.relative_to(ROOT)) for page in pages]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the specification, in which commands may leave files."""
    target = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "spec", target / "spec", ignore=shutil.ignore_patterns("__pycache__"))
    return target


# A command that two pages show runs once, if both state the same exit code.
COMMANDS = {(shown.line, shown.exit_code): shown for page in PAGES for shown in _shown(page)}


@pytest.mark.parametrize("shown", COMMANDS.values(), ids=lambda shown: shown.line)
def test_a_shown_command_ends_as_the_page_says(shown: Shown, checkout: Path) -> None:
    _, *arguments = shlex.split(shown.line, comments=True)
    done = subprocess.run(
        [sys.executable, "-m", "splitspec", *arguments],
        cwd=checkout,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == shown.exit_code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("page", PAGES)
def test_a_listed_page_shows_a_command(page: str) -> None:
    assert _shown(page), f"{page} shows no command of splitspec"


def test_every_page_with_commands_is_listed() -> None:
    assert [page for page in _all_pages() if _shown(page) and page not in PAGES] == []


def test_the_exit_code_is_read_from_the_end_of_the_line() -> None:
    assert _stated_exit_code("splitspec check granting   # exit 1") == 1
    assert _stated_exit_code("splitspec check granting") == 0
