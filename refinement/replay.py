"""Hold a log to the model that it names: is there a run of the model that the log tells of?

A log need not tell all. Arguments and places that it leaves out are solved for, by keeping every
state in which the model can be after the lines so far; actions that are declared as unlogged may
happen between any two lines. When no state is left, the log is no run, and the result has the
states before, with the first false guard of each call that the line could mean.

Soundness: the candidates are all states that runs of the model can be in, so a refused log is no
run at the sizes of its header. An accepted one is consistent with some run; whether it is the one
that happened depends on how much was logged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, product
from math import prod
from pathlib import Path

from splitspec.checker.evidence.causes import location
from splitspec.checker.evidence.execution import written
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import Value
from splitspec.model.scope import State
from splitspec.model.transition import Transition
from splitspec.model.types import Type
from splitspec.refinement.log import Event, Header, LogError, shown
from splitspec.refinement.log_reader import LogReader
from splitspec.refinement.replay_result import Alternative, Candidate, Replay
from splitspec.refinement.target import TargetError, evaluator_of

CANDIDATES_MAX = 20_000
VALUES_MAX = 50_000_000
"""Candidates of large states are fewer, so that all of them have no more values than these."""
EVALUATIONS_MAX = 30_000_000
"""More values than a quarter of a minute is enough for decide how a run begins where a size is a
slip: with forty containers and a thousand pages and frames it is less than four millions."""
CALLS_MAX = 200_000
"""A line that could mean more calls than these is not held to each of them."""
MANY_CALLS = f"more than {CALLS_MAX:,} calls: log more of the arguments"
ALTERNATIVES = 3


@dataclass(frozen=True, slots=True)
class _Said:
    """What a line says in the terms of the model: the action's path, arguments, places seen."""

    action: str | None
    arguments: Mapping[str, Value]
    seen: Mapping[int, Value]


class _UndecidedError(Exception):
    """There are too many states to go on."""


def replay(path: Path, *, folder: Path | None = None, limit: int = CANDIDATES_MAX) -> Replay:
    """Return whether a log is a run of its model, looked up from `folder`; it never raises."""
    reader = LogReader(path)
    try:
        header, events = reader.read()
        evaluator = evaluator_of_log(reader, header, folder)
        following = Following(reader, evaluator, header, limit)
    except LogError as error:
        return Replay(str(path), "", 0, 0, diagnostics=(error.diagnostic,))
    matched = 0
    try:
        for event in events:
            if not following.advance(event):
                return following.refusal(str(path), matched, event)
            matched += 1
    except LogError as error:
        model, most = header.model, following.most
        return Replay(str(path), model, matched, most, diagnostics=(error.diagnostic,))
    except _UndecidedError as error:
        return Replay(str(path), header.model, matched, following.most, unknown=str(error))
    ends_in = len(following.states)
    return Replay(str(path), header.model, matched, following.most, ends_in=ends_in)


def evaluator_of_log(reader: LogReader, header: Header, folder: Path | None) -> Evaluator:
    """Return the evaluator of the model that a log names; raise `LogError`."""
    try:
        return evaluator_of(
            header.model,
            sizes=header.sizes,
            pins=header.pins,
            given=header.given,
            folder=folder,
            evaluations=EVALUATIONS_MAX,
        )
    except TargetError as error:
        raise reader.refuse("SS816", shown(str(error))) from error


class Following:
    """The states in which the model can be after the events so far."""

    def __init__(self, reader: LogReader, evaluator: Evaluator, header: Header, limit: int) -> None:
        self._reader, self._evaluator = reader, evaluator
        self._limit = max(1, min(limit, VALUES_MAX // max(1, len(evaluator.places.names))))
        self._places = {name: n for n, name in enumerate(evaluator.places.names)}
        self._owners = [variable for variable, _ in evaluator.places]
        self._values: dict[int, dict[str, Value]] = {}  # by place, what a text means
        self._known: dict[tuple[Type, int | None], dict[str, Value]] = {}  # and of a type
        self._unlogged = tuple(self._action(name) for name in header.unlogged)
        # Constants that nothing of the run reads make no difference.
        starts = {evaluator.kept(state): state for state in evaluator.initial_states()}
        self.states: set[State] = set(starts.values())
        self.before: set[State] = set()
        self.most = len(self.states)
        if not self.states:
            raise reader.refuse("SS816", "the model has no initial state")

    def advance(self, event: Event) -> bool:
        """Take one event; return whether any state is left."""
        said = self._said(event)
        if event.refused not in ("", "?") and said.action is not None:
            self._check_guard(said.action, event.refused)
        self.before = self.closed(self.states)
        after: set[State] = set()
        for state in self.before:
            for _, reached in self._ways(state, event, said):
                after.add(reached)
                self._check_number(after)
        self.states = after
        self.most = max(self.most, len(after))
        return bool(after)

    def ways(self, state: State, event: Event) -> Iterator[tuple[Transition | None, State]]:
        """Iterate over the steps from a state that fit an event, with what they lead to; a refusal
        and a mere look are no step."""
        yield from self._ways(state, event, self._said(event))

    def _ways(
        self, state: State, event: Event, said: _Said
    ) -> Iterator[tuple[Transition | None, State]]:
        action, arguments, seen = said.action, said.arguments, said.seen
        if action is not None and event.refused and self._calls(action, arguments) > CALLS_MAX:
            raise _UndecidedError(f"line {event.line} could mean {MANY_CALLS}")
        if action is None or event.refused:
            fits = action is None or any(
                event.refused == "?" or event.refused in guards
                for _, guards in self._instances(state, action, arguments)
                if guards
            )
            if fits and not self._differing(state, seen):
                yield None, state
            return
        for step in self._evaluator.steps_of(action, state, arguments):
            if step.successor is not None and not self._differing(step.successor, seen):
                yield step, step.successor

    def nearest(self, state: State, event: Event) -> tuple[dict[str, Value], tuple[str, ...]]:
        """Return the call of an event's action that the fewest guards refuse, and those."""
        said = self._said(event)
        assert said.action is not None
        instances = islice(self._instances(state, said.action, said.arguments), CALLS_MAX)
        return min(instances, key=lambda instance: len(instance[1]))

    def seen(self, state: State, event: Event) -> State:
        """Return a state with the places as an event saw them."""
        seen = self._said(event).seen
        return tuple(seen.get(place, value) for place, value in enumerate(state))

    def path(self, event: Event) -> str:
        """Return the path of the action of an event that has one."""
        assert event.action is not None
        return self._action(event.action)

    def unlogged(self, state: State) -> Iterator[Transition]:
        """Iterate over the steps that need no line."""
        for action in self._unlogged:
            yield from self._evaluator.steps_of(action, state)

    def _said(self, event: Event) -> _Said:
        action = None if event.action is None else self._action(event.action)
        arguments = {} if action is None else self._arguments(event, action)
        return _Said(action, arguments, self._seen(event.state))

    def _calls(self, action: str, arguments: Mapping[str, Value]) -> int:
        """Return how many calls a line could mean."""
        parameters = self._evaluator.actions[action].parameters
        count = self._evaluator.places.scope.count
        return prod(count(p.type) for p in parameters if p.name not in arguments)

    def _instances(
        self, state: State, action: str, arguments: Mapping[str, Value]
    ) -> Iterator[tuple[dict[str, Value], tuple[str, ...]]]:
        """Iterate over the instances that a line could mean, with the guards that refuse them."""
        parameters = self._evaluator.actions[action].parameters
        domains = [
            (arguments[p.name],) if p.name in arguments else self._evaluator.universe.values(p.type)
            for p in parameters
        ]
        for values in product(*domains):
            binding = dict(zip((p.name for p in parameters), values, strict=True))
            yield binding, self._evaluator.refusals(state, action, binding)

    def closed(self, states: Iterable[State]) -> set[State]:
        """Return the states and those that unlogged actions lead to."""
        found = set(states)
        todo = list(found) if self._unlogged else []
        while todo:
            for step in self.unlogged(todo.pop()):
                if step.successor is not None and step.successor not in found:
                    found.add(step.successor)
                    todo.append(step.successor)
                    self._check_number(found)
        return found

    def _check_number(self, states: set[State]) -> None:
        if len(states) > self._limit:
            raise _UndecidedError(
                f"more than {self._limit:,} states fit the lines so far: log more of the state"
            )

    # Reading names and values

    def _action(self, name: str) -> str:
        paths = list(self._evaluator.actions)
        found = [p for p in paths if p == name] or [p for p in paths if p.split(".")[-1] == name]
        if len(found) != 1:
            why = "is the name of several" if found else "is no action of this run"
            short = ", ".join(path.rpartition(".")[2] for path in paths)
            raise self._reader.refuse("SS816", f"`{shown(name)}` {why}", f"there is: {short}")
        return found[0]

    def _check_guard(self, action: str, name: str) -> None:
        guards = [guard.name for guard in self._evaluator.actions[action].guards]
        if name not in guards:
            message = f"`{shown(name)}` is no guard of {action} in this run"
            raise self._reader.refuse("SS816", message, f"there is: {', '.join(guards)}")

    def _arguments(self, event: Event, action: str) -> dict[str, Value]:
        parameters = {p.name: p.type for p in self._evaluator.actions[action].parameters}
        found = {}
        for name, text in event.arguments.items():
            if name not in parameters:
                message = f"`{shown(name)}` is no parameter of {action}"
                help_ = f"there is: {', '.join(parameters) or 'none'}"
                raise self._reader.refuse("SS816", message, help_)
            known = self._meanings(parameters[name])
            if text not in known:
                message = f"`{shown(text)}` is no {parameters[name]} here"
                raise self._reader.refuse("SS816", message, f"there is: {', '.join(known)}")
            found[name] = known[text]
        return found

    def _seen(self, state: Mapping[str, str]) -> dict[int, Value]:
        return {self._place(place): self._value(place, text) for place, text in state.items()}

    def _place(self, name: str) -> int:
        if name not in self._places:
            message = f"`{shown(name)}` is no place of the state"
            example = next(iter(self._places), "")
            raise self._reader.refuse("SS816", message, f"places are written like `{example}`")
        return self._places[name]

    def _value(self, place: str, text: str) -> Value:
        number = self._places[place]
        if number not in self._values:
            owner = self._owners[number]
            bound = self._evaluator.places.scope.bound(owner)
            self._values[number] = self._meanings(owner.type, bound)
        known = self._values[number]
        if text not in known:
            message = f"`{shown(text)}` is no value of {place}"
            listed = ", ".join(list(known)[:12])
            raise self._reader.refuse("SS816", message, f"there is: {listed}")
        return known[text]

    def _meanings(self, type_: Type, bound: int | None = None) -> dict[str, Value]:
        """Return the values of a type, numbers up to a bound, by how they are written."""
        if (type_, bound) not in self._known:
            scope = self._evaluator.places.scope
            values = scope.values(type_, bound)
            self._known[type_, bound] = {scope.show(value, type_): value for value in values}
        return self._known[type_, bound]

    def _differing(self, state: State, seen: Mapping[int, Value]) -> tuple[int, ...]:
        return tuple(place for place, value in seen.items() if state[place] != value)

    # What went wrong

    def refusal(self, log: str, matched: int, event: Event) -> Replay:
        """Return the result for an event that no candidate can take."""
        names = self._evaluator.places.names
        said = self._said(event)
        candidates = []
        for state in sorted(self.before, key=lambda each: written(self._evaluator, each)):
            pairs = zip(names, written(self._evaluator, state), strict=True)
            found = tuple(self._alternatives(state, event, said))
            candidates.append(Candidate(tuple(pairs), found))
        return Replay(
            log,
            self._evaluator.setting.model,
            matched,
            self.most,
            refused_at=event.line,
            event=event_text(event),
            candidates=tuple(candidates),
        )

    def _alternatives(
        self,
        state: State,
        event: Event,
        said: _Said,
    ) -> Iterator[Alternative]:
        """Iterate over the nearest calls, those that the fewest guards refuse first."""
        action, arguments, seen = said.action, said.arguments, said.seen
        if action is None:
            yield Alternative("", "", "", "", self._differences(state, seen))
            return
        if self._calls(action, arguments) > CALLS_MAX:
            yield Alternative("", "", "", "", (f"it could be {MANY_CALLS}",))
            return
        instances = sorted(self._instances(state, action, arguments), key=lambda i: len(i[1]))
        for binding, guards in instances[:ALTERNATIVES]:
            call = self._call(action, binding)
            if event.refused:
                words = self._differences(state, seen)
                if not guards:
                    words = ("no guard refuses it", *words)
                elif event.refused not in ("?", *guards):
                    words = (f"refused by {', '.join(guards)}", *words)
                yield Alternative(call, "", "", "", words)
            elif guards:
                yield self._guarded(action, call, guards[0])
            else:
                step = self._evaluator.step(state, action, binding)
                after = None if step is None else step.successor
                words = ("it has no outcome",) if after is None else self._differences(after, seen)
                yield Alternative(call, "", "", "", words)

    def words(self, state: State, event: Event) -> tuple[str, ...]:
        """Return what is said against the nearest call, apart from its guards."""
        return next(self._alternatives(state, event, self._said(event))).differences

    def _guarded(self, action: str, call: str, name: str) -> Alternative:
        guards = self._evaluator.actions[action].guards
        span = next(g.guard.lines[0].span for g in guards if g.name == name)
        return Alternative(call, name, span.text, location(span), ())

    def _call(self, action: str, binding: Mapping[str, Value]) -> str:
        scope = self._evaluator.places.scope
        parameters = self._evaluator.actions[action].parameters
        values = (scope.show(binding[p.name], p.type) for p in parameters)
        return f"{action.rpartition('.')[2]}({', '.join(values)})"

    def _differences(self, state: State, seen: Mapping[int, Value]) -> tuple[str, ...]:
        scope, names = self._evaluator.places.scope, self._evaluator.places.names
        return tuple(
            f"{names[p]} is {scope.show(state[p], self._owners[p].type)}, "
            f"the log saw {scope.show(seen[p], self._owners[p].type)}"
            for p in self._differing(state, seen)
        )


def event_text(event: Event) -> str:
    """Return an event as it is shown."""
    if event.action is None:
        call = "seen"
    else:
        values = ", ".join(f"{name}={shown(value)}" for name, value in event.arguments.items())
        call = f"{event.action}({values})"
    refused = {"": "", "?": " refused"}.get(event.refused, f" refused by {event.refused}")
    places = ", ".join(f"{place} = {shown(value)}" for place, value in event.state.items())
    return call + refused + (f", then {places}" if places else "")
