"""Ask Z3 for a model of formulas of propositional logic, and read it.

Soundness: nothing rests on a model, because what is made of it is replayed; that there is none is
Z3's `unsat`, by its solver for finite domains.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

import z3

from splitspec.checker.symbolic.algebra import Cases, Value, as_term
from splitspec.checker.symbolic.term import Term
from splitspec.checker.symbolic.z3_solver import (
    Answer,
    Reply,
    Translator,
    refuse_exhaustion,
    why_unknown,
    within_memory,
)
from splitspec.model import ir


class Satisfaction:
    """One solver for formulas that have atoms only, and its last model."""

    def __init__(
        self, translator: Translator | None = None, *, seed: int = 0, steps: int = 0
    ) -> None:
        self._translator = translator or Translator()
        context = self._translator.context
        # `z3.SolverFor` would make another context, for the name of the logic.
        logic = z3.to_symbol("QF_FD", context)
        self._solver = z3.Solver(z3.Z3_mk_solver_for_logic(context.ref(), logic), context)
        self._solver.set("random_seed", seed)
        if steps:
            self._solver.set("rlimit", steps)
        self._model: z3.ModelRef | None = None
        self._literals: dict[str, z3.BoolRef] = {}
        self.told: list[Term] = []  # what is required, in whatever scope

    def add(self, *terms: Term) -> None:
        """Require formulas from now on."""
        self.told += terms
        self._add(terms)

    def _add(self, terms: Iterable[Term]) -> None:
        for term in terms:
            with within_memory():
                self._solver.add(self._translator.expression(term))

    def push(self) -> None:
        with within_memory():
            self._solver.push()

    def pop(self) -> None:
        with within_memory():
            self._solver.pop()

    def check(self, *terms: Term) -> bool | None:
        """Return whether there is a model in which these formulas hold too; None if it is unknown.

        A model is kept until the next one is found.
        """
        self.push()
        self._add(terms)
        with within_memory():
            result = self._solver.check()
            if result == z3.sat:
                self._model = self._solver.model()
            if result == z3.unknown:
                refuse_exhaustion(self._solver.reason_unknown())
        self.pop()
        return None if result == z3.unknown else bool(result == z3.sat)

    def name(self, name: str, term: Term) -> None:
        """Add a formula under a name; it counts in the queries that name it."""
        with within_memory():
            literal = z3.Bool(f"fact {name}", self._translator.context)
            self._literals[name] = literal
            self._solver.add(z3.Implies(literal, self._translator.expression(term)))

    def contradiction(self, names: Iterable[str]) -> Answer:
        """Return whether what was added, with the named formulas, contradicts itself.

        If it does not, the model that shows it is kept.
        """
        literals = {name: self._literals[name] for name in names}
        started = time.process_time()
        reply, core, reason = Reply.REFUTED, frozenset[str](), ""
        with within_memory():
            result = self._solver.check(*literals.values())
            if result == z3.sat:
                self._model = self._solver.model()
            elif result == z3.unsat:
                used = {literal.get_id() for literal in self._solver.unsat_core()}
                core = frozenset(n for n, literal in literals.items() if literal.get_id() in used)
                reply = Reply.PROVED
            else:
                reply, reason = Reply.UNKNOWN, why_unknown(self._solver.reason_unknown())
        return Answer(reply, core, reason, 0, time.process_time() - started)

    def is_true(self, term: Term) -> bool:
        """Return whether a formula holds in the last model; atoms that are open count as false."""
        assert self._model is not None
        value = self._model.eval(self._translator.expression(term), model_completion=True)
        return bool(z3.is_true(value))

    def value(self, value: Value) -> ir.Value:
        """Return what a value is in the last model."""
        if isinstance(value, Cases):
            return next(v for v, term in value.conditions.items() if self.is_true(term))
        return self.is_true(as_term(value))
