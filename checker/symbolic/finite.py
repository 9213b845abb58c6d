"""The algebra of one scope: every value is known by cases, every quantifier is expanded, and a
formula is one of propositional logic.

A cell of the state has one atom for each value that it can have, of which exactly one is true; one
of two values takes a single atom.

Soundness: exact both ways. The models of a formula are the states (and steps) of the scope in which
it is true: counts are counted, and every cell has a value of its type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations, product

from splitspec.checker.symbolic.algebra import Cases, Environment, Places, Value, as_term
from splitspec.checker.symbolic.encoder import Encoder, Moment
from splitspec.checker.symbolic.term import Plain, Term, Terms, Truth
from splitspec.model import ir
from splitspec.model.scope import Scope
from splitspec.model.types import Boolean, Type


@dataclass(frozen=True)
class Finite:
    """The operations on values by cases, at a scope."""

    terms: Terms
    scope: Scope

    def literal(self, value: ir.Value, type_: Type) -> Value:
        if isinstance(value, bool):
            return self.terms.truth(value)
        return Cases({value: self.terms.true})

    def convert(self, value: Value, type_: Type) -> Value:
        return value

    def equal(self, left: Value, right: Value) -> Term:
        if not isinstance(left, Cases) and not isinstance(right, Cases):
            return self.terms.equality(as_term(left), as_term(right))
        first, second = self.cases(left), self.cases(right)
        return self.terms.disjunction(
            *(
                self.terms.conjunction(first[value], second[value])
                for value in first
                if value in second
            )
        )

    def choose(self, condition: Term, positive: Value, negative: Value) -> Value:
        terms = self.terms
        if not isinstance(positive, Cases) and not isinstance(negative, Cases):
            return terms.choice(condition, as_term(positive), as_term(negative))
        first, second = self.cases(positive), self.cases(negative)
        both = {
            value: terms.disjunction(
                terms.conjunction(condition, first.get(value, terms.false)),
                terms.conjunction(terms.negation(condition), second.get(value, terms.false)),
            )
            for value in (*first, *(v for v in second if v not in first))
        }
        return Cases({value: term for value, term in both.items() if term is not terms.false})

    def at_most(self, left: Value, right: Value) -> Term:
        return self._compare(left, right, lambda a, b: a <= b)

    def less(self, left: Value, right: Value) -> Term:
        return self._compare(left, right, lambda a, b: a < b)

    def _compare(self, left: Value, right: Value, holds: Callable[[int, int], bool]) -> Term:
        first, second = self.cases(left), self.cases(right)
        return self.terms.disjunction(
            *(
                self.terms.conjunction(first[a], second[b])
                for a, b in product(first, second)
                if holds(_number(a), _number(b))
            )
        )

    def add(self, left: Value, right: Value) -> Value:
        return self._combine(left, right, lambda a, b: a + b)

    def subtract(self, left: Value, right: Value) -> Value:
        return self._combine(left, right, lambda a, b: a - b)

    def _combine(self, left: Value, right: Value, operate: Callable[[int, int], int]) -> Value:
        first, second = self.cases(left), self.cases(right)
        found: dict[ir.Value, list[Term]] = {}
        for a, b in product(first, second):
            both = self.terms.conjunction(first[a], second[b])
            if both is not self.terms.false:
                found.setdefault(operate(_number(a), _number(b)), []).append(both)
        return Cases({value: self.terms.disjunction(*terms) for value, terms in found.items()})

    def cases(self, value: Value) -> Mapping[ir.Value, Term]:
        """Return the conditions of a value; of a truth value, itself and its negation."""
        if isinstance(value, Cases):
            return value.conditions
        if isinstance(value, Truth):
            return {value.value: self.terms.true}
        truth = as_term(value)
        return {False: self.terms.negation(truth), True: truth}

    # Quantifiers

    def all_of(
        self,
        binders: tuple[ir.Parameter, ...],
        env: Environment,
        body: Callable[[Environment], Term],
    ) -> Term:
        return self.terms.conjunction(*(body(inner) for inner in self.bindings(binders, env)))

    def some_of(
        self,
        binders: tuple[ir.Parameter, ...],
        env: Environment,
        body: Callable[[Environment], Term],
    ) -> Term:
        return self.terms.disjunction(*(body(inner) for inner in self.bindings(binders, env)))

    def bindings(
        self, binders: tuple[ir.Parameter, ...], env: Environment
    ) -> Iterator[Environment]:
        """Extend `env` by every binding of the binders."""
        names = [binder.name for binder in binders]
        for values in product(*(self.scope.values(binder.type) for binder in binders)):
            literals = (self.constant(value) for value in values)
            yield {**env, **dict(zip(names, literals, strict=True))}

    def tally(
        self, count: ir.Count, env: Environment, condition: Callable[[Environment], Term]
    ) -> Value:
        return self.count(condition(inner) for inner in self.bindings(count.binders, env))

    def constant(self, value: ir.Value) -> Value:
        """Return a value that is known."""
        if isinstance(value, bool):
            return self.terms.truth(value)
        return Cases({value: self.terms.true})

    # Atoms

    def unknown(self, name: str, values: tuple[ir.Value, ...], truth: bool) -> tuple[Value, Term]:
        """Return a value of which nothing is known but that it is one of these, and the condition
        that it is exactly one."""
        terms = self.terms
        if truth:
            return terms.symbol(name, Plain.BOOLEAN), terms.true
        if len(values) == 1:
            return self.constant(values[0]), terms.true
        if len(values) == 2:
            atom = terms.symbol(f"{name}={values[1]}", Plain.BOOLEAN)
            return Cases({values[0]: terms.negation(atom), values[1]: atom}), terms.true
        atoms = [terms.symbol(f"{name}={value}", Plain.BOOLEAN) for value in values]
        apart = (
            terms.negation(terms.conjunction(one, other)) for one, other in combinations(atoms, 2)
        )
        one_of_them = terms.conjunction(terms.disjunction(*atoms), *apart)
        return Cases(dict(zip(values, atoms, strict=True))), one_of_them

    def count(self, conditions: Iterator[Term]) -> Value:
        """Return how many of the conditions hold."""
        numbers: Mapping[ir.Value, Term] = {0: self.terms.true}
        for condition in conditions:
            one: Value = Cases(
                {0: self.terms.negation(condition), 1: condition}
                if not isinstance(condition, Truth)
                else {int(condition.value): self.terms.true}
            )
            numbers = self.cases(self.add(Cases(numbers), one))
        return Cases(numbers)


def _number(value: ir.Value) -> int:
    assert value is not None
    return int(value)


def pick(algebra: Finite, choices: list[tuple[Term, Value]]) -> Value:
    """Return the value whose condition holds; exactly one does."""
    found: dict[ir.Value, list[Term]] = {}
    truths: list[Term] = []
    for condition, value in choices:
        if not isinstance(value, Cases):
            truths.append(algebra.terms.conjunction(condition, as_term(value)))
            continue
        for each, term in value.conditions.items():
            both = algebra.terms.conjunction(condition, term)
            if both is not algebra.terms.false:
                found.setdefault(each, []).append(both)
    if truths or not found:
        return algebra.terms.disjunction(*truths)
    return Cases({value: algebra.terms.disjunction(*terms) for value, terms in found.items()})


@dataclass
class CellState:
    """A state of the scope: a cell for each place, which has a value of its type.

    `legal` collects that each cell used so far has exactly one value. Constants are the same at
    every moment; pinned ones are known.
    """

    encoder: Encoder
    algebra: Finite
    moment: str = ""
    legal: dict[str, Term] = field(default_factory=dict)
    cells: dict[tuple[str, tuple[ir.Value, ...]], Value] = field(default_factory=dict)

    def read(self, variable: ir.Variable, indices: Places) -> Value:
        known: list[Mapping[ir.Value, Term]] = [self.algebra.cases(index) for index in indices]
        choices = [
            (
                self.algebra.terms.conjunction(
                    *(cases[value] for cases, value in zip(known, values, strict=True))
                ),
                self.cell(variable, values),
            )
            for values in product(*known)
        ]
        if len(choices) == 1:
            return choices[0][1]
        return pick(self.algebra, choices)

    def cell(self, variable: ir.Variable, indices: tuple[ir.Value, ...]) -> Value:
        """Return the value of a place."""
        key = (variable.path, indices)
        if key not in self.cells:
            self.cells[key] = self._make(variable, indices)
        return self.cells[key]

    def _make(self, variable: ir.Variable, indices: tuple[ir.Value, ...]) -> Value:
        scope, rigid = self.algebra.scope, variable.kind is ir.VariableKind.CONSTANT
        if rigid and variable.path in scope.pins:
            return self.algebra.constant(scope.pins[variable.path])
        shown = ",".join(str(index) for index in indices)
        name = f"{variable.path}[{shown}]{'' if rigid else self.moment}"
        values = scope.values(variable.type, scope.bound(variable))
        truth = isinstance(variable.type, Boolean)
        value, legal = self.algebra.unknown(name, values, truth)
        self.legal[name] = legal
        return value

    def number(self, count: ir.Count, env: Environment) -> Value:
        return counted(self.encoder, self.algebra, count, env, Moment(self))


def counted(
    encoder: Encoder, algebra: Finite, count: ir.Count, env: Environment, moment: Moment
) -> Value:
    """Return the number of bindings that satisfy the condition of a count."""
    return algebra.count(
        encoder.holds(count.condition, inner, moment)
        for inner in algebra.bindings(count.binders, env)
    )
