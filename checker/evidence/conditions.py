"""The simple conditions among which a guard is looked for that would have refused a step: of one
variable at places that the action's parameters and the constants name, free indices bound by `no`;
of two parameters; of a number that the claim reads, below a limit that it reads, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product

from splitspec.model.evaluator import Evaluator
from splitspec.model.expressions import subterms
from splitspec.model.frozen import frozen
from splitspec.model.ir import (
    Call,
    Expression,
    Literal,
    Parameter,
    Property,
    Read,
    Value,
    Variable,
    VariableKind,
)
from splitspec.model.scope import State
from splitspec.model.types import Boolean, Enumeration, Natural, Option, Range, Sort, Type

Binding = Mapping[str, Value]
Holds = Callable[[State, Binding], bool]


@frozen
class Condition:
    """Where it holds, and which `places` it reads, with the values that they may have."""

    text: str
    holds: Holds
    variable: str
    places: Callable[[Binding], Iterator[int]]
    domain: Sequence[Value]


def variables_read(evaluator: Evaluator, claim: Property) -> frozenset[str]:
    """Return the paths of the variables that a claim reads, also by its definitions."""
    return frozenset(term.variable for term in _terms(evaluator, claim) if isinstance(term, Read))


def _terms(evaluator: Evaluator, claim: Property) -> Iterator[Expression]:
    """Iterate over all that a claim says, and that the definitions say which it calls."""
    waiting = [line.expression for line in claim.lines]
    seen: set[str] = set()
    while waiting:
        for term in subterms(waiting.pop()):
            yield term
            if isinstance(term, Call) and term.definition not in seen:
                seen.add(term.definition)
                waiting.append(evaluator.program.definitions[term.definition].body)


def conditions(evaluator: Evaluator, parameters: tuple[Parameter, ...]) -> Iterator[Condition]:
    """Iterate over the conditions that need no claim, in a fixed order."""
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


def _apart_from(one: str, other: str) -> Condition:
    return Condition(
        f"{one} != {other}", lambda _, env: env[one] != env[other], "", lambda _: iter(()), ()
    )


def _of_place(
    evaluator: Evaluator,
    variable: Variable,
    indices: tuple[str | None, ...],
    parameters: tuple[Parameter, ...],
) -> Iterator[Condition]:
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
        yield Condition(prefix + text, holds, variable.path, places, domain)


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


def limits(
    evaluator: Evaluator,
    claim: Property,
    parameters: tuple[Parameter, ...],
    before: State,
    binding: Binding,
) -> Iterator[Condition]:
    """Iterate over the limits that a number has reached which the claim reads: a constant that it
    reads, too, or a number that it has, or the one below, where a step would go beyond it."""
    read = variables_read(evaluator, claim)
    said = {term.value for term in _terms(evaluator, claim) if isinstance(term, Literal)}
    numbers = [
        variable
        for variable in evaluator.places.variables
        if variable.path in read and isinstance(variable.type, (Range, Natural))
    ]
    constants = {
        variable.path.rpartition(".")[2]: before[evaluator.universe.place(variable.path, [])]
        for variable in numbers
        if variable.kind is VariableKind.CONSTANT and not variable.indices
    }
    for variable in numbers:
        if variable.kind in (VariableKind.GHOST, VariableKind.CONSTANT):
            continue
        fitting = [[p.name for p in parameters if p.type == type_] for type_ in variable.indices]
        for indices in product(*fitting):
            places = _places(evaluator, variable, indices)
            (value,) = (before[place] for place in places(binding))
            assert value is not None
            named = {name: limit for name, limit in constants.items() if limit == value}
            if value > 1 and not said.isdisjoint({value, value + 1}):
                named[str(value)] = value
            short = variable.path.rpartition(".")[2]
            place = f"{short}[{', '.join(indices)}]" if indices else short
            for name in named:
                yield _below(f"{place} < {name}", variable, places, int(value))


def _below(
    text: str, variable: Variable, places: Callable[[Binding], Iterator[int]], limit: int
) -> Condition:
    def holds(state: State, env: Binding) -> bool:
        return all((state[place] or 0) < limit for place in places(env))

    return Condition(text, holds, variable.path, places, range(limit))
