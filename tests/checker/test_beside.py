"""Part of the work of a worker is done beside the rest, by another worker: it is followed, replaced
and ended as the first one is."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile

import pytest
from tests.checker.test_supervision import killed

from splitspec.checker.proof import ProofLimits
from splitspec.checker.symbolic import supervision
from splitspec.checker.symbolic.journal import Journal
from splitspec.checker.symbolic.pages import Answered, Begun, Pages
from splitspec.checker.symbolic.supervision import LostWorkerError, supervise


def asked(
    journal: Journal, marks: Path, name: str, fatal: Iterator[str] | None = None
) -> list[str]:
    """Ask three questions, and note each time that one is really asked; some are the end."""
    ends = set(fatal or ())

    def make(question: str) -> str:
        with marks.open("a") as file:
            file.write(f"{question}\n")
        if question in ends:
            killed()
        return question

    questions = [f"{name}{number}" for number in range(3)]
    return [
        journal.ask(lambda q=q: make(q), lambda reason: reason, q)  # type: ignore[misc]
        for q in questions
    ]


DIED = "the solver died of SIGKILL"


@pytest.mark.parametrize(
    ("fatal", "own", "others"),
    [
        ((), ["a0", "a1", "a2"], ["b0", "b1", "b2"]),
        (("b1",), ["a0", "a1", "a2"], ["b0", DIED, "b2"]),
        (("a1",), ["a0", DIED, "a2"], ["b0", "b1", "b2"]),
        (("a2", "b0", "b2"), ["a0", "a1", DIED], [DIED, "b1", DIED]),
    ],
)
def test_no_question_is_asked_again_of_either_worker(
    tmp_path: Path, fatal: tuple[str, ...], own: list[str], others: list[str]
) -> None:
    """Whoever loses a worker of its own is asked where the other one is when it has ended."""
    marks = tmp_path / "marks"

    def work(journal: Journal, _: object) -> tuple[list[str], list[str]]:
        other = journal.beside(lambda beside: asked(beside, marks, "b", iter(fatal)))
        while not marks.exists():  # So that both are at work when one of them dies.
            time.sleep(0.01)
        first = asked(journal, marks, "a", iter(fatal))
        return first, other()

    assert supervise(work, ProofLimits(), None, workers=2) == (own, others)
    counted = Counter(marks.read_text().split())
    # A question that was under way when the first worker died was asked again.
    assert {q: n for q, n in counted.items() if q.startswith("a")} == dict.fromkeys(
        ("a0", "a1", "a2"), 1
    )
    assert all(counted[q] <= 1 + len([q for q in fatal if q.startswith("a")]) for q in counted)


def test_parts_of_the_work_that_are_too_many_are_done_in_turn() -> None:
    def work(journal: Journal, _: object) -> list[int]:
        parts = [journal.beside(lambda j: j.ask(os.getpid, lambda _: 0)) for _ in range(6)]
        return [os.getpid(), *(part() for part in parts)]

    first, *parts = supervise(work, ProofLimits(), None, workers=2)
    assert len(set(parts[: supervision.BESIDE_MAX])) == supervision.BESIDE_MAX
    assert first not in parts[: supervision.BESIDE_MAX]
    assert set(parts[supervision.BESIDE_MAX :]) == {first}
    first, *parts = supervise(work, ProofLimits(), None)
    assert set(parts) == {first}


def test_an_exception_of_the_second_worker_comes_through() -> None:
    def wrong(journal: Journal) -> None:
        raise ValueError("wrong beside")

    def work(journal: Journal, _: object) -> None:
        journal.beside(wrong)()

    with pytest.raises(ValueError, match="wrong beside"):
        supervise(work, ProofLimits(), None, workers=2)


def test_a_second_worker_lost_without_a_question_is_said() -> None:
    with pytest.raises(LostWorkerError, match="died of SIGKILL"):
        supervise(
            lambda journal, _: journal.beside(lambda _: killed())(), ProofLimits(), None, workers=2
        )


@pytest.mark.parametrize("whom", ["waits", "works"])
def test_no_worker_outlives_the_ones_before_it(tmp_path: Path, whom: str) -> None:
    """The one who waits for both is killed, or the first of the workers is."""
    mark = tmp_path / "outlived"

    def second(journal: Journal) -> None:
        first = os.getppid()
        journal.ask(lambda: (tmp_path / "begun").touch(), lambda _: None)
        while os.getppid() == first:
            time.sleep(0.01)
        journal.ask(mark.touch, lambda _: None)

    def work(journal: Journal, _: object) -> None:
        if (tmp_path / "begun").exists():  # The worker after the one that was killed.
            os._exit(0)
        result = journal.beside(second)
        while not (tmp_path / "begun").exists():
            time.sleep(0.01)
        os.kill(os.getppid() if whom == "waits" else os.getpid(), signal.SIGKILL)
        result()

    receiver, sender = os.pipe()
    child = os.fork()
    if child == 0:
        with suppress(LostWorkerError):
            supervise(work, ProofLimits(), None, workers=2)
        os._exit(0)
    os.close(sender)
    os.waitpid(child, 0)
    assert os.read(receiver, 1) == b""  # It closes when all of them have ended.
    os.close(receiver)
    assert not mark.exists()


def test_a_page_that_is_not_whole_was_never_written() -> None:
    with TemporaryFile(buffering=0) as file:
        pages = Pages(file)
        pages.write(Begun("first"))
        pages.write(Answered("one"))
        pages.write(Begun("second"))
        whole = os.lseek(file.fileno(), 0, os.SEEK_CUR)
        pages.write(Answered("x" * 10_000))
        for size in range(whole + 1, whole + 200, 7):
            os.ftruncate(file.fileno(), size)
            assert pages.read() == ([("first", Answered("one"))], True)
        assert pages.reopen() == [("first", Answered("one"))]
        pages.write(Answered("two"))
        assert pages.read() == ([("first", Answered("one")), ("second", Answered("two"))], False)
