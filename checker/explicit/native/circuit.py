"""Expressions over packed words, folded and shared as they are built.

Integers are 64 bits wide and carry an interval; predicates are truth values. Every node is built by
a `Circuit`, which folds constants, flattens, and returns the same object for the same expression,
so that identity is equality. Negation stands at the leaves: `Not` is applied to `Is`, `Equals`,
`Less`, `Same` and `Dropped` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar, assert_never

from splitspec.model.frozen import frozen


@frozen(eq=False)
class Constant:
    value: int

    @property
    def low(self) -> int:
        return self.value

    @property
    def high(self) -> int:
        return self.value


@frozen(eq=False)
class Cell:
    """A cell whose place is known."""

    array: str
    cell: int
    low: int
    high: int


@frozen(eq=False)
class Element:
    """A cell whose number is computed. Outside the array it is some number, never undefined
    behaviour.
    """

    array: str
    index: Integer
    low: int
    high: int


@frozen(eq=False)
class Register:
    """A loop variable."""

    name: str
    low: int
    high: int


@frozen(eq=False)
class Linear:
    """The sum of multiples of other integers and a constant."""

    parts: tuple[tuple[Integer, int], ...]
    constant: int
    low: int
    high: int


@frozen(eq=False)
class Choice:
    condition: Predicate
    positive: Integer
    negative: Integer
    low: int
    high: int


@frozen(eq=False)
class Number:
    """1 if the predicate holds, else 0."""

    predicate: Predicate
    low: int
    high: int


Integer = Constant | Cell | Element | Register | Linear | Choice | Number


@frozen(eq=False)
class Truth:
    value: bool


@frozen(eq=False)
class Is:
    """Whether an integer has a value; of two values the higher one."""

    integer: Integer
    value: int


@frozen(eq=False)
class Equals:
    left: Integer
    right: Integer


@frozen(eq=False)
class Less:
    left: Integer
    right: Integer


@frozen(eq=False)
class Same:
    """Whether both predicates hold or neither."""

    left: Predicate
    right: Predicate


@frozen(eq=False)
class Dropped:
    """Whether one of the variants whose bits are set in `bits` is on."""

    bits: int


@frozen(eq=False)
class Not:
    operand: Is | Equals | Less | Same | Dropped


@frozen(eq=False)
class All:
    parts: tuple[Predicate, ...]


@frozen(eq=False)
class Any:
    parts: tuple[Predicate, ...]


Predicate = Truth | Is | Equals | Less | Same | Dropped | Not | All | Any
Node = Integer | Predicate

_N = TypeVar("_N")


class Circuit:
    """Builds nodes. Its memory is the reason why equal nodes are identical."""

    def __init__(self) -> None:
        self._nodes: dict[tuple[object, ...], Node] = {}
        self._negations: dict[Predicate, Predicate] = {}
        self.true = self._make(Truth, True)
        self.false = self._make(Truth, False)

    def _make(self, kind: type[_N], *fields: object) -> _N:
        key = (kind, *fields)
        node = self._nodes.get(key)
        if node is None:
            node = kind(*fields)  # type: ignore[assignment]
            self._nodes[key] = node  # type: ignore[assignment]
        return node  # type: ignore[return-value]

    # Integers

    def constant(self, value: int) -> Integer:
        return self._make(Constant, value)

    def cell(self, array: str, cell: int, size: int) -> Integer:
        return self._make(Cell, array, cell, 0, size - 1)

    def element(self, array: str, index: Integer, size: int) -> Integer:
        return self._make(Element, array, index, 0, size - 1)

    def register(self, name: str, size: int) -> Integer:
        return self._make(Register, name, 0, size - 1)

    def plus(self, left: Integer, right: Integer, factor: int = 1) -> Integer:
        """Return `left + factor * right`."""
        if isinstance(left, Constant) and isinstance(right, Constant):
            return self.constant(left.value + factor * right.value)
        parts: dict[Integer, int] = {}
        constant = 0
        for integer, times in ((left, 1), (right, factor)):
            match integer:
                case Constant(value):
                    constant += times * value
                case Linear(inner, offset):
                    constant += times * offset
                    for part, coefficient in inner:
                        parts[part] = parts.get(part, 0) + times * coefficient
                case _:
                    parts[integer] = parts.get(integer, 0) + times
        return self._linear([(part, k) for part, k in parts.items() if k], constant)

    def _linear(self, parts: list[tuple[Integer, int]], constant: int) -> Integer:
        if not parts:
            return self.constant(constant)
        if constant == 0 and len(parts) == 1 and parts[0][1] == 1:
            return parts[0][0]
        low = constant + sum(k * (p.low if k > 0 else p.high) for p, k in parts)
        high = constant + sum(k * (p.high if k > 0 else p.low) for p, k in parts)
        return self._make(Linear, tuple(parts), constant, low, high)

    def choice(self, condition: Predicate, positive: Integer, negative: Integer) -> Integer:
        if condition is self.true or positive is negative:
            return positive
        if condition is self.false:
            return negative
        low, high = min(positive.low, negative.low), max(positive.high, negative.high)
        return self._make(Choice, condition, positive, negative, low, high)

    def number(self, predicate: Predicate) -> Integer:
        match predicate:
            case Truth(value):
                return self.constant(int(value))
            case Is(integer, 1) if integer.low >= 0 and integer.high <= 1:
                return integer
            case _:
                return self._make(Number, predicate, 0, 1)

    # Predicates

    def truth(self, value: bool) -> Predicate:
        return self.true if value else self.false

    def is_(self, integer: Integer, value: int) -> Predicate:
        """Return whether an integer has a value."""
        if value < integer.low or value > integer.high:
            return self.false
        match integer:
            case Constant():
                return self.true
            case Number(predicate):
                return predicate if value else self.negate(predicate)
            case Choice(condition, positive, negative):
                return self.any(
                    (
                        self.all((condition, self.is_(positive, value))),
                        self.all((self.negate(condition), self.is_(negative, value))),
                    )
                )
            case Linear(((part, factor),), constant):
                quotient, rest = divmod(value - constant, factor)
                return self.false if rest else self.is_(part, quotient)
            case _ if integer.high - integer.low == 1 and value == integer.low:
                return self.negate(self._make(Is, integer, integer.high))
            case _:
                return self._make(Is, integer, value)

    def equal(self, left: Integer, right: Integer) -> Predicate:
        if isinstance(right, Constant):
            return self.is_(left, right.value)
        if isinstance(left, Constant):
            return self.is_(right, left.value)
        if left is right:
            return self.true
        difference = self.plus(left, right, -1)
        if isinstance(difference, Constant):
            return self.truth(difference.value == 0)
        if difference.low > 0 or difference.high < 0:
            return self.false
        if isinstance(difference, Linear) and len(difference.parts) == 1:
            return self.is_(difference, 0)
        if (Equals, right, left) in self._nodes:
            left, right = right, left
        return self._make(Equals, left, right)

    def less(self, left: Integer, right: Integer) -> Predicate:
        difference = self.plus(left, right, -1)
        if difference.high < 0:
            return self.true
        if difference.low >= 0:
            return self.false
        return self._make(Less, left, right)

    def same(self, left: Predicate, right: Predicate) -> Predicate:
        for known, other in ((left, right), (right, left)):
            if isinstance(known, Truth):
                return other if known.value else self.negate(other)
        if left is right:
            return self.true
        if self.negate(left) is right:
            return self.false
        if (Same, right, left) in self._nodes:
            left, right = right, left
        return self._make(Same, left, right)

    def dropped(self, bits: int) -> Predicate:
        return self._make(Dropped, bits) if bits else self.false

    def negate(self, predicate: Predicate) -> Predicate:
        known = self._negations.get(predicate)
        if known is None:
            known = self._negated(predicate)
            self._negations[predicate] = known
            self._negations[known] = predicate
        return known

    def _negated(self, predicate: Predicate) -> Predicate:
        match predicate:
            case Truth(value):
                return self.truth(not value)
            case Not(operand):
                return operand
            case All(parts):
                return self._make(Any, tuple(self.negate(part) for part in parts))
            case Any(parts):
                return self._make(All, tuple(self.negate(part) for part in parts))
            case Is() | Equals() | Less() | Same() | Dropped():
                return self._make(Not, predicate)
            case _:
                assert_never(predicate)

    def implies(self, premise: Predicate, conclusion: Predicate) -> Predicate:
        return self.any((self.negate(premise), conclusion))

    def any(self, parts: Iterable[Predicate]) -> Predicate:
        return self.negate(self.all(self.negate(part) for part in parts))

    def all(self, parts: Iterable[Predicate]) -> Predicate:
        """Return the conjunction, without what other conjuncts imply or exclude."""
        flat: dict[Predicate, None] = {}
        for part in parts:
            if part is self.false:
                return part
            if isinstance(part, All):
                flat.update(dict.fromkeys(part.parts))
            elif part is not self.true:
                flat[part] = None
        if len(flat) <= 1:
            return next(iter(flat), self.true)
        values = {part.integer: part.value for part in flat if isinstance(part, Is)}
        kept = []
        for part in flat:
            if isinstance(part, Is):
                if values[part.integer] != part.value:
                    return self.false
            elif isinstance(part, Not) and isinstance(part.operand, Is):
                value = values.get(part.operand.integer)
                if value == part.operand.value:
                    return self.false
                if value is not None:
                    continue
            elif self._negations.get(part) in flat:
                return self.false
            kept.append(part)
        if len(kept) == 1:
            return kept[0]
        return self._make(All, tuple(kept))


def conjuncts(predicate: Predicate) -> tuple[Predicate, ...]:
    """Return the predicates of which this one is the conjunction."""
    match predicate:
        case All(parts):
            return parts
        case Truth(True):
            return ()
        case _:
            return (predicate,)


def is_test(predicate: Predicate) -> bool:
    """Whether a predicate tests one cell."""
    match predicate:
        case Is(Cell()) | Not(Is(Cell())):
            return True
        case _:
            return False


def depends(node: Node, registers: Sequence[Register]) -> bool:
    """Whether the value of a node depends on one of the registers."""
    if isinstance(node, Register):
        return node in registers
    return any(depends(part, registers) for part in parts_of(node))


def parts_of(node: Node) -> list[Node]:
    """Return the nodes of which a node is directly made."""
    found: list[Node] = []
    for name in type(node).__match_args__:
        value = getattr(node, name)
        values = value if isinstance(value, tuple) else (value,)
        for one in values:
            part = one[0] if isinstance(one, tuple) else one
            if not isinstance(part, str | int | bool):
                found.append(part)
    return found
