"""Say typed expressions as formulas of mypyvy's language.

A truth is a formula, an integer an `int`, an option a pair of presence and value; what the value is
where there is none means nothing, as in `splitspec.checker.symbolic.unbounded`. The indices of
relations are of declared sorts there, so an index that is a truth or an integer is coded as an
element of a sort made for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from splitspec.checker.export import phrase as p
from splitspec.checker.export.naming import Names, member_path, present_path
from splitspec.checker.export.phrase import FALSE, TRUE, Phrase
from splitspec.model import ir
from splitspec.model.frozen import frozen
from splitspec.model.types import (
    Boolean,
    Enumeration,
    IndexType,
    Integer,
    Natural,
    Nothing,
    Option,
    Range,
    Sort,
    Type,
)

Environment = Mapping[str, Phrase]
"""The formulas of the names in whose scope an expression stands; other names are themselves."""


@frozen
class Maybe:
    """A value of an option. Without a `value`, any will do."""

    present: Phrase
    value: Phrase | None


@dataclass(frozen=True)
class Speaker:
    """Says expressions of one system."""

    names: Names
    variables: Mapping[str, ir.Variable]

    # Types

    def sort(self, type_: Type) -> str:
        """Return the sort of the (present) values of a type."""
        match type_:
            case Sort(path) | Enumeration(path, _):
                return self.names.path(path)
            case Boolean():
                return "bool"
            case Option(of):
                return self.sort(of)
            case Range() | Natural() | Integer():
                return "int"
            case Nothing():
                raise AssertionError("`none` alone has no sort")

    def index_sort(self, type_: IndexType) -> str:
        code = code_of(type_)
        return self.sort(type_) if code is None else self.names.path(code.path)

    def binders(self, binders: tuple[ir.Parameter, ...]) -> list[tuple[str, str]]:
        return [(self.names.local(b.name), self.sort(b.type)) for b in binders]

    def limits(self, value: Phrase, type_: Type) -> Phrase:
        """Return that an `int` lies in its type."""
        at_least = p.relation(Phrase("0"), "<=", value)
        match type_:
            case Option(of):
                return self.limits(value, of)
            case Natural():
                return at_least
            case Range(high):
                end = Phrase(str(high) if isinstance(high, int) else self.names.path(high))
                return p.conjunction((at_least, p.relation(value, "<=", end)))
            case _:
                return TRUE

    def bound_limits(self, binders: tuple[ir.Parameter, ...]) -> Phrase:
        values = ((Phrase(self.names.local(b.name)), b.type) for b in binders)
        return p.conjunction(self.limits(value, type_) for value, type_ in values)

    # Indices

    def coded(self, value: Phrase, type_: IndexType) -> Phrase:
        """Return a value as an index."""
        code = code_of(type_)
        if code is None:
            return value
        members = [Phrase(self.names.path(member)) for member in code.members]
        if isinstance(type_, Boolean):
            return p.choice(value, members[1], members[0])
        coded = members[-1]
        for number, member in reversed(list(enumerate(members[:-1]))):
            coded = p.choice(p.relation(value, "=", Phrase(str(number))), member, coded)
        return coded

    def decoded(self, index: Phrase, type_: IndexType) -> Phrase:
        """Return what an index says."""
        code = code_of(type_)
        if code is None:
            return index
        members = [Phrase(self.names.path(member)) for member in code.members]
        if isinstance(type_, Boolean):
            return p.relation(index, "=", members[1])
        value = Phrase(str(len(members) - 1))
        for number, member in reversed(list(enumerate(members[:-1]))):
            value = p.choice(p.relation(index, "=", member), Phrase(str(number)), value)
        return value

    # Values

    def truth(self, term: ir.Expression, env: Environment) -> Phrase:
        """Return an expression of type bool as a formula."""
        match term:
            case ir.Not(ir.Equal() as equal):
                return self._unequal(equal, env)
            case ir.Not(operand):
                return p.negation(self.truth(operand, env))
            case ir.And(operands):
                return p.conjunction(self.truth(o, env) for o in operands)
            case ir.Or(operands):
                return p.disjunction(self.truth(o, env) for o in operands)
            case ir.Implies(premise, conclusion):
                return p.implication(self.truth(premise, env), self.truth(conclusion, env))
            case ir.Equal(left, right):
                return self.same(left, right, env)
            case ir.Compare(operator, left, right):
                return p.relation(self.value(left, env), operator, self.value(right, env))
            case ir.Quantifier(kind, binders, body):
                # A name bound here hides what the environment says of it.
                names = {binder.name for binder in binders}
                inner = {name: value for name, value in env.items() if name not in names}
                return self._quantified(kind, binders, self.truth(body, inner))
            case _:
                return self.value(term, env)

    def value(self, term: ir.Expression, env: Environment) -> Phrase:
        """Return the value of an expression whose type is no option."""
        match term:
            case ir.Local(name):
                return env[name] if name in env else Phrase(self.names.local(name))
            case ir.Literal(value, Enumeration(path, members)):
                assert value is not None
                return Phrase(self.names.path(member_path(path, members[value])))
            case ir.Literal(value, Boolean()):
                return TRUE if value else FALSE
            case ir.Literal(value):
                return Phrase(str(value))
            case ir.Read(variable, indices):
                return p.applied(self.names.path(variable), self.place(variable, indices, env))
            case ir.Arithmetic(operator, left, right):
                return p.arithmetic(self.value(left, env), operator, self.value(right, env))
            case ir.Conditional(condition, positive, negative):
                choose = p.alternative if isinstance(term.type, Boolean) else p.choice
                values = self.value(positive, env), self.value(negative, env)
                return choose(self.truth(condition, env), *values)
            case ir.Count() | ir.Call() | ir.Next() | ir.Unchanged() | ir.ActorIs():
                raise AssertionError(f"{term} is left out before")
            case _:
                return self.truth(term, env)

    def maybe(self, term: ir.Expression, env: Environment) -> Maybe:
        """Return the value of any expression as that of an option."""
        if isinstance(term.type, Nothing) or (isinstance(term, ir.Literal) and term.value is None):
            return Maybe(FALSE, None)
        if not isinstance(term.type, Option):
            return Maybe(TRUE, self.value(term, env))
        match term:
            case ir.Read(variable, indices):
                place = self.place(variable, indices, env)
                present = p.applied(self.names.path(present_path(variable)), place)
                return Maybe(present, p.applied(self.names.path(variable), place))
            case ir.Conditional(condition, positive, negative):
                chosen = self.truth(condition, env)
                yes, no = self.maybe(positive, env), self.maybe(negative, env)
                return self.choice(chosen, yes, no, term.type.of)
            case ir.Literal(value, Option(of), span):
                return Maybe(TRUE, self.value(ir.Literal(value, of, span), env))
            case _:
                raise AssertionError(f"{term} is no option")

    def choice(self, condition: Phrase, yes: Maybe, no: Maybe, type_: Type) -> Maybe:
        """Return one of two options of values of a type."""
        present = p.alternative(condition, yes.present, no.present)
        if yes.value is None or no.value is None:
            return Maybe(present, yes.value or no.value)
        choose = p.alternative if isinstance(type_, Boolean) else p.choice
        return Maybe(present, choose(condition, yes.value, no.value))

    def place(
        self, variable: str, indices: tuple[ir.Expression, ...], env: Environment
    ) -> list[Phrase]:
        types = self.variables[variable].indices
        return [
            self.coded(self.value(index, env), type_)
            for index, type_ in zip(indices, types, strict=True)
        ]

    # Equality

    def same(self, left: ir.Expression, right: ir.Expression, env: Environment) -> Phrase:
        """Return that two values are the same; an option, if any, stands left."""
        if isinstance(left.type, Option | Nothing):
            first, second = self.maybe(left, env), self.maybe(right, env)
            if second.present == FALSE or first.present == FALSE:
                absent = first if second.present == FALSE else second
                return p.negation(absent.present)
            assert second.present == TRUE, "two options are not compared"
            assert first.value is not None
            assert second.value is not None
            equal = self.equal(first.value, second.value, right.type)
            return p.conjunction((first.present, equal))
        return self.equal(self.value(left, env), self.value(right, env), left.type)

    def equal(self, left: Phrase, right: Phrase, type_: Type) -> Phrase:
        inner = type_.of if isinstance(type_, Option) else type_
        if isinstance(inner, Boolean):
            return p.equivalence(left, right)
        return TRUE if left == right else p.relation(left, "=", right)

    def _unequal(self, term: ir.Equal, env: Environment) -> Phrase:
        if isinstance(term.left.type, Option | Nothing | Boolean):
            return p.negation(self.same(term.left, term.right, env))
        left, right = self.value(term.left, env), self.value(term.right, env)
        return FALSE if left == right else p.relation(left, "!=", right)

    def _quantified(self, kind: str, binders: tuple[ir.Parameter, ...], body: Phrase) -> Phrase:
        limits = self.bound_limits(binders)
        if kind == "all":
            return p.quantified("forall", self.binders(binders), p.implication(limits, body))
        return p.quantified("exists", self.binders(binders), p.conjunction((limits, body)))


@frozen
class Code:
    """A sort for the values of an index type that mypyvy does not take as one, by paths."""

    path: str
    members: tuple[str, ...]


def code_of(type_: IndexType) -> Code | None:
    """Return the sort that codes an index type; None for sorts and enums, which are sorts."""
    match type_:
        case Boolean():
            return Code("truth", ("truth.no", "truth.yes"))
        case Range(int() as high):
            path = f"upto{high}"
            return Code(path, tuple(f"{path}.{path}_{number}" for number in range(high + 1)))
        case Range():
            raise AssertionError("an index up to a constant is refused before")
        case Sort() | Enumeration():
            return None
