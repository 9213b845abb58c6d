"""The benchmark runs, passes over no wrong count and no missing peer, and its page is true."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
BENCH = ROOT / "bench"
PAGE = ROOT / "docs" / "performance.md"

SHOWN = re.compile(r"^\.venv/bin/python (bench/.*)$", re.MULTILINE)
QUICK = ("--quick", "--without-peers", "--only", "firing", "--format", "json")


def run(*words: str, bench: Path = BENCH, path: str | None = None) -> tuple[int, str]:
    variables = {**os.environ, "PATH": os.environ["PATH"] if path is None else path}
    command = [sys.executable, str(bench / words[0]), *words[1:]]
    done = subprocess.run(command, cwd=bench.parent, env=variables, capture_output=True, text=True)
    return done.returncode, done.stdout or done.stderr


def rows_of(output: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(output)["rows"]
    return rows


def test_a_quick_run_measures_rates_and_finds_the_recorded_counts() -> None:
    code, output = run("run.py", *QUICK)
    assert code == 0, output
    rows = rows_of(output)
    assert {(row["what"], row["unit"]) for row in rows} == {
        (f"{model}-small", unit)
        for model in ("remapping", "faulting")
        for unit in ("M firings/s", "M states/s")
    }
    assert all(row["right"] and row["value"] > 0 for row in rows)


def test_conformance_is_measured_by_what_is_done_and_what_is_refused() -> None:
    words = ("--quick", "--without-peers", "--only", "conformance", "--format", "json")
    code, output = run("run.py", *words)
    assert code == 0, output
    rows = {row["what"]: row for row in rows_of(output)}
    labels = ("transitions alone", "transitions, with refusals", "refused calls between them")
    alone, done, refused = (rows[f"all walks: {label}"] for label in labels)
    calls = rows["all walks: calls"]
    assert all(row["right"] and row["value"] > 0 for row in rows.values())
    assert alone["value"] > done["value"]
    assert calls["value"] > done["value"]
    assert calls["value"] > refused["value"]


def test_a_wrong_count_makes_the_benchmark_fail(tmp_path: Path) -> None:
    copy = shutil.copytree(BENCH, tmp_path / "bench", ignore=shutil.ignore_patterns("__pycache__"))
    manifest = copy / "models" / "models.toml"
    text = manifest.read_text()
    assert "states = 60303\n" in text
    manifest.write_text(text.replace("states = 60303\n", "states = 60304\n"))
    code, output = run("run.py", *QUICK, bench=copy)
    assert code == 1
    assert {row["what"] for row in rows_of(output) if not row["right"]} == {"remapping-small"}


def test_a_peer_that_is_not_installed_makes_the_benchmark_fail(tmp_path: Path) -> None:
    code, output = run("run.py", "--quick", "--only", "peers", path=str(tmp_path))
    assert code == 1
    assert "not installed: spin, rumur, gcc" in output


def test_a_prover_that_is_not_installed_makes_the_benchmark_fail(tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", ".peers")
    copy = shutil.copytree(BENCH, tmp_path / "bench", ignore=ignored)
    code, output = run("run.py", "--quick", "--only", "provers", bench=copy)
    assert code == 1
    assert "not installed: mypyvy" in output


def test_orbits_are_counted_alike_in_three_ways_and_as_published() -> None:
    """The Murphi distribution lists 172 for three processes (tests/systems/models.toml)."""
    command = [sys.executable, str(BENCH / "orbits.py"), "peterson", "--burnside"]
    folder = ROOT / "tests" / "systems"
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    counted = json.loads(done.stdout)
    assert counted["states"] == 882
    assert counted["renamings"] == 6
    assert counted["canonicalised"] == counted["reduced"] == counted["burnside"] == 172


def test_the_page_shows_commands() -> None:
    assert any("--quick" in line for line in SHOWN.findall(PAGE.read_text()))


@pytest.mark.parametrize("line", SHOWN.findall(PAGE.read_text()))
def test_a_shown_command_works(line: str) -> None:
    """Quick ones are run. What takes minutes must only be understood."""
    script, *words = shlex.split(line)
    if "--quick" in words:
        code, output = run(script.removeprefix("bench/"), *words)
        assert code == 0, output
    elif script == "bench/run.py":
        parse = "import sys, run; run.parser().parse_args(sys.argv[1:])"
        command = [sys.executable, "-c", parse, *words]
        subprocess.run(command, cwd=BENCH, check=True, capture_output=True)
    else:
        assert (ROOT / script).is_file()
