"""Hold an implementation to every transition and every refusal of a model at a scope.

The states of the specification are walked depth first, the implementation with them; at each, every
call is made once, compared, and taken back by the implementation's undo log. So each transition is
executed once, and nothing is executed again.

Refusals: in graphs of up to `EVERYWHERE_STATES` states, every call that the specification does not
allow is made everywhere. In larger ones, once for each class of states, action and set of false
guards; two states are of one class if they enable the same actions.

Soundness: what is said is said of the reached states of the specification and of one state of the
implementation for each, the one that the walk came to. Where an implementation has state that the
mapping does not show, another way to the same state may behave otherwise; stateful runs look there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from splitspec.checker.interruption import Interruption
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import VariableKind
from splitspec.model.scope import State
from splitspec.refinement.divergence import Call, Conformance, Divergence
from splitspec.refinement.driver import Binding, Driver, Found
from splitspec.refinement.fitting import Performer
from splitspec.refinement.mapping import Implementation
from splitspec.refinement.reproduction import shortest

EVERYWHERE_STATES = 5_000
SECONDS_BETWEEN_CHECKS = 0.5


@dataclass(frozen=True, slots=True)
class Bounds:
    """When to stop; None is no bound. `divergences` are how many are looked for."""

    states: int | None = 200_000
    time: float | None = None
    divergences: int = 1


Allowed = tuple[tuple[Performer, dict[Binding, list[State]]], ...]
"""The actions, each with its calls that are enabled and what these may lead to."""


@dataclass(slots=True)
class _Frame:
    """A state on the way of the walk, with the calls that are left to try there.

    `mark` undoes the call that led here; the first state has none.
    """

    state: State
    allowed: Allowed
    calls: Iterator[tuple[Performer, Binding, list[State]]]
    mark: object = None
    call: Call | None = None


def conform(
    mapping: Implementation[Any],
    evaluator: Evaluator,
    bounds: Bounds | None = None,
    *,
    on_progress: Callable[[int, int], None] | None = None,
    interruption: Interruption | None = None,
) -> Conformance:
    """Return what differs between implementation and model, and how much was tried.

    `on_progress` is told the numbers of states and calls so far.
    """
    walk = _Walk(mapping, evaluator, bounds or Bounds(), on_progress, interruption)
    walk.run()
    return walk.result()


class _Walk:
    """One walk: the implementation, the states that were reached, and what was found."""

    def __init__(
        self,
        mapping: Implementation[Any],
        evaluator: Evaluator,
        bounds: Bounds,
        on_progress: Callable[[int, int], None] | None,
        interruption: Interruption | None,
    ) -> None:
        self.mapping, self.evaluator, self.bounds = mapping, evaluator, bounds
        self.driver = Driver(mapping, evaluator)
        self.on_progress, self.interruption = on_progress, interruption
        self.started = self.last = time.perf_counter()
        self.reached: set[State] = set()  # by key
        self.tried_classes: set[tuple[frozenset[str], str, tuple[str, ...]]] = set()
        self.transitions = 0
        self.divergences: list[Divergence] = []
        self.stop = ""

    def run(self) -> None:
        subject = self.driver.create()
        first = self.driver.begin(subject)
        if isinstance(first, Found):
            self.divergences.append(Divergence(first.kind, (), (), first.facts))
            return
        self._walk(subject, first)

    def _walk(self, subject: Any, first: State) -> None:
        self.reached.add(self.driver.key(first))
        path = [self._frame(first)]
        subject = self._refusals(subject, path)
        while path and not self._must_stop():
            frame = path[-1]
            call = next(frame.calls, None)
            if call is None:
                path.pop()
                if frame.call is not None:
                    subject = self.mapping.undo.back(subject, frame.mark)
                continue
            subject = self._take(subject, path, *call)

    def _take(
        self,
        subject: Any,
        path: list[_Frame],
        performer: Performer,
        values: Binding,
        successors: list[State],
    ) -> Any:
        """Make one enabled call; go on from where it led, if that is new, else take it back."""
        mark = self.mapping.undo.mark(subject)
        outcome = self.driver.perform(subject, performer, values, successors)
        call = self.driver.call(performer, values)
        if isinstance(outcome, Found):
            self._note(path, call, outcome)
        elif outcome is not None:
            self.transitions += 1
            key = self.driver.key(outcome)
            if key not in self.reached:
                self.reached.add(key)
                path.append(self._frame(outcome, mark, call))
                return self._refusals(subject, path)
        return self.mapping.undo.back(subject, mark)

    def _frame(self, state: State, mark: object = None, call: Call | None = None) -> _Frame:
        allowed = tuple(self.driver.allowed(state))
        return _Frame(state, allowed, _each_call(allowed), mark, call)

    def _refusals(self, subject: Any, path: list[_Frame]) -> Any:
        """Make the calls that the state on top refuses, and take back what they did."""
        state, allowed = path[-1].state, path[-1].allowed
        class_ = frozenset(performer.path for performer, calls in allowed if calls)
        for performer, calls in allowed:
            for values, guards in self.driver.refused(state, performer, calls):
                key = (class_, performer.path, guards)
                if len(self.reached) > EVERYWHERE_STATES and key in self.tried_classes:
                    continue
                self.tried_classes.add(key)
                mark = self.mapping.undo.mark(subject)
                found = self.driver.refuse(subject, performer, values, guards, mark)
                if found is not None:
                    self._note(path, self.driver.call(performer, values), found)
                subject = self.mapping.undo.back(subject, mark)
                if self._has_enough():
                    return subject
        return subject

    def _note(self, path: Iterable[_Frame], last: Call, found: Found) -> None:
        calls = [frame.call for frame in path if frame.call is not None]
        divergence = Divergence(found.kind, (*calls, last), found.guards, found.facts)
        self.divergences.append(shortest(self.mapping, self.evaluator, divergence))

    def _has_enough(self) -> bool:
        return len(self.divergences) >= self.bounds.divergences

    def _must_stop(self) -> bool:
        if self._has_enough():
            self.stop = "enough was found"
        elif self.bounds.states is not None and len(self.reached) > self.bounds.states:
            self.stop = "limit of states"
        elif self.interruption is not None and self.interruption.requested:
            self.stop = "interrupted"
        else:
            self._check_time()
        return bool(self.stop)

    def _check_time(self) -> None:
        now = time.perf_counter()
        if self.bounds.time is not None and now - self.started > self.bounds.time:
            self.stop = "limit of time"
        if now - self.last > SECONDS_BETWEEN_CHECKS:
            self.last = now
            if self.on_progress is not None:
                self.on_progress(len(self.reached), self.driver.tried.calls)

    def result(self) -> Conformance:
        return concluded(
            self.driver,
            method="exhaustive",
            complete=not self.stop and not self.divergences,
            reason=self.stop,
            states=len(self.reached),
            transitions=self.transitions,
            started=self.started,
            divergences=tuple(self.divergences),
        )


def concluded(
    driver: Driver,
    *,
    method: str,
    complete: bool,
    reason: str,
    states: int,
    transitions: int,
    started: float,
    divergences: tuple[Divergence, ...],
    seed: int | None = None,
) -> Conformance:
    """Return the result of what a driver did since `started` (of `time.perf_counter`)."""
    evaluator, mapping = driver.evaluator, driver.mapping
    unseen = unobserved(driver)
    return Conformance(
        name=mapping.name,
        model=evaluator.setting.model,
        given=tuple(sorted(kind.value for kind in evaluator.setting.given)),
        scope=tuple(evaluator.places.scope.sizes.items()),
        method=method,
        complete=complete,
        reason=reason,
        states=states,
        transitions=transitions,
        tried=driver.tried,
        seconds=time.perf_counter() - started,
        divergences=divergences,
        untried=untried(driver),
        left_out=dict(_left_out(driver)),
        unobserved=unseen,
        seed=seed,
        is_blind=len(unseen) == len(observable(evaluator)),
    )


def _each_call(allowed: Allowed) -> Iterator[tuple[Performer, Binding, list[State]]]:
    for performer, calls in allowed:
        for values, successors in calls.items():
            yield performer, values, successors


def _left_out(driver: Driver) -> Iterator[tuple[str, str]]:
    """Iterate over what the mapping leaves out and the run has: a fragment speaks of guards that
    not every model above it has."""
    names = set()
    for path, action in driver.evaluator.actions.items():
        for name in (path, path.rpartition(".")[2]):
            names |= {name, *(f"{name}.{guard.name}" for guard in action.guards)}
    yield from ((name, why) for name, why in driver.mapping.left_out.items() if name in names)


def untried(driver: Driver) -> dict[str, str]:
    """Return the actions that were never done and the guards that never refused, each with the
    reason that the mapping gives, or ""."""
    found = {}
    reasons = driver.mapping.left_out
    for performer in driver.performers:
        path, short = performer.path, performer.path.rpartition(".")[2]
        if path not in driver.tried.performed:
            found[path] = reasons.get(path, reasons.get(short, ""))
        for guard in performer.action.guards:
            name = f"{path}.{guard.name}"
            if name not in driver.tried.refused:
                found[name] = reasons.get(name, reasons.get(f"{short}.{guard.name}", ""))
    done = {performer.path for performer in driver.performers}
    for path in driver.evaluator.actions:
        if path not in done:
            found[path] = reasons.get(path, reasons.get(path.rpartition(".")[2], ""))
    return found


def unobserved(driver: Driver) -> tuple[str, ...]:
    """Return the variables of which the mapping says nothing."""
    seen = set(driver.observer.variables)
    return tuple(path for path in observable(driver.evaluator) if path not in seen)


def observable(evaluator: Evaluator) -> tuple[str, ...]:
    """Return the variables that can change and that the run reads."""
    kept = evaluator.kept(tuple(range(len(evaluator.places.names))))
    numbers = {int(number) for number in kept if number is not None}
    owners = [variable for variable, _ in evaluator.places]
    found = (
        variable.path
        for number, variable in enumerate(owners)
        if number in numbers and variable.kind is not VariableKind.CONSTANT
    )
    return tuple(dict.fromkeys(found))
