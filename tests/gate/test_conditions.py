"""What goes wrong around a gate is never a pass: a full disk, a killed process, another gate, no
time, Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain, repeat
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.gate.conftest import Said, Splitspec, run

from splitspec.checker.gate.keeping import Keeping, Kept
from splitspec.checker.interruption import Interruption
from splitspec.checker.symbolic import share
from splitspec.cli import execution
from splitspec.cli import lock as locking
from splitspec.cli.exclusion import exclusively
from splitspec.cli.exitcode import ExitCode
from splitspec.cli.gate import GateRequest, run_gate
from splitspec.cli.lock import LockRequest, accept
from splitspec.cli.options import CacheMode
from splitspec.cli.terminal import Choice
from splitspec.cli.writing import write_whole
from splitspec.model.tier import Tier


def request(cache: CacheMode = CacheMode.OFF, seconds: float | None = None) -> GateRequest:
    return GateRequest(
        models=(),
        folder=Path(),
        tier=Tier.COMMIT,
        seconds=seconds,
        workers=2,
        cache=cache,
        reports=(),
        json=False,
        color=Choice.NEVER,
        progress=Choice.NEVER,
        verbose=False,
        quiet=False,
    )


def entries(cache: Path) -> list[Path]:
    """The kept results."""
    return sorted(p for p in (cache / "splitspec" / "results").rglob("*") if p.is_file())


def limited(folder: Path, cache: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command where no file can grow beyond 100 bytes, as on a disk that is full."""
    return subprocess.run(
        [sys.executable, "-m", "splitspec", *words],
        cwd=folder,
        # Nothing but what is tested may be cut short, least of all compiled modules.
        env=os.environ | {"XDG_CACHE_HOME": str(cache), "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@contextmanager
def full_disk() -> Iterator[None]:
    """No file can grow beyond 100 bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_lock_that_cannot_be_written_is_left_as_it_was(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def write(path: Path, text: str) -> None:
        with full_disk():
            write_whole(path, text)

    path = project / "splitspec.lock"
    spoiled = re.sub(r"states = 7(?=\ntransitions = 16\ndepth)", "states = 8", path.read_text())
    path.write_text(spoiled)
    monkeypatch.chdir(project)
    monkeypatch.setattr(locking, "write_whole", write)
    wanted = LockRequest(request(), check=False, weaker=False, anew=False)
    assert accept(wanted, Interruption()) is ExitCode.INTERNAL
    said = capsys.readouterr()
    assert "drifted     explored desk: states: accepted 8, found 7" in said.out
    assert "error: unwritable: " in said.err
    assert "splitspec.lock: File too large" in said.err
    assert path.read_text() == spoiled
    assert [path.name for path in project.iterdir() if "partial" in path.name] == []


def test_a_report_that_cannot_be_written_fails_the_gate(project: Path, warm_cache: Path) -> None:
    done = limited(project, warm_cache, "gate", "--cache", "off", "--report", "json=r.json")
    assert done.returncode == ExitCode.INTERNAL
    assert "error: unwritable: r.json: File too large" in done.stderr
    assert not (project / "r.json").exists()
    nowhere = run(project, warm_cache, "gate", "--report", "junit=no/where.xml")
    assert nowhere.returncode == ExitCode.INTERNAL
    assert "error: unwritable: no/where.xml: No such file or directory" in nowhere.stderr


def test_results_that_cannot_be_kept_are_said(
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def keep(self: Keeping, key: str, kept: Kept) -> None:
        with full_disk():
            real(self, key, kept)

    real = Keeping.keep
    monkeypatch.chdir(project)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(Keeping, "keep", keep)
    assert run_gate(request(CacheMode.READ_WRITE), Interruption()) is ExitCode.INTERNAL
    said = capsys.readouterr().out
    assert "unwritable  " in said
    assert "results: File too large" in said
    assert entries(tmp_path / "cache") == []


def test_two_gates_do_not_work_on_one_lock(project: Path, splitspec: Splitspec) -> None:
    with exclusively(project / "splitspec.lock"):
        for command in ("gate", "lock"):
            done = splitspec(command)
            assert done.returncode == ExitCode.NOTHING
            assert f"error: busy: process {os.getpid()} works on " in done.stderr
    assert splitspec("gate").returncode == ExitCode.MET


def test_a_killed_gate_leaves_a_report_that_says_so(project: Path, warm_cache: Path) -> None:
    report = project / "r.json"
    process = subprocess.Popen(
        [sys.executable, "-m", "splitspec", "gate", "--cache", "off", "--report", "json=r.json"],
        cwd=project,
        env=os.environ | {"XDG_CACHE_HOME": str(warm_cache)},
        stdout=subprocess.DEVNULL,
    )
    until = time.monotonic() + 60
    while not report.exists() and time.monotonic() < until:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    document = json.loads(report.read_text())
    assert (document["state"], document["code"]) == ("partial", 70)
    assert document["findings"][0]["word"] == "unfinished"
    assert document["claims"] == []


def test_a_process_that_dies_is_named_and_its_runs_are_skipped(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def die(*_: object) -> Kept:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    monkeypatch.chdir(project)
    monkeypatch.setattr(execution, "_made", die)
    assert run_gate(request(), Interruption()) is ExitCode.INTERNAL
    said = capsys.readouterr().out
    assert "lost        a copy ended with -9" in said
    assert "skipped     explored desk: its process died" in said


def test_what_was_made_before_a_death_is_kept(
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def die(*_: object) -> Kept:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    monkeypatch.chdir(project)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    one_at_a_time = replace(request(CacheMode.READ_WRITE), workers=1)
    with monkeypatch.context() as patch:
        patch.setattr(execution, "_proved", die)
        assert run_gate(one_at_a_time, Interruption()) is ExitCode.INTERNAL
    assert "skipped     proved desk: its process died" in capsys.readouterr().out
    assert run_gate(one_at_a_time, Interruption()) is ExitCode.MET
    said = capsys.readouterr().out
    assert "explored  1 run (1 kept)" in said
    assert "proved    1 run (0 kept)" in said


def test_a_model_that_is_proved_once_has_one_seed_at_night(
    project: Path, within: Callable[..., Said]
) -> None:
    manifest = project / "models.toml"
    text = manifest.read_text()
    reason = "its parts are proved again"
    manifest.write_text(text.replace('"desk"\n', f'"desk"\nproved_once = "{reason}"\n', 1))
    done = within("lock", "--tier", "nightly")
    assert done.code == ExitCode.MET, done.text
    assert "seeds = 1" in (project / "splitspec.lock").read_text()
    done = within("gate", "--tier", "nightly")
    assert f"left      proved once, as models.toml says ({reason}): desk" in done.text
    manifest.write_text(text)
    assert within("lock", "--tier", "nightly").code == ExitCode.MET
    assert "seeds = 3" in (project / "splitspec.lock").read_text()


def test_what_there_is_no_time_for_fails(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    assert run_gate(request(seconds=1e-9), Interruption()) is ExitCode.UNKNOWN
    said = capsys.readouterr().out
    assert "skipped     explored desk: there was no time left for it" in said
    assert "(partial)" in said


def test_an_interrupted_gate_says_what_was_not_made(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    interruption = Interruption()
    interruption.notify()
    assert run_gate(request(), interruption) is ExitCode.INTERRUPTED
    said = capsys.readouterr().out
    assert "interrupted explored desk: it was not " in said
    assert "interrupted (partial)" in said
    # Counts of half a run are no drift.
    assert "drifted" not in said


# The signal goes to the gate, as Ctrl-C does, when a copy of it has decided one obligation. A
# worker that is ended for it is replaced by one that tells again what was decided.
DURING_A_PROOF = """\
import os, pathlib, signal, sys, time
GATE = os.getpid()
from splitspec.checker.symbolic.prover import Proof
from splitspec.cli import main

def interrupt(proof, total, decided, current):
    print(f"decided {decided}", file=sys.stderr, flush=True)
    asked = pathlib.Path("asked")
    if asked.exists():
        return
    asked.touch()
    os.kill(GATE, signal.SIGINT)
    until = time.monotonic() + 60
    while not proof.interruption.requested and time.monotonic() < until:
        time.sleep(0.01)

Proof._tell = interrupt
sys.argv = ["splitspec", *sys.argv[1:]]
main()
"""


def test_the_first_ctrl_c_ends_a_proof_that_is_under_way(project: Path, warm_cache: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DURING_A_PROOF, "gate", "--cache", "off"],
        cwd=project,
        env=os.environ | {"XDG_CACHE_HOME": str(warm_cache)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == ExitCode.INTERRUPTED, done.stdout + done.stderr
    assert "interrupted proved desk: it was not finished" in done.stdout
    # Three obligations are to be decided, two of them after a step: the last is not begun.
    assert set(done.stderr.splitlines()) == {"decided 2"}


def test_a_proof_ends_when_the_time_of_the_gate_does(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    moments = chain([0.0], repeat(1e12))
    monkeypatch.chdir(project)
    monkeypatch.setattr(share, "time", SimpleNamespace(perf_counter=lambda: next(moments)))
    lock, idle = project / "splitspec.lock", 'idle = ["desk.take_back"]\nframed = 0'
    lock.write_text(lock.read_text().replace("framed = 0", idle, 1))
    assert run_gate(request(seconds=1000), Interruption()) is ExitCode.UNKNOWN
    said = capsys.readouterr().out
    assert "skipped     proved desk: there was no time left to finish it" in said
    assert "(partial)" in said
    # What never happens is found at the end of a proof: half of one does not say that it happens.
    assert "and happens" not in said
    assert run_gate(request(), Interruption()) is ExitCode.POLICY
    assert "desk.take_back: it was accepted as idle, and happens" in capsys.readouterr().out
