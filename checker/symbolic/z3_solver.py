"""Ask Z3 whether facts imply goals, incrementally, with names for the facts that it used.

Soundness: `PROVED` is Z3's `unsat` of the facts with the goal denied. Limits are counted in Z3's
own steps and not in time, so that an answer is the same on every machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

import z3

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

MEGABYTES_MAX = 4096
"""Memory of a solver. What needs more is one unknown obligation, and not a lost run."""


class Reply(Enum):
    """What a solver says of a goal."""

    PROVED = "proved"
    REFUTED = "refuted"  # It has a model of the facts in which the goal is false.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply with the names of the facts used (when proved), and what it cost: Z3's steps."""

    reply: Reply
    core: frozenset[str]
    reason: str
    steps: int
    seconds: float


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
                return self._function(function)(*(made[a] for a in arguments))
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
                return made[left] <= made[right]
            case Sum(left, right):
                return made[left] + made[right]
            case Difference(left, right):
                return made[left] - made[right]
            case Choice(condition, positive, negative):
                return z3.If(made[condition], made[positive], made[negative])
            case Universal(bound, body):
                return z3.ForAll([self.expression(b) for b in bound], made[body])
            case Existential(bound, body):
                return z3.Exists([self.expression(b) for b in bound], made[body])

    def _truth(self, ast: object) -> z3.BoolRef:
        return z3.BoolRef(ast, self.context)

    def _joined(self, join: Callable[..., object], operands: tuple[Term, ...]) -> z3.BoolRef:
        asts = (z3.Ast * len(operands))(*(self._made[o].as_ast() for o in operands))
        return self._truth(join(self.context.ref(), len(operands), asts))

    def _function(self, function: Function) -> Callable[..., z3.ExprRef]:
        if function not in self._functions:
            sorts = [self.sort(kind) for kind in (*function.arguments, function.result)]
            self._functions[function] = z3.Function(self._prefix + function.name, *sorts)
        made: Callable[..., z3.ExprRef] = self._functions[function]
        return made


class Session:
    """One solver: facts by name, in nested scopes.

    A named fact counts in a query only if the query names it.
    """

    def __init__(self, translator: Translator, *, seed: int, steps: int) -> None:
        self.translator = translator
        self._solver = z3.Solver(ctx=translator.context)
        self._solver.set("random_seed", seed)
        self._solver.set("max_memory", MEGABYTES_MAX)
        self._steps = steps
        self._literals: dict[str, z3.BoolRef] = {}

    def assume(self, term: Term) -> None:
        """Add a fact that always counts."""
        self._solver.add(self.translator.expression(term))

    def name(self, name: str, term: Term) -> None:
        """Add a fact under a name."""
        literal = z3.Bool(f"fact {name}", self.translator.context)
        self._literals[name] = literal
        self._solver.add(z3.Implies(literal, self.translator.expression(term)))

    def push(self) -> None:
        self._solver.push()

    def pop(self) -> None:
        self._solver.pop()

    def deny(self, goal: Term) -> None:
        """Assume that a goal is false; `check` then says whether it could be."""
        self._solver.add(z3.Not(self.translator.expression(goal)))

    def check(self, names: Iterable[str], steps: int | None = None) -> Answer:
        """Return whether what was assumed, with the named facts, contradicts itself."""
        literals = {name: self._literals[name] for name in names}
        self._solver.set("rlimit", self._steps if steps is None else steps)
        started = time.perf_counter()
        try:
            result = self._solver.check(*literals.values())
        except z3.Z3Exception as error:
            return Answer(Reply.UNKNOWN, frozenset(), str(error), 0, 0.0)
        seconds = time.perf_counter() - started
        spent = self._spent_since()
        if result == z3.unsat:
            core = {literal.get_id() for literal in self._solver.unsat_core()}
            used = frozenset(n for n, literal in literals.items() if literal.get_id() in core)
            return Answer(Reply.PROVED, used, "", spent, seconds)
        if result == z3.sat:
            return Answer(Reply.REFUTED, frozenset(), "", spent, seconds)
        reason = self._solver.reason_unknown()
        return Answer(Reply.UNKNOWN, frozenset(), reason, spent, seconds)

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


def version() -> str:
    """Return the solver's name with its version."""
    return f"z3 {z3.get_version_string()}"
