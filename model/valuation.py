"""The value of an expression in a state, or across a step (docs/language.md, section 4).

Expressions are interpreted as they were written: a definition is called, a quantifier tries every
binding in the order of the values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import assert_never

from splitspec.model.composition import Route, Routed
from splitspec.model.ir import (
    ActorIs,
    ActorKind,
    And,
    Arithmetic,
    Call,
    Compare,
    Conditional,
    Count,
    Definition,
    Equal,
    Expression,
    Implies,
    Literal,
    Local,
    Next,
    Not,
    Or,
    Parameter,
    Quantifier,
    Read,
    Unchanged,
    Value,
)
from splitspec.model.scope import Places, State
from splitspec.model.types import IndexType

Environment = Mapping[str, Value]
"""The values of the parameters and bound variables in whose scope an expression stands."""


class Universe:
    """What expressions speak of at one scope: the definitions, the places, the values of types."""

    def __init__(self, definitions: Mapping[str, Definition], places: Places) -> None:
        self.definitions = definitions
        self.places = places
        self.offsets = places.offsets
        self.strides = places.strides
        self._values: dict[IndexType, tuple[Value, ...]] = {}

    def values(self, type_: IndexType) -> tuple[Value, ...]:
        """Return the values of a type, in order."""
        if type_ not in self._values:
            self._values[type_] = self.places.scope.values(type_)
        return self._values[type_]

    def bindings(self, binders: tuple[Parameter, ...], env: Environment) -> Iterator[Environment]:
        """Extend `env` by every binding of the binders, in order; each is valid until the next."""
        inner = dict(env)
        for values in product(*(self.values(binder.type) for binder in binders)):
            for binder, value in zip(binders, values, strict=True):
                inner[binder.name] = value
            yield inner

    def place(self, variable: str, indices: list[Value]) -> int:
        """Return the number of the place `variable[indices]`."""
        number = self.offsets[variable]
        for index, stride in zip(indices, self.strides[variable], strict=True):
            assert index is not None
            number += index * stride
        return number


class Moment:
    """A state in which expressions have values; with a successor and an actor, a step."""

    __slots__ = ("actor", "state", "successor", "universe")

    def __init__(
        self,
        universe: Universe,
        state: State,
        successor: State | None = None,
        actor: ActorKind | None = None,
    ) -> None:
        self.universe = universe
        self.state = state
        self.successor = successor
        self.actor = actor

    @property
    def following(self) -> Moment:
        """The state after the step."""
        assert self.successor is not None, "only a step has a next state"
        return Moment(self.universe, self.successor)

    def holds(self, expression: Expression, env: Environment) -> bool:
        """Return whether a claim is true."""
        return self.value(expression, env) is True

    def number(self, expression: Expression, env: Environment) -> int:
        """Return the value of an integer."""
        value = self.value(expression, env)
        assert value is not None
        return value

    def place(self, variable: str, indices: tuple[Expression, ...], env: Environment) -> int:
        """Return the number of the place that the indices name here."""
        number = self.universe.offsets[variable]
        for index, stride in zip(indices, self.universe.strides[variable], strict=True):
            number += self.number(index, env) * stride
        return number

    def value(self, expression: Expression, env: Environment) -> Value:
        """Return the value of an expression whose free names have the values of `env`."""
        match expression:
            case Local(name):
                return env[name]
            case Literal(value):
                return value
            case Read(variable, indices):
                return self.state[self.place(variable, indices, env)]
            case Equal(left, right):
                # An option and a value are equal iff it is present and the same; absence is None.
                return self.value(left, env) == self.value(right, env)
            case And(operands):
                return all(self.value(operand, env) for operand in operands)
            case Or(operands):
                return any(self.value(operand, env) for operand in operands)
            case Not(operand):
                return not self.value(operand, env)
            case Implies(premise, conclusion):
                return not self.value(premise, env) or self.value(conclusion, env)
            case Quantifier(kind, binders, body):
                sought = kind == "some"
                for inner in self.universe.bindings(binders, env):
                    if self.value(body, inner) is sought:
                        return sought
                return not sought
            case Compare(operator, left, right):
                lesser, greater = self.number(left, env), self.number(right, env)
                return lesser < greater if operator == "<" else lesser <= greater
            case Arithmetic(operator, left, right):
                first, second = self.number(left, env), self.number(right, env)
                return first + second if operator == "+" else first - second
            case Conditional(condition, positive, negative):
                return self.value(positive if self.holds(condition, env) else negative, env)
            case Call(definition, arguments):
                called = self.universe.definitions[definition]
                return self.value(called.body, self.bound(called.parameters, arguments, env))
            case Count(binders, condition):
                bindings = self.universe.bindings(binders, env)
                return sum(self.holds(condition, inner) for inner in bindings)
            case Next(operand):
                return self.following.value(operand, env)
            case Unchanged(operand):
                return self.value(operand, env) == self.following.value(operand, env)
            case ActorIs(kind):
                return self.actor is kind
            case _:
                assert_never(expression)

    def at(self, routed: Routed, binding: Environment) -> Value:
        """Return the value of a routed expression when the action's parameters are bound."""
        return self.value(routed.expression, self.travel(routed.route, binding))

    def travel(self, route: Route, binding: Environment) -> Environment:
        """Return the values of the names at the end of a route."""
        for meaning in route:
            binding = {name: self.value(means, binding) for name, means in meaning.items()}
        return binding

    def bound(
        self,
        parameters: tuple[Parameter, ...],
        arguments: tuple[Expression, ...],
        env: Environment,
    ) -> Environment:
        """Return the environment of what is called with the arguments."""
        pairs = zip(parameters, arguments, strict=True)
        return {parameter.name: self.value(argument, env) for parameter, argument in pairs}
