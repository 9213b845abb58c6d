"""What values are, and what can be done with them: the part of the meaning of expressions that
depends on whether sizes are known.

Truth values are terms in every algebra. Other values are terms, or pairs of presence and value, of
any size (`unbounded`); or cases, one condition for each concrete value, at a finite scope
(`finite`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from splitspec.checker.symbolic.term import Term, Terms
from splitspec.model import ir
from splitspec.model.frozen import frozen
from splitspec.model.types import Type


@frozen
class Maybe:
    """A value of an option: where `present` is false, `value` means nothing."""

    present: Term
    value: Term


@frozen
class Cases:
    """A value by cases: of the conditions exactly one holds. `None` is absence."""

    conditions: Mapping[ir.Value, Term]


Value = Term | Maybe | Cases

Environment = Mapping[str, Value]
"""The values of the parameters and bound variables in whose scope an expression stands."""

Places = tuple[Value, ...]
"""The indices of a place of a variable."""


def as_term(value: Value) -> Term:
    """Return a value that is one term: a truth value, or, at any size, any that is no option."""
    if isinstance(value, Maybe | Cases):
        raise AssertionError(f"{value} is more than one term")
    return value


class State(Protocol):
    """The values of variables at a moment."""

    def read(self, variable: ir.Variable, indices: Places) -> Value:
        """Return the value of a place."""
        ...

    def number(self, count: ir.Count, env: Environment) -> Value:
        """Return how many bindings satisfy the condition of a count."""
        ...


class Algebra(Protocol):
    """The operations on values."""

    @property
    def terms(self) -> Terms: ...

    def literal(self, value: ir.Value, type_: Type) -> Value:
        """Return a number, member, truth value or `none`."""
        ...

    def convert(self, value: Value, type_: Type) -> Value:
        """Return a value as one of a wider type: of `T?`, where it is one of `T` or `none`."""
        ...

    def equal(self, left: Value, right: Value) -> Term:
        """Return whether two values are the same; absence is the same as absence."""
        ...

    def choose(self, condition: Term, positive: Value, negative: Value) -> Value:
        """Return one of two values of one type."""
        ...

    def at_most(self, left: Value, right: Value) -> Term: ...

    def less(self, left: Value, right: Value) -> Term: ...

    def add(self, left: Value, right: Value) -> Value: ...

    def subtract(self, left: Value, right: Value) -> Value: ...

    def tally(
        self, count: ir.Count, env: Environment, condition: Callable[[Environment], Term]
    ) -> Value:
        """Return for how many bindings of a count's binders a condition holds that is one of a
        step; no state can tell."""
        ...

    def all_of(
        self,
        binders: tuple[ir.Parameter, ...],
        env: Environment,
        body: Callable[[Environment], Term],
    ) -> Term:
        """Return whether the body holds for every binding of the binders."""
        ...

    def some_of(
        self,
        binders: tuple[ir.Parameter, ...],
        env: Environment,
        body: Callable[[Environment], Term],
    ) -> Term:
        """Return whether the body holds for some binding of the binders."""
        ...
