"""Terms of many-sorted first-order logic, the one form in which every solver gets its questions.

A `Terms` makes each term once, so that equal terms are one object: sharing costs nothing, and
whatever is computed of a term can be kept by its identity. What is constant is folded as it is
made, because the expansion over a finite scope would otherwise be mostly `true` and `false`.

Soundness: every folding here is an identity of the logic, over non-empty domains.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from enum import Enum
from typing import TypeVar

from splitspec.model.frozen import frozen


class Plain(Enum):
    """The kinds that every solver knows."""

    BOOLEAN = "Bool"
    INTEGER = "Int"


@frozen
class Uninterpreted:
    """A non-empty domain of which nothing is known: a sort of any size."""

    name: str


@frozen
class Enumerated:
    """A domain of exactly these members."""

    name: str
    members: tuple[str, ...]


Kind = Plain | Uninterpreted | Enumerated


@frozen
class Function:
    """An uninterpreted function; without arguments, a constant."""

    name: str
    arguments: tuple[Kind, ...]
    result: Kind


# Terms are compared by identity: `Terms` makes equal ones once.


@frozen(eq=False)
class Truth:
    value: bool


@frozen(eq=False)
class Number:
    value: int


@frozen(eq=False)
class Member:
    kind: Enumerated
    index: int


@frozen(eq=False)
class Bound:
    """A variable of a quantifier; its name is unique in a `Terms`."""

    name: str
    kind: Kind


@frozen(eq=False)
class Application:
    function: Function
    arguments: tuple[Term, ...]


@frozen(eq=False)
class Negation:
    operand: Term


@frozen(eq=False)
class Conjunction:
    operands: tuple[Term, ...]


@frozen(eq=False)
class Disjunction:
    operands: tuple[Term, ...]


@frozen(eq=False)
class Equality:
    left: Term
    right: Term


@frozen(eq=False)
class AtMost:
    """`left <= right`."""

    left: Term
    right: Term


@frozen(eq=False)
class Sum:
    left: Term
    right: Term


@frozen(eq=False)
class Difference:
    left: Term
    right: Term


@frozen(eq=False)
class Choice:
    """`positive` if the condition holds, else `negative`; of any kind but truth values."""

    condition: Term
    positive: Term
    negative: Term


@frozen(eq=False)
class Universal:
    bound: tuple[Bound, ...]
    body: Term


@frozen(eq=False)
class Existential:
    bound: tuple[Bound, ...]
    body: Term


Term = (
    Truth
    | Number
    | Member
    | Bound
    | Application
    | Negation
    | Conjunction
    | Disjunction
    | Equality
    | AtMost
    | Sum
    | Difference
    | Choice
    | Universal
    | Existential
)

T = TypeVar("T", bound=Term)


def kind_of(term: Term) -> Kind:
    """Return the kind of a term's values."""
    match term:
        case Number() | Sum() | Difference():
            return Plain.INTEGER
        case Member(kind) | Bound(_, kind):
            return kind
        case Application(function):
            return function.result
        case Choice(_, positive):
            return kind_of(positive)
        case _:
            return Plain.BOOLEAN


def parts_of(term: Term) -> tuple[Term, ...]:
    """Return the terms that stand directly in this one."""
    match term:
        case Truth() | Number() | Member() | Bound():
            return ()
        case Application(_, arguments):
            return arguments
        case Negation(operand):
            return (operand,)
        case Conjunction(operands) | Disjunction(operands):
            return operands
        case Choice(condition, positive, negative):
            return (condition, positive, negative)
        case Universal(_, body) | Existential(_, body):
            return (body,)
        case _:
            return (term.left, term.right)


class Terms:
    """Makes terms, each once."""

    def __init__(self) -> None:
        self._made: dict[Hashable, Term] = {}
        self._names: dict[str, int] = {}
        self.true = self._make(Truth, True)
        self.false = self._make(Truth, False)

    def _make(self, make: type[T], *fields: Hashable) -> T:
        key = (make, *fields)
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = make(*fields)  # type: ignore[arg-type]
        assert isinstance(found, make)
        return found

    def fresh_name(self, name: str) -> str:
        """Return a name that was not given out before."""
        number = self._names.get(name, 0)
        self._names[name] = number + 1
        return f"{name}!{number}"

    # Values

    def truth(self, value: bool) -> Truth:
        return self.true if value else self.false

    def number(self, value: int) -> Term:
        return self._make(Number, value)

    def member(self, kind: Enumerated, index: int) -> Term:
        return self._make(Member, kind, index)

    def bound(self, name: str, kind: Kind) -> Bound:
        """Return a new variable for a quantifier."""
        return self._make(Bound, self.fresh_name(name), kind)

    def apply(self, function: Function, *arguments: Term) -> Term:
        assert len(arguments) == len(function.arguments), function.name
        return self._make(Application, function, arguments)

    def symbol(self, name: str, kind: Kind) -> Term:
        """Return a constant."""
        return self._make(Application, Function(name, (), kind), ())

    # Connectives

    def negation(self, operand: Term) -> Term:
        match operand:
            case Truth(value):
                return self.truth(not value)
            case Negation(inner):
                return inner
            case _:
                return self._make(Negation, operand)

    def conjunction(self, *operands: Term) -> Term:
        """Return the conjunction, flat, each conjunct once."""
        kept: dict[Term, None] = {}
        for operand in operands:
            for part in operand.operands if isinstance(operand, Conjunction) else (operand,):
                if part is self.false or self._opposite(part) in kept:
                    return self.false
                if part is not self.true:
                    kept[part] = None
        if not kept:
            return self.true
        return next(iter(kept)) if len(kept) == 1 else self._make(Conjunction, tuple(kept))

    def disjunction(self, *operands: Term) -> Term:
        """Return the disjunction, flat, each disjunct once."""
        kept: dict[Term, None] = {}
        for operand in operands:
            for part in operand.operands if isinstance(operand, Disjunction) else (operand,):
                if part is self.true or self._opposite(part) in kept:
                    return self.true
                if part is not self.false:
                    kept[part] = None
        if not kept:
            return self.false
        return next(iter(kept)) if len(kept) == 1 else self._make(Disjunction, tuple(kept))

    def _opposite(self, term: Term) -> Term | None:
        """Return the negation of a term, if it was made before."""
        if isinstance(term, Negation):
            return term.operand
        return self._made.get((Negation, term))

    def implication(self, premise: Term, conclusion: Term) -> Term:
        return self.disjunction(self.negation(premise), conclusion)

    def choice(self, condition: Term, positive: Term, negative: Term) -> Term:
        """Return a conditional term; of truth values, one made of connectives."""
        if condition is self.true or positive is negative:
            return positive
        if condition is self.false:
            return negative
        if kind_of(positive) is Plain.BOOLEAN:
            if isinstance(positive, Truth) or isinstance(negative, Truth):
                return self.disjunction(
                    self.conjunction(condition, positive),
                    self.conjunction(self.negation(condition), negative),
                )
            return self.conjunction(
                self.implication(condition, positive),
                self.disjunction(condition, negative),
            )
        return self._make(Choice, condition, positive, negative)

    # Relations and sums

    def equality(self, left: Term, right: Term) -> Term:
        if left is right:
            return self.true
        if isinstance(left, Number | Member) and isinstance(right, Number | Member):
            return self.false
        if isinstance(left, Truth):
            return right if left.value else self.negation(right)
        if isinstance(right, Truth):
            return left if right.value else self.negation(left)
        return self._make(Equality, left, right)

    def at_most(self, left: Term, right: Term) -> Term:
        if isinstance(left, Number) and isinstance(right, Number):
            return self.truth(left.value <= right.value)
        return self._make(AtMost, left, right)

    def less(self, left: Term, right: Term) -> Term:
        return self.negation(self.at_most(right, left))

    def sum(self, left: Term, right: Term) -> Term:
        if isinstance(left, Number) and isinstance(right, Number):
            return self.number(left.value + right.value)
        if isinstance(right, Number) and right.value == 0:
            return left
        if isinstance(left, Number) and left.value == 0:
            return right
        return self._make(Sum, left, right)

    def difference(self, left: Term, right: Term) -> Term:
        if isinstance(left, Number) and isinstance(right, Number):
            return self.number(left.value - right.value)
        if isinstance(right, Number) and right.value == 0:
            return left
        return self._make(Difference, left, right)

    # Quantifiers

    def universal(self, bound: Iterable[Bound], body: Term) -> Term:
        variables = tuple(bound)
        if not variables or isinstance(body, Truth):
            return body
        return self._make(Universal, variables, body)

    def existential(self, bound: Iterable[Bound], body: Term) -> Term:
        variables = tuple(bound)
        if not variables or isinstance(body, Truth):
            return body
        return self._make(Existential, variables, body)
