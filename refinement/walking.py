"""Walk an implementation and a model along one long random run, each call held to the model.

One implementation lives as long as it can: unlike the programs of hypothesis it is not begun anew
after some dozens of calls, and nothing is taken back, so that what it keeps beyond what the mapping
shows has time to matter. What was done least is tried most; now and then a call is made that the
model refuses. Where nothing new can happen any more, another implementation is begun.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from typing import Any

from splitspec.checker.interruption import Interruption
from splitspec.model.evaluator import Evaluator
from splitspec.model.scope import State
from splitspec.refinement.conformance import concluded
from splitspec.refinement.divergence import Call, Conformance, Divergence
from splitspec.refinement.driver import Binding, Driver, Found
from splitspec.refinement.fitting import MappingError, Performer
from splitspec.refinement.mapping import Implementation
from splitspec.refinement.reproduction import shortest
from splitspec.refinement.session_log import SessionLog

REFUSED = 0.3
"""The share of calls that the model refuses."""
CANDIDATES = 3
"""So many calls are looked at, and the one is made that opens most of what was done least."""
DRAWN = 10
"""So many calls are drawn at most for each one that is made."""
PATIENCE = 40
"""An implementation is given up after so many calls that reached no new state of the model."""
REMEMBERED = 5_000
"""Of so many states what the model allows is remembered: two of three that a walk looks at, it has
looked at before."""

Allowed = dict[str, dict[Binding, list[State]]]


def run(
    mapping: Implementation[Any],
    evaluator: Evaluator,
    *,
    steps: int,
    seed: int = 0,
    limit: float | None = None,
    interruption: Interruption | None = None,
    log: SessionLog | None = None,
) -> Conformance:
    """Return what a run of so many calls finds; the seed repeats it. It ends early after `limit`
    seconds.

    Of calls that are drawn some cannot be made; a run in which hardly any can comes to an end, too.
    `log` gets what each implementation does.
    """
    walk = _Walk(mapping, evaluator, seed, log)
    started = time.perf_counter()
    stop = ""
    for _ in range(DRAWN * steps):
        stop = _stop(started, limit, interruption)
        if stop or walk.made == steps or walk.found is not None:
            break
        walk.step()
    divergences = () if walk.found is None else (shortest(mapping, evaluator, walk.found),)
    driver, made = walk.driver, f"{walk.made:,} random calls"
    return concluded(
        driver,
        method="one run",
        complete=not divergences and walk.made == steps,
        reason=stop or f"{made}, {walk.begun:,} implementations one after the other",
        states=len(walk.states),
        transitions=sum(driver.tried.performed.values()),
        started=started,
        divergences=divergences,
        seed=seed,
    )


def _stop(started: float, limit: float | None, interruption: Interruption | None) -> str:
    """Return why a run has to end now, in the words of `Conformance.reason`, or ""."""
    if interruption is not None and interruption.requested:
        return "interrupted"
    is_late = limit is not None and time.perf_counter() - started > limit
    return "limit of time" if is_late else ""


class _Walk:
    """A run under way: the implementation, the state of the model, and the calls so far."""

    def __init__(
        self,
        mapping: Implementation[Any],
        evaluator: Evaluator,
        seed: int,
        log: SessionLog | None,
    ) -> None:
        self.driver = Driver(mapping, evaluator, log)
        self.random = random.Random(seed)
        self.states: set[Any] = set()
        self.found: Divergence | None = None
        self.begun = 0
        self.made = 0  # calls that were done, or refused
        self.opening = tuple(_opening(self.driver))
        self.waiting: list[tuple[Performer, Binding]] = []
        self.unsaid: dict[str, int] = {}  # by action: calls that the model allows
        self.remembered: dict[State, Allowed] = {}
        self._begin()

    def _begin(self) -> None:
        self.begun += 1
        self.subject = self.driver.create()
        self.program: list[Call] = []
        self.stale = 0
        first = self.driver.begin(self.subject)
        if isinstance(first, Found):
            self._note(first)
            return
        self._arrive(first)
        self.waiting = list(self.opening) if self.begun % 2 else []

    def _arrive(self, state: State) -> None:
        key = self.driver.key(state)
        self.stale = self.stale + 1 if key in self.states else 0
        self.states.add(key)
        self.state = state
        self.allowed = self._allowed(state)

    def _allowed(self, state: State) -> Allowed:
        """Return what the model allows; of the states looked at last it is known."""
        found = self.remembered.pop(state, None)
        if found is None:
            found = {p.path: calls for p, calls in self.driver.allowed(state)}
            if len(self.remembered) == REMEMBERED:
                del self.remembered[next(iter(self.remembered))]
        self.remembered[state] = found  # Behind all others: it was used last.
        return found

    def step(self) -> None:
        """Make one call, of what was done least."""
        able = [p for p in self.driver.performers if self.allowed[p.path]]
        if self.waiting:
            performer, values = self.waiting.pop(0)
            if values in self.allowed[performer.path]:
                self._perform(performer, values)
        elif self.stale > PATIENCE or not able:
            self._begin()
        elif self.random.random() < REFUSED:
            performer = self._choose(self.driver.performers, self._refusals)
            self._refuse(performer, self.random.choice(self.driver.domain(performer)))
        else:
            candidates = [self._candidate(able) for _ in range(CANDIDATES)]
            self._perform(*max(candidates, key=self._promise))

    def _candidate(self, able: Sequence[Performer]) -> tuple[Performer, Binding]:
        performer = self._choose(able, self._done)
        return performer, self.random.choice(list(self.allowed[performer.path]))

    def _promise(self, candidate: tuple[Performer, Binding]) -> float:
        """Return how much can be done after a call that was done little."""
        performer, values = candidate
        allowed = self._allowed(self.allowed[performer.path][values][0])
        return sum(1 / (1 + self._done(p)) for p in self.driver.performers if allowed[p.path])

    def _choose(self, among: Any, count: Any) -> Performer:
        weights = [1 / (1 + count(performer)) ** 2 for performer in among]
        chosen: Performer = self.random.choices(among, weights)[0]
        return chosen

    def _done(self, performer: Performer) -> int:
        done = self.driver.tried.performed.get(performer.path, 0)
        return done + self.unsaid.get(performer.path, 0)

    def _refusals(self, performer: Performer) -> float:
        names = (f"{performer.path}.{guard.name}" for guard in performer.action.guards)
        return min((self.driver.tried.refused.get(name, 0) for name in names), default=0) / 10

    def _perform(self, performer: Performer, values: Binding) -> None:
        self.program.append(self.driver.call(performer, values))
        successors = self.allowed[performer.path][values]
        outcome = self.driver.perform(self.subject, performer, values, successors)
        if isinstance(outcome, Found):
            self._note(outcome)
        elif outcome is None:
            self.program.pop()  # Nothing was done.
            self.stale += 1
            self.unsaid[performer.path] = self.unsaid.get(performer.path, 0) + 1
        else:
            self.made += 1
            self._arrive(outcome)

    def _refuse(self, performer: Performer, values: Binding) -> None:
        if values in self.allowed[performer.path]:
            self._perform(performer, values)
            return
        guards = self.driver.refusing(self.state, performer, values)
        if not guards or self.driver.is_skipped(performer, guards):
            return
        self.program.append(self.driver.call(performer, values))
        found = self.driver.refuse(self.subject, performer, values, guards)
        self.made += 1
        if found is not None:
            self._note(found)

    def _note(self, found: Found) -> None:
        self.found = Divergence(found.kind, tuple(self.program), found.guards, found.facts)


def _opening(driver: Driver) -> Iterator[tuple[Performer, Binding]]:
    """Iterate over the calls with which the mapping wants runs to begin."""
    by_name = {performer.path.rpartition(".")[2]: performer for performer in driver.performers}
    for action, arguments in driver.mapping.opening:
        performer = by_name.get(action)
        if performer is not None:
            try:
                yield performer, driver.binding(performer, arguments)
            except ValueError as error:
                raise MappingError(f"in the opening, {performer.path}: {error}") from error
