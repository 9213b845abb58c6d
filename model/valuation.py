"""The value of an expression in a state, or across a step (docs/language.md, section 4).

The meaning of an expression is a function from a moment and the values of its free names to its
own value, put together from the meanings of its parts. Nothing is rewritten: a definition is
called, a quantifier tries every binding in the order of the values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial, reduce
from itertools import product
from math import prod
from typing import assert_never, cast

from splitspec.model.composition import Route, Routed
from splitspec.model.effort import evaluations
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

BINDINGS_BETWEEN_PAUSES = 100_000

Environment = Mapping[str, Value]
"""The values of the parameters and bound variables in whose scope an expression stands."""


class Universe:
    """What expressions speak of at one scope: the definitions, the places, the values of types.

    `pause` is called now and then while a quantifier goes through very many bindings; it may raise.
    """

    def __init__(self, definitions: Mapping[str, Definition], places: Places) -> None:
        self.definitions = definitions
        self.places = places
        self.offsets = places.offsets
        self.strides = places.strides
        self.pause: Callable[[], None] = _go_on
        self._values: dict[IndexType, tuple[Value, ...]] = {}
        self._meanings: dict[int, tuple[Expression, Meaning]] = {}

    def values(self, type_: IndexType) -> tuple[Value, ...]:
        """Return the values of a type, in order."""
        if type_ not in self._values:
            self._values[type_] = self.places.scope.values(type_)
        return self._values[type_]

    def bindings(self, binders: tuple[Parameter, ...], env: Environment) -> Iterator[Environment]:
        """Extend `env` by every binding of the binders, in order; each is valid until the next."""
        names = [binder.name for binder in binders]
        inner = dict(env)
        for values in product(*(self.values(binder.type) for binder in binders)):
            inner.update(zip(names, values, strict=True))
            yield inner

    def place(self, variable: str, indices: list[Value]) -> int:
        """Return the number of the place `variable[indices]`."""
        number = self.offsets[variable]
        for index, stride in zip(indices, self.strides[variable], strict=True):
            assert index is not None
            number += index * stride
        return number

    def meaning(self, expression: Expression) -> Meaning:
        """Return what an expression means, found out once for each place in the text."""
        known = self._meanings.get(id(expression))
        if known is None:
            # The expression is kept, for its identity must not become another's.
            known = self._meanings[id(expression)] = expression, _meaning(self, expression)
        return known[1]


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

    def value(self, expression: Expression, env: Environment) -> Value:
        """Return the value of an expression whose free names have the values of `env`."""
        return self.universe.meaning(expression)(self, env)

    def place(self, variable: str, indices: tuple[Expression, ...], env: Environment) -> int:
        """Return the number of the place that the indices name here."""
        return self.universe.place(variable, [self.value(index, env) for index in indices])

    def at(self, routed: Routed, binding: Environment) -> Value:
        """Return the value of a routed expression when the action's parameters are bound."""
        env = self.travel(routed.route, binding) if routed.route else binding
        return self.universe.meaning(routed.expression)(self, env)

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


def _go_on() -> None:
    """Let an evaluation take as long as it takes."""


Choices = Callable[[], Iterable[tuple[Value, ...]]]
Meaning = Callable[[Moment, Environment], Value]
Truth = Callable[[Moment, Environment], bool]
Number = Callable[[Moment, Environment], int]


def _meaning(universe: Universe, expression: Expression) -> Meaning:
    """Return the meaning of an expression, from the meanings of its parts."""

    def value(part: Expression) -> Meaning:
        return universe.meaning(part)

    def number(part: Expression) -> Number:
        return cast("Number", universe.meaning(part))

    def truth(part: Expression) -> Truth:
        return cast("Truth", universe.meaning(part))

    match expression:
        case Local(name):
            return lambda _, env: env[name]
        case Literal(constant):
            return lambda _, __: constant
        case Read(variable, indices):
            return _read(universe, variable, tuple(number(index) for index in indices))
        case Equal(left, right):
            # An option and a value are equal iff it is present and the same; absence is None.
            one, other = value(left), value(right)
            return lambda at, env: one(at, env) == other(at, env)
        case And(operands):
            return reduce(_both, map(truth, operands))
        case Or(operands):
            return reduce(_either, map(truth, operands))
        case Not(operand):
            denied = truth(operand)
            return lambda at, env: not denied(at, env)
        case Implies(premise, conclusion):
            met, follows = truth(premise), truth(conclusion)
            return lambda at, env: not met(at, env) or follows(at, env)
        case Quantifier(kind, binders, body):
            several = _choices(universe, binders, body)
            return _quantified(binders, several, truth(body), sought=kind == "some")
        case Compare(operator, left, right):
            lesser, greater = number(left), number(right)
            if operator == "<":
                return lambda at, env: lesser(at, env) < greater(at, env)
            return lambda at, env: lesser(at, env) <= greater(at, env)
        case Arithmetic(operator, left, right):
            first, second = number(left), number(right)
            if operator == "+":
                return lambda at, env: first(at, env) + second(at, env)
            return lambda at, env: first(at, env) - second(at, env)
        case Conditional(condition, positive, negative):
            chosen, then, otherwise = truth(condition), value(positive), value(negative)
            return lambda at, env: then(at, env) if chosen(at, env) else otherwise(at, env)
        case Call(definition, arguments):
            called = universe.definitions[definition]
            names = [parameter.name for parameter in called.parameters]
            given, result = [value(argument) for argument in arguments], value(called.body)
            return lambda at, env: result(
                at, {name: argument(at, env) for name, argument in zip(names, given, strict=True)}
            )
        case Count(binders, condition):
            return _counted(binders, _choices(universe, binders, condition), truth(condition))
        case Next(operand):
            later = value(operand)
            return lambda at, env: later(at.following, env)
        case Unchanged(operand):
            kept = value(operand)
            return lambda at, env: kept(at, env) == kept(at.following, env)
        case ActorIs(kind):
            return lambda at, _: at.actor is kind
        case _:
            assert_never(expression)


def _read(universe: Universe, variable: str, indices: tuple[Number, ...]) -> Meaning:
    offset, strides = universe.offsets[variable], universe.strides[variable]
    terms = tuple(zip(indices, strides, strict=True))

    def read(at: Moment, env: Environment) -> Value:
        place = offset
        for index, stride in terms:
            place += index(at, env) * stride
        return at.state[place]

    return read


def _both(first: Truth, second: Truth) -> Truth:
    return lambda at, env: first(at, env) and second(at, env)


def _either(first: Truth, second: Truth) -> Truth:
    return lambda at, env: first(at, env) or second(at, env)


def _choices(universe: Universe, binders: tuple[Parameter, ...], body: Expression) -> Choices:
    """Return what iterates over the values of the binders, with pauses if they are very many."""
    domains = [universe.values(binder.type) for binder in binders]
    each = max(1, evaluations(body, universe.places.scope, universe.definitions))
    if each * prod(map(len, domains)) <= BINDINGS_BETWEEN_PAUSES:
        return partial(product, *domains)
    stride = max(1, BINDINGS_BETWEEN_PAUSES // each)

    def patient() -> Iterator[tuple[Value, ...]]:
        for number, values in enumerate(product(*domains)):
            if number % stride == 0:
                universe.pause()
            yield values

    return patient


def _counted(binders: tuple[Parameter, ...], choices: Choices, condition: Truth) -> Number:
    names = [binder.name for binder in binders]

    def count(at: Moment, env: Environment) -> int:
        inner, total = dict(env), 0
        for values in choices():
            inner.update(zip(names, values, strict=True))
            total += condition(at, inner)
        return total

    return count


def _quantified(
    binders: tuple[Parameter, ...], choices: Choices, body: Truth, *, sought: bool
) -> Truth:
    names = [binder.name for binder in binders]

    def holds(at: Moment, env: Environment) -> bool:
        inner = dict(env)
        for values in choices():
            inner.update(zip(names, values, strict=True))
            if body(at, inner) is sought:
                return sought
        return not sought

    return holds
