"""The parser: what it reads, what it refuses, and that it never fails itself."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from splitspec.model import syntax
from splitspec.model.codes import SYNTAX
from splitspec.model.parser import parse, parse_expression
from splitspec.model.source import Source, Span

ROOT = Path(__file__).parents[2]
VALID = sorted((ROOT / "tests" / "corpus" / "valid").glob("*.split"))
INVALID = sorted((ROOT / "tests" / "corpus" / "invalid").glob("SS1*.split"))
SHIPPED = sorted((ROOT / "spec").rglob("*.split"))


def _parse(text: str) -> Any:
    return parse(Source("test.split", text))


def _only(text: str) -> Any:
    """Return the one declaration of a module with the given text."""
    parsed = _parse("module m\n" + text)
    assert parsed.diagnostics == ()
    (declaration,) = parsed.module.declarations
    return declaration


def _expression(text: str) -> Any:
    parsed = parse_expression(Source("test", text))
    assert parsed.diagnostics == ()
    return parsed.expression


def _shape(node: Any) -> str:
    """Write an expression with all its parentheses."""
    match node:
        case syntax.Binary(operator, left, right):
            return f"({_shape(left)} {operator} {_shape(right)})"
        case syntax.Negation(operand):
            return f"(not {_shape(operand)})"
        case syntax.Quantified(quantifier, binders, body):
            names = ",".join(str(binder.name) for binder in binders)
            return f"({quantifier} {names}: {_shape(body)})"
        case syntax.CountOf(_, condition):
            return f"(count {_shape(condition)})"
        case syntax.IfElse(condition, positive, negative):
            return f"(if {_shape(condition)} {_shape(positive)} {_shape(negative)})"
        case syntax.UnchangedOf(operand):
            return f"(unchanged {_shape(operand)})"
        case syntax.Block(lines):
            return "{" + "; ".join(_shape(line.expression) for line in lines) + "}"
        case _:
            return str(node.span.text)


@pytest.mark.parametrize("path", VALID + SHIPPED, ids=lambda path: path.stem)
def test_valid_texts_have_no_diagnostics(path: Path) -> None:
    parsed = parse(Source(path.name, path.read_text()))
    assert [(d.code, d.span and d.span.line) for d in parsed.diagnostics] == []
    assert parsed.broken == frozenset()


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_each_mistake_has_one_diagnostic_at_its_place(path: Path) -> None:
    text = path.read_text()
    found = parse(Source(path.name, text)).diagnostics
    places = [f"{d.code} at {d.span.line}:{d.span.column}" for d in found if d.span]
    assert places == [text.split("\n")[0].removeprefix("# expect: ")]
    assert all(d.message and d.label for d in found)


def test_every_syntax_code_has_a_text_in_the_corpus() -> None:
    assert {path.name[:5] for path in INVALID} == {code.code for code in SYNTAX}


@pytest.mark.parametrize("code", SYNTAX, ids=lambda code: code.code)
def test_the_example_of_each_code_has_that_code(code: Any) -> None:
    header = "" if code.code in ("SS109", "SS110") else "module m\n"
    assert [d.code for d in _parse(header + code.example).diagnostics] == [code.code]


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("a implies b implies c", "(a implies (b implies c))"),
        ("a or b and not c", "(a or (b and (not c)))"),
        ("a and b and c", "((a and b) and c)"),
        ("not a = b", "(not (a = b))"),
        ("a - b + c <= d", "(((a - b) + c) <= d)"),
        ("a implies all x: S: b and c", "(a implies (all x: (b and c)))"),
        ("all x: S: a implies b", "(all x: (a implies b))"),
        ("no x, y: S, z: T: a or b", "(no x,y,z: (a or b))"),
        ("if a then b else if c then d else e and f", "(if a b (if c d (e and f)))"),
        ("count x: S where a and b", "(count (a and b))"),
        ("unchanged f[a] and b", "((unchanged f[a]) and b)"),
        ("(a or b) and c", "((a or b) and c)"),
    ],
)
def test_operators_bind_as_the_reference_says(text: str, shape: str) -> None:
    assert _shape(_expression(text)) == shape


def test_a_quantifier_may_stand_over_a_block() -> None:
    claim = _only("invariant a\n  all x: S:\n    p\n    some y: T:\n      q\n  r")
    assert [_shape(line.expression) for line in claim.block.lines] == [
        "(all x: {p; (some y: {q})})",
        "r",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "when g: p and q @hardware",
        "when g:\n    p and q",
        "when g: @hardware\n    p and q",
        "when g: p\n      and q",
        "when g: p and\n      q",
        "when g: (p\n    and q)",
    ],
)
def test_a_guard_reads_the_same_on_one_line_and_as_a_block(text: str) -> None:
    guard = _only(f"action f() by host\n  {text}\n  x := true").items[0]
    assert [_shape(line.expression) for line in guard.block.lines] == ["(p and q)"]
    assert (str(guard.kind) == "hardware") == ("@hardware" in text)


def test_comments_beside_and_right_below_describe_a_declaration() -> None:
    variable = _only("var x: bool  # one\n             # two\n\n             # three")
    assert variable.comment == "one two"


def test_a_comment_in_another_column_describes_nothing() -> None:
    assert _only("var x: bool  # one\n  # two").comment == "one"


def test_texts_lose_their_quotes_and_indentation() -> None:
    claim = _only('invariant a\n  """One.\n\n    Two.\n  Three."""\n  p')
    assert claim.text.value == "One.\n\n  Two.\nThree."


def test_ranges_options_and_lists_have_their_parts() -> None:
    variable = _only("var x[0..3, m.S]: 0..K?")
    low, named = variable.indices
    assert (low.low, low.high, str(named.name)) == (0, 3, "m.S")
    assert isinstance(variable.type, syntax.OptionType)
    assert variable.type.of.span.text == "0..K"


def test_spans_cover_exactly_what_they_name() -> None:
    text = "module m\ninvariant a\n  (p or q) and f[x, y] = none\n"
    line = _parse(text).module.declarations[0].block.lines[0]
    assert line.expression.span.text == "(p or q) and f[x, y] = none"
    assert line.expression.right.left.span.text == "f[x, y]"


def test_every_broken_declaration_is_reported_and_the_others_are_kept() -> None:
    parsed = _parse(
        "module m\n"
        "sort A B\n"
        "enum E = x, y\n"
        "var good: bool\n"
        "action f() by host\n  x = 1\n"
        "invariant i\n  p and and q\n"
        "invariant kept\n  p\n"
    )
    assert [d.span.line for d in parsed.diagnostics] == [2, 3, 6, 8]
    assert [str(d.name) for d in parsed.module.declarations] == ["good", "kept"]
    assert parsed.broken == {"A", "E", "x", "y", "f", "i"}


def test_one_line_can_have_several_signs_of_another_notation() -> None:
    parsed = _parse("module m\ninvariant a\n  p == q && !r\n")
    assert [d.code for d in parsed.diagnostics] == ["SS113", "SS114", "SS114"]


def test_an_unclosed_text_does_not_hide_the_next_declaration() -> None:
    parsed = _parse('module m\ninvariant a\n  """Text\n  p\nsort S\n')
    assert [d.code for d in parsed.diagnostics] == ["SS104"]
    assert [str(d.name) for d in parsed.module.declarations] == ["S"]


def test_windows_line_ends_change_nothing() -> None:
    text = VALID[0].read_text()
    assert _stripped(_parse(text).module) == _stripped(_parse(text.replace("\n", "\r\n")).module)


def test_a_header_with_an_error_does_not_lose_the_module() -> None:
    parsed = parse(Source("spec/pages.split", "modul pages\nsort Page\n"))
    assert [d.code for d in parsed.diagnostics] == ["SS111"]
    assert parsed.module is not None
    assert str(parsed.module.name) == "pages"


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n"])
def test_an_empty_text_is_no_module(text: str) -> None:
    parsed = _parse(text)
    assert parsed.module is None
    assert [d.code for d in parsed.diagnostics] == ["SS109"]


@pytest.mark.parametrize("text", ["", "p and", "p\nq", "sort S", "p = = q", "'"])
def test_what_is_no_expression_is_reported(text: str) -> None:
    parsed = parse_expression(Source("test", text))
    assert parsed.expression is None
    assert parsed.diagnostics


WORDS = st.sampled_from(
    [
        *"module sort var action by host when do := = == all some x y: S , ( ) [ ] : | @ # ? .. + -"
        " ! && ' é invariant p and or implies not 0..3 12a next given honest where for count if "
        "then else expect drop variant of enum const".split(" "),
        *('"""', '"', "\n", "\n\n", "\n  ", "\n    ", "\t"),
    ]
)


@given(st.lists(WORDS, max_size=40).map(" ".join) | st.text(max_size=60))
def test_no_text_makes_the_parser_fail(text: str) -> None:
    _assert_explained(text)


@given(st.data())
def test_no_damage_to_a_valid_text_makes_the_parser_fail(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(VALID)).read_text()
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 12)))
    inserted = data.draw(st.lists(WORDS, max_size=3).map(" ".join) | st.text(max_size=3))
    _assert_explained(text[:start] + inserted + text[end:])


@given(st.sampled_from(VALID), st.floats(0, 1))
def test_no_cut_makes_the_parser_fail(path: Path, part: float) -> None:
    text = path.read_text()
    _assert_explained(text[: int(len(text) * part)])


@pytest.mark.parametrize("text", ["(" * 3000, "not " * 3000, "p and " * 3000, "f[" * 3000])
def test_deep_nesting_is_refused_with_words(text: str) -> None:
    _assert_explained(f"module m\ninvariant a\n  {text}p\n")


def test_deep_blocks_are_refused_with_words() -> None:
    lines = [" " * depth + "all x: S:" for depth in range(2, 60)]
    assert "SS108" in {d.code for d in _assert_explained("module m\nlemma a\n" + "\n".join(lines))}


def _assert_explained(text: str) -> tuple[Any, ...]:
    """Every diagnostic points into the text and speaks without internal names."""
    parsed = _parse(text)
    lines = text.split("\n")
    for diagnostic in parsed.diagnostics:
        span = diagnostic.span
        assert 1 <= span.line <= span.end_line <= len(lines)
        assert 1 <= span.column <= len(lines[span.line - 1]) + 1
        assert (span.line, span.column) <= (span.end_line, span.end_column)
        words = " ".join((diagnostic.message, diagnostic.label, diagnostic.help))
        assert not any(name in words for name in ("_NEWLINE", "INDENT", "$END", "LPAR"))
    assert parsed.diagnostics or parsed.module is not None
    return tuple(parsed.diagnostics)


def _stripped(node: Any) -> Any:
    """Return a tree as nested tuples without its spans."""
    if isinstance(node, tuple):
        return tuple(_stripped(item) for item in node)
    if isinstance(node, Source | Span):
        return None
    if not dataclasses.is_dataclass(node):
        return node
    fields = (getattr(node, field.name) for field in dataclasses.fields(node))
    return (type(node).__name__, *(_stripped(field) for field in fields))
