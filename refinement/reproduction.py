"""Shorten the program that shows a divergence, by running parts of it on fresh implementations.

First a shortest way to the same state of the specification is tried, then calls are left out one
after the other as long as the last call still diverges in the same way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from splitspec.model.evaluator import Evaluator
from splitspec.model.scope import State
from splitspec.refinement.divergence import Call, Divergence
from splitspec.refinement.driver import Binding, Driver, Found
from splitspec.refinement.fitting import Performer
from splitspec.refinement.mapping import Implementation
from splitspec.refinement.observation import Observer

STATES_MAX = 20_000
"""How far a shorter way is looked for."""


def shortest(
    mapping: Implementation[Any], evaluator: Evaluator, divergence: Divergence
) -> Divergence:
    """Return the divergence with a program that is as short as can be found."""
    if not divergence.program:
        return divergence
    trial = Trial(mapping, evaluator)
    program = divergence.program
    for candidate in trial.ways(program):
        if trial.shows(candidate, divergence):
            program = candidate
            break
    number = 0
    while number < len(program) - 1:
        shorter = (*program[:number], *program[number + 1 :])
        if trial.shows(shorter, divergence):
            program = shorter
        else:
            number += 1
    return replace(divergence, program=program)


def reproduce(
    mapping: Implementation[Any], evaluator: Evaluator, program: tuple[Call, ...]
) -> tuple[int, Found] | None:
    """Run calls on a fresh implementation, held to the specification after each; return the number
    of the call that diverges, from 1, and how; None if all of them conform.

    Raises ValueError for a call that is none of the model.
    """
    return Trial(mapping, evaluator).run(program)


@dataclass(frozen=True, slots=True)
class Taken:
    """A call that was made: in which state of the specification, by which guards that refuses it,
    and what came of it. `outcome` is None if nothing was done, or if it was refused as it should
    be. `subject` is the implementation, as it is until the next call.
    """

    number: int
    performer: Performer
    values: Binding
    before: State
    guards: tuple[str, ...]
    outcome: State | Found | None
    subject: Any


class Trial:
    """Programs run on fresh implementations."""

    def __init__(self, mapping: Implementation[Any], evaluator: Evaluator) -> None:
        self._driver = Driver(mapping, evaluator)
        self._performers = {p.path: p for p in self._driver.performers}

    @property
    def observer(self) -> Observer:
        """What reads the state of the implementation."""
        return self._driver.observer

    def create(self) -> Any:
        """Return a fresh implementation, or `Found` if there is none."""
        return self._driver.create()

    def begin(self) -> State | Found:
        """Return the state in which a fresh implementation begins."""
        return self._driver.begin(self.create())

    def shows(self, program: tuple[Call, ...], divergence: Divergence) -> bool:
        """Whether the last call, and none before, diverges in the same way."""
        found = self.run(program)
        if found is None or found[0] != len(program):
            return False
        return found[1].kind is divergence.kind

    def run(self, program: tuple[Call, ...]) -> tuple[int, Found] | None:
        subject = self.create()
        state = self._driver.begin(subject)
        if isinstance(state, Found):
            return 1, state
        for taken in self._calls_from(state, subject, program):
            if isinstance(taken.outcome, Found):
                return taken.number, taken.outcome
        return None

    def calls(self, program: tuple[Call, ...]) -> Iterator[Taken]:
        """Make the calls on a fresh implementation, up to the first that diverges.

        There are none on an implementation that does not begin as the specification does.
        """
        subject = self.create()
        state = self._driver.begin(subject)
        if not isinstance(state, Found):
            yield from self._calls_from(state, subject, program)

    def _calls_from(self, state: State, subject: Any, program: tuple[Call, ...]) -> Iterator[Taken]:
        for number, call in enumerate(program, start=1):
            performer, values = self._read(call)
            enabled = self._enabled(state, performer)
            if values in enabled:
                outcome = self._driver.perform(subject, performer, values, enabled[values])
                yield Taken(number, performer, values, state, (), outcome, subject)
                state = outcome if isinstance(outcome, tuple) else state
            else:
                guards = self._driver.refusing(state, performer, values)
                if self._driver.is_skipped(performer, guards):
                    continue
                outcome = self._driver.refuse(subject, performer, values, guards)
                yield Taken(number, performer, values, state, guards, outcome, subject)
            if isinstance(outcome, Found):
                return

    def ways(self, program: tuple[Call, ...]) -> list[tuple[Call, ...]]:
        """Return a shortest program to the state before the last call, if one is near."""
        state = self.begin()
        if isinstance(state, Found):
            return []
        target = self._follow(state, program[:-1])
        if target is None:
            return []
        parents: dict[State, tuple[State, Call] | None] = {state: None}
        todo = deque([state])
        while todo and target not in parents and len(parents) < STATES_MAX:
            here = todo.popleft()
            for performer, calls in self._driver.allowed(here):
                for values, successors in calls.items():
                    for successor in successors:
                        if successor not in parents:
                            parents[successor] = (here, self._driver.call(performer, values))
                            todo.append(successor)
        if target not in parents:
            return []
        way: list[Call] = []
        link = parents[target]
        while link is not None:
            here, call = link
            way.insert(0, call)
            link = parents[here]
        return [(*way, program[-1])]

    def _follow(self, state: State, program: tuple[Call, ...]) -> State | None:
        """Return where the calls lead if each has one successor."""
        for call in program:
            performer, values = self._read(call)
            successors = self._enabled(state, performer).get(values, [])
            if len(successors) != 1:
                return None
            state = successors[0]
        return state

    def _enabled(self, state: State, performer: Performer) -> dict[Binding, list[State]]:
        return next(calls for p, calls in self._driver.allowed(state) if p is performer)

    def _read(self, call: Call) -> tuple[Performer, Binding]:
        performer = self._performers.get(call.action)
        if performer is None:
            raise ValueError(f"{call.action} is no mapped action of this model")
        return performer, self._driver.binding(performer, dict(call.arguments))
