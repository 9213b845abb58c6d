"""Ask Z3 whether facts imply goals, incrementally, with names for the facts that it used.

Soundness: `PROVED` is Z3's `unsat` of the facts with the goal denied. Limits are counted in Z3's
own steps and not in time, so that an answer is the same on every machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from enum import Enum

import z3

from splitspec.checker.proof import SPENT
from splitspec.checker.symbolic.journal import ExhaustedError
from splitspec.checker.symbolic.term import (
    Application,
    AtMost,
    Bound,
    Choice,
    Conjunction,
    Difference,
    Disjunction,
    Enumerated,
    Equality,
    Existential,
    Function,
    Kind,
    Member,
    Negation,
    Number,
    Plain,
    Sum,
    Term,
    Truth,
    Uninterpreted,
    Universal,
    parts_of,
)
from splitspec.model.frozen import frozen


class Reply(Enum):
    """What a solver says of a goal."""

    PROVED = "proved"
    REFUTED = "refuted"  # It has a model of the facts in which the goal is false.
    UNKNOWN = "unknown"


@frozen
class Answer:
    """A reply with the names of the facts used (when proved), and what it cost: Z3's steps, and
    seconds of this process."""

    reply: Reply
    core: frozenset[str]
    reason: str
    steps: int
    seconds: float


def lost_answer(reason: str) -> Answer:
    """Return the answer of a solver that was lost."""
    return Answer(Reply.UNKNOWN, frozenset(), reason, 0, 0.0)


class Translator:
    """Makes Z3 expressions of terms in one context, each once."""

    def __init__(self, prefix: str = "") -> None:
        self.context = z3.Context()
        self._prefix = prefix  # of functions and domains: solvers order by name here and there
        self.spent = 0  # steps of its solvers
        self._sorts: dict[Kind, z3.SortRef] = {
            Plain.BOOLEAN: z3.BoolSort(self.context),
            Plain.INTEGER: z3.IntSort(self.context),
        }
        self._members: dict[Kind, tuple[z3.ExprRef, ...]] = {}
        self._functions: dict[Function, z3.FuncDeclRef] = {}
        self._made: dict[Term, z3.ExprRef] = {}

    def sort(self, kind: Kind) -> z3.SortRef:
        """Return the sort of a kind."""
        if kind not in self._sorts:
            match kind:
                case Uninterpreted(name):
                    self._sorts[kind] = z3.DeclareSort(self._prefix + name, self.context)
                case Enumerated(name, members):
                    names = [f"{name}.{member}" for member in members]
                    sort, values = z3.EnumSort(name, names, self.context)
                    self._sorts[kind], self._members[kind] = sort, tuple(values)
                case Plain():
                    raise AssertionError("plain kinds are there from the start")
        return self._sorts[kind]

    def expression(self, term: Term) -> z3.ExprRef:
        """Return the expression of a term; raise `ExhaustedError` if there is no memory for it."""
        try:
            return self._expression(term)
        except z3.Z3Exception as error:
            refuse_exhaustion(str(error))
            raise

    def _expression(self, term: Term) -> z3.ExprRef:
        """Return the expression of a term. Works bottom up: terms may be deep."""
        todo = [term]
        while todo:
            current = todo[-1]
            if current in self._made:
                todo.pop()
                continue
            waiting = [part for part in parts_of(current) if part not in self._made]
            if waiting:
                todo += waiting
            else:
                self._made[current] = self._make(current)
                todo.pop()
        return self._made[term]

    def _make(self, term: Term) -> z3.ExprRef:
        """Return the expression of a term whose parts have theirs.

        Connectives are made by Z3's own functions: its classes would look at every operand again.
        """
        made = self._made
        match term:
            case Truth(value):
                return z3.BoolVal(value, self.context)
            case Number(value):
                return z3.IntVal(value, self.context)
            case Member(kind, index):
                self.sort(kind)
                return self._members[kind][index]
            case Bound(name, kind):
                return z3.Const(name, self.sort(kind))
            case Application(function, arguments):
                return self._applied(function, arguments)
            case Negation(operand):
                return self._truth(z3.Z3_mk_not(self.context.ref(), made[operand].as_ast()))
            case Conjunction(operands):
                return self._joined(z3.Z3_mk_and, operands)
            case Disjunction(operands):
                return self._joined(z3.Z3_mk_or, operands)
            case Equality(left, right):
                sides = made[left].as_ast(), made[right].as_ast()
                return self._truth(z3.Z3_mk_eq(self.context.ref(), *sides))
            case AtMost(left, right):
                sides = made[left].as_ast(), made[right].as_ast()
                return self._truth(z3.Z3_mk_le(self.context.ref(), *sides))
            case Sum(left, right):
                return self._number(z3.Z3_mk_add, (left, right))
            case Difference(left, right):
                return self._number(z3.Z3_mk_sub, (left, right))
            case Choice(condition, positive, negative):
                parts = (made[part].as_ast() for part in (condition, positive, negative))
                made_ = z3.Z3_mk_ite(self.context.ref(), *parts)
                return type(made[positive])(made_, self.context)
            case Universal(bound, body):
                return z3.ForAll([self.expression(b) for b in bound], made[body])
            case Existential(bound, body):
                return z3.Exists([self.expression(b) for b in bound], made[body])

    def _truth(self, ast: object) -> z3.BoolRef:
        return z3.BoolRef(ast, self.context)

    def _joined(self, join: Callable[..., object], operands: tuple[Term, ...]) -> z3.BoolRef:
        return self._truth(join(self.context.ref(), len(operands), self._asts(operands)))

    def _number(self, join: Callable[..., object], operands: tuple[Term, ...]) -> z3.ArithRef:
        return z3.ArithRef(
            join(self.context.ref(), len(operands), self._asts(operands)), self.context
        )

    def _asts(self, terms: tuple[Term, ...]) -> object:
        return (z3.Ast * len(terms))(*(self._made[term].as_ast() for term in terms))

    def _applied(self, function: Function, arguments: tuple[Term, ...]) -> z3.ExprRef:
        declared = self._function(function)
        ast = z3.Z3_mk_app(self.context.ref(), declared.ast, len(arguments), self._asts(arguments))
        match function.result:
            case Plain.BOOLEAN:
                return z3.BoolRef(ast, self.context)
            case Plain.INTEGER:
                return z3.ArithRef(ast, self.context)
            case _:
                return z3.ExprRef(ast, self.context)

    def _function(self, function: Function) -> z3.FuncDeclRef:
        if function not in self._functions:
            sorts = [self.sort(kind) for kind in (*function.arguments, function.result)]
            self._functions[function] = z3.Function(self._prefix + function.name, *sorts)
        return self._functions[function]


class Session:
    """One solver: facts by name, in nested scopes.

    A named fact counts in a query only if the query names it.
    """

    def __init__(self, translator: Translator, *, seed: int, steps: int) -> None:
        self.translator = translator
        self._solver = z3.Solver(ctx=translator.context)
        self._solver.set("random_seed", seed)
        self._steps = steps
        self._literals: dict[str, z3.BoolRef] = {}
        self._numbers: dict[str, int] = {}

    def assume(self, term: Term) -> None:
        """Add a fact that always counts."""
        self._add(self.translator.expression(term))

    def _add(self, fact: z3.ExprRef) -> None:
        with within_memory():
            self._solver.add(fact)

    def name(self, name: str, term: Term) -> None:
        """Add a fact under a name."""
        with within_memory():
            literal = z3.Bool(f"fact {name}", self.translator.context)
            self._literals[name], self._numbers[name] = literal, literal.get_id()
        self._add(z3.Implies(literal, self.translator.expression(term)))

    def push(self) -> None:
        with within_memory():
            self._solver.push()

    def pop(self) -> None:
        with within_memory():
            self._solver.pop()

    def deny(self, goal: Term) -> None:
        """Assume that a goal is false; `check` then says whether it could be."""
        self._add(z3.Not(self.translator.expression(goal)))

    def check(self, names: Iterable[str], steps: int | None = None) -> Answer:
        """Return whether what was assumed, with the named facts, contradicts itself."""
        wanted = list(names)
        with within_memory():
            self._solver.set("rlimit", self._steps if steps is None else steps)
        started = time.process_time()
        try:
            result = self._asked([self._literals[name] for name in wanted])
        except z3.Z3Exception as error:
            refuse_exhaustion(str(error))
            return Answer(Reply.UNKNOWN, frozenset(), str(error), 0, 0.0)
        seconds = time.process_time() - started
        spent = self._spent_since()
        if result == z3.Z3_L_FALSE:
            core = self._core()
            used = frozenset(name for name in wanted if self._numbers[name] in core)
            return Answer(Reply.PROVED, used, "", spent, seconds)
        if result == z3.Z3_L_TRUE:
            return Answer(Reply.REFUTED, frozenset(), "", spent, seconds)
        reason = why_unknown(self._solver.reason_unknown())
        return Answer(Reply.UNKNOWN, frozenset(), reason, spent, seconds)

    def check_in_turn(self, choices: Iterable[Sequence[str]], steps: int) -> Answer:
        """Return the first proof from one of the lists of names, of which any two of one length are
        the same; else what was said of the last. It costs what all answers cost."""
        asked: set[int] = set()
        spent, seconds = 0, 0.0
        answer = lost_answer("nothing was tried")
        for names in choices:
            if len(names) in asked:
                continue
            answer = self.check(names, steps)
            asked.add(len(names))
            spent, seconds = spent + answer.steps, seconds + answer.seconds
            if answer.reply is Reply.PROVED:
                break
        return replace(answer, steps=spent, seconds=seconds)

    # By Z3's own functions: its classes would look at every literal again.

    def _asked(self, literals: list[z3.BoolRef]) -> int:
        """Return what Z3 says if these literals hold."""
        asts = (z3.Ast * len(literals))(*(literal.as_ast() for literal in literals))
        context, solver = self.translator.context.ref(), self._solver.solver
        return int(z3.Z3_solver_check_assumptions(context, solver, len(literals), asts))

    def _core(self) -> set[int]:
        """Return the numbers of the literals that the last answer used."""
        context = self.translator.context
        found = z3.Z3_solver_get_unsat_core(context.ref(), self._solver.solver)
        vector = z3.AstVector(found, context)  # It frees what was found.
        asts = (z3.Z3_ast_vector_get(context.ref(), found, n) for n in range(len(vector)))
        return {int(z3.Z3_get_ast_id(context.ref(), ast)) for ast in asts}

    def _spent_since(self) -> int:
        """Return the steps of the context since it was last asked; it counts them all along."""
        statistics = self._solver.statistics()
        context, found = statistics.ctx.ref(), statistics.stats
        total = self.translator.spent
        for number in reversed(range(len(statistics))):  # It stands near the end.
            if z3.Z3_stats_get_key(context, found, number) == "rlimit count":
                self.translator.spent = int(z3.Z3_stats_get_uint_value(context, found, number))
                return self.translator.spent - total
        return 0


def why_unknown(reason: str) -> str:
    """Return why a solver does not know, in words: what Z3 says of a spent budget is about itself.

    Raise `ExhaustedError` if its memory was not enough.
    """
    refuse_exhaustion(reason)
    is_spent = "canceled" in reason or "resource limit" in reason
    return SPENT if is_spent else reason


def refuse_exhaustion(reason: str) -> None:
    """Raise `ExhaustedError` if this is how a solver says that its memory was not enough."""
    if "memory" in reason:
        raise ExhaustedError(reason)


@contextmanager
def within_memory() -> Iterator[None]:
    """Raise `ExhaustedError` where Z3 says that its memory was not enough."""
    try:
        yield
    except z3.Z3Exception as error:
        refuse_exhaustion(str(error))
        raise


def limit_memory(size: int) -> None:
    """Let Z3 have so many bytes in this process, besides what it has already."""
    z3.set_param("memory_max_size", max(1, (z3.Z3_get_estimated_alloc_size() + size) // 2**20))


def version() -> str:
    """Return the solver's name with its version."""
    return f"z3 {z3.get_version_string()}"
