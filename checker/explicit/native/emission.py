"""Write a kernel's functions as LLVM IR: `successors`, `violated` and `holds_goal`.

Soundness: the functions are what the circuits say, one instruction for each node; nothing is decided by a hash or a
bound. What `violated` leaves out cannot have changed: the action writes nothing that the property reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from splitspec.checker.explicit.native.assembly import ALL_ONES, Assembler, signed
from splitspec.checker.explicit.native.circuit import (
    Cell,
    Constant,
    Is,
    Node,
    Not,
    Predicate,
    Register,
    conjuncts,
)
from splitspec.checker.explicit.native.decision import Branch, Decision, Leaf, factor
from splitspec.checker.explicit.native.instances import Family, Instance, Write
from splitspec.checker.explicit.native.lowering import Lowering
from splitspec.checker.explicit.native.table import Bit, reads
from splitspec.model.ir import Line, PropertyKind, System

TRAILER = """
!0 = !{!"branch_weights", i32 1, i32 2000}
!1 = !{!"branch_weights", i32 2000, i32 1}
!2 = distinct !{!2, !3}
!3 = !{!"llvm.loop.unroll.disable"}
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A property of states with the condition that sets its bit."""

    number: int
    reads: frozenset[str]
    lines: tuple[Line, ...]
    is_reached: bool  # The bit means that the lines hold, not that they fail.


class SuccessorsEmitter:
    """Writes `successors`."""

    def __init__(
        self,
        lowering: Lowering,
        system: System,
        bits: Sequence[Bit],
    ) -> None:
        self.lowering = lowering
        self.system = system
        self.numbers = {(bit.path, bit.kind): i for i, bit in enumerate(bits)}
        self.words = -(-len(bits) // 64)
        self.asm = Assembler(lowering.layout)

    def emit(self, families: Sequence[Family]) -> str:
        """Return the text of the function."""
        asm = self.asm
        asm.lines += [
            "define i64 @successors(ptr noalias readonly %state, ptr noalias %out, "
            "ptr noalias %actions, ptr noalias %marks, i64 %mask) {",
            "entry:",
        ]
        asm.write("%count = alloca i64")
        asm.write("%cut = alloca i64")
        asm.write("store i64 0, ptr %count")
        asm.write("store i64 0, ptr %cut")
        asm.load_words()
        self._emit_families(families)
        self._emit_deadlock()
        asm.write(f"ret i64 {asm.op('load i64, ptr %count')}")
        return "\n".join([*asm.lines, "}"])

    def _emit_families(self, families: Sequence[Family]) -> None:
        items: list[Leaf[Family | Instance]] = []
        for family in families:
            if family.registers:
                items.append(Leaf(family, self._shared(family)))
            else:
                items += [Leaf(i, self._enabling(i)) for i in family.instances]
        for decision in factor(items):
            self._emit_decision(decision)

    def _enabling(self, instance: Instance) -> tuple[Predicate, ...]:
        return conjuncts(self.lowering.circuit.all([guard for _, guard in instance.guards]))

    def _shared(self, family: Family) -> tuple[Predicate, ...]:
        """Return the conjuncts that all instances of a family share and that no loop changes."""
        common = dict.fromkeys(self._enabling(family.instances[0]))
        for instance in family.instances[1:]:
            conjuncts_ = set(self._enabling(instance))
            common = {part: None for part in common if part in conjuncts_}
        return tuple(part for part in common if not depends(part, family.registers))

    def _emit_decision(self, decision: Decision[Family | Instance]) -> None:
        match decision:
            case Branch(test, inner):
                with self.asm.when(test):
                    for decided in inner:
                        self._emit_decision(decided)
            case Leaf(Family() as family, remaining):
                shared = set(self._shared(family))
                with self.asm.when(self.lowering.circuit.all(remaining)):
                    with self.asm.loop(family.registers):
                        leaves: list[Leaf[Family | Instance]] = [
                            Leaf(i, tuple(c for c in self._enabling(i) if c not in shared))
                            for i in family.instances
                        ]
                        for inner_decision in factor(leaves):
                            self._emit_decision(inner_decision)
            case Leaf(Instance() as instance, remaining):
                cheap = [part for part in remaining if is_test(part)]
                others = [part for part in remaining if not is_test(part)]
                with self.asm.when(self.lowering.circuit.all(cheap)):
                    with self.asm.when(self.lowering.circuit.all(others)), self.asm.scope():
                        self._emit_step(instance)

    def _emit_step(self, instance: Instance) -> None:
        asm, circuit = self.asm, self.lowering.circuit
        end = asm.label()
        action = self.system.actions[instance.action]
        for kind, fault in (
            (PropertyKind.OVERLAP, instance.overlap),
            (PropertyKind.RANGE, instance.range),
        ):
            if fault is not circuit.false:
                self._emit_refusal(fault, end, self.numbers[f"{action.path}.{kind.value}", kind])
        for path, over in instance.cuts:
            self._emit_refusal(over, end, self.numbers[path, None], cut=True)
        for path, failed in instance.steps:
            with asm.when(failed, rare=True):
                self._emit_mark(self.numbers[path, PropertyKind.STEP])
        self._emit_successor(instance)
        asm.jump(end)
        asm.place(end)

    def _emit_refusal(self, condition: Predicate, end: str, bit: int, cut: bool = False) -> None:
        """Leave the step without a successor if the condition holds."""
        asm = self.asm
        bad, good = asm.label(), asm.label()
        asm.branch(asm.predicate(condition), bad, good, rare=bad)
        asm.place(bad)
        self._emit_mark(bit)
        if cut:
            asm.write("store i64 1, ptr %cut")
        else:
            pointer = asm.op(f"getelementptr i64, ptr %marks, i64 {self.words}")
            faults = asm.op(f"load i64, ptr {pointer}")
            asm.write(f"store i64 {asm.op(f'add i64 {faults}, 1')}, ptr {pointer}")
        asm.jump(end)
        asm.place(good)

    def _emit_mark(self, bit: int) -> None:
        emit_bit(self.asm, "%marks", bit)

    def _emit_successor(self, instance: Instance) -> None:
        asm = self.asm
        after = WordWriter(asm, known_values(instance))
        for write in instance.writes:
            after.add(write)
        words = after.words()
        count = asm.op("load i64, ptr %count")
        size = len(words)
        base = count if size == 1 else asm.op(f"mul i64 {count}, {size}")
        pointer = asm.op(f"getelementptr i64, ptr %out, i64 {base}")
        for j, word in enumerate(words):
            place = asm.op(f"getelementptr i64, ptr {pointer}, i64 {j}") if j else pointer
            asm.write(f"store i64 {word}, ptr {place}")
        tag = asm.op(f"getelementptr i16, ptr %actions, i64 {count}")
        asm.write(f"store i16 {instance.action}, ptr {tag}")
        asm.write(f"store i64 {asm.op(f'add i64 {count}, 1')}, ptr %count")

    def _emit_deadlock(self) -> None:
        """Mark a deadlock unless a step of an action that is not hostile changes a word, or the state is final.

        The first successor nearly always does, so looking at them is cheaper than a flag at every step.
        """
        asm, bit = self.asm, self.numbers.get(("deadlock", PropertyKind.DEADLOCK))
        if bit is None:
            return
        head, look, next_, alone, end = (asm.label() for _ in range(5))
        count = asm.op("load i64, ptr %count")
        asm.jump("before_look")
        asm.place("before_look")
        asm.jump(head)
        asm.place(head)
        asm.write(f"%at = phi i64 [ 0, %before_look ], [ %at_next, %{next_} ]")
        asm.branch(asm.op(f"icmp ult i64 %at, {count}"), look, alone)
        asm.place(look)
        moved = self._emit_moved()
        asm.branch(moved, end, next_)
        asm.place(next_)
        asm.write("%at_next = add i64 %at, 1")
        asm.jump(head)
        asm.place(alone)
        with asm.scope():
            cut = asm.op("load i64, ptr %cut")
            stuck = asm.op(f"icmp eq i64 {cut}, 0")
            lines = self.system.finals
            final = self.lowering.circuit.all(
                [self.lowering.truth(line.expression, {}, self.lowering.present) for line in lines]
            )
            bad = asm.label()
            judge = asm.label()
            asm.branch(stuck, judge, end)
            asm.place(judge)
            asm.branch(asm.predicate(final) if lines else "false", end, bad)
            asm.place(bad)
            self._emit_mark(bit)
            asm.jump(end)
        asm.place(end)

    def _emit_moved(self) -> str:
        asm, size = self.asm, self.lowering.layout.words
        pointer = asm.op(f"getelementptr i64, ptr %out, i64 {asm.op(f'mul i64 %at, {size}')}")
        difference = ""
        for j in range(size):
            place = asm.op(f"getelementptr i64, ptr {pointer}, i64 {j}")
            change = asm.op(f"xor i64 {asm.op(f'load i64, ptr {place}')}, %w{j}")
            difference = asm.op(f"or i64 {difference}, {change}") if difference else change
        moved = asm.op(f"icmp ne i64 {difference}, 0")
        if not any(action.hostile for action in self.system.actions):
            return moved
        tag = asm.op("getelementptr i16, ptr %actions, i64 %at")
        number = asm.op(f"zext i16 {asm.op(f'load i16, ptr {tag}')} to i64")
        entry = asm.op(f"getelementptr i8, ptr @hostile, i64 {number}")
        honest = asm.op(f"icmp eq i8 {asm.op(f'load i8, ptr {entry}')}, 0")
        return asm.op(f"and i1 {moved}, {honest}")

    def constants(self) -> str:
        """Return the tables that the function reads."""
        flags = ", ".join(f"i8 {int(action.hostile)}" for action in self.system.actions)
        size = len(self.system.actions)
        return f"@hostile = internal constant [{size} x i8] [{flags}]" if size else ""


class WordWriter:
    """Computes the words after a step from its writes."""

    def __init__(self, asm: Assembler, known: Mapping[tuple[str, int], int]) -> None:
        self._asm = asm
        self._known = known
        size = asm.layout.words
        self._flips = [0] * size  # Bits that change, where the value before is known.
        self._holes = [0] * size  # Bits that are overwritten by constants.
        self._constants = [0] * size
        self._writes: list[Write] = []

    def add(self, write: Write) -> None:
        """Take up a write."""
        array = self._asm.layout.arrays[write.array]
        if array.fixed is not None:
            return
        match write:
            case Write(path, Constant(cell), Constant(value), condition) if condition_is_true(
                condition
            ):
                word, shift = array.locate(cell)
                before = self._known.get((path, cell))
                if before is None:
                    self._holes[word] |= ((1 << array.bits) - 1) << shift
                    self._constants[word] |= value << shift
                else:
                    self._flips[word] |= (before ^ value) << shift
            case _:
                self._writes.append(write)

    def words(self) -> list[str]:
        """Write the code, and return the operands of the words."""
        asm = self._asm
        words = [f"%w{j}" for j in range(asm.layout.words)]
        for j, hole in enumerate(self._holes):
            if hole:
                words[j] = asm.op(f"and i64 {words[j]}, {signed(~hole)}")
                if self._constants[j]:
                    words[j] = asm.op(f"or i64 {words[j]}, {signed(self._constants[j])}")
            if self._flips[j]:
                words[j] = asm.op(f"xor i64 {words[j]}, {signed(self._flips[j])}")
        for write in self._writes:
            self._put(words, write)
        return words

    def _put(self, words: list[str], write: Write) -> None:
        asm, array = self._asm, self._asm.layout.arrays[write.array]
        mask = (1 << array.bits) - 1
        value = asm.integer(write.value)
        if isinstance(write.index, Constant):
            word, shift = array.locate(write.index.value)
            kept = asm.op(f"and i64 {words[word]}, {signed(~(mask << shift))}")
            self._blend(words, word, kept, asm.op(f"shl i64 {value}, {shift}"), write)
            return
        index = asm.integer(write.index)
        for chunk in array.chunks:
            amount = asm.amount(array, chunk.shift - array.bits * chunk.first, index)
            hole = asm.op(f"xor i64 {asm.op(f'shl i64 {mask}, {amount}')}, -1")
            kept = asm.op(f"and i64 {words[chunk.word]}, {hole}")
            put = asm.op(f"shl i64 {value}, {amount}")
            inside = None
            if len(array.chunks) > 1:
                offset = asm.op(f"sub i64 {index}, {chunk.first}")
                inside = asm.op(f"icmp ult i64 {offset}, {chunk.count}")
            self._blend(words, chunk.word, kept, put, write, inside)

    def _blend(
        self,
        words: list[str],
        word: int,
        kept: str,
        put: str,
        write: Write,
        inside: str | None = None,
    ) -> None:
        asm = self._asm
        whole = asm.op(f"or i64 {kept}, {put}")
        if not condition_is_true(write.condition):
            happens = asm.predicate(write.condition)
            inside = asm.op(f"and i1 {inside}, {happens}") if inside else happens
        if inside:
            whole = asm.op(f"select i1 {inside}, i64 {whole}, i64 {words[word]}")
        words[word] = whole


def condition_is_true(predicate: Predicate) -> bool:
    """Whether a condition always holds."""
    return conjuncts(predicate) == ()


def known_values(instance: Instance) -> dict[tuple[str, int], int]:
    """Return the encoded values that the guards of an instance fix."""
    known = {}
    for _, guard in instance.guards:
        for part in conjuncts(guard):
            match part:
                case Is(Cell(array, cell), value):
                    known[array, cell] = value
                case Not(Is(Cell(array, cell, 0, 1), 1)):
                    known[array, cell] = 0
                case _:
                    pass
    return known


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
    for name in type(node).__slots__:
        value = getattr(node, name)
        values = value if isinstance(value, tuple) else (value,)
        for one in values:
            part = one[0] if isinstance(one, tuple) else one
            if not isinstance(part, str | int | bool):
                found.append(part)
    return found


def emit_bit(asm: Assembler, pointer: str, bit: int) -> None:
    """Set a bit of a set of bits in memory."""
    word, shift = divmod(bit, 64)
    place = asm.op(f"getelementptr i64, ptr {pointer}, i64 {word}")
    before = asm.op(f"load i64, ptr {place}")
    asm.write(f"store i64 {asm.op(f'or i64 {before}, {signed(1 << shift)}')}, ptr {place}")


def emit_violated(
    lowering: Lowering, system: System, claims: Sequence[Claim], words: int
) -> tuple[str, str]:
    """Return the table of what each action can change, and the text of `violated`."""
    asm = Assembler(lowering.layout)
    asm.lines += [
        "define i64 @violated(ptr noalias readonly %state, i64 %action, "
        "ptr noalias readonly %pending, ptr noalias %hits) {",
        "entry:",
    ]
    asm.write("%found = alloca i64")
    asm.write("store i64 0, ptr %found")
    row = asm.op("add i64 %action, 1")
    base = asm.op(f"mul i64 {row}, {words}")
    todo = []
    for b in range(words):
        entry = asm.op(f"getelementptr i64, ptr @relevant, i64 {asm.op(f'add i64 {base}, {b}')}")
        pointer = asm.op(f"getelementptr i64, ptr %pending, i64 {b}")
        loaded = asm.op(f"load i64, ptr {entry}")
        todo.append(asm.op(f"and i64 {loaded}, {asm.op(f'load i64, ptr {pointer}')}"))
    asm.load_words()
    for claim in claims:
        word, shift = divmod(claim.number, 64)
        bit = asm.op(f"and i64 {todo[word]}, {signed(1 << shift)}")
        evaluate, hit, end = asm.label(), asm.label(), asm.label()
        asm.branch(asm.op(f"icmp ne i64 {bit}, 0"), evaluate, end)
        asm.place(evaluate)
        with asm.scope():
            holds = lowering.circuit.all(
                [lowering.truth(line.expression, {}, lowering.present) for line in claim.lines]
            )
            shown = holds if claim.is_reached else lowering.circuit.negate(holds)
            asm.branch(asm.predicate(shown), hit, end, rare=hit)
            asm.place(hit)
            emit_bit(asm, "%hits", claim.number)
            asm.write("store i64 1, ptr %found")
        asm.jump(end)
        asm.place(end)
    asm.write(f"ret i64 {asm.op('load i64, ptr %found')}")
    return _relevance(system, claims, words), "\n".join([*asm.lines, "}"])


def _relevance(system: System, claims: Sequence[Claim], words: int) -> str:
    rows = [ALL_ONES] * words
    for action in system.actions:
        written = {update.variable for update in action.updates}
        whole = sum(1 << claim.number for claim in claims if claim.reads & written)
        rows += [whole >> 64 * b & ALL_ONES for b in range(words)]
    entries = ", ".join(f"i64 {signed(row)}" for row in rows)
    return f"@relevant = internal constant [{len(rows)} x i64] [{entries}]"


def emit_goals(lowering: Lowering, goals: Mapping[int, tuple[Line, ...]]) -> str:
    """Return the text of `holds_goal`; a number that is no goal holds nowhere."""
    asm = Assembler(lowering.layout)
    asm.lines += ["define i64 @holds_goal(ptr noalias readonly %state, i64 %number) {", "entry:"]
    asm.load_words()
    labels = {number: asm.label() for number in goals}
    cases = " ".join(f"i64 {number}, label %{label}" for number, label in labels.items())
    asm.write(f"switch i64 %number, label %none [ {cases} ]")
    asm.place("none")
    asm.write("ret i64 0")
    for number, lines in goals.items():
        asm.place(labels[number])
        with asm.scope():
            holds = lowering.circuit.all(
                [lowering.truth(line.expression, {}, lowering.present) for line in lines]
            )
            asm.write(f"ret i64 {asm.op(f'zext i1 {asm.predicate(holds)} to i64')}")
    return "\n".join([*asm.lines, "}"])
