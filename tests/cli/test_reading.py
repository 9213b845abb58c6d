"""A model that a copy of the process has read is the one that the process would have read."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.cli.within import splitspec

from splitspec.checker.symbolic.proving import prove
from splitspec.cli import reading
from splitspec.cli.reading import begin_reading
from splitspec.cli.selection import Request, Selected, select
from splitspec.spec import folder

REQUESTS = [
    Request(models=("granting",)),
    Request(models=("memory",), given=("none",), sizes=(("Page", 3),)),
    Request(models=("memory",), variants=True),
    Request(models=("granting",), properties=("no_such_property",)),
]


@pytest.fixture(autouse=True)
def among_the_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder())


@pytest.mark.parametrize("request_", REQUESTS)
def test_what_a_copy_reads_is_what_is_read_here(
    monkeypatch: pytest.MonkeyPatch, request_: Request
) -> None:
    here = select(request_)
    monkeypatch.setattr(reading, "select", _only_in_a_copy())
    assert begin_reading(request_)() == here


def _only_in_a_copy() -> object:
    here, real = os.getpid(), select

    def selected(request: Request) -> Selected:
        assert os.getpid() != here, "read by the original"
        return real(request)

    return selected


def test_what_a_copy_has_read_is_proved_alike() -> None:
    request = Request(models=("granting",), given=("none",))
    proofs = [
        prove(job.setting) for s in (select(request), begin_reading(request)()) for job in s.jobs
    ]
    figures = [[(replace(o, seconds=0.0)) for o in proof.obligations] for proof in proofs]
    assert figures[0] == figures[1]
    assert figures[0]


@pytest.mark.parametrize("end", [lambda: os.kill(os.getpid(), signal.SIGKILL), lambda: 1 // 0])
def test_a_copy_that_fails_is_no_loss(monkeypatch: pytest.MonkeyPatch, end: object) -> None:
    here, real, request = os.getpid(), select, REQUESTS[0]

    def failing(request: Request) -> Selected:
        if os.getpid() != here:
            assert callable(end)
            end()
        return real(request)

    monkeypatch.setattr(reading, "select", failing)
    assert begin_reading(request)() == real(request)


def test_several_models_are_read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("a copy was made"))
    assert len(begin_reading(Request(models=("granting", "fork")))().jobs) > 1


def test_a_copy_does_not_outlive_the_original(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"

    def slow(request: Request) -> Selected:
        mark.write_text(str(os.getpid()))
        time.sleep(60)
        return select(request)

    monkeypatch.setattr(reading, "select", slow)
    original = os.fork()
    if original == 0:
        begin_reading(REQUESTS[0])
        while not mark.exists() or not mark.read_text():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(original, 0)
    copy, end = int(mark.read_text()), time.monotonic() + 30
    while _is_alive(copy):
        assert time.monotonic() < end
        time.sleep(0.01)


def _is_alive(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in ("Z", "X")
    except FileNotFoundError:
        return False


def test_a_mistake_in_a_variant_is_reported_as_ever(tmp_path: Path) -> None:
    (tmp_path / "models.toml").write_text('[m]\nmodule = "m"\nscope = { C = 2 }\n')
    (tmp_path / "m.split").write_text("module m\n\nsort C\n\nvar on[C]: bool\n")
    (tmp_path / "variants").mkdir()
    (tmp_path / "variants" / "v.split").write_text("variant v of m\n  oh dear\n")
    done = splitspec(tmp_path, "prove", "m")
    assert done.returncode == 2
    assert "variants/v.split" in done.stderr
    assert done.stdout == ""


def test_a_mistake_in_a_variant_of_another_model_is_told_to_who_asks_for_all(
    tmp_path: Path,
) -> None:
    """Who works at one model need not wait until another one is whole."""
    entry = '[{0}]\nmodule = "{0}"\nscope = {{ C = 2 }}\n'
    (tmp_path / "models.toml").write_text(entry.format("desk") + entry.format("lamp"))
    for name in ("desk", "lamp"):
        text = (
            f"module {name}\n\nsort C\n\nvar on[C]: bool\n\ninvariant off\n  all c: C: not on[c]\n"
        )
        (tmp_path / f"{name}.split").write_text(text)
    (tmp_path / "variants").mkdir()
    (tmp_path / "variants" / "lamp.split").write_text("variant v of lamp\n  oh dear\n")
    assert splitspec(tmp_path, "prove", "desk").returncode == 0
    for words in (("prove", "lamp"), ("prove",), ("check", "desk", "lamp"), ("lint",)):
        done = splitspec(tmp_path, *words)
        assert done.returncode == 2, words
        assert "variants/lamp.split" in done.stderr + done.stdout, words
