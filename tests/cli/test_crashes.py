"""A thread that fails, a kernel that crashes, a result that is not written: none is ever a pass."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

# Each of n cells goes on and off: 2^n states.
CELLS = '''\
module cells
  """Cells that go on and off."""

sort Cell

var on[Cell]: bool                           # which cells are on

action flip(c: Cell) by kernel
  on[c] := not on[c]

invariant on_or_off
  all c: Cell: on[c] or not on[c]

recoverable all_off
  all c: Cell: not on[c]
'''

MODELS = """\
[small]
module = "cells"
scope = { Cell = 2 }

[cells]
module = "cells"
scope = { Cell = 10 }
"""

# Puts something else in the place of one function of the native runtime.
BROKEN = """\
import ctypes, sys
from splitspec.checker.explicit.native.machine_code import Runtime
from splitspec.cli import main

def raises(control, worker):
    raise ZeroDivisionError

def crashes(control, worker):
    return ctypes.string_at(0)

def loses(control, worker):
    return -1  # As if a successor of a complete search were not stored.

entry, name = Runtime.entry, sys.argv[1]
broken = {"raises": raises, "crashes": crashes, "loses": loses}[sys.argv[2]]
Runtime.entry = lambda self, asked: broken if asked == name else entry(self, asked)
sys.argv = ["splitspec", *sys.argv[3:]]
main()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cells.split").write_text(CELLS)
    (tmp_path / "models.toml").write_text(MODELS)
    return tmp_path


def broken(folder: Path, entry: str, how: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command whose native function `entry` does something else."""
    return subprocess.run(
        [sys.executable, "-c", BROKEN, entry, how, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


FUNCTIONS = [
    ("expand", "raises", "ZeroDivisionError"),
    ("list_predecessors", "loses", "a successor of a complete search is not stored"),
    ("observe", "raises", "ZeroDivisionError"),
]


@pytest.mark.parametrize(("entry", "how", "error"), FUNCTIONS)
def test_a_thread_that_fails_ends_in_an_internal_error(
    folder: Path, entry: str, how: str, error: str
) -> None:
    done = broken(folder, entry, how, "check", "small", "cells", "--symmetry", "off")
    assert done.returncode == 70, done.stdout + done.stderr
    assert "small · " in done.stdout, "what was judged before stays"
    assert "cells · " not in done.stdout
    assert "as expected" not in done.stdout
    assert error in done.stderr
    assert "internal error: splitspec" in done.stderr


@pytest.mark.parametrize(("entry", "how", "error"), FUNCTIONS)
def test_a_thread_that_fails_leaves_no_document(
    folder: Path, entry: str, how: str, error: str
) -> None:
    done = broken(folder, entry, how, "check", "cells", "--symmetry", "off", "--format", "json")
    assert (done.returncode, done.stdout) == (70, "")
    assert error in done.stderr


def test_a_walk_that_fails_ends_in_an_internal_error(folder: Path) -> None:
    done = broken(folder, "walk", "raises", "simulate", "cells", "--seed", "1")
    assert (done.returncode, done.stdout) == (70, "")
    assert "ZeroDivisionError" in done.stderr


@pytest.mark.parametrize("format", ["text", "json"])
def test_a_kernel_that_crashes_takes_the_process_with_it(folder: Path, format: str) -> None:
    done = broken(folder, "expand", "crashes", "check", "cells", "--format", format)
    assert done.returncode == -signal.SIGSEGV
    assert done.stdout == ""
    assert "Segmentation fault" in done.stderr


def test_results_that_cannot_be_written_are_no_pass(folder: Path) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("needs a device that is full")
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "splitspec", "check", "small"],
            cwd=folder,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 70
    assert done.stderr.startswith("error: the results cannot be written")


def test_a_reader_that_goes_away_is_no_pass(folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "splitspec", "check", "small", "cells"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        said = process.stderr.read()
    assert process.returncode == -signal.SIGPIPE
    assert said == b""


# Raises an exception where a command begins.
RAISING = """\
import sys
import splitspec.cli.fmt
from splitspec.cli import main

def raising(*_, **__):
    raise {"EOFError": EOFError("cut off"), "KeyboardInterrupt": KeyboardInterrupt()}[name]

name, sys.argv = sys.argv[1], ["splitspec", "fmt", "cells.split"]
splitspec.cli.fmt.format_all = raising
main()
"""


@pytest.mark.parametrize(("name", "code"), [("EOFError", 70), ("KeyboardInterrupt", 130)])
def test_an_exception_that_prompts_raise_is_no_violation(
    folder: Path, name: str, code: int
) -> None:
    command = [sys.executable, "-c", RAISING, name]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=60, check=False)
    assert done.returncode == code, done.stderr


# As if cvc5 refuted what Z3 has proved.
CONTRADICTING = """\
import sys
from dataclasses import replace
from splitspec.checker.symbolic.unbounded_calculus import UnboundedCalculus
from splitspec.checker.symbolic.z3_solver import Reply
from splitspec.cli import main

real = UnboundedCalculus.recheck
UnboundedCalculus.recheck = lambda *asked: replace(real(*asked), reply=Reply.REFUTED)
sys.argv = ["splitspec", "prove", "small", "--recheck"]
main()
"""


def test_solvers_that_contradict_each_other_are_an_internal_error(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CONTRADICTING],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 70, done.stdout + done.stderr
    assert "and the other refutes it" in done.stderr
    assert "internal error: splitspec" in done.stderr
    assert "holds" not in done.stdout
