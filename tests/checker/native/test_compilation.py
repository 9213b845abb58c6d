"""What is compiled apart comes whole or not at all, and can be ended."""

from __future__ import annotations

import os
import select
import signal
import time
from multiprocessing import get_context
from pathlib import Path

import pytest

from splitspec.checker.budget import Budget, BudgetSpentError
from splitspec.checker.explicit.native import object_cache
from splitspec.checker.explicit.native.compilation import CompilerError, compiled
from splitspec.checker.explicit.native.object_cache import Compiled
from splitspec.checker.interruption import Interruption
from splitspec.checker.result import Limits, Stop

PATIENT = Budget(Limits(time=600.0))


def make() -> Compiled:
    return Compiled({"process": os.getpid()}, b"code\nand more" * 100_000)


def test_without_a_limit_this_process_compiles(tmp_path: Path) -> None:
    assert compiled(tmp_path / "code", make, Budget()).facts == {"process": os.getpid()}
    assert compiled(tmp_path / "other", make, None).facts == {"process": os.getpid()}


def test_with_a_limit_another_process_compiles_and_this_one_keeps(tmp_path: Path) -> None:
    made = compiled(tmp_path / "code", make, PATIENT)
    assert made.facts["process"] != os.getpid()
    assert made.content == make().content
    assert compiled(tmp_path / "code", make, None) == made, "it is taken from the cache"


def forever() -> Compiled:
    while True:
        pass


def test_the_end_of_the_time_ends_the_compiler(tmp_path: Path) -> None:
    with pytest.raises(BudgetSpentError) as spent:
        compiled(tmp_path / "code", forever, Budget(Limits(time=0.1)))
    assert spent.value.stop is Stop.TIME
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_an_interrupt_ends_the_compiler(tmp_path: Path) -> None:
    interruption = Interruption()
    interruption.notify()
    with pytest.raises(BudgetSpentError) as spent:
        compiled(tmp_path / "code", forever, Budget(Limits(), interruption))
    assert spent.value.stop is Stop.INTERRUPTED


def test_the_compiler_does_not_outlive_the_one_who_waits(tmp_path: Path) -> None:
    receiver, sender = os.pipe()

    def tell_and_wait() -> Compiled:
        os.write(sender, b"at work")
        time.sleep(20.0)  # Longer than anybody below waits for it.
        return die()

    waiting = get_context("fork").Process(
        target=compiled, args=(tmp_path / "code", tell_and_wait, PATIENT)
    )
    waiting.start()
    os.close(sender)
    assert os.read(receiver, 7) == b"at work"
    waiting.kill()
    waiting.join()
    ended, _, _ = select.select([receiver], [], [], 10.0)
    assert ended, "what the compiler alone still holds open closes at its end"
    assert os.read(receiver, 1) == b""
    os.close(receiver)


def fail() -> Compiled:
    raise ZeroDivisionError


def die() -> Compiled:
    os.kill(os.getpid(), signal.SIGKILL)
    return make()


@pytest.mark.parametrize(("broken", "code"), [(fail, 1), (die, -9)])
def test_a_compiler_that_fails_is_an_error_and_no_code(
    broken: object, code: int, tmp_path: Path
) -> None:
    with pytest.raises(CompilerError, match=f"ended with {code}"):
        compiled(tmp_path / "code", broken, PATIENT)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", [0, 40, -1])
def test_changed_code_is_compiled_anew(place: int, tmp_path: Path) -> None:
    path = tmp_path / "code"
    made = compiled(path, make, None)
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    assert object_cache.load(path) is None
    assert compiled(path, make, None) == made
    assert object_cache.load(path) == made, "the good one is kept in its place"


def test_code_that_was_cut_short_is_compiled_anew(tmp_path: Path) -> None:
    path = tmp_path / "code"
    made = compiled(path, make, None)
    path.write_bytes(path.read_bytes()[:-1000])
    assert object_cache.load(path) is None
    assert compiled(path, make, None) == made


def test_the_objects_used_last_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_cache, "KEPT", 8)
    for number in range(8):
        path = tmp_path / f"kernel-{number}"
        compiled(path, make, None)
        os.utime(path, (number, number))
    assert object_cache.load(tmp_path / "kernel-0") is not None, "and now it is the newest"
    compiled(tmp_path / "kernel-8", make, None)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {f"kernel-{number}" for number in (0, 3, 4, 5, 6, 7, 8)}
