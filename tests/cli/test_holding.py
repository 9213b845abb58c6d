"""Implementations that are held by several processes are held as by one, and in the same order."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.gate.conftest import PROJECT

from splitspec.checker.interruption import Interruption
from splitspec.cli.copies import LostCopyError
from splitspec.cli.exitcode import ExitCode
from splitspec.cli.holding import Holding, Unheld, hold_all, in_order

MANY = '''\
"""The counter, and counters that are slow, wrong, or the end of the process that holds them."""

import os
import signal
import sys
import time
from dataclasses import replace

from counter import Counter
from counter_mapping import COUNTER


def slowly():
    time.sleep(0.3)
    return Counter([0, 1])


def for_long():
    time.sleep(60)
    return Counter([0, 1])


def last():
    os.kill(os.getpid(), signal.SIGKILL)


def leaving():
    """End the process as if all were well."""
    os._exit(0)


def failing():
    raise OSError("no device")


def asking(*_):
    sys.exit(0)


def interrupting():
    """Press Ctrl-C: the original is the parent of the copy that holds this one."""
    os.kill(os.getppid(), signal.SIGINT)
    return slowly()


SLOW = replace(COUNTER, name="slow", create=slowly)
WAITING = replace(COUNTER, name="waiting", create=for_long)
WRONG = replace(COUNTER, name="wrong", guards={})
BLIND = replace(COUNTER, name="blind", observe=lambda counter: {})
DEADLY = replace(COUNTER, name="deadly", create=last)
LEAVING = replace(COUNTER, name="leaving", create=leaving)
FAILING = replace(COUNTER, name="failing", create=failing)
ASKING_WHERE_CREATED = replace(COUNTER, create=asking)
ASKING_WHERE_DONE = replace(COUNTER, actions={**COUNTER.actions, "hand_out": asking})
ASKING_WHERE_OBSERVED = replace(COUNTER, observe=asking)
INTERRUPTING = replace(COUNTER, name="interrupting", create=interrupting)
UNKNOWN = replace(COUNTER, name="unknown", model="nothing")
'''
TIME = re.compile(r"[0-9.]+ s, [\d,]+ calls/s|(?<=\"seconds\": )[0-9.e-]+")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = shutil.copytree(PROJECT, tmp_path / "project")
    (place / "many.py").write_text(MANY)
    return place


def conform(folder: Path, workers: int, *words: str) -> subprocess.CompletedProcess[str]:
    """Hold mappings of the folder, in a process of its own; nothing that is shown has a time."""
    command = [sys.executable, "-m", "splitspec", "conform", *words, "-j", str(workers)]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    done.stdout = TIME.sub("0", done.stdout)
    return done


def test_results_come_in_the_order_of_the_list() -> None:
    assert list(in_order([(2, "c"), (0, "a"), (1, "b")])) == [(0, "a"), (1, "b"), (2, "c")]


def test_what_comes_before_a_gap_is_not_held_up() -> None:
    def made() -> Iterator[tuple[int, str]]:
        yield 0, "a"
        assert shown == ["a"], "it was shown before anything else was made"
        yield 3, "d"
        yield 1, "b"

    shown: list[str] = []
    for _, result in in_order(made()):
        shown.append(result)
    assert shown == ["a", "b", "d"], "the third was never begun"


def test_who_gives_up_still_gets_what_was_finished() -> None:
    def made() -> Iterator[tuple[int, str]]:
        yield 1, "b"
        raise KeyboardInterrupt

    assert list(in_order(made())) == [(1, "b")]


def test_what_was_finished_before_a_process_died_is_there() -> None:
    def made() -> Iterator[tuple[int, str]]:
        yield 2, "c"
        yield 1, "b"
        raise LostCopyError("it died")

    results = in_order(made())
    assert [next(results), next(results)] == [(1, "b"), (2, "c")]
    with pytest.raises(LostCopyError, match="it died"):
        next(results)


@pytest.mark.parametrize(
    ("second", "form", "workers", "code"),
    [
        ("counter_mapping:COUNTER", "json", 2, ExitCode.MET),
        ("many:WRONG", "text", 8, ExitCode.VIOLATED),
        ("many:UNKNOWN", "text", 2, ExitCode.USAGE),
        ("many:NOTHING", "json", 2, ExitCode.USAGE),
    ],
)
def test_any_number_of_processes_says_the_same(
    second: str, form: str, workers: int, code: ExitCode, folder: Path
) -> None:
    """Also if the first is finished last, one diverges, or one cannot be held."""
    names = ("many:SLOW", second, "counter_mapping:COUNTER", "--format", form)
    one, several = (conform(folder, n, *names) for n in (1, workers))
    assert one.returncode == code, one.stderr
    assert several.returncode == one.returncode
    assert (several.stdout, several.stderr) == (one.stdout, one.stderr)


@pytest.mark.parametrize("way", [("--programs", "3"), ("--calls", "20")])
def test_random_ways_are_the_same_in_any_number_of_processes(
    way: tuple[str, str], folder: Path
) -> None:
    names = ("many:SLOW", "counter_mapping:COUNTER")
    one, two = (conform(folder, n, *names, *way) for n in (1, 2))
    assert one.returncode == ExitCode.MET, one.stderr
    assert two.stdout == one.stdout


def test_a_process_that_dies_is_never_a_pass(folder: Path) -> None:
    names = ("counter_mapping:COUNTER", "many:DEADLY", "many:SLOW", "many:SLOW")
    done = conform(folder, 2, *names, "--report", "junit=r.xml")
    assert done.returncode == ExitCode.INTERNAL
    assert "error: lost: a copy ended with -9" in done.stderr
    assert "Traceback" not in done.stderr
    assert "a copy ended with -9" in (folder / "r.xml").read_text()


def test_a_divergence_is_told_although_another_process_died(folder: Path) -> None:
    """The first one is still at work when the last one dies."""
    names = ("many:WAITING", "many:WRONG", "many:DEADLY")
    done = conform(folder, 2, *names, "--report", "junit=r.xml")
    assert done.returncode == ExitCode.INTERNAL
    assert "wrong against desk" in done.stdout
    assert "diverges" in done.stdout
    assert "1 implementation · exit 70" in done.stdout
    assert "by many:WRONG" in (folder / "r.xml").read_text()


def test_a_process_that_ends_as_if_all_were_well_is_never_a_pass(folder: Path) -> None:
    """A copy that has ended so is not asked for what is left."""
    done = conform(folder, 2, "counter_mapping:COUNTER", *("many:LEAVING",) * 2, "many:WRONG")
    assert done.returncode == ExitCode.INTERNAL, done.stdout
    assert "error: lost: a copy ended with 0 before its runs were made" in done.stderr


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("way", [(), ("--programs", "3"), ("--calls", "20")])
def test_one_alone_that_ends_as_if_all_were_well_is_never_a_pass(
    way: tuple[str, ...], workers: int, folder: Path
) -> None:
    """It does not end the process that says how all ended."""
    done = conform(folder, workers, "many:LEAVING", *way)
    assert done.returncode == ExitCode.INTERNAL, done.stdout
    assert "error: lost: a copy ended with 0 before its runs were made" in done.stderr
    assert done.stdout == "0 implementations · exit 70\n"


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("where", ["CREATED", "DONE", "OBSERVED"])
def test_an_implementation_that_asks_for_the_end_of_the_process_fails(
    where: str, workers: int, folder: Path
) -> None:
    names = (f"many:ASKING_WHERE_{where}", "counter_mapping:COUNTER")
    done = conform(folder, workers, *names)
    assert done.returncode == ExitCode.VIOLATED, done.stderr
    assert "SystemExit: 0" in done.stdout
    assert "2 implementations" in done.stdout


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("way", [(), ("--programs", "3"), ("--calls", "20")])
def test_an_implementation_that_cannot_be_created_fails(
    way: tuple[str, ...], workers: int, folder: Path
) -> None:
    names = ("many:FAILING", "counter_mapping:COUNTER", *way, "--report", "html=r.html")
    done = conform(folder, workers, *names)
    assert done.returncode == ExitCode.VIOLATED, done.stdout + done.stderr
    assert done.stderr == "report: r.html\n"
    assert (
        "diverges  the initial state: the implementation fails\n    in create: OSError: no device"
        in (done.stdout)
    )
    assert "2 implementations" in done.stdout
    assert "the implementation fails" in (folder / "r.html").read_text()


@pytest.mark.parametrize("way", [(), ("--calls", "20")])
def test_a_mapping_that_observes_nothing_shows_nothing(way: tuple[str, ...], folder: Path) -> None:
    """Whatever the implementation did would conform; `gate` says so, too."""
    names = ("many:BLIND", "counter_mapping:COUNTER", *way, "--report", "junit=r.xml")
    done = conform(folder, 2, *names)
    assert done.returncode == ExitCode.NOTHING, done.stdout + done.stderr
    text = "the mapping observes nothing: whatever the implementation did would conform"
    assert f"empty     {text}" in done.stdout
    assert done.stdout.count("conforms") == 1, "of the other one"
    assert text in (folder / "r.xml").read_text()


def test_what_diverged_is_told_although_another_cannot_be_held(folder: Path) -> None:
    names = ("many:UNKNOWN", "many:WRONG", "many:NOTHING", "--report", "junit=r.xml")
    done = conform(folder, 1, *names)
    assert done.returncode == ExitCode.USAGE, "it stands before a violation"
    assert "wrong against desk" in done.stdout
    assert "1 implementation · exit 2" in done.stdout
    report = (folder / "r.xml").read_text()
    for place in (done.stderr, report):
        assert "many:UNKNOWN: " in place
        assert "many:NOTHING cannot be had: " in place
    assert "by many:WRONG" in report


def test_a_module_that_ends_the_process_cannot_be_had(folder: Path) -> None:
    (folder / "script.py").write_text("import sys\n\nsys.exit(0)\n")
    done = conform(folder, 1, "script:COUNTER")
    assert done.returncode == ExitCode.USAGE
    assert "script:COUNTER cannot be had: SystemExit: 0" in done.stderr


def test_what_nobody_held_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if every copy says that it has nothing left to do."""
    found = Unheld("it is not there")
    monkeypatch.setattr("splitspec.cli.holding.make_all", lambda *_: iter([(1, found)]))
    how = Holding(None, None, None, steps=1, seed=0, states=None, time=None)
    results = hold_all(("a:A", "b:B", "c:C"), how, 2, Interruption())
    assert next(results) == ("b:B", found)
    with pytest.raises(LostCopyError, match="nothing was found of a:A, c:C"):
        next(results)


def test_ctrl_c_ends_what_is_under_way_and_begins_nothing_else(folder: Path) -> None:
    names = ("counter_mapping:COUNTER", "many:INTERRUPTING", *("many:SLOW",) * 6)
    done = conform(folder, 2, *names, "--format", "json")
    assert done.returncode == ExitCode.INTERRUPTED, done.stderr
    whole: dict[str, Any] = json.loads(done.stdout)
    results = whole["results"]
    assert 1 <= len(results) < len(names), "those that were begun are in the document"
    assert results[0]["implementation"] == "counter"
    reasons = {found["implementation"]: found["reason"] for found in results}
    assert reasons["interrupting"] == "interrupted"
