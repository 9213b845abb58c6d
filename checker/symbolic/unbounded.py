"""The algebra of any size: sorts are uninterpreted domains, state functions are uninterpreted
functions, and quantifiers stay.

Quantifiers over enums, truth values and short ranges are expanded; ranges and numbers are integers
with their bounds as facts (`splitspec.checker.symbolic.theory`).

Soundness: a run at any finite sizes is a model of these terms, its sorts and functions being the
domains and functions of the model. So what no model refutes, no run refutes. The converse fails:
domains may be infinite, and a count is only what is said of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from typing import assert_never

from splitspec.checker.symbolic.algebra import Environment, Maybe, Places, Value, as_term
from splitspec.checker.symbolic.term import (
    Application,
    Bound,
    Enumerated,
    Function,
    Kind,
    Plain,
    Term,
    Terms,
    Uninterpreted,
    kind_of,
)
from splitspec.model import ir
from splitspec.model.terms import free_locals
from splitspec.model.types import (
    Boolean,
    Enumeration,
    IndexType,
    Integer,
    Natural,
    Nothing,
    Option,
    Range,
    Sort,
    Type,
)

EXPANDED_MAX = 16
"""Quantifiers over types of at most so many values are expanded."""


def kind(type_: Type) -> Kind:
    """Return the kind of the (present) values of a type."""
    match type_:
        case Sort(path):
            return Uninterpreted(path)
        case Enumeration(path, members):
            return Enumerated(path, members)
        case Boolean():
            return Plain.BOOLEAN
        case Range() | Natural() | Integer():
            return Plain.INTEGER
        case Option(of):
            return kind(of)
        case Nothing():
            raise AssertionError("`none` alone has no kind")
        case _:
            assert_never(type_)


@dataclass(frozen=True)
class Unbounded:
    """The operations on terms and on pairs of presence and value.

    `ends` gives the upper end of a range that a constant names, as a term.
    """

    terms: Terms
    ends: Callable[[str], Term]

    # Values

    def literal(self, value: ir.Value, type_: Type) -> Value:
        match type_:
            case Enumeration(path, members):
                assert value is not None
                return self.terms.member(Enumerated(path, members), value)
            case Boolean():
                return self.terms.truth(bool(value))
            case Nothing():
                return Maybe(self.terms.false, self.terms.false)
            case Option(of) if value is not None:
                return self.convert(self.literal(value, of), type_)
            case Option():
                return self.absent(type_)
            case _:
                assert value is not None
                return self.terms.number(value)

    def absent(self, type_: Option) -> Maybe:
        """Return `none`; what stands in the place of the value is of the right kind."""
        return Maybe(self.terms.false, self.terms.symbol(f"none of {type_}", kind(type_)))

    def convert(self, value: Value, type_: Type) -> Value:
        if not isinstance(type_, Option):
            return value
        if not isinstance(value, Maybe):
            return Maybe(self.terms.true, as_term(value))
        if value.present is self.terms.false:
            return self.absent(type_)
        return value

    def equal(self, left: Value, right: Value) -> Term:
        terms = self.terms
        if not isinstance(left, Maybe) and not isinstance(right, Maybe):
            return terms.equality(as_term(left), as_term(right))
        first = left if isinstance(left, Maybe) else Maybe(terms.true, as_term(left))
        second = right if isinstance(right, Maybe) else Maybe(terms.true, as_term(right))
        if second.present is terms.false:
            return terms.negation(first.present)
        if first.present is terms.false:
            return terms.negation(second.present)
        same = terms.equality(first.value, second.value)
        both = terms.conjunction(first.present, second.present, same)
        neither = terms.conjunction(terms.negation(first.present), terms.negation(second.present))
        return terms.disjunction(both, neither)

    def choose(self, condition: Term, positive: Value, negative: Value) -> Value:
        choice = self.terms.choice
        if isinstance(positive, Maybe) and isinstance(negative, Maybe):
            present = choice(condition, positive.present, negative.present)
            # Where one of them is absent, its value means nothing, and the other one will do.
            if positive.present is self.terms.false:
                return Maybe(present, negative.value)
            if negative.present is self.terms.false:
                return Maybe(present, positive.value)
            return Maybe(present, choice(condition, positive.value, negative.value))
        return choice(condition, as_term(positive), as_term(negative))

    def at_most(self, left: Value, right: Value) -> Term:
        return self.terms.at_most(as_term(left), as_term(right))

    def less(self, left: Value, right: Value) -> Term:
        return self.terms.less(as_term(left), as_term(right))

    def add(self, left: Value, right: Value) -> Value:
        return self.terms.sum(as_term(left), as_term(right))

    def subtract(self, left: Value, right: Value) -> Value:
        return self.terms.difference(as_term(left), as_term(right))

    def tally(
        self, count: ir.Count, env: Environment, condition: Callable[[Environment], Term]
    ) -> Value:
        """Return any number: nothing is said here of what two states have in common."""
        return apply_count(self, count, env, " of a step", {})

    # Quantifiers

    def all_of(
        self,
        binders: tuple[ir.Parameter, ...],
        env: Environment,
        body: Callable[[Environment], Term],
    ) -> Term:
        bound, cases = self._bind(binders, env)
        inside = (self.terms.implication(limits, body(inner)) for inner, limits in cases)
        return self.terms.universal(bound, self.terms.conjunction(*inside))

    def some_of(
        self,
        binders: tuple[ir.Parameter, ...],
        env: Environment,
        body: Callable[[Environment], Term],
    ) -> Term:
        bound, cases = self._bind(binders, env)
        inside = (self.terms.conjunction(limits, body(inner)) for inner, limits in cases)
        return self.terms.existential(bound, self.terms.disjunction(*inside))

    def _bind(
        self, binders: tuple[ir.Parameter, ...], env: Environment
    ) -> tuple[list[Bound], list[tuple[Environment, Term]]]:
        """Return the variables that stay quantified, and, for each value of the expanded ones, the
        environment with the limits of the variables."""
        bound: list[Bound] = []
        limits: list[Term] = []
        choices: list[list[Value]] = []
        for binder in binders:
            values = self.few_values(binder.type)
            if values is None:
                variable = self.terms.bound(binder.name, kind(binder.type))
                bound.append(variable)
                limits.append(self.within(variable, binder.type))
                values = [variable]
            choices.append(values)
        names = [binder.name for binder in binders]
        limit = self.terms.conjunction(*limits)
        return bound, [
            ({**env, **dict(zip(names, values, strict=True))}, limit)
            for values in product(*choices)
        ]

    def few_values(self, type_: IndexType) -> list[Value] | None:
        """Return all values of a type that is expanded, None for others."""
        match type_:
            case Boolean():
                return [self.terms.false, self.terms.true]
            case Enumeration(path, members) if len(members) <= EXPANDED_MAX:
                shape = Enumerated(path, members)
                return [self.terms.member(shape, index) for index in range(len(members))]
            case Range(int() as high) if high < EXPANDED_MAX:
                return [self.terms.number(number) for number in range(high + 1)]
            case _:
                return None

    def within(self, value: Term, type_: Type) -> Term:
        """Return whether a value of a kind lies in the type."""
        zero = self.terms.number(0)
        match type_:
            case Range(high):
                end = self.terms.number(high) if isinstance(high, int) else self.ends(high)
                return self.terms.conjunction(
                    self.terms.at_most(zero, value), self.terms.at_most(value, end)
                )
            case Natural():
                return self.terms.at_most(zero, value)
            case Option(of):
                return self.within(value, of)
            case _:
                return self.terms.true


@dataclass
class FreeState:
    """A state of which nothing is known: every variable is a function of its own.

    `moment` tells the functions of two states apart. Constants have no moment. `counts` are the
    counts that were asked for so far.
    """

    algebra: Unbounded
    moment: str = ""
    counts: dict[ir.Count, Function] = field(default_factory=dict)

    def read(self, variable: ir.Variable, indices: Places) -> Value:
        moment = "" if variable.kind is ir.VariableKind.CONSTANT else self.moment
        return read_function(self.algebra, f"{variable.path}{moment}", variable, indices)

    def number(self, count: ir.Count, env: Environment) -> Value:
        return apply_count(self.algebra, count, env, self.moment, self.counts)


def read_function(algebra: Unbounded, name: str, variable: ir.Variable, indices: Places) -> Value:
    """Return the value of a state function that is an uninterpreted one."""
    terms = algebra.terms
    arguments = tuple(as_term(index) for index in indices)
    kinds = tuple(kind(type_) for type_ in variable.indices)
    value = terms.apply(Function(name, kinds, kind(variable.type)), *arguments)
    if isinstance(variable.type, Option):
        present = terms.apply(Function(f"{name}?", kinds, Plain.BOOLEAN), *arguments)
        return Maybe(present, value)
    return value


def apply_count(
    algebra: Unbounded,
    count: ir.Count,
    env: Environment,
    moment: str,
    counts: dict[ir.Count, Function],
) -> Term:
    """Return a count as a function of its free names; equal counts have one function."""
    keys = sorted(free_locals(count))
    arguments = tuple(as_term(env[key]) for key in keys)
    if count not in counts:
        name = algebra.terms.fresh_name(f"count{moment}")
        kinds = tuple(kind_of(argument) for argument in arguments)
        counts[count] = Function(name, kinds, Plain.INTEGER)
    value = algebra.terms.apply(counts[count], *arguments)
    assert isinstance(value, Application)
    return value
