"""The meaning of the language: which states a program has at a scope, which steps lead from one to
the next, and which claims are true of them (docs/language.md, sections 3 to 9).

It reads the program as it was written and shares no pass with the engines, so that it can judge
them. The parts of the meaning, in the order in which one would read them:

    valuation      what an expression is worth in a state, or across a step
    composition    what an action consists of, under one adversary and perhaps a variant
    enumeration    which bindings of its parameters enable it
    transition     what its updates make of the state
    initial        where everything starts
    refusing       which guards refuse, for whoever asks it of many states
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from splitspec.model.composition import ComposedAction, compose
from splitspec.model.enumeration import NOTHING, Plan, bindings, plan, refuses
from splitspec.model.initial import counted, initial_states
from splitspec.model.ir import Line
from splitspec.model.refusing import Refusing
from splitspec.model.scope import Places, State
from splitspec.model.setting import Setting, effective_scope
from splitspec.model.transition import Cut, Transition, Writer
from splitspec.model.valuation import Environment, Moment, Universe


class Evaluator:
    """Gives a setting its states, steps and truths. States are flat tuples over `places`.

    Nothing of the run reads the variables of `sliced`: they are kept up to date for the reader of
    a trace, but they carry no obligation, and a change of them alone is no change. Neither do
    counters that the run does not claim (a hostile host's ledger is its own) carry an obligation.
    """

    def __init__(self, setting: Setting, sliced: frozenset[str] = frozenset()) -> None:
        self.setting = setting
        self.program = setting.program
        self.places = Places(
            tuple(self.program.variables.values()), effective_scope(setting.scope, setting.variant)
        )
        self.universe = Universe(self.program.definitions, self.places)
        composed = compose(self.program, setting.given, setting.variant)
        self.actions: Mapping[str, ComposedAction] = {action.path: action for action in composed}
        self._plans: dict[tuple[str, str | None], Plan] = {}
        self._refusing: dict[str, Refusing] = {}
        counters = {v.path for v in self.places.variables if v.counted is not None}
        unclaimed = counters.difference(self.claimed)
        self._writer = Writer(self.places, sliced | unclaimed)
        self._kept = tuple(
            number
            for number, (variable, _) in enumerate(self.places)
            if variable.path not in sliced
        )

    @property
    def claimed(self) -> tuple[str, ...]:
        """The counters that the run claims to be exact."""
        return tuple(
            variable.path
            for variable in self.places.variables
            if variable.counted is not None and variable.counted.given <= self.setting.given
        )

    # States

    def initial_states(self) -> Iterator[State]:
        """Iterate over the states in which the program can start."""
        return initial_states(self.program, self.universe)

    def kept(self, state: State) -> State:
        """Return the values of the places that something of the run reads."""
        return tuple(state[number] for number in self._kept)

    # Steps

    def steps(self, state: State) -> Iterator[Transition]:
        """Iterate over the enabled instances: by action, then by the values of its parameters."""
        for path in self.actions:
            yield from self.steps_of(path, state)

    def steps_of(
        self, action: str, state: State, fixed: Environment = NOTHING
    ) -> Iterator[Transition]:
        """Iterate over the enabled instances of one action, those with the `fixed` arguments."""
        moment = Moment(self.universe, state)
        for binding in bindings(self._plan(action), moment, fixed):
            yield self._transition(self.actions[action], moment, binding)

    def step(self, state: State, action: str, binding: Environment) -> Transition | None:
        """Return the step of one instance, None if a guard refuses it."""
        if self.refusals(state, action, binding):
            return None
        return self._transition(self.actions[action], Moment(self.universe, state), binding)

    def refusals(self, state: State, action: str, binding: Environment) -> tuple[str, ...]:
        """Return the names of the guards that refuse one instance."""
        moment = Moment(self.universe, state)
        guards = self.actions[action].guards
        return tuple(guard.name for guard in guards if refuses(guard, moment, binding))

    def refusing(self, action: str) -> Refusing:
        """Return what says the same as `refusals`, and remembers it: for many states."""
        if action not in self._refusing:
            self._refusing[action] = Refusing(self.actions[action], self.universe)
        return self._refusing[action]

    def refuses_alone(self, state: State, action: str, guard: str) -> bool:
        """Return whether some instance is refused by this guard and by no other."""
        composed = self.actions[action]
        (suspect,) = (each for each in composed.guards if each.name == guard)
        moment = Moment(self.universe, state)
        others = bindings(self._plan(action, without=guard), moment)
        return any(refuses(suspect, moment, binding) for binding in others)

    def _plan(self, action: str, without: str | None = None) -> Plan:
        key = (action, without)
        if key not in self._plans:
            self._plans[key] = plan(self.actions[action], without)
        return self._plans[key]

    def _transition(
        self, action: ComposedAction, moment: Moment, binding: Environment
    ) -> Transition:
        outcome = self._writer.outcome(action, moment, binding)
        values = tuple((p.name, binding[p.name]) for p in action.parameters)
        return Transition(action.path, action.actor.kind, action.hostile, values, outcome)

    # Claims

    def moment(self, state: State, step: Transition | None = None) -> Moment:
        """Return where expressions have values: a state, or a step that has a successor."""
        if step is None:
            return Moment(self.universe, state)
        return Moment(self.universe, state, step.successor, step.actor)

    def holds(self, path: str, state: State) -> bool:
        """Return whether a declared claim is true of a state."""
        return _all_hold(self.program.properties[path].lines, self.moment(state))

    def step_holds(self, path: str, state: State, step: Transition) -> bool:
        """Return whether a `step` property is true of a step that has a successor."""
        return _all_hold(self.program.properties[path].lines, self.moment(state, step))

    def counter_is_exact(self, path: str, state: State) -> bool:
        """Return whether a counter is everywhere what it counts."""
        numbers = counted(self.program.variables[path], self.moment(state))
        return all(state[place] == number for place, number in numbers)

    def is_final(self, state: State) -> bool:
        """Return whether the state may be the last one. Without a `final` block none may."""
        finals = self.program.finals
        return bool(finals) and _all_hold(finals, self.moment(state))

    def is_deadlocked(self, state: State, steps: Iterable[Transition] | None = None) -> bool:
        """Return whether the state is not final and no action that is not hostile changes it.

        A caller that has the steps of the state at hand passes them.
        """
        if self.is_final(state):
            return False
        steps = self.steps(state) if steps is None else steps
        return not any(self._changes(state, step) for step in steps if not step.hostile)

    def _changes(self, state: State, step: Transition) -> bool:
        # What a bound cuts would have changed a variable. What faults does not happen.
        after = step.successor
        if after is None:
            return isinstance(step.outcome, Cut)
        return after is not state and self.kept(after) != self.kept(state)


def _all_hold(lines: Iterable[Line], moment: Moment) -> bool:
    return all(moment.holds(line.expression, {}) for line in lines)
