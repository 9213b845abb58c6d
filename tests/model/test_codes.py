"""The list of codes: complete, in order, and explained on its page."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from splitspec.model.codes import CODES, errors_page

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"SS[1-9]\d\d")


def test_the_page_is_made_from_the_list() -> None:
    """`make docs` makes it anew."""
    assert (ROOT / "docs" / "errors.md").read_text() == errors_page()


def test_no_code_is_listed_twice() -> None:
    headings = re.findall(r"^### (SS\d+)", errors_page(), re.MULTILINE)
    assert len(headings) == len(set(headings)) == len(CODES)


def test_every_code_in_the_sources_is_listed_and_every_listed_code_is_used() -> None:
    used = {
        node.value
        for folder in ("model", "checker", "refinement", "src/splitspec/cli")
        for path in (ROOT / folder).rglob("*.py")
        if not path.name.startswith("codes")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and CODE.fullmatch(node.value)
    }
    assert used == set(CODES)


def test_every_code_says_what_to_do() -> None:
    for code in CODES.values():
        assert code.title
        assert code.example
        for sentence in (code.meaning, code.advice):
            assert re.match(r"[A-Z`]", sentence), code.code
            assert sentence.endswith("."), code.code
