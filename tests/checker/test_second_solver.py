"""Sessions of the second solver: each question is answered as if it were the only one."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest
from tests.checker.small_systems import SEATS

from splitspec.checker.proof import ProofLimits
from splitspec.checker.symbolic.calculus import Outcome as Decided
from splitspec.checker.symbolic.cvc5_solver import QUESTIONS_MAX, Session, Sessions, ask
from splitspec.checker.symbolic.finite_calculus import FiniteCalculus
from splitspec.checker.symbolic.journal import ExhaustedError
from splitspec.checker.symbolic.proving import prove
from splitspec.checker.symbolic.smtlib import Dialogue, Texts
from splitspec.checker.symbolic.term import Function, Plain, Term, Terms, Uninterpreted
from splitspec.checker.symbolic.unbounded_calculus import UnboundedCalculus
from splitspec.checker.symbolic.z3_solver import Answer, Reply
from splitspec.model.setting import Setting
from splitspec.model.verdict import Outcome

SORT = Uninterpreted("S")
STEPS = 3_000_000


@pytest.fixture
def terms() -> Terms:
    return Terms()


def holds(terms: Terms, name: str, element: Term) -> Term:
    return terms.apply(Function(name, (SORT,), Plain.BOOLEAN), element)


def everywhere(terms: Terms, premise: str, conclusion: str) -> Term:
    """All elements of which the first holds are elements of which the second does."""
    any_ = terms.bound("x", SORT)
    inside = terms.implication(holds(terms, premise, any_), holds(terms, conclusion, any_))
    return terms.universal([any_], inside)


def test_what_one_question_assumed_is_forgotten_in_the_next(terms: Terms) -> None:
    session = Session(Texts(), terms, (everywhere(terms, "p", "q"),), steps=STEPS)
    a, b = (terms.symbol(name, SORT) for name in "ab")
    goal = holds(terms, "q", a)
    for number in range(3):
        assert session.ask((holds(terms, "p", a),), goal).reply is Reply.PROVED
        assert session.ask((holds(terms, "p", b),), goal).reply is not Reply.PROVED
        assert session.ask((), goal).reply is not Reply.PROVED
        # Something new is declared behind the others.
        fact = everywhere(terms, "q", f"r{number}")
        last = holds(terms, f"r{number}", a)
        assert session.ask((holds(terms, "p", a), fact), last).reply is Reply.PROVED


def test_a_session_says_what_a_solver_of_its_own_says(terms: Terms) -> None:
    axiom = everywhere(terms, "p", "q")
    a = terms.symbol("a", SORT)
    session = Session(Texts(), terms, (axiom,), steps=STEPS)
    for facts, goal in (
        ((holds(terms, "p", a),), holds(terms, "q", a)),
        ((holds(terms, "q", a),), holds(terms, "p", a)),
        ((terms.negation(holds(terms, "q", a)),), terms.negation(holds(terms, "p", a))),
    ):
        alone = ask(terms, (axiom, *facts), goal, steps=STEPS).reply
        assert (session.ask(facts, goal).reply is Reply.PROVED) == (alone is Reply.PROVED)


def test_other_axioms_are_another_session(terms: Terms) -> None:
    """Initial states and states do not know the same."""
    sessions = Sessions(terms, steps=STEPS)
    a = terms.symbol("a", SORT)
    facts, goal = (holds(terms, "p", a),), holds(terms, "q", a)
    strong, weak = (everywhere(terms, "p", "q"),), ()
    assert sessions.ask(strong, facts, goal).reply is Reply.PROVED
    assert sessions.ask(weak, facts, goal).reply is not Reply.PROVED
    assert sessions.of(weak) is sessions.of(weak)
    assert sessions.of(weak) is not sessions.of(strong)


def test_a_session_has_so_many_questions_and_the_next_one_knows_the_axioms(terms: Terms) -> None:
    sessions = Sessions(terms, steps=STEPS)
    axioms = (everywhere(terms, "p", "q"),)
    first = sessions.of(axioms)
    for number in range(QUESTIONS_MAX + 1):
        a = terms.symbol(f"a{number}", SORT)
        assert (sessions.of(axioms) is first) == (number < QUESTIONS_MAX)
        assert sessions.of(axioms).ask((holds(terms, "p", a),), holds(terms, "q", a)).reply is (
            Reply.PROVED
        )


def test_what_a_session_does_not_prove_is_asked_of_a_solver_of_its_own(
    terms: Terms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the axioms as well as from the facts."""
    sessions = Sessions(terms, steps=STEPS)
    axioms = (everywhere(terms, "p", "q"),)
    monkeypatch.setattr(sessions.of(axioms)._talk, "say", lambda _: "unknown")
    a = terms.symbol("a", SORT)
    assert sessions.ask(axioms, (holds(terms, "p", a),), holds(terms, "q", a)).reply is (
        Reply.PROVED
    )
    assert sessions.ask(axioms, (holds(terms, "q", a),), holds(terms, "p", a)).reply is not (
        Reply.PROVED
    )


def test_a_goal_that_is_true_as_a_term_is_asked_of_nobody(
    terms: Terms, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = Sessions(terms, steps=STEPS)
    monkeypatch.setattr(Session, "ask", lambda *_: pytest.fail("asked"))
    assert sessions.ask((), (), terms.true).reply is Reply.PROVED


def test_what_stands_in_several_places_is_bound_where_it_is_asserted(terms: Terms) -> None:
    """The same name stands for another term in the next assertion, and for none of another's."""
    a, b, c = (terms.symbol(name, SORT) for name in "abc")

    def chosen(first: Term, second: Term) -> Term:
        """p of the first and not of the second, each of them written twice."""
        left, right = holds(terms, "p", first), terms.negation(holds(terms, "p", second))
        other = terms.disjunction(terms.negation(left), terms.negation(right))
        return terms.conjunction(terms.disjunction(left, right), terms.negation(other), left)

    texts = Texts()
    assert "(let ((|shared 0| " in texts.of(chosen(a, b)).text
    assert texts.of(chosen(a, b)) is texts.of(chosen(a, b))
    session = Session(texts, terms, (chosen(a, b),), steps=STEPS)
    assert session.ask((chosen(b, c),), terms.false).reply is Reply.PROVED
    assert session.ask((chosen(c, b),), holds(terms, "p", c)).reply is Reply.PROVED
    assert session.ask((chosen(c, b),), holds(terms, "p", b)).reply is not Reply.PROVED


def test_what_is_true_is_not_asserted(terms: Terms) -> None:
    text = Dialogue(Texts()).question((terms.true, terms.false))
    assert text == "(push 1)\n(assert false)\n(check-sat)\n(pop 1)\n"


def test_a_session_that_broke_off_is_not_used_again(
    terms: Terms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was asserted when it broke off would be assumed by the next question."""
    sessions = Sessions(terms, steps=STEPS)
    first = sessions.of(())

    def fail(_text: str) -> str:
        raise RuntimeError("broken off")

    monkeypatch.setattr(first._talk, "say", fail)
    answer = first.ask((), terms.false)
    assert (answer.reply, answer.reason) == (Reply.UNKNOWN, "broken off")
    assert sessions.of(()) is not first


def test_a_session_that_answers_with_an_error_is_not_used_again(
    terms: Terms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of one command comes back as text, after the answers of those before it: it may be
    the command that takes the assumptions back."""
    sessions = Sessions(terms, steps=STEPS)
    first = sessions.of(())
    a, say = terms.symbol("a", SORT), first._talk.say

    def say_without_taking_back(text: str) -> str:
        say(text.replace("(pop 1)", ""))
        return 'unsat\n(error "cannot pop")'

    monkeypatch.setattr(first._talk, "say", say_without_taking_back)
    assert first.ask((holds(terms, "p", a),), terms.false).reply is Reply.UNKNOWN
    second = sessions.of(())
    assert second is not first
    assert second.ask((), holds(terms, "p", a)).reply is not Reply.PROVED


def test_memory_that_is_used_up_within_a_command_is_told(
    terms: Terms, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session(Texts(), terms, (), steps=STEPS)
    monkeypatch.setattr(session._talk, "say", lambda _: 'unsat\n(error "std::bad_alloc")')
    with pytest.raises(ExhaustedError):
        session.ask((), terms.false)


def test_a_second_solver_that_dies_over_what_only_the_scope_proves_is_one_open_question(
    setting: Callable[..., Setting], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the budget of the proof there, too, and not any number of steps."""
    nothing = Decided(Reply.UNKNOWN, None, reason="not asked")
    for rung in ("_incremental", "_near", "_fresh", "_second_solver"):
        monkeypatch.setattr(UnboundedCalculus, rung, lambda *_: nothing)
    really = FiniteCalculus._rechecked

    def rechecked(calculus: FiniteCalculus, *asked: object) -> Answer:
        if calculus._steps != STEPS:
            raise AssertionError(calculus._steps)
        if asked[1] is not None:
            os.kill(os.getpid(), signal.SIGKILL)
        return really(calculus, *asked)  # type: ignore[arg-type]

    monkeypatch.setattr(FiniteCalculus, "_rechecked", rechecked)
    result = prove(setting(SEATS), limits=ProofLimits(steps=STEPS), recheck=True)
    assert [v.outcome for v in result.verdicts] == [Outcome.HOLDS]
    lost = "by cvc5: the solver died of SIGKILL"
    assert result.run.unconfirmed == (
        f"m.one_a_seat after m.sit, {lost}",
        f"m.one_a_seat after m.stand, {lost}",
    )
