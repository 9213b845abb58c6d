"""Sessions of the second solver: each question is answered as if it were the only one."""

from __future__ import annotations

import pytest

from splitspec.checker.symbolic.cvc5_solver import Session, Sessions, ask
from splitspec.checker.symbolic.journal import ExhaustedError
from splitspec.checker.symbolic.term import Function, Plain, Term, Terms, Uninterpreted
from splitspec.checker.symbolic.z3_solver import Reply

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
    session = Session(terms, (everywhere(terms, "p", "q"),), steps=STEPS)
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
    session = Session(terms, (axiom,), steps=STEPS)
    for facts, goal in (
        ((holds(terms, "p", a),), holds(terms, "q", a)),
        ((holds(terms, "q", a),), holds(terms, "p", a)),
        ((terms.negation(holds(terms, "q", a)),), terms.negation(holds(terms, "p", a))),
    ):
        alone = ask(terms, (axiom, *facts), goal, steps=STEPS).reply
        assert (session.ask(facts, goal).reply is Reply.PROVED) == (alone is Reply.PROVED)


def test_other_axioms_are_another_session(terms: Terms) -> None:
    """Initial states and states have no action, and do not know the same."""
    sessions = Sessions(terms, steps=STEPS)
    a = terms.symbol("a", SORT)
    facts, goal = (holds(terms, "p", a),), holds(terms, "q", a)
    strong, weak = (everywhere(terms, "p", "q"),), ()
    assert sessions.of("", strong).ask(facts, goal).reply is Reply.PROVED
    assert sessions.of("", weak).ask(facts, goal).reply is not Reply.PROVED
    assert sessions.of("", weak) is sessions.of("", weak)
    assert sessions.of("", weak) is not sessions.of("m.act", weak)


def test_a_session_that_broke_off_is_not_used_again(
    terms: Terms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was asserted when it broke off would be assumed by the next question."""
    sessions = Sessions(terms, steps=STEPS)
    first = sessions.of("m.act", ())

    def fail(_text: str) -> str:
        raise RuntimeError("broken off")

    monkeypatch.setattr(first._talk, "say", fail)
    answer = first.ask((), terms.false)
    assert (answer.reply, answer.reason) == (Reply.UNKNOWN, "broken off")
    assert sessions.of("m.act", ()) is not first


def test_a_session_that_answers_with_an_error_is_not_used_again(
    terms: Terms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of one command comes back as text, after the answers of those before it: it may be
    the command that takes the assumptions back."""
    sessions = Sessions(terms, steps=STEPS)
    first = sessions.of("m.act", ())
    a, say = terms.symbol("a", SORT), first._talk.say

    def say_without_taking_back(text: str) -> str:
        say(text.replace("(pop 1)", ""))
        return 'unsat\n(error "cannot pop")'

    monkeypatch.setattr(first._talk, "say", say_without_taking_back)
    assert first.ask((holds(terms, "p", a),), terms.false).reply is Reply.UNKNOWN
    second = sessions.of("m.act", ())
    assert second is not first
    assert second.ask((), holds(terms, "p", a)).reply is not Reply.PROVED


def test_memory_that_is_used_up_within_a_command_is_told(
    terms: Terms, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session(terms, (), steps=STEPS)
    monkeypatch.setattr(session._talk, "say", lambda _: 'unsat\n(error "std::bad_alloc")')
    with pytest.raises(ExhaustedError):
        session.ask((), terms.false)
