"""The formatter: its laws, and what its canonical form looks like."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from splitspec.model.formatter import format_source
from splitspec.model.parser import parse
from splitspec.model.scanner import scan
from splitspec.model.source import Source, Span

ROOT = Path(__file__).parents[2]
VALID = sorted((ROOT / "tests" / "corpus" / "valid").glob("*.split"))
SHIPPED = sorted((ROOT / "spec").rglob("*.split"))


def _formatted(text: str) -> str:
    result = format_source(Source("test.split", text))
    assert result.diagnostics == ()
    return result.text


def _without_places(node: Any) -> Any:
    """Return a tree as nested tuples without its spans."""
    if isinstance(node, tuple):
        return tuple(_without_places(item) for item in node)
    if isinstance(node, Source | Span):
        return None
    if not dataclasses.is_dataclass(node):
        return node
    fields = (getattr(node, field.name) for field in dataclasses.fields(node))
    return (type(node).__name__, *(_without_places(field) for field in fields))


def _tree(text: str) -> Any:
    parsed = parse(Source("test.split", text))
    assert parsed.diagnostics == ()
    return _without_places(parsed.module)


def _comments(text: str) -> list[str]:
    return [comment.text for comment in scan(Source("test.split", text)).comments]


def _assert_laws(text: str) -> None:
    formatted = _formatted(text)
    assert _tree(formatted) == _tree(text)
    assert _comments(formatted) == _comments(text)
    assert _formatted(formatted) == formatted


@pytest.mark.parametrize("path", VALID + SHIPPED, ids=lambda path: path.stem)
def test_the_laws_hold_of_the_corpus_and_of_the_shipped_specification(path: Path) -> None:
    _assert_laws(path.read_text())


@st.composite
def _badly_laid_out(draw: st.DrawFn) -> str:
    """Draw a valid text with other spaces, indentation, blank lines and comments."""
    text = draw(st.sampled_from(VALID)).read_text()
    step = draw(st.integers(1, 3))
    lines: list[str] = []
    in_text = False
    for line in text.split("\n"):
        if not in_text:
            lines += [""] * draw(st.sampled_from([0, 0, 0, 0, 1, 3]))
            above = draw(st.sampled_from([None] * 8 + [0, 2, 3, 5, 12, 28]))
            lines += [] if above is None else [" " * above + "# between"]
        code = line.lstrip(" ")
        if code and not in_text and '"' not in code and "#" not in code:
            code = code.replace(" ", " " * draw(st.integers(1, 2)))
            code += " " * draw(st.integers(0, 6)) + draw(st.sampled_from(["", "", "# beside"]))
        quotes = line.count('"""')
        lines.append(" " * (step * (len(line) - len(line.lstrip(" ")))) + code)
        in_text ^= quotes % 2 == 1
    return "\n".join(lines)


@given(_badly_laid_out())
def test_the_laws_hold_of_any_layout(text: str) -> None:
    _assert_laws(text)


@given(st.text(alphabet="\"'# \nab", max_size=30))
def test_the_laws_hold_of_any_text_in_quotes(content: str) -> None:
    text = 'module m\n  """' + content.replace("\n", "\n  ").replace('"""', "") + ' """\n'
    _assert_laws(text)


def test_operators_names_and_brackets_are_spaced_in_one_way() -> None:
    assert _formatted("module m\ndef f(c :C)=g [c,d]+1<=  h( c )and not(p or q)") == (
        "module m\ndef f(c: C) = g[c, d] + 1 <= h(c) and not (p or q)\n"
    )
    assert _formatted("module m\nvar x [ 0 .. 3,S ] :T ?") == "module m\nvar x[0..3, S]: T?\n"


def test_blocks_are_indented_by_two_and_lines_that_go_on_by_four_more() -> None:
    text = "module m\ninvariant a\n     all x: S:\n         p\n          and q\n         r\n"
    assert _formatted(text) == ("module m\ninvariant a\n  all x: S:\n    p\n        and q\n    r\n")


def test_labels_of_adjacent_guards_and_updates_are_aligned() -> None:
    text = (
        "module m\naction f() by host\n"
        "  when a: p\n  when long: q @hardware\n  b: x := e\n  longer:   y := e\n  z := e\n"
    )
    assert _formatted(text) == (
        "module m\naction f() by host\n"
        "  when a:    p\n  when long: q @hardware\n  b:      x := e\n  longer: y := e\n  z := e\n"
    )


def test_comments_in_one_column_move_together_when_one_does_not_fit() -> None:
    text = "module m\nvar a: bool         # one\nvar b[S,T,U]: bool  # two\n"
    # The blanks that `b` gains after its commas push both comments two columns to the right.
    assert _formatted(text) == (
        "module m\nvar a: bool           # one\nvar b[S, T, U]: bool  # two\n"
    )


def test_a_kind_and_a_comment_stay_in_their_columns() -> None:
    text = "module m\npart f()\n  when a:  p      @kernel    # why\n"
    assert _formatted(text) == "module m\npart f()\n  when a: p       @kernel    # why\n"


def test_blank_lines_are_at_most_two_outside_and_one_inside_of_a_block() -> None:
    text = "module m\n\n\n\nfinal\n  p\n\n\n  q\n\n\n\n\nsort S\n\n\n"
    assert _formatted(text) == "module m\n\n\nfinal\n  p\n\n  q\n\n\nsort S\n"


def test_a_text_with_an_error_is_left_as_it_is() -> None:
    text = "module  m\nsort A  B\n"
    result = format_source(Source("test.split", text))
    assert result.text == text
    assert [d.code for d in result.diagnostics] == ["SS120"]
