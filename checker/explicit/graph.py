"""The reachable states found so far, in the order of finding, with how each was reached."""

from __future__ import annotations

from splitspec.checker.evidence.execution import Execution
from splitspec.model.scope import State
from splitspec.model.transition import Transition


class Graph:
    """States with their parents, depths and outgoing edges.

    `numbers` finds a state by its key, the values that tell states of the run apart.
    """

    def __init__(self) -> None:
        self.states: list[State] = []
        self.numbers: dict[State, int] = {}
        self.parents: list[tuple[int, Transition] | None] = []
        self.depths: list[int] = []
        self.edges: list[list[int]] = []

    @property
    def depth(self) -> int:
        """The number of the last level that has a state."""
        return self.depths[-1] if self.depths else 0

    def add(self, key: State, state: State, parent: tuple[int, Transition] | None) -> int:
        """Add a new state and return its number."""
        number = len(self.states)
        self.numbers[key] = number
        self.states.append(state)
        self.parents.append(parent)
        self.depths.append(0 if parent is None else self.depths[parent[0]] + 1)
        self.edges.append([])
        return number

    def execution(self, number: int, last: Transition | None = None) -> Execution:
        """Return a shortest execution to a state, and one step further if `last` is given."""
        states: list[State] = [self.states[number]]
        steps: list[Transition] = []
        parent = self.parents[number]
        while parent is not None:
            number, step = parent
            states.insert(0, self.states[number])
            steps.insert(0, step)
            parent = self.parents[number]
        execution = Execution(tuple(states), tuple(steps))
        return execution if last is None else execution.then(last)
