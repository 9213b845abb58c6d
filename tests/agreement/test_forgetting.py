"""A run that forgets values loses no state and no violation, whatever it forgets.

For random systems, and random choices of variables and of conditions under which they are
forgotten: each state that the evaluator reaches is, with the forgotten places at rest, among those
that the run visited; and what the evaluator finds violated, the run does not call true. Unless a
step needed what was forgotten: then the run decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import HealthCheck, assume, event, given, note, settings
from hypothesis import strategies as st
from tests.agreement.comparison import STATES_MAX, settings_of
from tests.agreement.random_systems import RandomSystem, random_systems

from splitspec.checker.budget import Budget
from splitspec.checker.explicit import oracle
from splitspec.checker.explicit.native_search import Finished, Subject, explore_natively
from splitspec.checker.explicit.search import system_of
from splitspec.checker.result import Limits
from splitspec.model.evaluator import Evaluator
from splitspec.model.expressions import variables_read
from splitspec.model.ir import (
    Equal,
    Expression,
    Forgotten,
    Literal,
    Local,
    Not,
    Parameter,
    Program,
    Read,
    Value,
    Variable,
    VariableKind,
)
from splitspec.model.scope import State
from splitspec.model.setting import Setting
from splitspec.model.types import Boolean, Nothing, Option, Sort
from splitspec.model.verdict import Outcome

EXAMPLES = settings().max_examples // 4
"""Each example compiles two kernels."""


@dataclass(frozen=True)
class Watched:
    """A place is forgotten while that of another variable has its first value, or has not.

    `positions` are those of the forgotten variable's indices that are the other one's.
    """

    variable: Variable
    positions: tuple[int, ...]
    negated: bool


@dataclass(frozen=True)
class Choice:
    """A forgotten variable; without `watched`, all its places are forgotten at all times."""

    variable: Variable
    watched: Watched | None

    @property
    def forgotten(self) -> Forgotten:
        span = self.variable.span
        parameters = tuple(
            Parameter(f"at{i}", type_, span) for i, type_ in enumerate(self.variable.indices)
        )
        if self.watched is None:
            return Forgotten(self.variable.path, parameters, Literal(True, Boolean(), span))
        other = self.watched.variable
        indices = tuple(Local(f"at{p}", parameters[p].type, span) for p in self.watched.positions)
        read = Read(other.path, indices, other.type, span)
        condition: Expression = Equal(read, _first(other), Boolean(), span)
        if self.watched.negated:
            condition = Not(condition, Boolean(), span)
        return Forgotten(self.variable.path, parameters, condition)


def _first(variable: Variable) -> Literal:
    if isinstance(variable.type, Option):
        return Literal(None, Nothing(), variable.span)
    return Literal(_rest(variable), variable.type, variable.span)


def _rest(variable: Variable) -> Value:
    if isinstance(variable.type, Option):
        return None
    return False if isinstance(variable.type, Boolean) else 0


def _can_rest(variable: Variable, program: Program) -> bool:
    counted = [v.counted.condition for v in program.variables.values() if v.counted is not None]
    return (
        variable.kind in (VariableKind.STATE, VariableKind.GHOST)
        and not isinstance(variable.type, Sort)
        and variable.path not in variables_read(counted)
    )


@st.composite
def choices(draw: st.DrawFn, program: Program) -> tuple[Choice, ...]:
    """Draw what to forget, and while what."""
    variables = [v for v in program.variables.values() if _can_rest(v, program)]
    assume(variables)
    some = st.lists(st.sampled_from(variables), min_size=1, max_size=2, unique_by=lambda v: v.path)
    gone = draw(some)
    found = []
    for variable in gone:
        watchable = [
            (other, positions)
            for other in variables
            if other not in gone and (positions := _positions(variable, other)) is not None
        ]
        watched = None
        if watchable and draw(st.sampled_from((True, True, True, False))):
            other, positions = draw(st.sampled_from(watchable))
            watched = Watched(other, positions, draw(st.booleans()))
        found.append(Choice(variable, watched))
    return tuple(found)


def _positions(variable: Variable, other: Variable) -> tuple[int, ...] | None:
    """Return which indices of a variable can be those of another one, if any can."""
    left = dict(enumerate(variable.indices))
    found = []
    for type_ in other.indices:
        position = next((p for p, t in left.items() if t == type_), None)
        if position is None:
            return None
        del left[position]
        found.append(position)
    return tuple(found)


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=EXAMPLES)
@given(st.data(), random_systems())
def test_forgetting_loses_no_state_and_no_violation(
    data: st.DataObject, system: RandomSystem
) -> None:
    note(f"{system.sizes} {system.bounds}\n{system.text}")
    pairs = settings_of(system.text, system.sizes, system.bounds)
    whole = data.draw(st.sampled_from([s for s, _ in pairs if s.variant is None]))
    chosen = data.draw(choices(whole.program))
    note(str(chosen))
    judge = oracle.Search(
        whole, oracle.claims_of(whole, system_of(whole, (), slice=False)), Budget()
    )
    assume(judge.run(Limits(states=STATES_MAX)) is None)
    setting = replace(whole, forgotten=tuple(choice.forgotten for choice in chosen))
    plain, reduced = (_run(setting, symmetry=symmetry) for symmetry in (False, True))
    assert _outcomes(plain) == _outcomes(reduced)
    lost = any(found.endswith(".lost") for found in _found(plain))
    event("lost" if lost else "decided")
    if lost:
        assert not [v for v in plain.result.verdicts if v.outcome is not Outcome.UNKNOWN]
        return
    _assert_visited(plain, judge.evaluator, judge.graph.states, chosen)
    refuted = {v.property for v in judge.result(None).verdicts if v.outcome is Outcome.VIOLATED}
    held = {v.property for v in plain.result.verdicts if v.outcome is Outcome.HOLDS}
    assert not refuted & held
    event("refuted" if refuted else "nothing refuted")


def _run(setting: Setting, *, symmetry: bool) -> Finished:
    system = system_of(setting, (), slice=True)
    subject = Subject(Evaluator(setting), oracle.claims_of(setting, system), system, system)
    finished = explore_natively(subject, budget=Budget(), workers=1, symmetry=symmetry)
    assert finished.explored.complete
    return finished


def _outcomes(finished: Finished) -> dict[str, str]:
    return {v.property: v.outcome.value for v in finished.result.verdicts}


def _found(finished: Finished) -> set[str]:
    return {finished.kernel.bits[number].path for number in finished.explored.first}


def _assert_visited(
    finished: Finished, evaluator: Evaluator, states: list[State], chosen: tuple[Choice, ...]
) -> None:
    """The reached states, put at rest by what was drawn and not by the kernel, were visited."""
    layout, explored = finished.kernel.layout, finished.explored
    stored = {
        explored.store.state(index)
        for index in range(explored.end)
        if not explored.store.is_hole(index)
    }
    positions = layout.positions(evaluator.places)
    for state in states:
        rested = _rested(evaluator, state, chosen)
        assert layout.pack(tuple(rested[i] for i in positions)) in stored


def _rested(evaluator: Evaluator, state: State, chosen: tuple[Choice, ...]) -> State:
    places, values = evaluator.places, list(state)
    for choice in chosen:
        variable = choice.variable
        for indices in places.index_tuples(variable):
            if _is_forgotten(choice, state, indices, evaluator):
                values[places.place(variable.path, indices)] = _rest(variable)
    return tuple(values)


def _is_forgotten(
    choice: Choice, state: State, indices: tuple[Value, ...], evaluator: Evaluator
) -> bool:
    watched = choice.watched
    if watched is None:
        return True
    place = evaluator.places.place(
        watched.variable.path, [indices[position] for position in watched.positions]
    )
    return (state[place] == _rest(watched.variable)) is not watched.negated
