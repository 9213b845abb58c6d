"""Properties of the sources themselves that no linter checks.

A failure names the file and line, and what to do.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("spec", "model", "checker", "refinement", "impl", "src", "tests", "docs", "bench")
TEXTS = {
    ".py",
    ".md",
    ".split",
    ".toml",
    ".lark",
    ".yml",
    ".yaml",
    ".sh",
    ".lock",
    ".html",
    ".json",
}

MODULE_LINES_MAX = 400
# One family of small data types each, which a reader takes in as a whole.
LONG_BY_NATURE = {"model/ir.py", "model/syntax.py"}
# What starts processes of its own also says where these end.
WORKERS = {
    "checker/parentage.py",
    "checker/symbolic/supervision.py",
    "tests/checker/test_beside.py",
    "tests/checker/test_supervision.py",
    "tests/cli/test_copies.py",
}
FUNCTION_LINES_MAX = 70
LINE_COLUMNS_MAX = 100
BANNED_NAMES = {"utils", "util", "helpers", "common", "misc", "base", "core", "manager", "managers"}

# Written in parts, so that this file does not contain what it looks for.
LEFT_OVERS = re.compile("|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X")))
MACHINE_PATHS = re.compile(
    r"(?<![\w.])/(wo" + r"rk|ro" + r"ot|ho" + r"me|Us" + r"ers)/|pyp" + r"i\.org|pythonh" + r"osted"
)


def _is_ours(path: Path) -> bool:
    """True of files that people wrote: not of caches, nor of what a link repeats."""
    inside = path.relative_to(ROOT)
    hidden = any(part == "__pycache__" or part.startswith(".") for part in inside.parts)
    return path.is_file() and not hidden and path.resolve() == path


def _texts() -> Iterator[Path]:
    yield from (path for path in sorted(ROOT.iterdir()) if _is_ours(path))
    yield from (ROOT / name for name in ("Makefile", ".ci/run", ".github/workflows/ci.yml"))
    for folder in (*FOLDERS, "requirements"):
        found = sorted((ROOT / folder).rglob("*"))
        yield from (path for path in found if path.suffix in TEXTS and _is_ours(path))


def _modules() -> list[Path]:
    return [path for path in _texts() if path.suffix == ".py"]


def _at(path: Path, line: int, what: str) -> str:
    return f"{path.relative_to(ROOT)}:{line}: {what}"


@dataclass(frozen=True, slots=True)
class Reading:
    """What the tests ask of one module's syntax, which is read once for all of them."""

    path: Path
    documented: bool
    functions: tuple[tuple[int, str, int], ...]
    """Line, name and number of lines."""
    strings: tuple[tuple[int, str], ...]
    calls: tuple[tuple[int, str], ...]
    """Line, and the function as it is written."""


def _read(path: Path) -> Reading:
    tree = ast.parse(path.read_text())
    functions, strings, calls = [], [], []
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name, lineno=line, end_lineno=end):
                functions.append((line, name, (end or line) - line + 1))
            case ast.Constant(value=str(value), lineno=line):
                strings.append((line, value))
            case ast.Call(func=ast.Name() | ast.Attribute() as called, lineno=line):
                calls.append((line, ast.unparse(called)))
    documented = bool(ast.get_docstring(tree))
    return Reading(path, documented, tuple(functions), tuple(strings), tuple(calls))


@pytest.fixture(scope="module")
def readings() -> list[Reading]:
    return [_read(path) for path in _modules()]


def test_the_walk_sees_the_sources() -> None:
    """Every other test here passes on an empty list."""
    seen = {str(path.relative_to(ROOT)) for path in _texts()}
    assert {"model/ir.py", "tests/architecture/test_tidy.py", "README.md", "Makefile"} <= seen
    assert not any(name.startswith("src/splitspec/model") for name in seen)


def test_modules_are_short() -> None:
    lengths = {
        path: len(path.read_text().splitlines())
        for path in _modules()
        if str(path.relative_to(ROOT)) not in LONG_BY_NATURE
    }
    assert [
        _at(path, length, f"{length} lines, split at {MODULE_LINES_MAX}")
        for path, length in lengths.items()
        if length > MODULE_LINES_MAX
    ] == []


def test_functions_fit_on_a_screen(readings: list[Reading]) -> None:
    assert [
        _at(module.path, line, f"{name} is longer than {FUNCTION_LINES_MAX} lines")
        for module in readings
        for line, name, length in module.functions
        if length > FUNCTION_LINES_MAX
    ] == []


def test_modules_are_named_for_what_they_hold() -> None:
    assert [
        _at(path, 1, "name it for what it holds")
        for path in _modules()
        if BANNED_NAMES & {path.stem, path.parent.name}
    ] == []


def test_every_module_says_what_it_is(readings: list[Reading]) -> None:
    assert [
        _at(module.path, 1, "begin with a docstring: what it turns into what")
        for module in readings
        if not module.documented
    ] == []


@pytest.mark.parametrize(
    ("pattern", "advice"),
    [
        (LEFT_OVERS, "write an issue or a line of docs/warts.md"),
        (MACHINE_PATHS, "no path or host of one machine"),
    ],
    ids=["left-overs", "machine paths"],
)
def test_no_text_contains(pattern: re.Pattern[str], advice: str) -> None:
    assert [
        _at(path, number, advice)
        for path in _texts()
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if pattern.search(line)
    ] == []


def test_no_pattern_repeats_a_group_possessively(readings: list[Reading]) -> None:
    """Python 3.11.0 to 3.11.4, which Debian 12 has, match such a pattern wrongly."""
    found = [
        f"{module.path.relative_to(ROOT)}:{line}"
        for module in readings
        for line, text in module.strings
        if re.search(r"\)[*+?]\+", text)
    ]
    assert found == [], "repeat a class of characters possessively, a group greedily"


def test_lines_of_code_and_specification_are_short() -> None:
    assert [
        _at(path, number, f"longer than {LINE_COLUMNS_MAX} columns")
        for path in _texts()
        if path.suffix in {".py", ".split", ".sh"}  # a production of the grammar is one line
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if len(line) > LINE_COLUMNS_MAX
    ] == []


def test_only_the_command_line_ends_the_process(readings: list[Reading]) -> None:
    folders = ("src", "bench")
    engines = [
        module
        for module in readings
        if module.path.parts[len(ROOT.parts)] not in folders
        and str(module.path.relative_to(ROOT)) not in WORKERS
    ]
    assert [
        _at(module.path, line, "return a value; only the command line exits")
        for module in engines
        for line, called in module.calls
        if called in ("sys.exit", "exit", "os._exit")
    ] == []


def test_frozen_classes_are_made_in_one_way() -> None:
    """By `frozen`, where a start of the tool makes them (ADR 0019)."""
    long = "@dataclass(" + "frozen=True, slots=True"
    started = ("model", "checker", "src/splitspec/cli")
    modules = [path for name in started for path in (ROOT / name).rglob("*.py")]
    assert any("@frozen" in path.read_text() for path in modules)
    assert [
        _at(path, number, "written @frozen here")
        for path in modules
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if line.strip() in (long + ")", long + ", eq=False)")
    ] == []
