"""From typed expressions to circuits: partial evaluation at a scope.

Quantifiers are expanded over the values of their binders; a binder that an equality of the premise
fixes is computed instead (the one-point rule), and of symmetric bindings one is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import assert_never

from splitspec.checker.explicit.native.binding import (
    Binding,
    equations,
    interchangeable,
    plan,
    premises,
)
from splitspec.checker.explicit.native.circuit import (
    Circuit,
    Constant,
    Integer,
    Predicate,
)
from splitspec.checker.explicit.native.layout import Layout, encode
from splitspec.model.frozen import frozen
from splitspec.model.ir import (
    ActorIs,
    ActorKind,
    And,
    Arithmetic,
    Call,
    Compare,
    Conditional,
    Count,
    Equal,
    Expression,
    Implies,
    Local,
    Next,
    Not,
    Or,
    Parameter,
    Quantifier,
    Read,
    Unchanged,
)
from splitspec.model.ir import (
    Literal as LiteralValue,
)
from splitspec.model.terms import free_locals
from splitspec.model.types import Boolean, IndexType, Nothing, Option, Type

Environment = Mapping[str, Integer]
"""What parameters and bound variables stand for: constants, registers, or computed values."""


@frozen(eq=False)
class Moment:
    """How variables are read; in a step also the state after it and the actor."""

    read: Callable[[str, Integer], Integer]
    after: Moment | None = None
    actor: ActorKind | None = None


class Lowering:
    """Lowers the expressions of one system at one scope into one circuit."""

    def __init__(self, circuit: Circuit, layout: Layout) -> None:
        self.circuit = circuit
        self.layout = layout
        self.scope = layout.places.scope
        self.present = Moment(self.read)
        self._sizes: dict[IndexType, int] = {}
        self._known: dict[tuple[object, ...], Predicate] = {}
        self._plans: dict[int, tuple[Quantifier, tuple[Binding, ...]]] = {}
        self._pairs: dict[int, Mapping[str, str]] = {}
        self._free: dict[int, tuple[str, ...]] = {}

    def size(self, type_: IndexType) -> int:
        """Return the number of values of a type."""
        if type_ not in self._sizes:
            self._sizes[type_] = len(self.scope.values(type_))
        return self._sizes[type_]

    def read(self, path: str, index: Integer) -> Integer:
        """Return the encoded value of a cell of a variable; outside the array it is some number,
        for an index leaves its type only after a step that fails its range.
        """
        array = self.layout.arrays[path]
        if array.fixed is not None:
            return self.circuit.constant(array.fixed)
        if isinstance(index, Constant) and not 0 <= index.value < array.cells:
            return self.circuit.constant(0)
        if isinstance(index, Constant):
            return self.circuit.cell(path, index.value, array.size)
        return self.circuit.element(path, index, array.size)

    def index(
        self, variable: str, indices: tuple[Expression, ...], env: Environment, at: Moment
    ) -> Integer:
        """Return the number of a cell within its array."""
        total = self.circuit.constant(0)
        strides = self.layout.arrays[variable].strides
        for expression, stride in zip(indices, strides, strict=True):
            total = self.circuit.plus(total, self.value(expression, env, at), stride)
        return total

    # Integers

    def value(self, expression: Expression, env: Environment, at: Moment) -> Integer:
        """Return the value of an expression, encoded as its own type says."""
        match expression:
            case LiteralValue(value, type_):
                return self.circuit.constant(0 if value is None else encode(value, type_))
            case Local(name):
                return env[name]
            case Read(variable, indices):
                return at.read(variable, self.index(variable, indices, env, at))
            case Arithmetic(operator, left, right):
                factor = 1 if operator == "+" else -1
                return self.circuit.plus(
                    self.value(left, env, at), self.value(right, env, at), factor
                )
            case Conditional(condition, positive, negative, type_) if type_ != Boolean():
                return self.circuit.choice(
                    self.truth(condition, env, at),
                    self.coded(positive, type_, env, at),
                    self.coded(negative, type_, env, at),
                )
            case Count(binders, condition):
                total = self.circuit.constant(0)
                for inner in self.bindings(binders, env):
                    one = self.circuit.number(self.truth(condition, inner, at))
                    total = self.circuit.plus(total, one)
                return total
            case Next(operand):
                assert at.after is not None, "only a step has a next state"
                return self.value(operand, env, at.after)
            case _:
                return self.circuit.number(self.truth(expression, env, at))

    def coded(self, expression: Expression, type_: Type, env: Environment, at: Moment) -> Integer:
        """Return the value of an expression, encoded as a value of `type_`."""
        value = self.value(expression, env, at)
        if not isinstance(type_, Option):
            may_lack = isinstance(expression.type, Option | Nothing)
            assert not may_lack, f"{expression} may be absent, and {type_} is not"
            return value
        if isinstance(expression.type, Option):
            return value
        if isinstance(expression.type, Nothing):
            return self.circuit.constant(0)
        return self.circuit.plus(value, self.circuit.constant(1))

    # Truth

    def truth(self, expression: Expression, env: Environment, at: Moment) -> Predicate:
        """Return whether an expression of type bool is true."""
        make = self.circuit
        match expression:
            case LiteralValue(value):
                return make.truth(value is True)
            case Local() | Read():
                return make.is_(self.value(expression, env, at), 1)
            case Not(operand):
                return make.negate(self.truth(operand, env, at))
            case And(operands):
                return make.all([self.truth(part, env, at) for part in operands])
            case Or(operands):
                return make.any([self.truth(part, env, at) for part in operands])
            case Implies(premise, conclusion):
                met = self.truth(premise, env, at)
                if met is make.false:
                    return make.true
                return make.implies(met, self.truth(conclusion, env, at))
            case Equal(left, right):
                return self._equal(left, right, env, at)
            case Compare(operator, left, right):
                first, second = self.value(left, env, at), self.value(right, env, at)
                if operator == "<":
                    return make.less(first, second)
                return make.negate(make.less(second, first))
            case Conditional(condition, positive, negative):
                chosen = self.truth(condition, env, at)
                yes, no = self.truth(positive, env, at), self.truth(negative, env, at)
                return make.all((make.implies(chosen, yes), make.any((chosen, no))))
            case Quantifier():
                return self._quantified(expression, env, at)
            case Next(operand):
                assert at.after is not None, "only a step has a next state"
                return self.truth(operand, env, at.after)
            case Unchanged(operand):
                assert at.after is not None, "only a step has a next state"
                return make.equal(self.value(operand, env, at), self.value(operand, env, at.after))
            case ActorIs(kind):
                return make.truth(at.actor is kind)
            case Call() | Arithmetic() | Count():
                raise AssertionError(f"not a truth value of a system: {expression}")
            case _:
                assert_never(expression)

    def _equal(
        self, left: Expression, right: Expression, env: Environment, at: Moment
    ) -> Predicate:
        if isinstance(left.type, Boolean) and isinstance(right.type, Boolean):
            return self.circuit.same(self.truth(left, env, at), self.truth(right, env, at))
        if not isinstance(left.type, Option):
            # An option stands first where it is written, but what is put in its place need be none.
            left, right = right, left
        return self.circuit.equal(
            self.coded(left, left.type, env, at), self.coded(right, left.type, env, at)
        )

    # Binders

    def bindings(
        self, binders: tuple[Parameter, ...], env: Environment
    ) -> Iterator[dict[str, Integer]]:
        """Extend `env` by every binding of the binders, in order."""
        if not binders:
            yield dict(env)
            return
        first, *rest = binders
        for value in range(self.size(first.type)):
            inner = {**env, first.name: self.circuit.constant(value)}
            yield from self.bindings(tuple(rest), inner)

    def determine(
        self, binding: Binding, env: Environment, at: Moment
    ) -> tuple[Predicate, Integer]:
        """Return the value that an equation gives a parameter, and whether there is one."""
        assert binding.source is not None
        make = self.circuit
        value = self.value(binding.source, env, at)
        conditions = []
        if isinstance(binding.source.type, Option):
            conditions.append(make.negate(make.is_(value, 0)))
            value = make.plus(value, make.constant(-1))
        elif value.low < 0:
            conditions.append(make.negate(make.less(value, make.constant(0))))
        size = self.size(binding.parameter.type)
        if value.high >= size:
            conditions.append(make.less(value, make.constant(size)))
        return make.all(conditions), value

    def plan_of(self, quantifier: Quantifier) -> tuple[Binding, ...]:
        """Return how the binders of a quantifier get their values."""
        key = id(quantifier)
        if key not in self._plans:
            sizes = [self.size(binder.type) for binder in quantifier.binders]
            fixing = equations(quantifier.binders, premises(quantifier.kind, quantifier.body))
            # The quantifier is kept, for its identity must not become another's.
            self._plans[key] = (quantifier, plan(quantifier.binders, sizes, list(fixing)))
            self._pairs[key] = interchangeable(quantifier)
        return self._plans[key][1]

    def _quantified(self, quantifier: Quantifier, env: Environment, at: Moment) -> Predicate:
        key = id(quantifier)
        if key not in self._free:
            self._free[key] = tuple(free_locals(quantifier))
        memo = (key, at, *(env[name] for name in self._free[key]))
        if memo not in self._known:
            steps = self.plan_of(quantifier)
            self._known[memo] = self._expand(quantifier, steps, env, at)
        return self._known[memo]

    def _expand(
        self, quantifier: Quantifier, steps: tuple[Binding, ...], env: Environment, at: Moment
    ) -> Predicate:
        make = self.circuit
        if not steps:
            return self.truth(quantifier.body, env, at)
        binding, *later = steps
        rest = tuple(later)
        name = binding.parameter.name
        if binding.source is not None:
            given, value = self.determine(binding, env, at)
            if given is make.false:
                return make.truth(quantifier.kind == "all")
            inner = self._expand(quantifier, rest, {**env, name: value}, at)
            if quantifier.kind == "all":
                return make.implies(given, inner)
            return make.all((given, inner))
        stop = make.truth(quantifier.kind == "some")
        parts = []
        for value in self.values(quantifier, binding.parameter, env, steps):
            part = self._expand(quantifier, rest, {**env, name: value}, at)
            if part is stop:
                return stop
            parts.append(part)
        return make.all(parts) if quantifier.kind == "all" else make.any(parts)

    def values(
        self,
        quantifier: Quantifier,
        parameter: Parameter,
        env: Environment,
        steps: tuple[Binding, ...],
    ) -> Iterator[Integer]:
        """Iterate over the values of a binder that matter: of two symmetric bindings the ordered
        one.

        The partner may have been bound before, or not yet (it is then restricted itself).
        """
        low, high = 0, self.size(parameter.type)
        pending = {step.parameter.name for step in steps}
        for later, earlier in self._pairs[id(quantifier)].items():
            if parameter.name == later and earlier not in pending:
                bound = env[earlier]
                low = max(low, bound.value) if isinstance(bound, Constant) else low
            if parameter.name == earlier and later not in pending:
                bound = env[later]
                high = min(high, bound.value + 1) if isinstance(bound, Constant) else high
        for value in range(low, high):
            yield self.circuit.constant(value)
