"""From a program to the atoms of which lemmas can be made: what its variables and definitions say
of two elements of each sort.

Everything is directed by types. A state function is applied to variables (and to constants) of its
indices' sorts, and its value is compared with what its type allows: `table[c, v] = g`, `phase[c] =
sealed`, `mappers[g] = 0`. A definition is applied in the same way, as its author meant it to be.

Soundness: nothing rests on this choice. A lemma that cannot be said with these atoms is not found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from splitspec.model import ir
from splitspec.model.expressions import free_locals, subterms
from splitspec.model.frozen import frozen
from splitspec.model.ir import Expression, Parameter, Program, VariableKind
from splitspec.model.passes.inline import inline_calls
from splitspec.model.source import Span
from splitspec.model.types import (
    Boolean,
    Enumeration,
    Integer,
    Natural,
    Nothing,
    Option,
    Range,
    Sort,
)

COPIES = 2
"""So many variables of each sort: a lemma speaks of one element, or of two."""
NUMBERS_MAX = 3
"""Integers up to this one are compared with."""
INDICES_MAX = 3


@frozen
class Atom:
    """A truth about the variables `names`.

    Of the atoms about one `place` at most one is true. `asserted` and `denied` say whether a lemma
    may contain it so: neither may ask for a witness.
    """

    expression: Expression
    inlined: Expression
    names: frozenset[str]
    place: str
    asserted: bool
    denied: bool


@dataclass(frozen=True)
class Vocabulary:
    """The atoms of a program, over variables of its sorts."""

    variables: tuple[Parameter, ...]
    atoms: tuple[Atom, ...]


def vocabulary_of(program: Program) -> Vocabulary:
    """Return the atoms of a program, each meaning once; definitions go before what they define."""
    words = _Words(program)
    found: dict[Expression, Atom] = {}
    for expression, place in words.all():
        inlined = inline_calls(expression, program.definitions)
        if inlined not in found and free_locals(inlined) == free_locals(expression):
            found[inlined] = _atom(expression, inlined, place)
    variables = tuple(p for pair in words.variables.values() for p in pair)
    return Vocabulary(variables, tuple(found.values()))


def _atom(expression: Expression, inlined: Expression, place: str) -> Atom:
    return Atom(
        expression,
        inlined,
        free_locals(expression),
        place,
        asserted=not _asks(inlined, asserted=True),
        denied=not _asks(inlined, asserted=False),
    )


def _asks(term: Expression, *, asserted: bool) -> bool:
    """Return whether a formula, asserted or denied, asks for a witness."""
    match term:
        case ir.Quantifier(kind, _, body):
            return (kind == "some") is asserted or _asks(body, asserted=asserted)
        case ir.Not(operand):
            return _asks(operand, asserted=not asserted)
        case ir.And(operands) | ir.Or(operands):
            return any(_asks(operand, asserted=asserted) for operand in operands)
        case ir.Implies(premise, conclusion):
            return _asks(premise, asserted=not asserted) or _asks(conclusion, asserted=asserted)
        case _:
            return any(isinstance(part, ir.Quantifier) for part in subterms(term))


class _Words:
    """Makes the atoms of a program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.span = _some_span(program)
        self.variables = _named(program, self.span)

    def all(self) -> Iterator[tuple[Expression, str]]:
        """Iterate over atoms with their places."""
        yield from self._definitions()
        for variable in self.program.variables.values():
            if variable.kind is not VariableKind.CONSTANT or variable.indices:
                yield from self._readings(variable)
        for sort in self.variables:
            yield from self._identities(sort)

    def _terms(self, type_: object) -> list[Expression]:
        """Return what can stand where a value of an index type is expected."""
        match type_:
            case Sort(path):
                found: list[Expression] = [
                    ir.Local(p.name, p.type, self.span) for p in self.variables.get(path, ())
                ]
                return found + self._constants(Sort(path))
            case Enumeration(_, members):
                return [ir.Literal(i, type_, self.span) for i in range(len(members))]
            case Boolean():
                return [ir.Literal(truth, type_, self.span) for truth in (False, True)]
            case Range(int() as high) if high <= NUMBERS_MAX:
                return [ir.Literal(number, type_, self.span) for number in range(high + 1)]
            case _:
                return []

    def _constants(self, sort: Sort) -> list[Expression]:
        return [
            ir.Read(v.path, (), v.type, self.span)
            for v in self.program.variables.values()
            if v.kind is VariableKind.CONSTANT and v.type == sort and not v.indices
        ]

    def _definitions(self) -> Iterator[tuple[Expression, str]]:
        for path, definition in self.program.definitions.items():
            types = [p.type for p in definition.parameters]
            simple = all(isinstance(t, Sort) for t in types) and types
            if not simple or definition.body.type != Boolean():
                continue
            for arguments in product(*(self._terms(t) for t in types)):
                call = ir.Call(path, arguments, Boolean(), self.span)
                yield call, repr(call)

    def _readings(self, variable: ir.Variable) -> Iterator[tuple[Expression, str]]:
        if len(variable.indices) > INDICES_MAX:
            return
        for indices in product(*(self._terms(type_) for type_ in variable.indices)):
            read = ir.Read(variable.path, indices, variable.type, self.span)
            place = repr(read)
            if isinstance(variable.type, Boolean):
                yield read, place
                continue
            for value in self._values(variable.type):
                yield ir.Equal(read, value, Boolean(), self.span), place

    def _values(self, type_: object) -> list[Expression]:
        """Return what a value is compared with."""
        match type_:
            case Option(of):
                return [*self._values(of), ir.Literal(None, Nothing(), self.span)]
            case Natural():
                return [ir.Literal(0, Integer(), self.span)]
            case _:
                return self._terms(type_)

    def _identities(self, sort: str) -> Iterator[tuple[Expression, str]]:
        terms = self._terms(Sort(sort))
        for number, left in enumerate(terms):
            for right in terms[number + 1 :]:
                if isinstance(left, ir.Local):
                    same = ir.Equal(left, right, Boolean(), self.span)
                    yield same, repr(same)


def _named(program: Program, span: Span) -> dict[str, tuple[Parameter, ...]]:
    """Return the variables of each sort, under the names that the program uses most for them."""
    counts: dict[str, Counter[str]] = {sort: Counter() for sort in program.sorts}
    for parameter in _parameters(program):
        if isinstance(parameter.type, Sort):
            counts[parameter.type.path][parameter.name] += 1
    taken: set[str] = set()
    found: dict[str, tuple[Parameter, ...]] = {}
    for sort, names in counts.items():
        best = [name for name, _ in names.most_common() if name not in taken][:COPIES]
        letter = sort.rpartition(".")[2][0].lower()
        number = 1
        while len(best) < COPIES:
            if f"{letter}{number}" not in taken:
                best.append(f"{letter}{number}")
            number += 1
        taken.update(best)
        found[sort] = tuple(Parameter(name, Sort(sort), span) for name in best)
    return found


def _parameters(program: Program) -> Iterator[Parameter]:
    for action in program.actions.values():
        yield from action.parameters
    for part in program.parts.values():
        yield from part.parameters
    for claim in program.properties.values():
        for line in claim.lines:
            yield from _bound(subterms(line.expression))


def _bound(terms: Iterable[Expression]) -> Iterator[Parameter]:
    for term in terms:
        if isinstance(term, ir.Quantifier | ir.Count):
            yield from term.binders


def _some_span(program: Program) -> Span:
    spans = [claim.span for claim in program.properties.values()]
    return [*spans, *(action.span for action in program.actions.values())][0]
