"""Which guards refuse the instances of an action, in many states: each is evaluated once for what
it reads.

The walks of conformance ask it of every call in every state, and from one state to the next little
changes. So what a guard said is remembered together with the places that it read, and what stood
there; where the same stands there again, it says the same.

Soundness: the value of a guard is a function of the parameters that it names and of the places that
it reads, and which places these are follows from what stands in those read before. So a state that
has the same values in all of them leads to the same evaluation. `valuation` reads a state by the
number of a place and in no other way, which is what `_Recorded` offers. Whoever judges a trace asks
`Evaluator.refusals`, which remembers nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import Any, cast

from splitspec.model.composition import ComposedAction, ComposedGuard
from splitspec.model.enumeration import refuses
from splitspec.model.ir import Value
from splitspec.model.scope import State
from splitspec.model.valuation import Environment, Moment, Universe

REMEMBERED = 20_000
"""So much is remembered of a guard and the values of its parameters; then it is begun anew."""


class _Reading:
    """Some places of a state, and whether a guard refuses, by what stands there."""

    __slots__ = ("places", "read", "refused")

    def __init__(self, places: tuple[int, ...]) -> None:
        self.places = places
        self.read: Callable[[State], Any] = itemgetter(*places) if places else _nothing
        self.refused: dict[Any, bool] = {}


class Refusing:
    """Says of the instances of one action which guards refuse them in a state."""

    __slots__ = ("_guards", "_universe")

    def __init__(self, action: ComposedAction, universe: Universe) -> None:
        self._universe = universe
        self._guards = [
            (guard, _needs(guard), dict[tuple[Value, ...], list[_Reading]]())
            for guard in action.guards
        ]

    def guards(self, state: State, binding: Environment) -> tuple[str, ...]:
        """Return the names of the guards that refuse a binding, in their order."""
        found = []
        for guard, needs, known in self._guards:
            key = tuple([binding[name] for name in needs])
            readings = known.get(key)
            if readings is None:
                readings = known[key] = []
            for reading in readings:
                refused = reading.refused.get(reading.read(state))
                if refused is not None:
                    break
            else:
                refused = self._evaluated(guard, state, binding, readings)
            if refused:
                found.append(guard.name)
        return tuple(found)

    def _evaluated(
        self, guard: ComposedGuard, state: State, binding: Environment, readings: list[_Reading]
    ) -> bool:
        """Evaluate a guard, and remember what it said of the places that it read."""
        recorded = _Recorded(state)
        moment = Moment(self._universe, cast("State", recorded))
        refused = refuses(guard, moment, binding)
        places = tuple(recorded.places)
        for reading in readings:
            if reading.places == places:
                break
        else:
            reading = _Reading(places)
            readings.append(reading)
        if len(reading.refused) >= REMEMBERED:
            reading.refused.clear()
        reading.refused[reading.read(state)] = refused
        return refused


class _Recorded:
    """A state that remembers which of its places were read."""

    __slots__ = ("_state", "places")

    def __init__(self, state: State) -> None:
        self._state = state
        self.places: dict[int, None] = {}

    def __getitem__(self, place: int) -> Value:
        self.places[place] = None
        return self._state[place]


def _needs(guard: ComposedGuard) -> tuple[str, ...]:
    """Return the parameters on which a guard depends."""
    return tuple(sorted(frozenset[str]().union(*(c.needs for c in guard.conjuncts))))


def _nothing(_: State) -> None:
    """Read no place."""
