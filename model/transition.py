"""One step of a run, and what becomes of the state: a successor, a fault, or a cut at a bound of
the run.
"""

from __future__ import annotations

from collections.abc import Iterable

from splitspec.model.composition import ComposedAction, ComposedUpdate
from splitspec.model.frozen import frozen
from splitspec.model.ir import ActorKind, PropertyKind, Value, Variable, VariableKind
from splitspec.model.scope import Places, State
from splitspec.model.types import Natural, Option, Range
from splitspec.model.valuation import Environment, Moment


@frozen
class Fault:
    """The step has no successor: two updates write `place` (overlap), or one would write a value
    that the variable cannot have (range)."""

    kind: PropertyKind
    action: str
    place: int
    updates: tuple[ComposedUpdate, ...]
    text: str

    @property
    def obligation(self) -> str:
        """The path of the obligation that the step fails."""
        return f"{self.action}.{self.kind.value}"


@frozen
class Cut:
    """The run does not take the step, because some `nat` variables would exceed their bounds."""

    variables: tuple[str, ...]


Outcome = State | Fault | Cut


@frozen
class Transition:
    """An enabled instance of an action: its parameters' values, and what becomes of the state."""

    action: str
    actor: ActorKind
    hostile: bool
    binding: tuple[tuple[str, Value], ...]
    outcome: Outcome

    @property
    def successor(self) -> State | None:
        """The state after the step, if it has one."""
        return self.outcome if isinstance(self.outcome, tuple) else None


class Writer:
    """Applies updates to states. Places of `lenient` variables have no obligations: a value that
    they cannot have becomes the nearest one that they can."""

    def __init__(self, places: Places, lenient: frozenset[str]) -> None:
        self._lenient = lenient
        self._names = places.names
        self._variables = tuple(variable for variable, _ in places)
        self._highest = {v.path: highest(v, places) for v in places.variables}

    def outcome(self, action: ComposedAction, moment: Moment, binding: Environment) -> Outcome:
        """Return what an enabled instance makes of the state. An overlap goes before a range."""
        writings = write(action.updates, moment, binding)
        for place, writing in writings.items():
            if overlaps(writing) and self._variables[place].path not in self._lenient:
                text = f"two updates write {self._names[place]}"
                return self._fault(PropertyKind.OVERLAP, action, place, writing, text)
        successor = list(moment.state)
        cut: dict[str, None] = {}
        for place, writing in writings.items():
            value = total(writing, moment.state[place])
            variable = self._variables[place]
            highest = self._highest[variable.path]
            if highest is not None and value is not None and not 0 <= value <= highest:
                if variable.path in self._lenient:
                    value = min(max(value, 0), highest)
                elif value > highest and _is_cut(variable):
                    cut[variable.path] = None
                else:
                    text = f"{self._names[place]} would be {value}, outside 0..{highest}"
                    return self._fault(PropertyKind.RANGE, action, place, writing, text)
            successor[place] = value
        return Cut(tuple(cut)) if cut else tuple(successor)

    def _fault(
        self,
        kind: PropertyKind,
        action: ComposedAction,
        place: int,
        writing: Writing,
        text: str,
    ) -> Fault:
        return Fault(kind, action.path, place, tuple(update for update, _ in writing), text)


Writing = list[tuple[ComposedUpdate, Value]]
"""The updates of one step that write one place, each with the value of its right side."""


def write(
    updates: Iterable[ComposedUpdate], moment: Moment, binding: Environment
) -> dict[int, Writing]:
    """Return what is written to each place. Everything is read in the state before the step."""
    writings: dict[int, Writing] = {}
    for composed in updates:
        update = composed.update
        outer = moment.travel(composed.route, binding)
        for env in moment.universe.bindings(update.binders, outer):
            if update.condition is None or moment.holds(update.condition, env):
                place = moment.place(update.variable, update.indices, env)
                value = moment.value(update.value, env)
                writings.setdefault(place, []).append((composed, value))
    return writings


def overlaps(writing: Writing) -> bool:
    """Return whether updates compete for the place; `+=` and `-=` alone add up."""
    return len(writing) > 1 and any(composed.update.operator == ":=" for composed, _ in writing)


def total(writing: Writing, before: Value) -> Value:
    """Return the value of the place after the step."""
    result = before
    for composed, value in writing:
        operator = composed.update.operator
        if operator == ":=":
            result = value
        else:
            assert result is not None
            assert value is not None
            result = result + value if operator == "+=" else result - value
    return result


def highest(variable: Variable, places: Places) -> int | None:
    """Return the largest value of an integer variable."""
    match variable.type:
        case (Range() as range_) | Option(of=Range() as range_):
            return places.scope.high(range_)
        case Natural():
            return places.scope.bound(variable)
        case _:
            return None


def _is_cut(variable: Variable) -> bool:
    """Whether the upper end is a bound of the run, and not one of the variable."""
    return isinstance(variable.type, Natural) and variable.kind is not VariableKind.COUNTER
