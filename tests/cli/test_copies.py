"""Runs that are made in copies of the process are the runs, and a lost copy is never a pass."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing import active_children
from pathlib import Path
from typing import Any, NoReturn

import pytest

from splitspec.checker.explicit.judgement import blank_run
from splitspec.checker.interruption import Interruption
from splitspec.checker.result import Engine, RunResult
from splitspec.cli.copies import LostCopyError, make_all
from splitspec.cli.exclusion import exclusively
from splitspec.model.ir import Program
from splitspec.model.loader import load
from splitspec.model.scope import Scope
from splitspec.model.setting import Setting

GROUPS = [[0, 1, 2], [3], [4, 5], [6, 7, 8, 9]]


@pytest.fixture
def blank(tmp_path: Path) -> RunResult:
    (tmp_path / "m.split").write_text("module m\n\nvar on: bool\n")
    program = load(tmp_path / "m.split").program
    assert isinstance(program, Program)
    return RunResult(blank_run(Setting("m", program, Scope({}, {}, {})), Engine.EVALUATOR), ())


def nothing() -> None:
    """Let time pass."""


def test_every_run_comes_back_once_and_groups_stay_together(blank: RunResult) -> None:
    def make(number: int, _: Interruption) -> RunResult:
        return replace(blank, run=replace(blank.run, states=number, transitions=os.getpid()))

    found = list(make_all(GROUPS, make, 3, Interruption(), nothing))
    assert sorted(number for number, _ in found) == list(range(10))
    assert all(result.run.states == number for number, result in found)
    makers = {number: result.run.transitions for number, result in found}
    assert all(len({makers[number] for number in group}) == 1 for group in GROUPS)
    assert os.getpid() not in makers.values()
    assert active_children() == []


def test_a_copy_that_dies_is_an_error(blank: RunResult) -> None:
    def make(number: int, _: Interruption) -> RunResult:
        if number == 4:
            os.kill(os.getpid(), signal.SIGKILL)
        return blank

    with pytest.raises(LostCopyError, match="ended with -9"):
        list(make_all(GROUPS, make, 2, Interruption(), nothing))
    assert active_children() == []


@pytest.mark.parametrize("end", [os._exit, sys.exit])
def test_a_copy_that_ends_as_if_all_were_well_is_an_error(
    end: Callable[[int], NoReturn], blank: RunResult
) -> None:
    """What it runs may be a user's program, which ends a process with any code."""

    def make(number: int, _: Interruption) -> RunResult:
        return blank if number != 4 else end(0)

    with pytest.raises(LostCopyError, match="ended with 0 before its runs were made"):
        list(make_all(GROUPS, make, 2, Interruption(), nothing))
    assert active_children() == []


def test_an_exception_in_a_copy_is_an_error(blank: RunResult) -> None:
    def make(number: int, _: Interruption) -> RunResult:
        return blank if number != 3 else replace(blank, run=None)  # type: ignore[arg-type]

    def broken(number: int, relayed: Interruption) -> RunResult:
        result = make(number, relayed)
        assert result.run is not None
        return result

    with pytest.raises(LostCopyError, match="ended with 1"):
        list(make_all(GROUPS, broken, 2, Interruption(), nothing))


def test_an_interruption_reaches_the_copies(blank: RunResult) -> None:
    interruption = Interruption()

    def make(_: int, relayed: Interruption) -> RunResult:
        while not relayed.requested:
            pass
        return blank

    def tick() -> None:
        if not interruption.requested:
            interruption.notify()

    found = list(make_all(GROUPS, make, 2, interruption, tick))
    assert len(found) == 2, "each copy ended the run that it was making, and began no other"


def test_who_gives_up_leaves_no_copy_at_work(blank: RunResult) -> None:
    def make(_: int, __: Interruption) -> RunResult:
        while True:
            pass

    def tick() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(make_all(GROUPS, make, 2, Interruption(), tick))
    assert active_children() == []


# Two copies that work for ever, under a lock.
UNDER_A_LOCK = """\
import os, sys
from pathlib import Path
from splitspec.checker.interruption import Interruption
from splitspec.cli.copies import make_all
from splitspec.cli.exclusion import exclusively

def make(number, relayed):
    os.write(1, f"{os.getpid()} ".encode())
    while True:
        pass

with exclusively(Path(sys.argv[1])):
    list(make_all([[0], [1]], make, 2, Interruption(), lambda: None))
"""


def test_copies_end_with_the_original_however_it_ends(tmp_path: Path) -> None:
    lock = tmp_path / "splitspec.lock"
    words = [sys.executable, "-c", UNDER_A_LOCK, str(lock)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as original:
        assert original.stdout is not None
        said = b""
        while said.count(b" ") < 2:
            said += os.read(original.stdout.fileno(), 100)
        copies = [int(word) for word in said.split()]
        original.kill()
        original.wait()
    until = time.monotonic() + 10
    while any(map(_is_at_work, copies)) and time.monotonic() < until:
        time.sleep(0.01)
    assert not any(map(_is_at_work, copies))
    with exclusively(lock):
        """Nobody holds it."""


def _is_at_work(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def test_a_copy_has_no_part_in_a_lock(tmp_path: Path) -> None:
    """It would keep the lock for as long as it lives."""
    lock = tmp_path / "splitspec.lock"
    copied, ready = os.pipe()
    left, over = os.pipe()
    with exclusively(lock):
        copy = os.fork()
        if copy == 0:
            os.close(over)
            os.write(ready, b"!")
            os.read(left, 1)  # It lives until the other end is closed.
            os._exit(0)
        os.read(copied, 1)
    try:
        with exclusively(lock):
            """Nobody holds it."""
    finally:
        os.close(over)
        assert os.waitpid(copy, 0)[1] == 0


# n cells go on and off: 2^n states. Nothing is wrong with the variants but the first.
CELLS = '''\
module cells
  """Cells that go on and off."""

sort Cell

var on[Cell]: bool                           # which cells are on

action switch_on(c: Cell) by kernel
  when off:      not on[c]
  when possible: on[c] or not on[c]
  on[c] := true

action switch_off(c: Cell) by kernel
  when on:       on[c]
  when possible: on[c] or not on[c]
  on[c] := false

step one_changes
  all c, d: Cell: next(on[c]) = on[c] or next(on[d]) = on[d] or c = d

invariant some_off
  some c: Cell: not on[c]

variant all_on of cells
  """Switching on goes all the way anyway."""
  drop switch_on.possible
  expect violated some_off

variant never_checked of cells
  """A check that never fails is missing."""
  drop switch_off.possible
  expect redundant
'''

MODELS = """\
[cells]
module = "cells"
scope = {{ Cell = {size} }}

[again]
module = "cells"
scope = {{ Cell = {size} }}
"""


def folder_of(tmp_path: Path, size: int) -> Path:
    text = CELLS + CELLS[CELLS.index("\nvariant ") :].replace(" of cells", " of again")
    (tmp_path / "cells.split").write_text(text)
    (tmp_path / "models.toml").write_text(MODELS.format(size=size))
    return tmp_path


def splitspec(folder: Path, *words: str, program: str = "") -> subprocess.CompletedProcess[str]:
    run = ["-c", program] if program else ["-m", "splitspec"]
    return subprocess.run(
        [sys.executable, *run, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_two_processes_say_what_one_says(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, 9)
    words = ("check", "--variants", "--symmetry", "off", "--format", "json")
    both = [splitspec(folder, *words, "--workers", number) for number in ("1", "2")]
    documents = [json.loads(done.stdout) for done in both]
    for document in documents:
        for run in document["runs"]:
            run.pop("seconds")
    assert documents[0] == documents[1]
    assert [run["id"] for run in documents[0]["runs"]] == [
        f"{model} with {variant}"
        for model in ("cells", "again")
        for variant in ("all_on", "never_checked")
    ]
    assert both[0].returncode == both[1].returncode


# Sends SIGINT, or lets a copy die, once the copies are at work.
PROGRAM = """\
import os, signal, sys
from multiprocessing import active_children
from splitspec.cli import main
from splitspec.cli.terminal import ProgressLine

how, times = sys.argv[1], int(sys.argv[2])

def runs(line, made, total, seconds):
    global times
    if times == 0 or seconds < 1:
        return
    if how == "lose":
        active_children()[0].kill()
        times = 0
    while times:
        times -= 1
        os.kill(os.getpid(), signal.SIGINT)

ProgressLine.runs = runs
sys.argv = ["splitspec", *sys.argv[3:]]
main()
"""

LONG = ("check", "--variants", "--symmetry", "off", "--format", "json")


def outcomes(document: Any) -> list[tuple[str, str]]:
    return [(run["stop"], run["id"]) for run in document["runs"]]


@pytest.mark.parametrize("times", ["1", "2"])
def test_an_interrupt_leaves_one_document_of_all_runs(tmp_path: Path, times: str) -> None:
    """2^25 states are more than anybody waits for."""
    began = time.monotonic()
    done = splitspec(folder_of(tmp_path, 25), "interrupt", times, *LONG, program=PROGRAM)
    assert done.returncode == 130, done.stderr
    assert "Traceback" not in done.stderr
    document = json.loads(done.stdout)
    assert [stop for stop, _ in outcomes(document)] == ["interrupted"] * 4
    assert any(run["states"] > 0 for run in document["runs"]) == (times == "1")
    assert {v["outcome"] for v in document["verdicts"]} == {"unknown"}
    assert time.monotonic() - began < 60


def test_a_lost_copy_is_no_pass(tmp_path: Path) -> None:
    done = splitspec(folder_of(tmp_path, 25), "lose", "1", *LONG, program=PROGRAM)
    assert (done.returncode, done.stdout) == (70, "")
    assert "LostCopyError" in done.stderr
    assert "internal error" in done.stderr
