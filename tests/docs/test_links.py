"""Every file that a page names exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "tests" / "README.md"])

# `model/ir.py` in backquotes, or the target of a link that is not an address.
NAMED = re.compile(r"`((?:[\w.-]+/)+[\w.-]*\w\.\w+)`|\]\((?!https?:)([^)#\s]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    named = {first or second for first, second in NAMED.findall(page.read_text())}
    assert {
        name
        for name in named
        if not any((base / name).exists() for base in (ROOT, page.parent, page.parents[0]))
    } == set()


def test_names_are_found_in_backquotes_and_links() -> None:
    assert NAMED.findall("see `model/ir.py` and [this](docs/x.md)") == [
        ("model/ir.py", ""),
        ("", "docs/x.md"),
    ]
