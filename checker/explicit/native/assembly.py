"""From circuits to LLVM IR text.

An `Assembler` writes one function. It knows which nodes were computed in blocks that dominate the
present one, so that nothing is computed twice on a path.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import assert_never

from splitspec.checker.explicit.native.circuit import (
    All,
    Any,
    Cell,
    Choice,
    Constant,
    Dropped,
    Element,
    Equals,
    Integer,
    Is,
    Less,
    Linear,
    Node,
    Not,
    Number,
    Predicate,
    Register,
    Same,
    Truth,
)
from splitspec.checker.explicit.native.layout import Array, Layout

ALL_ONES = (1 << 64) - 1
METADATA = """
!0 = !{!"branch_weights", i32 1, i32 2000}
!1 = !{!"branch_weights", i32 2000, i32 1}
"""
"""What branches to rare blocks refer to; to stand at the end of a module."""


def signed(word: int) -> int:
    """Return a 64-bit word as LLVM writes it."""
    word &= ALL_ONES
    return word - (1 << 64) if word >> 63 else word


class Assembler:
    """Writes the body of one function over the words `%w0`, `%w1`, … of a state."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.lines: list[str] = []
        self._names = 0
        self._known: list[dict[Node, str]] = [{}]

    # Text

    def write(self, line: str) -> None:
        self.lines.append("  " + line)

    def op(self, text: str) -> str:
        """Write an instruction that has a result, and return its name."""
        self._names += 1
        name = f"%t{self._names}"
        self.lines.append(f"  {name} = {text}")
        return name

    def label(self) -> str:
        """Return a new label."""
        self._names += 1
        return f"L{self._names}"

    def place(self, label: str) -> None:
        """Begin the block of a label."""
        self.lines.append(f"{label}:")

    def jump(self, label: str) -> None:
        self.write(f"br label %{label}")

    def branch(self, condition: str, yes: str, no: str, rare: str | None = None) -> None:
        """Branch; `rare` is the label, if any, that is almost never taken."""
        weights = ""
        if rare is not None:
            weights = ", !prof !0" if rare == yes else ", !prof !1"
        self.write(f"br i1 {condition}, label %{yes}, label %{no}{weights}")

    @contextmanager
    def scope(self) -> Iterator[None]:
        """What is computed inside is not known outside: the code may be passed by."""
        self._known.append({})
        yield
        self._known.pop()

    @contextmanager
    def when(self, predicate: Predicate, rare: bool = False) -> Iterator[None]:
        """What is written inside runs iff the predicate holds."""
        if isinstance(predicate, Truth) and predicate.value:
            yield
            return
        condition = self.predicate(predicate)
        yes, end = self.label(), self.label()
        self.branch(condition, yes, end, rare=yes if rare else None)
        self.place(yes)
        with self.scope():
            yield
        self.jump(end)
        self.place(end)

    @contextmanager
    def loop(self, registers: Sequence[Register]) -> Iterator[None]:
        """What is written inside runs for all values of the registers."""
        if not registers:
            yield
            return
        register, *rest = registers
        before, head, latch, after = (self.label() for _ in range(4))
        self.jump(before)
        self.place(before)
        self.jump(head)
        self.place(head)
        name, following = f"%r{self.label()}", f"%n{self.label()}"
        self.write(f"{name} = phi i64 [ 0, %{before} ], [ {following}, %{latch} ]")
        with self.scope():
            self._known[-1][register] = name
            with self.loop(rest):
                yield
        self.jump(latch)
        self.place(latch)
        self.write(f"{following} = add i64 {name}, 1")
        more = self.op(f"icmp ult i64 {following}, {register.high + 1}")
        self.write(f"br i1 {more}, label %{head}, label %{after}")
        self.place(after)

    def load_words(self) -> None:
        for j in range(self.layout.words):
            pointer = self.op(f"getelementptr i64, ptr %state, i64 {j}")
            self.write(f"%w{j} = load i64, ptr {pointer}")

    def remember(self, node: Node, name: str) -> None:
        """Let a name stand for a node as long as the present block dominates."""
        self._known[-1][node] = name

    def known_name(self, node: Node) -> str | None:
        """Return the name that holds a node here, if it was computed."""
        for known in reversed(self._known):
            if node in known:
                return known[node]
        return None

    # Integers

    def integer(self, node: Integer) -> str:
        """Return the operand that holds an integer."""
        if isinstance(node, Constant):
            return str(node.value)
        name = self.known_name(node)
        if name is None:
            name = self._integer(node)
            self._known[-1][node] = name
        return name

    def _integer(self, node: Integer) -> str:
        match node:
            case Cell(array, cell):
                return self._cell(self.layout.arrays[array], cell)
            case Element(array, index):
                return self._element(self.layout.arrays[array], self.integer(index))
            case Linear(parts, constant):
                return self._linear(parts, constant)
            case Choice(condition, positive, negative):
                chosen = self.predicate(condition)
                yes, no = self.integer(positive), self.integer(negative)
                return self.op(f"select i1 {chosen}, i64 {yes}, i64 {no}")
            case Number(predicate):
                return self.op(f"zext i1 {self.predicate(predicate)} to i64")
            case Constant() | Register():
                raise AssertionError(f"{node} has no code")
            case _:
                assert_never(node)

    def _cell(self, array: Array, cell: int) -> str:
        word, shift = array.locate(cell)
        value = f"%w{word}"
        if shift:
            value = self.op(f"lshr i64 {value}, {shift}")
        if shift + array.bits < 64:
            value = self.op(f"and i64 {value}, {(1 << array.bits) - 1}")
        return value

    def _element(self, array: Array, index: str) -> str:
        result = ""
        for chunk in array.chunks:
            amount = self.amount(array, chunk.shift - array.bits * chunk.first, index)
            moved = self.op(f"lshr i64 %w{chunk.word}, {amount}")
            value = self.op(f"and i64 {moved}, {(1 << array.bits) - 1}")
            if result:
                earlier = self.op(f"icmp slt i64 {index}, {chunk.first}")
                value = self.op(f"select i1 {earlier}, i64 {result}, i64 {value}")
            result = value
        return result

    def amount(self, array: Array, shift: int, index: str) -> str:
        """Return the bit of a cell; made a defined shift where the index lies outside."""
        scaled = index if array.bits == 1 else self.op(f"mul i64 {index}, {array.bits}")
        moved = self.op(f"add i64 {scaled}, {shift}") if shift else scaled
        return self.op(f"and i64 {moved}, 63")

    def _linear(self, parts: tuple[tuple[Integer, int], ...], constant: int) -> str:
        total = ""
        for part, factor in sorted(parts, key=lambda pair: -pair[1]):
            operand = self.integer(part)
            if factor < 0:
                scaled = operand if factor == -1 else self.op(f"mul i64 {operand}, {-factor}")
                total = self.op(f"sub i64 {total or 0}, {scaled}")
                continue
            scaled = operand if factor == 1 else self.op(f"mul i64 {operand}, {factor}")
            total = self.op(f"add i64 {total}, {scaled}") if total else scaled
        return self.op(f"add i64 {total}, {constant}") if constant else total

    # Predicates

    def predicate(self, node: Predicate) -> str:
        """Return the operand that holds a truth value."""
        if isinstance(node, Truth):
            return "true" if node.value else "false"
        name = self.known_name(node)
        if name is None:
            name = self._predicate(node)
            self._known[-1][node] = name
        return name

    def _predicate(self, node: Predicate) -> str:
        test = self._test(node)
        match node:
            case _ if test is not None:
                return self._compare(test[0], test[1], test[2], "eq")
            case Not(operand):
                return self._atom(operand, True)
            case All(parts):
                return self._joined(parts, "and", False)
            case Any(parts):
                return self._joined(parts, "or", True)
            case Is() | Equals() | Less() | Same() | Dropped():
                return self._atom(node, False)
            case Truth():
                raise AssertionError("constants have no code")
            case _:
                assert_never(node)

    def _atom(self, node: Is | Equals | Less | Same | Dropped, negated: bool) -> str:
        equal = "ne" if negated else "eq"
        match node:
            case Is(Cell(), _):
                test = self._test(node)
                assert test is not None
                return self._compare(*test, equal)
            case Is(integer, value):
                return self.op(f"icmp {equal} i64 {self.integer(integer)}, {value}")
            case Equals(left, right):
                return self.op(f"icmp {equal} i64 {self.integer(left)}, {self.integer(right)}")
            case Less(left, right):
                order = "sge" if negated else "slt"
                return self.op(f"icmp {order} i64 {self.integer(left)}, {self.integer(right)}")
            case Same(first, second):
                return self.op(f"icmp {equal} i1 {self.predicate(first)}, {self.predicate(second)}")
            case Dropped(bits):
                set_bits = self.op(f"and i64 %mask, {bits}")
                return self.op(f"icmp {'eq' if negated else 'ne'} i64 {set_bits}, 0")
            case _:
                assert_never(node)

    def _test(self, node: Predicate, negated: bool = False) -> tuple[int, int, int] | None:
        """Return the word, mask and value of the test that a node, or its negation, makes of one
        cell.
        """
        match node, negated:
            case (Is(Cell(array, cell), value), False) | (Not(Is(Cell(array, cell), value)), True):
                pass
            case (Is(Cell(array, cell, 0, 1), 1), True) | (
                Not(Is(Cell(array, cell, 0, 1), 1)),
                False,
            ):
                value = 0
            case _:
                return None
        where = self.layout.arrays[array]
        word, shift = where.locate(cell)
        return word, ((1 << where.bits) - 1) << shift, value << shift

    def _compare(self, word: int, mask: int, value: int, relation: str) -> str:
        kept = self.op(f"and i64 %w{word}, {signed(mask)}") if mask != ALL_ONES else f"%w{word}"
        return self.op(f"icmp {relation} i64 {kept}, {signed(value)}")

    def _joined(self, parts: tuple[Predicate, ...], operator: str, negated: bool) -> str:
        """Join parts; tests of cells of one word are one comparison of the masked word."""
        masks: dict[int, tuple[int, int]] = {}
        others = []
        for part in parts:
            test = self._test(part, negated)
            if test is None or self.known_name(part) is not None:
                others.append(part)
                continue
            word, mask, value = test
            before = masks.get(word, (0, 0))
            masks[word] = (before[0] | mask, before[1] | value)
        operands = [
            self._compare(word, mask, value, "ne" if negated else "eq")
            for word, (mask, value) in masks.items()
        ]
        operands += [self.predicate(part) for part in others]
        result = operands[0]
        for operand in operands[1:]:
            result = self.op(f"{operator} i1 {result}, {operand}")
        return result


def set_bit(asm: Assembler, pointer: str, bit: int) -> None:
    """Set a bit of a set of bits in memory."""
    word, shift = divmod(bit, 64)
    place = asm.op(f"getelementptr i64, ptr {pointer}, i64 {word}")
    before = asm.op(f"load i64, ptr {place}")
    asm.write(f"store i64 {asm.op(f'or i64 {before}, {signed(1 << shift)}')}, ptr {place}")
