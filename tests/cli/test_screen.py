"""What others wrote is shown, and steers neither the terminal nor who reads it nor a runner of
continuous integration; a stream that is closed is reported, or done without."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from splitspec.checker.report.visible import visible
from splitspec.cli.screen import Screen
from splitspec.cli.terminal import Choice, painter

HOSTILE = "::stop-commands::x \x1b[32mgood\x1b[0m \u202edoog\u2066 ##[error]no ##vso[task]\x9b2J"
FORGED = f'''\
module forged
  """A model that lies about itself."""

sort Cell

var on[Cell]: bool                           # which cells are on

action flip(c: Cell) by kernel
  on[c] := not on[c]

invariant always_off
  """{HOSTILE}"""
  all c: Cell: not on[c]
'''


def run(folder: Path, *words: str, redirected: str = "") -> subprocess.CompletedProcess[bytes]:
    command = f'exec "$0" -m splitspec "$@" {redirected}'
    return subprocess.run(
        ["sh", "-c", command, sys.executable, *words],
        cwd=folder,
        capture_output=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "forged.split").write_text(FORGED)
    return tmp_path


@pytest.mark.parametrize("color", ["never", "always"])
def test_a_text_of_others_steers_nothing(folder: Path, color: str) -> None:
    done = run(folder, "check", "forged.split", "--scope", "Cell=1", "--color", color)
    text = done.stdout.decode()
    assert done.returncode == 1
    assert "\\u003a:stop-commands::x \\u001b[32mgood\\u001b[0m \\u202edoog\\u2066" in text
    assert "#\\u0023[error]no #\\u0023vso[task]\\u009b2J" in text
    unpainted = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert (unpainted != text) == (color == "always"), "our own colours are colours"
    assert all(line.isprintable() for line in unpainted.splitlines())
    assert not re.search(r"^\s*::|##\[|##vso\[", unpainted, re.MULTILINE)


def test_json_says_the_same_where_it_is_made_visible() -> None:
    said = {HOSTILE: [HOSTILE, "\U000e0041", "\x7f\u2028"]}
    printed = visible(json.dumps(said, indent=2, ensure_ascii=False))
    assert json.loads(printed) == said
    assert printed.replace("\n", "").isprintable()


def test_what_is_visible_remains_as_it_is() -> None:
    text = "  kernel\t1 → 2 · c::d 8\u00a0MB\n\n数 ✓ é ## [x] a: b"
    assert visible(text) == text


@pytest.mark.parametrize("space", ["", "  ", "\t", "\u3000"])
def test_a_command_is_none_after_any_space_and_in_any_line(space: str) -> None:
    assert visible(f"a\n{space}::error::b") == f"a\n{space}\\u003a:error::b"


def test_a_line_is_one_line_in_however_many_parts_it_is_printed() -> None:
    buffer = io.BytesIO()
    screen = Screen(io.TextIOWrapper(buffer, encoding="utf-8"))
    paint = painter(Choice.ALWAYS, screen)
    print("  ", end="", file=screen)
    print(paint("good", "::a"), "::b", file=screen, flush=True)
    assert buffer.getvalue() == b"  \x1b[32m\\u003a:a\x1b[0m ::b\n"


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        ((":", ":error::x"), ":\\u003aerror::x"),
        (("  ", ":", ":error::x"), "  :\\u003aerror::x"),
        (("a\n:", ":error::x"), "a\n:\\u003aerror::x"),
        (("#", "#[error]x"), "#\\u0023[error]x"),
        (("a ##", "[error]x"), "a ##\\u005berror]x"),
        (("##v", "so[task]"), "##v\\u0073o[task]"),
        (("#", "#", "v", "so", "[task]"), "##vso\\u005btask]"),
        (("a:", ":b", "#", "# [x]", "::c"), "a::b## [x]::c"),
        (("::a", "b", "##[c", "d"), "\\u003a:ab#\\u0023[cd"),
    ],
)
def test_a_command_is_none_in_however_many_parts_it_is_printed(
    parts: tuple[str, ...], shown: str
) -> None:
    buffer = io.BytesIO()
    screen = Screen(io.TextIOWrapper(buffer, encoding="utf-8"))
    for part in parts:
        screen.write(part)
    screen.flush()
    assert buffer.getvalue().decode() == shown


def test_a_sequence_passes_only_with_the_escape_of_its_stream() -> None:
    buffer = io.BytesIO()
    screen = Screen(io.TextIOWrapper(buffer, encoding="utf-8"))
    other = Screen(io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
    print(f"{other.escape}[1m", file=screen, flush=True)
    assert "\x1b" not in buffer.getvalue().decode()


def test_a_name_that_is_no_text_is_printed(folder: Path) -> None:
    done = run(folder, "fmt", "--check", b"no\xff.split".decode(errors="surrogateescape"))
    assert (done.returncode, b"Traceback" in done.stderr) == (2, False)
    assert b"no\\udcff.split" in done.stderr


@pytest.mark.parametrize("words", [("gate",), ("check", "forged.split", "--scope", "Cell=1")])
def test_a_closed_stdout_is_reported(folder: Path, words: tuple[str, ...]) -> None:
    done = run(folder, *words, redirected=">&-")
    assert done.returncode == 70
    assert done.stderr == b"error: the results cannot be written: stdout is closed\n"
    assert run(folder, *words, redirected=">&- 2>&-").returncode == 70


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_what_is_said_before_the_end_is_not_lost(
    folder: Path, monkeypatch: pytest.MonkeyPatch, unbuffered: str
) -> None:
    """The process ends without another flush where its results cannot be written."""
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    done = run(folder, "check", "forged.split", "--scope", "Cell=1", redirected=">/dev/full")
    assert done.returncode == 70
    assert done.stderr.startswith(b"error: the results cannot be written")


def test_a_closed_stderr_loses_diagnostics_only(folder: Path) -> None:
    words = ("check", "forged.split", "--scope", "Cell=1")
    done = run(folder, *words, redirected="2>&-")
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"violated  forged.always_off" in done.stdout
    assert run(folder, "check", "nothing.split", redirected="2>&-").returncode == 2
