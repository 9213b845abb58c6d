"""Ctrl-C, in a real process: one document, what was decided, and exit code 130."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from splitspec.checker.report.document import schema_text
from splitspec.checker.result import Phase

# n cells go low, middle, high, and back to low: 3^n states.
CELLS = '''\
module cells
  """Cells that go up and fall."""

sort Cell
enum Level = low | middle | high

var level[Cell]: Level                       # how high a cell is

action raise_once(c: Cell) by kernel
  when low: level[c] = low
  level[c] := middle

action raise_twice(c: Cell) by kernel
  when middle: level[c] = middle
  level[c] := high

action fall(c: Cell) by kernel
  when high: level[c] = high
  level[c] := low

action never() by kernel
  when never: no c: Cell: level[c] = low or level[c] = middle or level[c] = high
  level[c] := low for c: Cell

invariant a_level_is_one_of_three
  all c: Cell: level[c] = low or level[c] = middle or level[c] = high

witness two_are_high
  some c, d: Cell: c != d and level[c] = high and level[d] = high

recoverable all_low
  all c: Cell: level[c] = low
'''

MODELS = """\
[first]
module = "cells"
scope = { Cell = 2 }
idle = { "cells.never" = "there are three levels" }

[cells]
module = "cells"
scope = { Cell = 6 }

[large]
module = "cells"
scope = { Cell = 15 }
"""

# A signal sent from outside comes at some moment. This one comes when a phase is reported.
AT_PHASE = """\
import os, signal, sys
from splitspec.cli import main
from splitspec.cli.terminal import ProgressLine

phase, signals = sys.argv[1], int(sys.argv[2])
show = ProgressLine.__call__

def interrupt(line, progress):
    global signals
    while progress.phase.value == phase and signals > 0:
        signals -= 1
        os.kill(os.getpid(), signal.SIGINT)
    show(line, progress)

ProgressLine.__call__ = interrupt
sys.argv = ["splitspec", *sys.argv[3:]]
main()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cells.split").write_text(CELLS)
    (tmp_path / "models.toml").write_text(MODELS)
    return tmp_path


def interrupted(
    folder: Path, phase: Phase, signals: int, *words: str
) -> subprocess.CompletedProcess[str]:
    """Run a command that gets so many SIGINTs when it comes to a phase."""
    return subprocess.run(
        [sys.executable, "-c", AT_PHASE, phase.value, str(signals), *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def document(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return the one document on stdout, which its schema allows."""
    assert "Traceback" not in done.stderr, done.stderr
    whole: dict[str, Any] = json.loads(done.stdout)
    jsonschema.validate(whole, json.loads(schema_text()))
    return whole


def outcomes(whole: dict[str, Any], run: str) -> dict[str, str]:
    return {v["property"]: v["outcome"] for v in whole["verdicts"] if v["run"] == run}


DECIDED = {
    "cells.a_level_is_one_of_three": "holds",
    "cells.two_are_high": "reached",
    "cells.all_low": "holds",
    "deadlock": "holds",
}
NOTHING = dict.fromkeys(DECIDED, "unknown")


@pytest.mark.parametrize(
    ("phase", "complete", "left"),
    [
        (Phase.COMPILING, False, NOTHING),
        (Phase.RECOVERING, True, DECIDED | {"cells.all_low": "unknown"}),
        (Phase.COVERING, True, DECIDED),
    ],
)
def test_an_interrupt_leaves_what_was_decided(
    folder: Path, phase: Phase, complete: bool, left: dict[str, str]
) -> None:
    done = interrupted(folder, phase, 1, "check", "cells", "--format", "json")
    assert done.returncode == 130, done.stderr
    whole = document(done)
    (run,) = whole["runs"]
    assert (run["complete"], run["stop"], run["coverage"]) == (complete, "interrupted", None)
    assert outcomes(whole, "cells") == left
    for verdict in whole["verdicts"]:
        assert (verdict["reason"] == "interrupted") == (verdict["outcome"] == "unknown")


def test_runs_before_the_interrupt_are_reported_and_those_after_it_are_unknown(
    folder: Path,
) -> None:
    words = ("check", "first", "cells", "large", "--symmetry", "off")
    done = interrupted(folder, Phase.COVERING, 1, *words, "--format", "json")
    assert done.returncode == 130, done.stderr
    whole = document(done)
    assert [run["id"] for run in whole["runs"]] == ["first", "cells", "large"]
    assert [run["complete"] for run in whole["runs"]] == [True, True, False]
    assert whole["runs"][0]["coverage"]["never_enabled"] == ["cells.never"]
    assert outcomes(whole, "first") == outcomes(whole, "cells") == DECIDED
    assert outcomes(whole, "large") == NOTHING
    text = interrupted(folder, Phase.COVERING, 1, *words)
    assert text.returncode == 130
    assert "all states visited, but not all judged: interrupted" in text.stdout
    assert text.stdout.endswith("1 of 3 runs as expected, 1 not made, 8 verdicts · exit 130\n")


@pytest.mark.parametrize("phase", [Phase.COMPILING, Phase.RECOVERING, Phase.COVERING])
def test_a_second_interrupt_gives_the_run_up_but_not_the_report(folder: Path, phase: Phase) -> None:
    words = ("check", "first", "cells", "--format", "json")
    done = interrupted(folder, phase, 2, *words)
    assert done.returncode == 130, done.stderr
    whole = document(done)
    assert outcomes(whole, "first") == DECIDED
    assert outcomes(whole, "cells") == NOTHING


def test_a_third_interrupt_ends_the_process_wherever_it_is() -> None:
    program = """
import os, signal
from contextlib import suppress
from splitspec.cli.interrupts import heed
with heed():
    for _ in range(3):
        with suppress(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
print("still here")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (130, b"")


@pytest.mark.parametrize("signals", [1, 2])
def test_walks_that_are_interrupted_show_what_they_found(folder: Path, signals: int) -> None:
    words = ("simulate", "cells", "--runs", "1000000000", "--format", "json")
    done = interrupted(folder, Phase.WALKING, signals, *words)
    assert done.returncode == 130, done.stderr
    whole = document(done)
    (run,) = whole["runs"]
    assert (run["complete"], run["stop"]) == (False, "interrupted")
    found = outcomes(whole, "cells")
    assert found["cells.two_are_high"] == ("reached" if signals == 1 else "unknown")
    assert (run["states"] > 0) == (signals == 1)


def test_a_signal_from_outside_ends_a_long_search(folder: Path) -> None:
    """14,348,907 states with two threads at work: wherever it hits, nothing looks like a pass."""
    words = ("check", "large", "--symmetry", "off", "--progress", "always", "--format", "json")
    with subprocess.Popen(
        [sys.executable, "-m", "splitspec", *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        read = ""
        while Phase.EXPLORING.value not in read:
            read += os.read(process.stderr.fileno(), 1 << 16).decode()
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        out, err = process.communicate(timeout=60)
    assert time.monotonic() - began < 30
    assert process.returncode == 130, err
    whole = document(subprocess.CompletedProcess(words, 130, out, err))
    (run,) = whole["runs"]
    assert (run["engine"], run["complete"], run["stop"]) == ("native", False, "interrupted")
    assert 0 < run["states"] < 3**15
    assert outcomes(whole, "large")["cells.two_are_high"] == "reached"
    assert outcomes(whole, "large")["cells.all_low"] == "unknown"
