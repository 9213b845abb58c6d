"""From an execution that breaks a claim to what would not have broken it: the weakest guard that
refuses its last step, and the step most like it that breaks nothing. Where a variant drops a guard,
it is that one.

A guard is looked for among simple conditions: of one variable at places that the action's
parameters and the constants name, free indices bound by `no`; of two parameters. It must be false
of the last step and contradict no guard of its action, and is the weaker the fewer it refuses of
the action's other instances that were possible on the way and break nothing. It is a proposal: that
it suffices is for a check to show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from splitspec.checker.evidence.causes import honest_guard
from splitspec.checker.evidence.execution import Execution, shows
from splitspec.model.enumeration import refuses
from splitspec.model.evaluator import Evaluator
from splitspec.model.expressions import subterms
from splitspec.model.ir import Call, Parameter, Property, Read, Value, Variable, VariableKind
from splitspec.model.scope import State
from splitspec.model.trace import Cause, Step, Strengthening
from splitspec.model.transition import Transition
from splitspec.model.types import Boolean, Enumeration, Natural, Option, Range, Sort, Type

Binding = Mapping[str, Value]
Holds = Callable[[State, Binding], bool]
Instance = tuple[State, Binding]
"""A state, and the arguments of an action that is possible in it."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A condition; `places` are those that it reads, with the values that they may have."""

    text: str
    holds: Holds
    variable: str
    places: Callable[[Binding], Iterator[int]]
    domain: Sequence[Value]


def strengthening_of(
    evaluator: Evaluator, claim: Property, execution: Execution
) -> Strengthening | None:
    """Return the weakest simple guard that refuses the last step; None if there is none."""
    if not execution.steps:
        return None
    last = execution.steps[-1]
    before = execution.states[len(execution.steps) - 1]
    action = evaluator.actions[last.action]
    harmless = [*_harmless(evaluator, claim, execution, len(execution.steps))]
    read = _variables_read(evaluator, claim)
    best: tuple[int, bool, int] | None = None
    found: Strengthening | None = None
    for number, candidate in enumerate(_candidates(evaluator, action.parameters)):
        if candidate.holds(before, dict(last.binding)):
            continue
        refused = sum(not candidate.holds(state, binding) for state, binding in harmless)
        rank = (refused, candidate.variable not in read, number)
        if best is not None and rank >= best:
            continue
        if _is_possible(evaluator, candidate, before, last):
            best = rank
            found = Strengthening(last.action, candidate.text, refused, len(harmless))
    return found


def _is_possible(
    evaluator: Evaluator, candidate: _Candidate, before: State, last: Transition
) -> bool:
    """Whether an action that has a condition, too, could still happen: if some value of the places
    that it reads makes it true, and keeps the other guards of the last step true.

    One that contradicts a guard would refuse whatever the action does, in every run.
    """
    binding = dict(last.binding)
    places = set(candidate.places(binding))
    for value in candidate.domain:
        state = tuple(value if n in places else old for n, old in enumerate(before))
        if candidate.holds(state, binding) and not evaluator.refusals(state, last.action, binding):
            return True
    return not places


def restored(
    evaluator: Evaluator, claim: Property, execution: Execution, causes: Sequence[Cause]
) -> Strengthening | None:
    """Return the last guard that a variant leaves out, with what else it would have refused; None
    if the variant leaves out no guard that refuses a step."""
    for cause in sorted(causes, key=lambda cause: -cause.step):
        guard = honest_guard(evaluator, cause) if cause.varied and cause.step else None
        if guard is None:
            continue
        harmless = [*_harmless(evaluator, claim, execution, cause.step)]
        refused = sum(refuses(guard, evaluator.moment(s), binding) for s, binding in harmless)
        action = execution.steps[cause.step - 1].action
        return Strengthening(action, cause.text, refused, len(harmless))
    return None


def neighbour_of(evaluator: Evaluator, claim: Property, execution: Execution) -> Step | None:
    """Return the enabled step most like the last one that breaks nothing and changes something: of
    the same action, or about an element that the last one names and something that it writes or the
    claim reads."""
    if not execution.steps:
        return None
    last = execution.steps[-1]
    before = execution.states[len(execution.steps) - 1]
    prefix = Execution(execution.states[: len(execution.steps)], execution.steps[:-1])
    touched = _variables_read(evaluator, claim) | _written(evaluator, last)
    best: tuple[tuple[bool, bool, int], Transition] | None = None
    for step in evaluator.steps(before):
        if step.successor is None or (step.successor == before and step.action != last.action):
            continue
        if step.action != last.action and not _is_concerned(evaluator, step, last, touched):
            continue
        if shows(evaluator, claim, prefix.then(step)):
            continue
        rank = (step.action != last.action, step.actor is not last.actor, _apart(step, last))
        if best is None or rank < best[0]:
            best = rank, step
    return None if best is None else shown_step(evaluator, best[1])


def shown_step(evaluator: Evaluator, step: Transition) -> Step:
    """Return a transition as traces write it."""
    scope = evaluator.places.scope
    parameters = evaluator.actions[step.action].parameters
    arguments = tuple(
        (name, scope.show(value, parameter.type))
        for (name, value), parameter in zip(step.binding, parameters, strict=True)
    )
    return Step(step.action, step.actor.value, arguments)


def _apart(one: Transition, other: Transition) -> int:
    """Return in how many parameters two steps differ."""
    values = dict(other.binding)
    return sum(values.get(name) != value for name, value in one.binding)


def _is_concerned(
    evaluator: Evaluator, step: Transition, last: Transition, touched: frozenset[str]
) -> bool:
    """Whether a step writes some of the variables, and names an element that another one names; of
    one that names none, whether the same actor takes it."""
    if not _written(evaluator, step) & touched:
        return False
    elements = _elements(evaluator, last)
    return bool(_elements(evaluator, step) & elements) if elements else step.actor is last.actor


def _written(evaluator: Evaluator, step: Transition) -> frozenset[str]:
    updates = evaluator.actions[step.action].updates
    return frozenset(update.update.variable for update in updates)


def _elements(evaluator: Evaluator, step: Transition) -> frozenset[tuple[str, Value]]:
    """Return the elements of sorts that a step names."""
    binding = dict(step.binding)
    parameters = evaluator.actions[step.action].parameters
    return frozenset((p.type.path, binding[p.name]) for p in parameters if isinstance(p.type, Sort))


def _harmless(
    evaluator: Evaluator, claim: Property, execution: Execution, length: int
) -> Iterator[Instance]:
    """Iterate over the instances of the action of the step of a number that were possible until
    then, and break nothing."""
    action = execution.steps[length - 1].action
    for number, state in enumerate(execution.states[:length]):
        prefix = Execution(execution.states[: number + 1], execution.steps[:number])
        for step in evaluator.steps_of(action, state):
            if step.successor is not None and not shows(evaluator, claim, prefix.then(step)):
                yield state, dict(step.binding)


def _variables_read(evaluator: Evaluator, claim: Property) -> frozenset[str]:
    found: set[str] = set()
    waiting = [line.expression for line in claim.lines]
    seen: set[str] = set()
    while waiting:
        for term in subterms(waiting.pop()):
            if isinstance(term, Read):
                found.add(term.variable)
            elif isinstance(term, Call) and term.definition not in seen:
                seen.add(term.definition)
                waiting.append(evaluator.program.definitions[term.definition].body)
    return frozenset(found)


def _candidates(evaluator: Evaluator, parameters: tuple[Parameter, ...]) -> Iterator[_Candidate]:
    for one, other in product(parameters, parameters):
        if one.name < other.name and one.type == other.type:
            yield _apart_from(one.name, other.name)
    for variable in evaluator.places.variables:
        if variable.kind in (VariableKind.GHOST, VariableKind.CONSTANT):
            continue
        fitting = [
            [*(p.name for p in parameters if p.type == type_), None] for type_ in variable.indices
        ]
        for indices in product(*fitting):
            yield from _of_place(evaluator, variable, indices, parameters)


def _apart_from(one: str, other: str) -> _Candidate:
    return _Candidate(
        f"{one} != {other}", lambda _, env: env[one] != env[other], "", lambda _: iter(()), ()
    )


def _of_place(
    evaluator: Evaluator,
    variable: Variable,
    indices: tuple[str | None, ...],
    parameters: tuple[Parameter, ...],
) -> Iterator[_Candidate]:
    """Iterate over conditions on one place, or, where an index is free, on all of them."""
    free = [type_ for type_, index in zip(variable.indices, indices, strict=True) if index is None]
    if len(free) > 2:
        return
    names = iter(_fresh(free, {p.name for p in parameters}))
    written = [next(names) if index is None else index for index in indices]
    short = variable.path.rpartition(".")[2]
    place = f"{short}[{', '.join(written)}]" if written else short
    bound = [
        f"{name}: {type_}"
        for name, type_, index in zip(written, variable.indices, indices, strict=True)
        if index is None
    ]
    prefix = f"no {', '.join(bound)}: " if bound else ""
    for text, test in _tests(evaluator, variable.type, place, parameters, negative=not free):
        if free and text.startswith("not "):
            continue
        places = _places(evaluator, variable, indices)
        values = _reader(places)

        def holds(state: State, env: Binding, values: _Values = values, test: _Test = test) -> bool:
            found = any(test(value, env) for value in values(state, env))
            return not found if free else found

        domain = _domain(evaluator, variable.type)
        yield _Candidate(prefix + text, holds, variable.path, places, domain)


_Test = Callable[[Value, Binding], bool]
_Values = Callable[[State, Binding], Iterator[Value]]


def _tests(
    evaluator: Evaluator,
    type_: Type,
    place: str,
    parameters: tuple[Parameter, ...],
    *,
    negative: bool,
) -> Iterator[tuple[str, _Test]]:
    inner = type_.of if isinstance(type_, Option) else type_
    if isinstance(type_, Option):
        if negative:
            yield f"{place} = none", lambda value, _: value is None
        yield f"{place} != none", lambda value, _: value is not None
    match inner:
        case Boolean():
            yield place, lambda value, _: value is True
            yield f"not {place}", lambda value, _: value is False
        case Sort():
            for p in (p for p in parameters if p.type == inner):
                yield f"{place} = {p.name}", _equals(p.name)
                if negative:
                    yield f"{place} != {p.name}", _differs(p.name)
        case Enumeration(_, members):
            for number, member in enumerate(members):
                yield f"{place} = {member}", _is(number)
        case Range() | Natural():
            yield f"{place} = 0", _is(0)
            yield f"{place} > 0", lambda value, _: value is not None and value > 0
        case _:
            pass


def _equals(name: str) -> _Test:
    return lambda value, env: value == env[name]


def _differs(name: str) -> _Test:
    return lambda value, env: value != env[name]


def _is(number: int) -> _Test:
    return lambda value, _: value == number


def _domain(evaluator: Evaluator, type_: Type) -> tuple[Value, ...]:
    """Return the values that a place may have; of numbers the two that tests tell apart."""
    match type_:
        case Option(of):
            return (None, *_domain(evaluator, of))
        case Boolean() | Sort() | Enumeration() | Range():
            return evaluator.universe.values(type_)
        case _:
            return (0, 1)


def _places(
    evaluator: Evaluator, variable: Variable, indices: tuple[str | None, ...]
) -> Callable[[Binding], Iterator[int]]:
    domains = [evaluator.universe.values(type_) for type_ in variable.indices]

    def places(env: Binding) -> Iterator[int]:
        choices = [
            domain if index is None else (env[index],)
            for domain, index in zip(domains, indices, strict=True)
        ]
        for chosen in product(*choices):
            yield evaluator.universe.place(variable.path, list(chosen))

    return places


def _reader(places: Callable[[Binding], Iterator[int]]) -> _Values:
    return lambda state, env: (state[place] for place in places(env))


def _fresh(types: Sequence[Type], taken: set[str]) -> list[str]:
    """Return a name for each type that no parameter has."""
    names: list[str] = []
    for type_ in types:
        first = str(type_)[0].lower()
        letters = [first, *"xyzwuv"]
        names.append(next(x for x in letters if x not in taken and x not in names))
    return names
