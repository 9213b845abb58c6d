"""Two evaluators side by side: what a run of the concrete system is in the abstract one, and where
a step of the one is no step of the other.

This is the meaning of a refinement, without the product: the programs are as they were written, and
each is run by an evaluator of its own. What an engine found in the product is replayed here before
it is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from splitspec.checker.evidence.causes import location
from splitspec.checker.evidence.execution import Execution, trace, written
from splitspec.checker.evidence.replay import Refusal, ReplayError, perform, retrace
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import Property, PropertyKind, Value, VariableKind
from splitspec.model.scope import Scope, State
from splitspec.model.setting import Setting, properties_under
from splitspec.model.source import Source, Span
from splitspec.model.trace import Step, Trace
from splitspec.model.transition import Transition
from splitspec.model.types import Natural, Type
from splitspec.refinement.correspondence import Correspondence
from splitspec.refinement.product import carried
from splitspec.refinement.square import Difference, Lane, Refused, Square


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a square does not commute: guards that refuse the abstract step, and places."""

    refusals: tuple[Refused, ...] = ()
    differences: tuple[Difference, ...] = ()


class Lanes:
    """The two systems of a correspondence at the scope and under the adversary of a setting."""

    def __init__(self, correspondence: Correspondence, setting: Setting) -> None:
        self.correspondence = correspondence
        abstract, given = correspondence.abstract, setting.given
        sliced = frozenset(carried(abstract, given, correspondence.above).sliced)
        own = replace(setting, program=correspondence.concrete, properties=())
        self.concrete = Evaluator(own)
        claims = properties_under(abstract, given)
        other = Setting(correspondence.name, abstract, self._scope(setting.scope), given)
        self.abstract = Evaluator(replace(other, properties=claims), sliced)

    def _scope(self, scope: Scope) -> Scope:
        """Return the scope of the abstract system; its constants are read off each state."""
        variables = self.correspondence.abstract.variables
        pins = {path: value for path, value in scope.pins.items() if path in variables}
        unread = {path: 0 for path, v in variables.items() if v.kind is VariableKind.CONSTANT}
        return Scope(scope.sizes, {**unread, **scope.bounds}, pins)

    # States and steps

    def seen(self, state: State) -> State:
        """Return what a concrete state is in the abstract system."""
        moment = self.concrete.moment(state)
        values = []
        for variable, indices in self.abstract.places:
            seen = self.correspondence.seen[variable.path]
            names = (parameter.name for parameter in seen.parameters)
            values.append(moment.value(seen.value, dict(zip(names, indices, strict=True))))
        return tuple(values)

    def counterpart(self, state: State, step: Transition) -> tuple[str, Mapping[str, Value]] | None:
        """Return the abstract action and its parameters that a concrete step stands for."""
        counterpart = self.correspondence.counterparts[step.action]
        if counterpart is None:
            return None
        moment, env = self.concrete.moment(state), dict(step.binding)
        values = {name: moment.value(e, env) for name, e in counterpart.arguments.items()}
        return counterpart.action, values

    def failure(self, state: State, step: Transition) -> Failure | None:
        """Return why the square over a concrete step does not commute, if it does not."""
        before = self.seen(state)
        called = self.counterpart(state, step)
        if step.successor is None:
            return None
        after = self.seen(step.successor)
        if called is None:
            return _differing(self._differences(before, after)) or self._unstuttering(before, step)
        action, binding = called
        if action not in self.abstract.actions:
            return Failure((Refused("exists", "an honest actor takes no hostile step", action),))
        refusals = tuple(self._refusals(before, action, binding))
        if refusals:
            return Failure(refusals)
        taken = self.abstract.step(before, action, binding)
        assert taken is not None
        if taken.successor is None:
            text = f"{action} has no outcome here"
            return Failure((Refused("outcome", text, action),))
        return _differing(self._differences(taken.successor, after))

    def _unstuttering(self, state: State, step: Transition) -> Failure | None:
        """Return the abstract step properties that a step breaks by changing nothing."""
        idle = replace(step, outcome=state)
        declared = self.abstract.program.properties
        claims = (declared[path] for path in self.abstract.setting.properties)
        refusals = tuple(
            Refused(claim.path, claim.lines[0].span.text, location(claim.lines[0].span))
            for claim in claims
            if claim.kind is PropertyKind.STEP
            and not self.abstract.step_holds(claim.path, state, idle)
        )
        return Failure(refusals) if refusals else None

    def initial_failure(self, state: State) -> Failure | None:
        """Return why no abstract initial state is what a concrete initial state is."""
        seen = self.seen(state)
        impossible = tuple(self._impossible(seen))
        if impossible:
            return Failure(impossible)
        kept = self.abstract.kept
        rigid = self._rigid(seen)
        starts = [s for s in self._initial_states(rigid) if kept(s) == kept(seen)]
        if starts:
            return None
        near = next(self._initial_states(rigid), None)
        if near is None:
            return Failure((Refused("assume", "the constants do not meet the assumptions", ""),))
        return _differing(self._differences(near, seen))

    def _impossible(self, seen: State) -> Iterator[Refused]:
        """Iterate over the places of constants at which something stands that is no value of
        theirs."""
        scope, kept = self.abstract.places.scope, self._kept_places
        for number, (variable, _) in enumerate(self.abstract.places):
            value = seen[number]
            if variable.kind is not VariableKind.CONSTANT or number not in kept:
                continue
            if not _is_of(value, variable.type, scope):
                name, shown = self.abstract.places.names[number], scope.show(value, variable.type)
                text = f"{shown} is no value of `{variable.type}`"
                yield Refused(name, text, location(variable.span))

    def _initial_states(self, pins: Mapping[str, Value]) -> Iterator[State]:
        """Iterate over the initial states whose constants have given values."""
        evaluator = self.abstract
        scope = replace(evaluator.places.scope, pins={**evaluator.places.scope.pins, **pins})
        yield from Evaluator(replace(evaluator.setting, scope=scope)).initial_states()

    def _rigid(self, seen: State) -> dict[str, Value]:
        """Return the values of the constants that are no functions."""
        return {
            variable.path: value
            for (variable, indices), value in zip(self.abstract.places, seen, strict=True)
            if variable.kind is VariableKind.CONSTANT and not indices
        }

    def _refusals(
        self, state: State, action: str, binding: Mapping[str, Value]
    ) -> Iterator[Refused]:
        names = set(self.abstract.refusals(state, action, binding))
        for composed in self.abstract.actions[action].guards:
            if composed.name in names:
                span = composed.guard.lines[0].span
                yield Refused(composed.name, span.text, location(span))

    def _differences(self, made: State, seen: State) -> tuple[Difference, ...]:
        texts = written(self.abstract, made), written(self.abstract, seen)
        kept = self._kept_places
        triples = zip(self.abstract.places.names, *texts, strict=True)
        return tuple(
            Difference(place, one, other)
            for number, (place, one, other) in enumerate(triples)
            if number in kept and one != other
        )

    @property
    def _kept_places(self) -> frozenset[int]:
        numbers = tuple(range(len(self.abstract.places.names)))
        return frozenset(n for n in self.abstract.kept(numbers) if n is not None)

    # Runs

    def square(self, product: Setting, found: Trace) -> Square | Trace:
        """Return the failing square at the end of a run of the product, replayed in both lanes; or
        the run of the concrete system, if it ends in a step that has no outcome there by itself.
        Raise `ReplayError` if the lanes see neither."""
        execution = self._execution(product, found)
        failure = self.initial_failure(execution.states[0])
        if failure is not None:
            return self._square(found, Execution(execution.states[:1], ()), failure)
        for number, step in enumerate(execution.steps):
            failure = self.failure(execution.states[number], step)
            if failure is not None:
                states, steps = execution.states[: number + 2], execution.steps[: number + 1]
                return self._square(found, Execution(states, steps), failure)
        if execution.steps and execution.steps[-1].successor is None:
            return self._concrete(found, execution)
        # A claim that a step is allowed is one about the state before it.
        suspects = tuple(self._suspects(execution.last, found.claim))
        for step in suspects:
            failure = self.failure(execution.last, step)
            if failure is not None:
                return self._square(found, execution.then(step), failure)
        for step in suspects:
            if step.successor is None:
                return self._concrete(found, execution.then(step))
        raise ReplayError(f"both lanes of {self.correspondence.name} agree to the end of the run")

    def _suspects(self, state: State, claim: str) -> Iterator[Transition]:
        action = claim.removesuffix(".allowed")
        if action in self.concrete.actions:
            yield from self.concrete.steps_of(action, state)
        else:
            yield from self.concrete.steps(state)

    def _execution(self, product: Setting, found: Trace) -> Execution:
        """Return the run of the concrete system in a run of the product."""
        both = retrace(Evaluator(product), found)
        if isinstance(both, Refusal):
            raise ReplayError(f"the product does not do step {both.number}: {both.reason}")
        first = both.states[0][: len(self.concrete.places.names)]
        calls = [(step.action, dict(step.binding)) for step in both.steps]
        execution = perform(self.concrete, calls, first)
        if isinstance(execution, Refusal):
            raise ReplayError(f"the concrete system does not do step {execution.number}")
        return execution

    def _square(self, found: Trace, execution: Execution, failure: Failure) -> Square:
        concrete = self._concrete(found, execution)
        pairs = zip(execution.states, execution.steps, strict=False)
        lane = Lane(
            places=self.abstract.places.names,
            states=tuple(written(self.abstract, self.seen(state)) for state in execution.states),
            steps=tuple(self._abstract_step(state, step) for state, step in pairs),
        )
        name = self.correspondence.name
        return Square(name, concrete, lane, failure.refusals, failure.differences)

    def _concrete(self, found: Trace, execution: Execution) -> Trace:
        claim = self.concrete.program.properties.get(found.claim, _unnamed(found.claim))
        return trace(self.concrete, claim, execution, None)

    def _abstract_step(self, state: State, step: Transition) -> Step | None:
        called = self.counterpart(state, step)
        if called is None:
            return None
        path, binding = called
        action = self.abstract.actions.get(path)
        if action is None:
            return Step(path, step.actor.value, ())
        scope = self.abstract.places.scope
        arguments = ((p.name, scope.show(binding[p.name], p.type)) for p in action.parameters)
        return Step(path, step.actor.value, tuple(arguments))


def _is_of(value: Value, type_: Type, scope: Scope) -> bool:
    """Whether a value is one of the type; of a `nat`, at any bound."""
    match type_:
        case Natural():
            assert isinstance(value, int)
            return value >= 0
        case _:
            return value in scope.values(type_)


def _differing(differences: tuple[Difference, ...]) -> Failure | None:
    return Failure(differences=differences) if differences else None


def _unnamed(path: str) -> Property:
    nowhere = Span(Source("", ""), 1, 1, 1, 1)
    return Property(path, PropertyKind.INVARIANT, frozenset(), (), (), "", (), nowhere)
