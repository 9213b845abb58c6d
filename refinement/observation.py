"""Read what an implementation says of its state as places of the specification."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from typing import Any

from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import Value, Variable
from splitspec.model.scope import State
from splitspec.model.types import Boolean, Enumeration, IndexType, Option, Sort, Type

Part = tuple[Value, ...]
"""The values of the observed places, in their order."""


class UnreadableError(Exception):
    """An observation speaks of what the specification does not have at this scope."""


class Observer:
    """Reads observations of one mapping. Which variables are observed is said by the first one;
    constants among them say which of the initial states it is, where the scope pins them not.
    Variables that nothing of the run reads are ignored, except those of `compared`."""

    def __init__(
        self,
        evaluator: Evaluator,
        elements: Mapping[str, Sequence[Any]],
        compared: Collection[str] = (),
    ) -> None:
        self._evaluator = evaluator
        self._compared = frozenset(compared)
        self._places = evaluator.places
        self._elements = dict(self._named(elements))
        self._numbers = {
            path: {element: number for number, element in enumerate(known)}
            for path, known in self._elements.items()
        }
        self._variables: dict[str, Variable] | None = None
        self._ignored: set[str] = set()
        self._observed: tuple[int, ...] = ()
        self._first: dict[str, list[Value]] = {}

    # Elements

    def element(self, type_: IndexType, value: Value) -> object:
        """Return what a value is in the implementation: an element's own, a member's name."""
        match type_:
            case Sort(path):
                assert value is not None
                return self._elements[path][value]
            case Enumeration(_, members):
                assert value is not None
                return members[value]
            case _:
                return value

    def _named(
        self, elements: Mapping[str, Sequence[Any]]
    ) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """Iterate over the sorts with their elements; without others, as traces write them."""
        scope = self._places.scope
        short = {path.rpartition(".")[2]: path for path in scope.sizes}
        given = {short.get(name, name): tuple(each) for name, each in elements.items()}
        for path, size in scope.sizes.items():
            known = given.get(path)
            if known is None:
                known = tuple(scope.show(number, Sort(path)) for number in range(size))
            if len(known) < size:
                raise UnreadableError(f"{path} has {size} elements, and the mapping names fewer")
            yield path, known[:size]

    # States

    @property
    def variables(self) -> tuple[str, ...]:
        """The paths of the observed variables, once there was an observation."""
        return tuple(variable.path for variable in (self._variables or {}).values())

    def read(self, observation: Mapping[str, Any]) -> Part:
        """Return the observed places; raise `UnreadableError`."""
        if self._variables is None:
            self._settle(observation)
        assert self._variables is not None
        if len(observation) != len(self._variables) + len(self._ignored):
            names = sorted(observation.keys() ^ {*self._variables, *self._ignored})
            raise UnreadableError(f"`observe` does not always give {', '.join(names)}")
        part: list[Value] = []
        for name, variable in self._variables.items():
            part += self._cells(name, variable, observation[name])
        return tuple(part)

    def part(self, state: State) -> Part:
        """Return the observed places of a state."""
        return tuple(state[number] for number in self._observed)

    def overlaid(self, seen: Part, state: State) -> State:
        """Return a state with the observed places as they were seen."""
        found = list(state)
        for value, number in zip(seen, self._observed, strict=True):
            found[number] = value
        return tuple(found)

    def shown(self, seen: Part) -> dict[str, str]:
        """Return the observed places by name, with their values as they are written."""
        scope, owners = self._places.scope, [variable for variable, _ in self._places]
        pairs = zip(self._observed, seen, strict=True)
        return {self._places.names[n]: scope.show(value, owners[n].type) for n, value in pairs}

    def differences(self, seen: Part, state: State) -> tuple[str, ...]:
        """Return the places that differ, in words."""
        found, scope = [], self._places.scope
        owners = [variable for variable, _ in self._places]
        for value, number in zip(seen, self._observed, strict=True):
            if value != state[number]:
                type_ = owners[number].type
                shown = scope.show(value, type_), scope.show(state[number], type_)
                name = self._places.names[number]
                found.append(f"{name}: it has {shown[0]}, the specification {shown[1]}")
        return tuple(found)

    def _settle(self, observation: Mapping[str, Any]) -> None:
        """Find the variables of the names, and their places."""
        known = {v.path: v for v in self._places.variables}
        numbers = self._evaluator.kept(tuple(range(len(self._places.names))))
        kept = frozenset(number for number in numbers if number is not None)
        variables: dict[str, Variable] = {}
        observed: list[int] = []
        for name in observation:
            found = [path for path in known if path == name]
            found = found or [path for path in known if path.rpartition(".")[2] == name]
            if len(found) != 1:
                why = "several variables are named" if found else "no variable is named"
                raise UnreadableError(f"{why} `{name}`")
            variable = known[found[0]]
            start = self._places.offsets[variable.path]
            is_compared = not self._compared.isdisjoint((name, variable.path))
            if start not in kept and not is_compared:  # An untrusted host's ledger, say.
                self._ignored.add(name)
                continue
            variables[name] = variable
            size = len(self._places.index_tuples(variable))
            observed += range(start, start + size)
            self._first[name] = [_first(variable.type)] * size
        self._variables, self._observed = variables, tuple(observed)

    def _cells(self, name: str, variable: Variable, cells: Any) -> list[Value]:
        if not variable.indices:
            return [self._value(name, variable.type, cells)]
        part = list(self._first[name])
        is_set = isinstance(cells, Set)
        pairs = ((key, True) for key in cells) if is_set else cells.items()
        start = self._places.offsets[variable.path]
        for key, value in pairs:
            indices = key if len(variable.indices) > 1 else (key,)
            numbers = [
                self._value(name, type_, index)
                for type_, index in zip(variable.indices, indices, strict=True)
            ]
            place = self._places.place(variable.path, numbers) - start
            part[place] = self._value(name, variable.type, value)
        return part

    def _value(self, name: str, type_: Type, value: Any) -> Value:
        if isinstance(type_, Option):
            return None if value is None else self._value(name, type_.of, value)
        match type_:
            case Sort(path):
                number = self._numbers[path].get(value)
                if number is None:
                    raise UnreadableError(f"{name} speaks of {value!r}, which is no {type_} here")
                return number
            case Enumeration(_, members):
                if value not in members:
                    raise UnreadableError(f"{name} is {value!r}, none of {', '.join(members)}")
                return members.index(value)
            case Boolean():
                if not isinstance(value, bool):
                    raise UnreadableError(f"{name} is {value!r}, neither True nor False")
                return value
            case _:
                if not isinstance(value, int):
                    raise UnreadableError(f"{name} is {value!r}, no number")
                return value


def _first(type_: Type) -> Value:
    """Return the first value of a type: what a place has that is not mentioned."""
    match type_:
        case Option():
            return None
        case Boolean():
            return False
        case _:
            return 0
