"""The pages that the browser tests look at, and the browser.

`make browser` names a Chromium; without one, this folder is not part of the suite.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = os.environ.get("CHROMIUM", "")
collect_ignore_glob = [] if CHROMIUM else ["test_*.py"]

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "build" / "screenshots"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Visit:
    """A page that is open, and everything that went wrong or went out while it was."""

    page: Any
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


def splitspec(*words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user does."""
    command = [sys.executable, "-m", "splitspec", *words]
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False
    )


def copy_modules(folder: Path, names: Sequence[str], old: str, new: str) -> None:
    """Copy modules of `spec/` to a folder, the first of them with another text in one place."""
    for name in names:
        shutil.copy(ROOT / "spec" / f"{name}.split", folder)
    first = folder / f"{names[0]}.split"
    text = first.read_text()
    assert text.count(old) == 1
    first.write_text(text.replace(old, new))


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], tuple[Path, str]]:
    """Return what draws a variant of a shipped model: the page, and what `check` prints."""
    folder = tmp_path_factory.mktemp("pages")

    @cache
    def draw(model: str, variant: str) -> tuple[Path, str]:
        path = folder / f"{variant}.html"
        done = splitspec("check", model, "--variant", variant, "--report", f"html={path}")
        assert done.returncode == 0, done.stderr
        return path, done.stdout

    return draw


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any) -> Iterator[Callable[..., Visit]]:
    """Return what opens a file; a complaint or a request of any page fails the test."""
    contexts: list[Any] = []
    visits: list[Visit] = []

    def open_(path: Path, **options: Any) -> Visit:
        context = chromium.new_context(viewport={"width": 1440, "height": 900}, **options)
        contexts.append(context)
        visited = Visit(context.new_page())
        visits.append(visited)
        page = visited.page
        page.on("console", lambda message: visited.complaints.append(message.text))
        page.on("pageerror", lambda error: visited.complaints.append(str(error)))
        page.on("request", lambda request: visited.requests.append(request.url))
        page.goto(path.as_uri())
        return visited

    yield open_
    for context in contexts:
        context.close()
    for visited in visits:
        assert visited.complaints == []
        assert len(visited.requests) == 1  # the file itself
        assert visited.requests[0].startswith("file:")
