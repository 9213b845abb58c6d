"""Rendered diagnostics: the shape, the place of the carets, and text that could do harm."""

from __future__ import annotations

import re
import sys

from hypothesis import given
from hypothesis import strategies as st

from splitspec.checker.report.diagnostics import render
from splitspec.checker.report.text import plain
from splitspec.cli.terminal import Choice, painter
from splitspec.model.diagnostic import Diagnostic, Note, Severity
from splitspec.model.parser import parse
from splitspec.model.source import Source, Span


def _source(*lines: str) -> Source:
    return Source("spec/pages.split", "\n".join(lines))


def test_an_error_shows_its_code_place_line_label_and_help() -> None:
    source = _source("module pages", "var x Page")
    diagnostic = Diagnostic(
        "SS121", "a `:` is missing", Span(source, 2, 7, 2, 11), "expected `:`", help="write it"
    )
    assert render([diagnostic], plain) == (
        "error[SS121]: a `:` is missing\n"
        " --> spec/pages.split:2:7\n"
        "  |\n"
        "2 | var x Page\n"
        "  |       ^^^^ expected `:`\n"
        "  |\n"
        "  = help: write it\n"
    )


def test_a_note_nearby_is_underlined_in_the_same_window() -> None:
    source = _source(*["sort A"] * 9, "sort B", "sort B")
    diagnostic = Diagnostic(
        "SS201",
        "`B` is declared twice",
        Span(source, 11, 6, 11, 7),
        "again here",
        (Note("first here", Span(source, 10, 6, 10, 7)),),
        severity=Severity.WARNING,
    )
    assert render([diagnostic], plain) == (
        "warning[SS201]: `B` is declared twice\n"
        "  --> spec/pages.split:11:6\n"
        "   |\n"
        "10 | sort B\n"
        "   |      - first here\n"
        "11 | sort B\n"
        "   |      ^ again here\n"
    )


def test_a_note_elsewhere_has_a_window_of_its_own() -> None:
    other = Source("spec/frames.split", "module frames\nsort B")
    diagnostic = Diagnostic(
        "SS201",
        "`B` is declared twice",
        Span(_source("sort B"), 1, 6, 1, 7),
        notes=(Note("first here", Span(other, 2, 6, 2, 7)), Note("names are global")),
    )
    lines = render([diagnostic], plain).split("\n")
    assert lines[5:] == [
        "  |",
        "  = note: first here",
        " --> spec/frames.split:2:6",
        "  |",
        "2 | sort B",
        "  |      -",
        "  = note: names are global",
        "",
    ]


def test_a_span_of_several_lines_is_underlined_to_the_end_of_its_first() -> None:
    diagnostic = Diagnostic("SS104", "m", Span(_source("abc def", "ghi"), 1, 5, 2, 3))
    assert "1 | abc def\n  |     ^^^\n" in render([diagnostic], plain)


def test_a_place_at_the_end_of_a_line_has_one_caret() -> None:
    diagnostic = Diagnostic("SS120", "m", Span(_source("abc"), 1, 4, 1, 4))
    assert "1 | abc\n  |    ^\n" in render([diagnostic], plain)


def test_a_diagnostic_without_a_place_is_a_sentence() -> None:
    assert render([Diagnostic("SS501", "no models.toml", None)], plain) == (
        "error[SS501]: no models.toml\n"
    )


def test_carets_stand_under_wide_characters() -> None:
    diagnostic = Diagnostic("SS101", "m", Span(_source("ab 世界 x"), 1, 4, 1, 6))
    # Each of the two characters takes two columns of a terminal.
    assert "  |    ^^^^\n" in render([diagnostic], plain)


def test_a_source_cannot_steer_the_terminal() -> None:
    source = _source("module m", "sort \x1b[2J\r\x07")
    text = render(parse(source).diagnostics, plain)
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", text)


def test_color_adds_nothing_but_color() -> None:
    diagnostics = parse(_source("module m", "sort A B", "invariant a", "  p[x)")).diagnostics
    assert len(diagnostics) == 2
    colored = render(diagnostics, painter(Choice.ALWAYS, sys.stdout))
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == render(diagnostics, plain)
    assert colored != render(diagnostics, plain)


@given(st.text(max_size=80))
def test_whatever_the_parser_says_can_be_shown(text: str) -> None:
    diagnostics = parse(Source("x", text)).diagnostics
    assert render(diagnostics, plain).count("error[SS1") == len(diagnostics)
