"""What is owed is divided into shares, and two workers prove what one proves.

A worker that dies, hangs, or is left alone does what it did when there was one of them.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from tests.checker.small_systems import COUNTED, NEEDS_A_LEMMA
from tests.checker.test_supervision import (
    RUNGS,
    crashed,
    die_over,
    killed,
    of_action,
    starved_z3,
    stopped,
)

from splitspec.checker.interruption import Interruption
from splitspec.checker.proof import ProofLimits, ProofResult, Status
from splitspec.checker.store import Mode, Store
from splitspec.checker.symbolic import pages, share, supervision
from splitspec.checker.symbolic.calculus import Outcome
from splitspec.checker.symbolic.induction import DisagreementError, InductionSearch
from splitspec.checker.symbolic.journal import Journal
from splitspec.checker.symbolic.proving import opened, prove, settled
from splitspec.checker.symbolic.share import Owed, divide
from splitspec.checker.symbolic.theory import Claim, theory_of
from splitspec.checker.symbolic.unbounded_calculus import UnboundedCalculus
from splitspec.checker.symbolic.z3_solver import Answer, Reply, lost_answer
from splitspec.model.ir import FlatAction
from splitspec.model.setting import Setting
from splitspec.model.verdict import Outcome as Verdict

Make = Callable[..., Setting]
T = TypeVar("T")

OTHERS = "m.give"
"""The action that is the second worker's; `m.hand_over` is the first one's."""


@pytest.fixture(autouse=True)
def small_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    """Divide what is owed however little it is."""
    monkeypatch.setattr(share, "DIVIDED_LEAST", 1)


def said(result: ProofResult) -> tuple[object, ...]:
    """All that a proof says, but for seconds."""
    obligations = tuple(replace(o, seconds=0.0) for o in result.obligations)
    run = replace(result.run, seconds=0.0, solving=0.0)
    return run, obligations, result.verdicts, result.basis


def owed_by(setting: Setting) -> Owed:
    theory = theory_of(setting.program, setting.given)
    return (
        (None, theory.claims[:2]),
        *((action, theory.claims) for action in theory.system.actions),
    )


# The division


def test_every_obligation_is_in_one_share(setting: Make) -> None:
    owed = owed_by(setting(COUNTED))
    shares = divide(owed)
    assert len(shares) == 2
    assert sorted((each for s in shares for each in s), key=owed.index) == list(owed)
    for each in shares:
        assert sorted(each, key=owed.index) == list(each)


def test_little_is_not_divided(setting: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    owed = owed_by(setting(COUNTED))
    total = sum(len(claims) for _, claims in owed)
    monkeypatch.setattr(share, "DIVIDED_LEAST", total)
    assert len(divide(owed)) == 2
    monkeypatch.setattr(share, "DIVIDED_LEAST", total + 1)
    assert divide(owed) == (owed,)


def test_the_second_worker_works_on_actions_of_its_own(
    setting: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def noted() -> None:
        (tmp_path / str(os.getpid())).touch()

    die_over(monkeypatch, OTHERS, noted, "_incremental")
    die_over(monkeypatch, "m.hand_over", noted, "_incremental")
    assert prove(setting(COUNTED), workers=2).verdicts
    assert len(list(tmp_path.iterdir())) == 2 + 1  # With the text of the system.


# The same proof


@pytest.mark.parametrize("seed", [0, 7])
def test_any_number_of_workers_makes_the_same_proof(setting: Make, seed: int) -> None:
    made = [said(prove(setting(COUNTED), workers=n, seed=seed)) for n in (1, 2)]
    here = said(prove(setting(COUNTED), apart=False, seed=seed))
    assert made == [here, here]


@pytest.fixture
def only_z3(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the first solver does not prove, nobody proves."""
    nothing = Outcome(Reply.UNKNOWN, None, reason="not asked")
    monkeypatch.setattr(UnboundedCalculus, "_second_solver", lambda *_: nothing)
    monkeypatch.setattr(InductionSearch, "is_inductive", lambda *_: False)


@pytest.mark.usefixtures("only_z3")
def test_what_a_budget_leaves_unknown_does_not_depend_on_the_workers(setting: Make) -> None:
    unknown = set()
    taken = sorted({o.steps for o in prove(setting(COUNTED)).obligations if o.steps})
    for steps in (1, *(taken[len(taken) * part // 4] for part in (1, 2, 3)), taken[-1]):
        limits = ProofLimits(steps=steps, scope_max=0)
        one, two = (prove(setting(COUNTED), limits=limits, workers=n) for n in (1, 2))
        assert said(one) == said(two)
        unknown.add(sum(o.status is Status.UNKNOWN for o in two.obligations))
    assert len(unknown) > 2  # So the budgets decided on something.


def test_a_fact_that_fails_in_one_share_is_given_up_in_the_other(setting: Make) -> None:
    loose = COUNTED.replace("      usage[d] += 1\n", "")
    one, two = (prove(setting(loose), workers=n) for n in (1, 2))
    assert said(one) == said(two)
    assert {v.property: v.outcome for v in two.verdicts}["m.usage.exact"] is Verdict.UNKNOWN
    assert any(o.counterexample is not None for o in of_action(two, "m.hand_over"))


def test_counterexamples_are_the_same(setting: Make) -> None:
    one, two = (prove(setting(NEEDS_A_LEMMA), workers=n) for n in (1, 2))
    assert said(one) == said(two)
    assert any(o.counterexample is not None for o in two.obligations)


def test_the_second_solver_confirms_both_shares(setting: Make) -> None:
    one, two = (prove(setting(COUNTED), workers=n, recheck=True) for n in (1, 2))
    assert said(one) == said(two)
    assert two.run.rechecked
    assert two.run.unconfirmed == ()
    assert all(o.rechecked for o in two.obligations)


@pytest.mark.parametrize("action", ["m.hand_over", OTHERS])
def test_what_the_second_solver_leaves_open_in_either_share_is_said(
    setting: Make, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    real = UnboundedCalculus.recheck

    def open_(calculus: UnboundedCalculus, claim: Claim, of: FlatAction, *more: Outcome) -> Answer:
        if of is not None and of.path == action:
            return lost_answer("it does not know")
        return real(calculus, claim, of, *more)

    monkeypatch.setattr(UnboundedCalculus, "recheck", open_)
    result = prove(setting(COUNTED), workers=2, recheck=True)
    assert {o.action for o in result.obligations if not o.rechecked} == {action}
    assert len(result.run.unconfirmed) == len(of_action(result, action))
    assert all(f"after {action}, by cvc5" in words for words in result.run.unconfirmed)


@pytest.mark.parametrize("action", ["m.hand_over", OTHERS])
def test_a_proof_that_the_second_solver_refutes_is_an_error_in_either_share(
    setting: Make, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    real = UnboundedCalculus.recheck

    def refuted(
        calculus: UnboundedCalculus, claim: Claim, of: FlatAction, *more: Outcome
    ) -> Answer:
        found = real(calculus, claim, of, *more)
        is_wrong = of is not None and of.path == action
        return replace(found, reply=Reply.REFUTED) if is_wrong else found

    monkeypatch.setattr(UnboundedCalculus, "recheck", refuted)
    with pytest.raises(DisagreementError, match=f"after {action}, and the other refutes it"):
        prove(setting(COUNTED), workers=2, recheck=True)


def test_kept_proofs_are_found_by_any_number_of_workers(setting: Make, tmp_path: Path) -> None:
    store = Store(tmp_path / "kept", Mode.READ_WRITE, "tests")
    made = prove(setting(COUNTED), store=store, workers=2, recheck=True)
    for workers in (1, 2):
        kept = prove(setting(COUNTED), store=store, workers=workers, recheck=True)
        assert kept.run.kept == len(made.obligations)
        assert said(kept)[2:] == said(made)[2:]
        assert all(o.rechecked for o in kept.obligations)
    audit = Store(tmp_path / "kept", Mode.AUDIT, "tests")
    assert prove(setting(COUNTED), store=audit, workers=2).run.kept == 0


# Losses


def test_what_a_second_worker_was_not_asked_stays_so_when_the_first_is_lost(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What is asked next rests on how much of the share has answers, as another round does."""
    asked = tmp_path / "asked"

    def noted(question: str, *fatal: str) -> str:
        before = asked.read_text().split() if asked.exists() else []
        asked.write_text(" ".join([*before, question]))
        if question in fatal and question not in before:
            killed()
        return question

    def of_share(journal: Journal) -> list[str]:
        def made(question: str) -> str:
            return noted(question, "b0", "b1")

        return [
            journal.ask(partial(made, question), lambda why: why, question)
            for question in ("b0", "b1", "b2", "b3")
        ]

    def work(journal: Journal, _: object) -> list[str]:
        found = journal.beside(of_share)()
        about = f"after {sum('not asked' in each for each in found)} of 4"
        found.append(journal.ask(lambda: about, lambda why: why, about))
        found.append(journal.ask(lambda: noted("last", "last"), lambda why: why, "last"))
        return found

    monkeypatch.setattr(supervision, "LOSSES_MAX", 2)
    died, refused = "the solver died of SIGKILL", "not asked: 2 solvers were lost"
    found = supervision.supervise(work, ProofLimits(), None, workers=2)
    assert found == [died, died, refused, refused, "after 2 of 4", died]
    assert asked.read_text().split() == ["b0", "b1", "last"]


def test_pages_tell_how_much_was_lost_and_why_no_more_was_asked(
    tmp_path: Path,
) -> None:
    with (tmp_path / "pages").open("w+b", buffering=0) as file:
        written = pages.Pages(file)
        for question, page in (
            ("one", pages.Lost("it died")),
            ("two", pages.Answered(2)),
            ("three", pages.Refused("not asked")),
        ):
            written.write(pages.Begun(question))
            written.write(page)
        assert written.losses() == (1, "not asked")


class Listening(Journal):
    """Notes what each question is about."""

    __slots__ = ("heard",)

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[str, str]] = []

    def ask(
        self,
        make: Callable[[], T],
        lost: Callable[[str], T],
        about: str = "",
    ) -> T:
        self.heard.append((supervision._maker(make), about))
        return super().ask(make, lost, about)


def test_every_search_is_known_again_by_its_claim_and_action(setting: Make) -> None:
    """So that no answer is taken for that of another search, or of other facts."""
    loose = COUNTED.replace("      usage[d] += 1\n", "")
    for text in (COUNTED, loose):
        listening = Listening()
        settled(opened(setting(text), ProofLimits(), 0, listening), 0)
        searches = [h for h in listening.heard if h[0].startswith("Decider")]
        assert bool(searches) == (text is loose)
        assert all(about.startswith("m.") and " after m." in about for _, about in searches)
        (coherence,) = (a for maker, a in listening.heard if "contradicts" in maker)
        assert text is loose or "m.usage.exact" in coherence


@pytest.mark.parametrize(
    ("action", "end", "reason"),
    [
        ("m.hand_over", killed, "SIGKILL"),
        ("m.hand_over", crashed, "SIGSEGV"),
        (OTHERS, killed, "SIGKILL"),
        (OTHERS, starved_z3, "out of memory"),
    ],
)
def test_a_solver_lost_by_either_worker_leaves_its_own_obligations_unknown(
    setting: Make,
    monkeypatch: pytest.MonkeyPatch,
    action: str,
    end: Callable[[], object],
    reason: str,
) -> None:
    monkeypatch.setattr(supervision, "LOSSES_MAX", 100)
    die_over(monkeypatch, action, end, *RUNGS)
    monkeypatch.setattr(InductionSearch, "is_inductive", lambda *_: False)
    limits = ProofLimits(scope_max=0, memory=2**26)
    result = prove(setting(COUNTED), limits=limits, workers=2)
    lost = [o for o in result.obligations if o.status is Status.UNKNOWN]
    needed = [o for o in lost if "not proved" in o.reason]
    assert {o.action for o in lost if o not in needed} == {action}
    assert all(reason in o.reason for o in lost if o not in needed)
    assert {o.status for o in result.obligations if o not in lost} == {Status.PROVED}


def test_a_second_worker_that_hangs_ends_with_the_time_of_the_proof(
    setting: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    die_over(monkeypatch, OTHERS, stopped, *RUNGS)
    result = prove(setting(COUNTED), limits=ProofLimits(scope_max=0, time=4.0), workers=2)
    assert result.run.out_of_time
    assert "no answer in time" in {o.reason for o in of_action(result, OTHERS)}
    assert {o.status for o in of_action(result, "m.hand_over")} == {Status.PROVED}


def test_ctrl_c_keeps_what_both_have_decided(
    setting: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The second worker waits at its last action; the first one, which has done all, waits for
    it."""
    all_of_it = prove(setting(COUNTED))
    interruption = Interruption()

    def waited() -> None:
        (tmp_path / "waits").touch()
        time.sleep(60)

    die_over(monkeypatch, OTHERS, waited, "_incremental")
    real = share.Decider.decide

    def decided(decider: share.Decider, owed: Owed, tell: Callable[[int, str], None]) -> object:
        found = real(decider, owed, tell)
        while not (tmp_path / "waits").exists():
            time.sleep(0.01)
        if not (tmp_path / "interrupted").exists():
            (tmp_path / "interrupted").touch()
            os.kill(asking, signal.SIGUSR1)
        return found

    asking = os.getpid()
    monkeypatch.setattr(share.Decider, "decide", decided)
    before = signal.signal(signal.SIGUSR1, lambda *_: interruption.notify())
    try:
        result = prove(setting(COUNTED), workers=2, interruption=interruption)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert result.run.interrupted
    assert {o.status for o in of_action(result, "m.hand_over")} == {Status.PROVED}
    assert len(of_action(result, OTHERS)) < len(of_action(all_of_it, OTHERS))
