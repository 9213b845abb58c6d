"""Every text of the corpus that is wrong in names, in types or as a system is refused for that.

The first line of a text says which code it must get, and where; a second line `# with: a = b` puts
module `b` in the place of `a`. A text has one mistake: a second diagnostic would be a cascade.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from splitspec.model.codes_system import SYSTEM
from splitspec.model.codes_typing import NAMES, TYPES
from splitspec.model.diagnostic import Diagnostic
from splitspec.model.loader import Library, load, load_variants

CORPUS = Path(__file__).parents[1] / "corpus"
INVALID = sorted((CORPUS / "invalid").glob("SS[234]*.split"))
EXPECTED = re.compile(r"# expect: (SS\d+)(?: at (\d+):(\d+))?$")
REPLACED = re.compile(r"# with: (\w+) = (\w+)$")


def _diagnostics(path: Path) -> tuple[Diagnostic, ...]:
    """What is said of a text and of the variants in it."""
    second = REPLACED.match(path.read_text().split("\n")[1])
    library = Library()
    loaded = load(path, {second[1]: second[2]} if second else {}, library)
    if loaded.program is None:
        return loaded.diagnostics
    _, problems = load_variants(loaded, path.stem, (), library)
    return (*loaded.diagnostics, *problems)


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_the_only_diagnostic_is_the_expected_one(path: Path) -> None:
    expected = EXPECTED.match(path.read_text().split("\n")[0])
    assert expected is not None
    found = [
        (d.code, d.span and str(d.span.line), d.span and str(d.span.column))
        for d in _diagnostics(path)
    ]
    code, line, column = expected.groups()
    if line is None:
        # The mistake is in models.toml or in another file; only the code is expected.
        assert [code for code, *_ in found] == [code]
    else:
        assert found == [(code, line, column)]


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_a_diagnostic_says_what_was_expected_or_what_to_write(path: Path) -> None:
    for diagnostic in _diagnostics(path):
        assert diagnostic.label or diagnostic.help
        assert diagnostic.span is None or diagnostic.span.text


def test_every_code_of_names_types_and_systems_has_a_text() -> None:
    listed = {code.code for code in (*NAMES, *TYPES, *SYSTEM)}
    assert {path.name[:5] for path in INVALID} == listed


def test_the_modules_that_the_texts_import_are_sound() -> None:
    for name in ("roster", "ledger", "cells", "machine", "engine"):
        assert load(CORPUS / "invalid" / f"{name}.split").diagnostics == ()
