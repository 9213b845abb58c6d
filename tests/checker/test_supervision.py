"""A solver that dies, hangs or takes too much memory costs one question, and never the run.

What goes wrong goes wrong for real: processes are killed by signals, and have no memory.
"""

from __future__ import annotations

import builtins
import os
import re
import resource
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from tests.checker.small_systems import COUNTED, SEATS

from splitspec.checker.interruption import Interruption
from splitspec.checker.proof import Method, Moment, Obligation, ProofLimits, ProofResult, Status
from splitspec.checker.symbolic import cvc5_solver, supervision
from splitspec.checker.symbolic.bounded import explore_bounded
from splitspec.checker.symbolic.calculus import Outcome as Decided
from splitspec.checker.symbolic.condition import Query
from splitspec.checker.symbolic.induction import InductionSearch
from splitspec.checker.symbolic.journal import ExhaustedError, Journal
from splitspec.checker.symbolic.proving import prove
from splitspec.checker.symbolic.satisfaction import Satisfaction
from splitspec.checker.symbolic.supervision import LostWorkerError, StrayWorkerError, supervise
from splitspec.checker.symbolic.term import Plain, Term, Terms
from splitspec.checker.symbolic.theory import Claim
from splitspec.checker.symbolic.unbounded_calculus import UnboundedCalculus
from splitspec.checker.symbolic.unrolling import Unrolling
from splitspec.checker.symbolic.z3_solver import Session, Translator, limit_memory
from splitspec.model.setting import Setting
from splitspec.model.verdict import Outcome

Make = Callable[..., Setting]

RUNGS = ("_incremental", "_near", "_fresh", "_second_solver")


def die_over(
    monkeypatch: pytest.MonkeyPatch, action: str, end: Callable[[], object], *rungs: str
) -> None:
    """Let the worker meet its end at these rungs of the ladder, whenever it comes to an action."""
    for rung in rungs:
        real = getattr(UnboundedCalculus, rung)

        def asked(
            calculus: UnboundedCalculus, query: Query, *more: object, real: object = real
        ) -> Decided:
            if query.action == action:
                end()
            assert callable(real)
            decided: Decided = real(calculus, query, *more)
            return decided

        monkeypatch.setattr(UnboundedCalculus, rung, asked)


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def crashed() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def stopped() -> None:
    """Never answer, and react to nothing that can be refused."""
    os.kill(os.getpid(), signal.SIGSTOP)


def pigeonholes(holes: int) -> list[Term]:
    """One pigeon more than there are holes."""
    terms = Terms()
    sits = [
        [terms.symbol(f"{p} in {h}", Plain.BOOLEAN) for h in range(holes)] for p in range(holes + 1)
    ]
    alone = (
        terms.negation(terms.conjunction(sits[one][hole], sits[other][hole]))
        for hole in range(holes)
        for one, other in combinations(range(holes + 1), 2)
    )
    return [*(terms.disjunction(*pigeon) for pigeon in sits), *alone]


def starved_cvc5() -> None:
    """cvc5 without more memory than it has: it says so, or aborts its process."""
    places = [[f"x{pigeon}_{hole}" for hole in range(60)] for pigeon in range(61)]
    lines = [f"(declare-fun {place} () Bool)" for row in places for place in row]
    lines += [f"(assert (or {' '.join(row)}))" for row in places]
    for one, other in combinations(places, 2):
        lines += [f"(assert (not (and {a} {b})))" for a, b in zip(one, other, strict=True)]
    text = "\n".join(["(set-logic ALL)", *lines, "(check-sat)"])
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (2**12, hard))  # 0 would be no limit.
    taken = []
    for size in (2**20, 2**16, 2**12):  # What this process has already, and does not use.
        with suppress(MemoryError):
            while True:
                taken.append(bytearray(size))
    cvc5_solver.ask_text(text, steps=10**7)


def starved_z3() -> None:
    """Z3 with hardly more memory than it has."""
    session = Session(Translator(), seed=0, steps=0)
    limit_memory(2**21)
    for term in pigeonholes(30):
        session.assume(term)
    session.check(())


def test_a_solver_that_cannot_be_loaded_for_lack_of_memory_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """This is what the loader of shared objects says then; any other failure is one of ours."""
    found, said = builtins.__import__, ["libcvc5.so.1: failed to map segment from shared object"]

    def refused(name: str, *more: Any, **named: Any) -> Any:
        if name == "cvc5":
            raise ImportError(said[0])
        return found(name, *more, **named)

    monkeypatch.setattr(builtins, "__import__", refused)
    with pytest.raises(ExhaustedError):
        cvc5_solver.ask_text("(check-sat)", steps=1)
    said[0] = "no module named cvc5"
    with pytest.raises(ImportError, match="no module"):
        cvc5_solver.ask_text("(check-sat)", steps=1)


def of_action(result: ProofResult, action: str) -> list[Obligation]:
    return [o for o in result.obligations if o.action == action]


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (killed, "the solver died of SIGKILL"),
        (crashed, "the solver died of SIGSEGV"),
        (starved_z3, "out of memory"),
        (starved_cvc5, "the solver died|out of memory"),
    ],
)
def test_a_lost_solver_is_one_unknown_obligation(
    setting: Make, monkeypatch: pytest.MonkeyPatch, end: Callable[[], object], reason: str
) -> None:
    die_over(monkeypatch, "m.sit", end, *RUNGS)
    limits = ProofLimits(scope_max=0, memory=2**26)
    monkeypatch.setattr(InductionSearch, "is_inductive", lambda *_: False)
    result = prove(setting(SEATS), limits=limits)
    (lost,) = of_action(result, "m.sit")
    assert lost.status is Status.UNKNOWN
    assert re.search(reason, lost.reason)
    assert {o.status for o in result.obligations if o is not lost} == {Status.PROVED}
    (verdict,) = result.verdicts
    assert verdict.outcome is Outcome.UNKNOWN
    assert re.search(reason, verdict.reason)


def test_a_solver_that_hangs_ends_with_the_time_of_the_proof(
    setting: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    die_over(monkeypatch, "m.sit", stopped, *RUNGS)
    result = prove(setting(SEATS), limits=ProofLimits(scope_max=0, time=4.0))
    assert result.run.out_of_time
    (lost,) = of_action(result, "m.sit")
    assert (lost.status, lost.reason) == (Status.UNKNOWN, "no answer in time")


def test_what_one_solver_is_lost_over_another_one_proves(
    setting: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "LOSSES_MAX", 100)
    die_over(monkeypatch, "m.give", crashed, "_incremental")
    die_over(monkeypatch, "m.hand_over", killed, "_incremental", "_near", "_fresh")
    result = prove(setting(COUNTED))
    assert {v.outcome for v in result.verdicts} == {Outcome.HOLDS}
    assert {o.method for o in of_action(result, "m.give")} == {Method.Z3_FRESH}
    assert {o.method for o in of_action(result, "m.hand_over")} == {Method.CVC5}
    others = {o.method for o in of_action(result, "m.take")}
    assert others <= {Method.Z3, Method.FOLDED}


def test_a_search_that_is_lost_leaves_what_was_asked_unknown(
    setting: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(InductionSearch, "counterexample", lambda *_: killed())
    monkeypatch.setattr(InductionSearch, "is_inductive", lambda *_: killed())
    loose = SEATS.replace("      when free: all u: Thread: seat[u] != s\n", "")
    (verdict,) = prove(setting(loose)).verdicts
    assert verdict.outcome is Outcome.UNKNOWN
    assert "the search for a counterexample: the solver died of SIGKILL" in verdict.reason


WORK = """
    var busy: bool
    action begin() by host
      busy := true
    action finish() by kernel fair
      when at_work: busy
      busy := false
    progress ends
      busy leads to not busy
"""


def test_a_ranking_that_is_not_found_for_a_lost_solver_says_so(
    setting: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [v.outcome for v in prove(setting(WORK)).verdicts] == [Outcome.HOLDS]
    die_over(monkeypatch, "m.finish", killed, "_incremental")
    (lost,) = prove(setting(WORK)).verdicts
    assert "a question had no answer: the solver died" in lost.reason


def test_bounded_runs_lose_the_claim_over_which_the_solver_died(
    setting: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = (
        SEATS + "    invariant two\n      all t: Thread, s: Seat: seat[t] = s implies seat[t] = s\n"
    )
    real = Unrolling.is_shown

    def shown(unrolling: Unrolling, claim: Claim, number: int) -> Term:
        found = real(unrolling, claim, number)
        fatal[:] = [claim.path == "m.two" and number == 1]
        return found

    def check(solver: Satisfaction, *terms: Term) -> bool | None:
        if any(fatal):
            killed()
        return really(solver, *terms)

    fatal: list[bool] = []
    really = Satisfaction.check
    monkeypatch.setattr(Unrolling, "is_shown", shown)
    monkeypatch.setattr(Satisfaction, "check", check)
    found = {v.property: v for v in explore_bounded(setting(two), 2).verdicts}
    assert found["m.one_a_seat"].outcome is Outcome.HOLDS
    assert found["m.two"].outcome is Outcome.UNKNOWN
    assert found["m.two"].reason == "depth 1: the solver died of SIGKILL"


def test_a_proof_in_a_worker_is_the_proof_made_here(setting: Make) -> None:
    def figures(*, apart: bool) -> list[tuple[object, ...]]:
        result = prove(setting(COUNTED), apart=apart)
        return [(o.claim, o.action, o.status, o.method, o.core) for o in result.obligations]

    assert figures(apart=True) == figures(apart=False)


def test_losing_every_solver_comes_to_an_end(
    setting: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for rung in RUNGS:
        monkeypatch.setattr(UnboundedCalculus, rung, lambda *_: killed())
    monkeypatch.setattr(UnboundedCalculus, "_initially", lambda *_: killed())
    monkeypatch.setattr(supervision, "LOSSES_MAX", 3)
    result = prove(setting(SEATS), limits=ProofLimits(scope_max=0))
    assert all(o.status is not Status.PROVED for o in result.obligations if o.action)
    assert any("not asked: 3 solvers were lost" in o.reason for o in result.obligations)


def test_a_worker_that_no_question_kills_is_a_run_of_unknowns(
    setting: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("splitspec.checker.symbolic.prover.Proof.settle", lambda *_: killed())
    (verdict,) = prove(setting(SEATS)).verdicts
    assert verdict.outcome is Outcome.UNKNOWN
    assert verdict.reason == "the prover was lost: the solver died of SIGKILL"


# The supervisor by itself


def answered(journal: Journal, questions: int, fatal: int, marks: Path) -> list[str]:
    """Ask so many questions, of which one is the end; note each time that one is really asked."""

    def make(number: int) -> str:
        with marks.open("a") as file:
            file.write(f"{number}\n")
        if number == fatal:
            killed()
        return f"answer {number}"

    return [
        journal.ask(lambda number=number: make(number), lambda reason: reason)  # type: ignore[misc]
        for number in range(questions)
    ]


def test_no_question_is_asked_again(tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    found = supervise(lambda journal, _: answered(journal, 5, 2, marks), ProofLimits(), None)
    assert found[2] == "the solver died of SIGKILL"
    assert [*found[:2], *found[3:]] == ["answer 0", "answer 1", "answer 3", "answer 4"]
    assert Counter(marks.read_text().split()) == Counter("01234")


def test_exceptions_and_moments_come_through() -> None:
    moments: list[Moment] = []

    def work(journal: Journal, tell: Callable[[Moment], None]) -> None:
        tell(Moment(1, 2, "now", 0.0))
        journal.ask(lambda: 1, lambda _: 0)
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong") as caught:
        supervise(work, ProofLimits(), moments.append)
    assert moments == [Moment(1, 2, "now", 0.0)]
    assert "in a worker" in str(caught.value.__cause__)


def test_an_interruption_ends_the_work_at_the_question_under_way() -> None:
    def work(journal: Journal, _: object) -> list[int]:
        found: list[int] = []
        try:
            for number in range(4):

                def make(number: int = number) -> int:
                    if number == 2:
                        os.kill(os.getppid(), signal.SIGINT)
                        time.sleep(60)
                    return number

                found.append(journal.ask(make, lambda _: -1))
        except KeyboardInterrupt:
            pass
        return found

    # Where tests run in the background, SIGINT is ignored from the start.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert supervise(work, ProofLimits(), None) == [0, 1]
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_worker_does_not_outlive_the_one_who_waits(tmp_path: Path) -> None:
    mark = tmp_path / "asked"

    def work(journal: Journal, _: object) -> None:
        journal.ask(lambda: os.kill(os.getppid(), signal.SIGKILL), lambda _: None)
        while os.getppid() == waiting:
            time.sleep(0.01)
        journal.ask(mark.touch, lambda _: None)

    receiver, sender = os.pipe()
    child = os.fork()
    if child == 0:
        waiting = os.getpid()
        supervise(work, ProofLimits(), None)
        os._exit(0)
    os.close(sender)
    os.waitpid(child, 0)
    assert os.read(receiver, 1) == b""  # It closes when the worker, too, has ended.
    os.close(receiver)
    assert not mark.exists()


def test_a_worker_lost_without_a_question_is_said() -> None:
    with pytest.raises(LostWorkerError, match="died of SIGKILL"):
        supervise(lambda *_: killed(), ProofLimits(), None)


def test_a_worker_that_asks_another_question_is_an_error(tmp_path: Path) -> None:
    mark = tmp_path / "second"

    def work(journal: Journal, _: object) -> None:
        about = "another claim" if mark.exists() else "a claim"
        journal.ask(lambda: 1, lambda _: 0, about)
        mark.touch()
        journal.ask(killed, lambda _: None)

    with pytest.raises(StrayWorkerError, match=r"asked another claim .* where a claim"):
        supervise(work, ProofLimits(), None)


def test_a_requested_interruption_ends_the_work_at_the_question_under_way() -> None:
    interruption = Interruption()

    def work(journal: Journal, _: object) -> list[int]:
        found: list[int] = []
        with suppress(KeyboardInterrupt):
            found.append(journal.ask(lambda: 0, lambda _: -1))
            found.append(journal.ask(lambda: time.sleep(60), lambda _: None) or 1)
        return found

    threading.Timer(0.5, interruption.notify).start()
    assert supervise(work, ProofLimits(), None, interruption) == [0]
