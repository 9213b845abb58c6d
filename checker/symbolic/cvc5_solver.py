"""Ask cvc5 whether facts imply a goal, by SMT-LIB text of our own.

Soundness: `PROVED` is cvc5's `unsat`. It shares neither code nor input with Z3: between the two
stand only the terms themselves.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from splitspec.checker.symbolic.journal import ExhaustedError
from splitspec.checker.symbolic.smtlib import Dialogue, Texts, script
from splitspec.checker.symbolic.term import Term, Terms, Truth
from splitspec.checker.symbolic.z3_solver import Answer, Reply

ANSWERS = ("sat", "unsat", "unknown")
"""What cvc5 says of a question. Anything else is an error, which it may return as text; what it did
of the commands after that is not known."""

OPTIONS = {"enum-inst": "true"}
"""Instantiation by enumeration proves what e-matching misses."""

SHORT = {"incremental": "true", "cond-var-split-quant": "off"}
"""Of a session: what `cond-var-split-quant` splits of quantified facts, so that variables can be
eliminated, is a fifth of all that cvc5 does, and rarely needed. A solver of one question has it."""

STEPS_OF_Z3 = 100
"""So many steps of Z3 are worth one of cvc5; budgets are given in the former."""

QUESTIONS_MAX = 24
"""So many questions are asked in one session."""


class Session:
    """One cvc5 for many questions, which rest on the same axioms.

    To start it and to say what all questions say costs more than most of the answers. It grows
    slower with every question, so that it should not have too many.
    """

    def __init__(self, texts: Texts, terms: Terms, axioms: Iterable[Term], *, steps: int) -> None:
        self._terms, self._dialogue = terms, Dialogue(texts)
        self._opening = self._dialogue.opening(axioms)
        self._talk = _Talk(steps, SHORT.items())
        self.asked = 0
        self.is_over = False  # What was asserted last may still be there.

    def ask(self, facts: Iterable[Term], goal: Term) -> Answer:
        """Return whether axioms and facts imply the goal; no core is given."""
        question = self._dialogue.question((*facts, self._terms.negation(goal)))
        opening, self._opening = self._opening, ""
        return _answered(lambda: self._say(opening + question))

    def _say(self, text: str) -> str:
        assert not self.is_over
        self.asked += 1
        self.is_over = True
        answer = self._talk.say(text)
        self.is_over = not _is_answer(answer)
        return answer


class Sessions:
    """Asks questions, of a few at a time in one session as long as they rest on the same axioms,
    and writes each fact once for all of them."""

    def __init__(self, terms: Terms, *, steps: int) -> None:
        self._terms, self._steps, self._texts = terms, steps, Texts()
        self._last: tuple[tuple[Term, ...], Session] | None = None

    def ask(self, axioms: tuple[Term, ...], facts: tuple[Term, ...], goal: Term) -> Answer:
        """Return whether axioms and facts imply the goal; no core is given. What a session does not
        prove is asked of a solver of its own."""
        if isinstance(goal, Truth) and goal.value:
            # Its text would be `(assert false)`, which asks nothing of a solver.
            return Answer(Reply.PROVED, frozenset(), "", 0, 0.0)
        answer = self.of(axioms).ask(facts, goal)
        if answer.reply is Reply.PROVED:
            return answer
        return ask(self._terms, (*axioms, *facts), goal, steps=self._steps)

    def of(self, axioms: tuple[Term, ...]) -> Session:
        """Return a session which knows the axioms, and has room for another question."""
        if self._last is not None:
            known, last = self._last
            if known == axioms and not last.is_over and last.asked < QUESTIONS_MAX:
                return last
        session = Session(self._texts, self._terms, axioms, steps=self._steps)
        self._last = axioms, session
        return session


def _is_answer(text: str) -> bool:
    """Whether a text is an answer, perhaps with a reason, and nothing else."""
    return text.partition(" ")[0] in ANSWERS and "\n" not in text


def ask(terms: Terms, facts: Iterable[Term], goal: Term, *, steps: int) -> Answer:
    """Return whether the facts imply the goal; no core is given."""
    return ask_text(script((*facts, terms.negation(goal))), steps=steps)


def ask_text(text: str, *, steps: int) -> Answer:
    """Return whether the assertions of a script contradict one another; raise `ExhaustedError` if
    there is not enough memory to tell."""
    return _answered(lambda: _Talk(steps).say(text))


def _answered(ask: Callable[[], str]) -> Answer:
    started = time.process_time()
    try:
        result = ask()
    except MemoryError as error:
        raise ExhaustedError(str(error)) from error
    except RuntimeError as error:  # What cvc5 raises for all its other failures.
        if "bad_alloc" in str(error):
            raise ExhaustedError(str(error)) from error
        return Answer(Reply.UNKNOWN, frozenset(), str(error), 0, time.process_time() - started)
    if "bad_alloc" in result:  # An error within a command comes back as text.
        raise ExhaustedError(result)
    seconds = time.process_time() - started
    match result:
        case "unsat":
            return Answer(Reply.PROVED, frozenset(), "", 0, seconds)
        case "sat":
            return Answer(Reply.REFUTED, frozenset(), "", 0, seconds)
        case _:
            return Answer(Reply.UNKNOWN, frozenset(), result, 0, seconds)


class _Talk:
    """One process of parsing and answering; each question has so many steps."""

    def __init__(self, steps: int, options: Iterable[tuple[str, str]] = ()) -> None:
        cvc5 = _cvc5()
        manager = cvc5.TermManager()
        self._solver = cvc5.Solver(manager)
        self._symbols = cvc5.SymbolManager(manager)
        for option, value in (*OPTIONS.items(), *options):
            self._solver.setOption(option, value)
        if steps:
            self._solver.setOption("rlimit-per", str(-(-steps // STEPS_OF_Z3)))

    def say(self, text: str) -> str:
        """Return what cvc5 answers: `sat`, `unsat`, or `unknown`."""
        cvc5 = _cvc5()
        parser = cvc5.InputParser(self._solver, self._symbols)
        parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "query")
        answer = ""
        while True:
            command = parser.nextCommand()
            if command.isNull():
                return answer.strip()
            answer += self.do(command)

    def do(self, command: Any) -> str:
        """Return what cvc5 says of one command."""
        return str(command.invoke(self._solver, self._symbols))


def _cvc5() -> Any:
    """Return cvc5, which most proofs never need; to load it takes memory, too."""
    try:
        import cvc5
    except ImportError as error:
        if "failed to map" in str(error) or "cannot allocate" in str(error):
            raise ExhaustedError(str(error)) from error
        raise
    return cvc5


def version() -> str:
    """Return the solver's name with its version, as its installation says it: to load it, or what
    reads all that an installation says, takes longer than a proof."""
    found = find_spec("cvc5")
    folders = found.submodule_search_locations if found is not None else None
    named = [n for each in folders or () for n in Path(each).parent.glob("cvc5-*.dist-info")]
    if len(named) == 1:
        return f"cvc5 {named[0].stem.partition('-')[2]}"
    from importlib.metadata import version as version_of

    return f"cvc5 {version_of('cvc5')}"
