"""The grammar's tables: free of conflicts, cached, and never the reason for a failure."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from splitspec.model import parser_tables
from splitspec.model.parser_tables import Tables, build_tables, load_tables
from splitspec.model.scanner import KEYWORDS, OPERATORS

GRAMMAR = Path(parser_tables.__file__).with_name("grammar.lark").read_text()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "splitspec"


@pytest.fixture(scope="module")
def tables() -> Tables:
    return build_tables(GRAMMAR)


def test_the_grammar_has_no_conflict(tables: Tables) -> None:
    """Building is strict: lark refuses a shift/reduce conflict that it would else hide."""
    assert set(tables.starts) == set(parser_tables.STARTS)


def test_a_grammar_with_a_conflict_is_refused() -> None:
    ambiguous = GRAMMAR.replace('| sum "+" atom -> plus', '| sum "+" sum -> plus')
    assert ambiguous != GRAMMAR
    with pytest.raises(Exception, match="conflict"):
        build_tables(ambiguous)


def test_the_scanner_makes_every_token_of_the_grammar(tables: Tables) -> None:
    made = {*KEYWORDS.values(), *OPERATORS.values(), "NAME", "PATH", "NUMBER", "STRING", "TEXT"}
    made |= {"_NEWLINE", "_INDENT", "_DEDENT", "$END"}
    kept_for_later = {"OBSERVER", "SEES", "RELEASE", "EMITS"}
    used = {kind for row in tables.rows for kind in row if kind.isupper()}
    assert used == made - kept_for_later


def test_cached_tables_are_the_built_ones(cache: Path, tables: Tables) -> None:
    assert load_tables() == tables
    assert len(list(cache.iterdir())) == 1
    assert load_tables() == tables


def test_lark_is_not_imported_when_the_tables_are_cached(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_tables()
    monkeypatch.setitem(sys.modules, "lark", None)  # An import would now fail.
    assert load_tables().rows


@pytest.mark.parametrize("content", ["", "{", "[]", "[[], [], {}]", "[1, 2, 3, 4]", "\x00"])
def test_a_damaged_cache_is_made_anew(cache: Path, tables: Tables, content: str) -> None:
    load_tables()
    (file,) = cache.iterdir()
    file.write_text(content)
    assert load_tables() == tables
    assert file.read_text() != content


def test_a_cache_that_cannot_be_written_costs_only_time(cache: Path, tables: Tables) -> None:
    cache.write_text("a file where the folder should be")
    assert load_tables() == tables
