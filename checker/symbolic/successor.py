"""The state after a step, by substitution: to read a place is to look through the updates that may
have written it, and then into the state before.

No variable stands for a value after the step, and nothing has to be said of what does not change.

Soundness: updates are folded in the order in which `splitspec.model.transition` applies them; a
step that breaks an obligation (overlap, range) has no successor, and `exists` says when one has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from splitspec.checker.symbolic.algebra import Algebra, Environment, Places, State, Value
from splitspec.checker.symbolic.encoder import Encoder, Moment
from splitspec.checker.symbolic.term import Term
from splitspec.model import ir
from splitspec.model.ir import FlatUpdate, Variable
from splitspec.model.types import Boolean, Nothing, Option, Range, Sort

Count = Callable[[ir.Count, Environment], Value]

Lenience = Callable[[Places, Value], Value]
"""From a place and its value by the updates to the value that it gets."""


@dataclass(frozen=True)
class Successor:
    """What updates make of `before`, for the parameters of `env`.

    `lenient` gives the value after the step of counters that the run does not claim: nothing
    binds them. `counts` answers what is counted in the state after the step.
    """

    encoder: Encoder
    before: State
    updates: tuple[FlatUpdate, ...]
    env: Environment
    counts: Count
    lenient: Mapping[str, Lenience] = field(default_factory=dict)

    @property
    def algebra(self) -> Algebra:
        return self.encoder.algebra

    @cached_property
    def written(self) -> frozenset[str]:
        """The variables that the updates may write."""
        return frozenset(update.variable for update in self.updates)

    @cached_property
    def _by_variable(self) -> dict[str, tuple[FlatUpdate, ...]]:
        return {path: tuple(u for u in self.updates if u.variable == path) for path in self.written}

    def read(self, variable: Variable, indices: Places) -> Value:
        value = self.before.read(variable, indices)
        for update in self._by_variable.get(variable.path, ()):
            hit, env = self.hit(update, indices)
            if hit is not self.algebra.terms.false:
                written = self._written(update, variable, value, env)
                value = self.algebra.choose(hit, written, value)
        if variable.path in self.lenient and variable.path in self.written:
            return self.lenient[variable.path](indices, value)
        return value

    def number(self, count: ir.Count, env: Environment) -> Value:
        return self.counts(count, env)

    def hit(self, update: FlatUpdate, indices: Places) -> tuple[Term, Environment]:
        """Return whether the update writes a place, and the bindings with which it does."""
        env = dict(self.env)
        fixed: list[tuple[ir.Expression, Value]] = []
        conditions: list[Term] = []
        binders = {binder.name: binder.type for binder in update.binders}
        types = self.encoder.variables[update.variable].indices
        for index, value, type_ in zip(update.indices, indices, types, strict=True):
            if isinstance(index, ir.Local) and index.name in binders:
                env[index.name] = value
                own = binders[index.name]
                # A binder's range may be a shorter one than that of the index.
                if isinstance(own, Range) and own != type_:
                    assert isinstance(own.high, int)
                    end = self.algebra.literal(own.high, own)
                    conditions.append(self.algebra.at_most(value, end))
            else:
                fixed.append((index, value))
        moment = Moment(self.before)
        conditions += [
            self.algebra.equal(self.encoder.value(index, env, moment), value)
            for index, value in fixed
        ]
        if update.condition is not None:
            conditions.append(self.encoder.holds(update.condition, env, moment))
        return self.algebra.terms.conjunction(*conditions), env

    def _written(
        self, update: FlatUpdate, variable: Variable, old: Value, env: Environment
    ) -> Value:
        value = self.encoder.value(update.value, env, Moment(self.before))
        match update.operator:
            case ":=":
                return self.algebra.convert(value, variable.type)
            case "+=":
                return self.algebra.add(old, value)
            case "-=":
                return self.algebra.subtract(old, value)

    # Obligations of the step

    def overlaps(self, first: FlatUpdate, second: FlatUpdate) -> Term:
        """Return whether two updates of one variable write one place."""
        variable = self.encoder.variables[first.variable]
        binders = places_of(variable)

        def both(env: Environment) -> Term:
            indices = tuple(env[binder.name] for binder in binders)
            return self.algebra.terms.conjunction(
                self.hit(first, indices)[0], self.hit(second, indices)[0]
            )

        return self.algebra.some_of(binders, {}, both)

    def everywhere_written(self, variable: Variable, claim: Callable[[Value], Term]) -> Term:
        """Return whether the claim holds of the new value of every place that is written."""
        binders = places_of(variable)

        def inside(env: Environment) -> Term:
            indices = tuple(env[binder.name] for binder in binders)
            hits = (self.hit(update, indices)[0] for update in self._by_variable[variable.path])
            written = self.algebra.terms.disjunction(*hits)
            return self.algebra.terms.implication(written, claim(self.read(variable, indices)))

        return self.algebra.all_of(binders, {}, inside)


def places_of(variable: Variable) -> tuple[ir.Parameter, ...]:
    """Return names for the indices of a variable, as a quantifier binds them."""
    # A sign that cannot stand in a name of the language: it captures nothing.
    return tuple(
        ir.Parameter(f"'{number}", type_, variable.span)
        for number, type_ in enumerate(variable.indices)
    )


def initial_state(
    encoder: Encoder, rigid: State, system: ir.System, counts: Count, default: State
) -> Successor:
    """Return the state in which everything starts: what `init` makes of the first values."""
    return Successor(encoder, _First(encoder, rigid, default), system.initial, {}, counts)


@dataclass(frozen=True)
class _First:
    """Every variable at the first value of its type; constants are rigid, and `default` answers
    for what has no first value, and for counters."""

    encoder: Encoder
    rigid: State
    default: State

    def read(self, variable: Variable, indices: Places) -> Value:
        if variable.kind is ir.VariableKind.CONSTANT:
            return self.rigid.read(variable, indices)
        first = first_value(variable)
        if first is None or variable.counted is not None:
            return self.default.read(variable, indices)
        algebra = self.encoder.algebra
        value = algebra.literal(first.value, first.type)
        return algebra.convert(value, variable.type)

    def number(self, count: ir.Count, env: Environment) -> Value:
        return self.default.number(count, env)


def first_value(variable: Variable) -> ir.Literal | None:
    """Return `false`, 0, `none` or the first member; None for a sort, which has no first value."""
    match variable.type:
        case Sort():
            return None
        case Boolean():
            return ir.Literal(False, variable.type, variable.span)
        case Option():
            return ir.Literal(None, Nothing(), variable.span)
        case _:
            return ir.Literal(0, variable.type, variable.span)
