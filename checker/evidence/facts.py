"""The places that an expression reads at a moment, with their values."""

from __future__ import annotations

from splitspec.model.ir import ActorIs, Call, Expression, Next, Read, Unchanged
from splitspec.model.scope import Places
from splitspec.model.terms import binders, operands
from splitspec.model.valuation import Environment, Moment


class Facts:
    """Collects what is read, each place once, in the order of reading."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._variables = tuple(variable for variable, _ in places)
        self._names = places.names
        self._scope = places.scope
        self._found: dict[str, str] = {}

    @property
    def found(self) -> tuple[tuple[str, str], ...]:
        """What was collected: places and values, as traces write them."""
        return tuple(self._found.items())

    def collect(self, expression: Expression, env: Environment, moment: Moment) -> None:
        """Add every place that the value of the expression may depend on."""
        match expression:
            case Next(operand):
                self._collect_next(operand, env, moment)
                return
            case Unchanged(operand):
                self.collect(operand, env, moment)
                self._collect_next(operand, env, moment)
                return
            case Call(definition, arguments):
                called = moment.universe.definitions[definition]
                inside = moment.bound(called.parameters, arguments, env)
                self.collect(called.body, inside, moment)
            case ActorIs():
                if moment.actor is not None:
                    self._found["actor"] = moment.actor.value
            case Read(variable, indices):
                self.read(moment.place(variable, indices, env), moment)
            case _:
                pass
        for inner in moment.universe.bindings(binders(expression), env):
            for operand in operands(expression):
                self.collect(operand, dict(inner), moment)

    def read(self, place: int, moment: Moment) -> None:
        """Add one place."""
        shown = self._scope.show(moment.state[place], self._variables[place].type)
        self._found.setdefault(self._names[place], shown)

    def _collect_next(self, operand: Expression, env: Environment, moment: Moment) -> None:
        later = Facts(self._places)
        later.collect(operand, env, moment.following)
        for name, value in later.found:
            self._found.setdefault(f"next({name})", value)
