"""Ask cvc5 whether facts imply a goal, by SMT-LIB text of our own.

Soundness: `PROVED` is cvc5's `unsat`. It shares neither code nor input with Z3: between the two
stand only the terms themselves.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from importlib.metadata import version as version_of

from splitspec.checker.symbolic.journal import ExhaustedError
from splitspec.checker.symbolic.smtlib import script
from splitspec.checker.symbolic.term import Term, Terms
from splitspec.checker.symbolic.z3_solver import Answer, Reply

OPTIONS = {"enum-inst": "true"}
"""Instantiation by enumeration proves what e-matching misses."""

STEPS_OF_Z3 = 100
"""So many steps of Z3 are worth one of cvc5; budgets are given in the former."""


def ask(terms: Terms, facts: Iterable[Term], goal: Term, *, steps: int) -> Answer:
    """Return whether the facts imply the goal; no core is given."""
    return ask_text(script((*facts, terms.negation(goal))), steps=steps)


def ask_text(text: str, *, steps: int) -> Answer:
    """Return whether the assertions of a script contradict one another; raise `ExhaustedError` if
    there is not enough memory to tell."""
    started = time.perf_counter()
    try:
        result = run(text, steps=-(-steps // STEPS_OF_Z3))
    except RuntimeError as error:  # What cvc5 raises for all its failures.
        if "bad_alloc" in str(error):
            raise ExhaustedError(str(error)) from error
        return Answer(Reply.UNKNOWN, frozenset(), str(error), 0, time.perf_counter() - started)
    seconds = time.perf_counter() - started
    match result:
        case "unsat":
            return Answer(Reply.PROVED, frozenset(), "", 0, seconds)
        case "sat":
            return Answer(Reply.REFUTED, frozenset(), "", 0, seconds)
        case _:
            return Answer(Reply.UNKNOWN, frozenset(), result, 0, seconds)


def run(text: str, *, steps: int) -> str:
    """Return what cvc5 answers to a script: `sat`, `unsat`, or `unknown`."""
    import cvc5  # Most proofs never need it.

    manager = cvc5.TermManager()
    solver = cvc5.Solver(manager)
    for option, value in OPTIONS.items():
        solver.setOption(option, value)
    if steps:
        solver.setOption("rlimit-per", str(steps))
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "query")
    symbols = parser.getSymbolManager()
    answer = ""
    while True:
        command = parser.nextCommand()
        if command.isNull():
            return answer.strip()
        answer += command.invoke(solver, symbols)


def version() -> str:
    """Return the solver's name with its version."""
    return f"cvc5 {version_of('cvc5')}"
