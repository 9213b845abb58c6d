"""Write `successors`: a decision tree over the guards, and the steps at its leaves.

Soundness: every instance whose guards hold is written, or counted and marked as a fault or as cut
at a bound of the run; nothing is decided by a hash. A deadlock is looked for among the successors
that were written.
"""

from __future__ import annotations

from collections.abc import Sequence

from splitspec.checker.explicit.native.assembly import Assembler, set_bit
from splitspec.checker.explicit.native.circuit import Predicate, conjuncts, depends, is_test
from splitspec.checker.explicit.native.decision import Branch, Decision, Leaf, factor
from splitspec.checker.explicit.native.instances import Family, Instance
from splitspec.checker.explicit.native.lowering import Lowering
from splitspec.checker.explicit.native.table import Bit
from splitspec.checker.explicit.native.words import WordWriter, known_values
from splitspec.model.ir import PropertyKind, System
from splitspec.model.passes.oblige import LOST


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
                with (
                    self.asm.when(self.lowering.circuit.all(remaining)),
                    self.asm.loop(family.registers),
                ):
                    leaves: list[Leaf[Family | Instance]] = [
                        Leaf(i, tuple(c for c in self._enabling(i) if c not in shared))
                        for i in family.instances
                    ]
                    for inner_decision in factor(leaves):
                        self._emit_decision(inner_decision)
            case Leaf(Instance() as instance, remaining):
                cheap = [part for part in remaining if is_test(part)]
                others = [part for part in remaining if not is_test(part)]
                with (
                    self.asm.when(self.lowering.circuit.all(cheap)),
                    self.asm.when(self.lowering.circuit.all(others)),
                    self.asm.scope(),
                ):
                    self._emit_step(instance)

    def _emit_step(self, instance: Instance) -> None:
        asm, circuit = self.asm, self.lowering.circuit
        end = asm.label()
        action = self.system.actions[instance.action]
        # First, for a fault may be one of the forgotten values only.
        if instance.lost is not circuit.false:
            with asm.when(instance.lost, rare=True):
                self._emit_mark(self.numbers[f"{action.path}.{LOST}", PropertyKind.STEP])
        for kind, fault in (
            (PropertyKind.OVERLAP, instance.overlap),
            (PropertyKind.RANGE, instance.range),
        ):
            if fault is not circuit.false:
                number = self.numbers[f"{action.path}.{kind.value}", kind]
                self._emit_refusal([(number, fault)], end)
        if instance.cuts:
            cuts = [(self.numbers[path, None], over) for path, over in instance.cuts]
            self._emit_refusal(cuts, end, moves=not action.hostile)
        for path, failed in instance.steps:
            with asm.when(failed, rare=True):
                self._emit_mark(self.numbers[path, PropertyKind.STEP])
        self._emit_successor(instance)
        asm.jump(end)
        asm.place(end)

    def _emit_refusal(
        self, reasons: Sequence[tuple[int, Predicate]], end: str, moves: bool = False
    ) -> None:
        """Leave the step without a successor if one of the conditions holds, and mark the bit of
        each that does. It is a transition all the same; one that `moves` would have changed the
        state, so the state is no deadlock.
        """
        asm, true = self.asm, self.lowering.circuit.true
        bad, good = asm.label(), asm.label()
        whole = self.lowering.circuit.any(condition for _, condition in reasons)
        asm.branch(asm.predicate(whole), bad, good, rare=bad)
        asm.place(bad)
        with asm.scope():
            for bit, condition in reasons:
                with asm.when(condition if len(reasons) > 1 else true):
                    self._emit_mark(bit)
        if moves:
            asm.write("store i64 1, ptr %cut")
        pointer = asm.op(f"getelementptr i64, ptr %marks, i64 {self.words}")
        refused = asm.op(f"load i64, ptr {pointer}")
        asm.write(f"store i64 {asm.op(f'add i64 {refused}, 1')}, ptr {pointer}")
        asm.jump(end)
        asm.place(good)

    def _emit_mark(self, bit: int) -> None:
        set_bit(self.asm, "%marks", bit)

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
        """Mark a deadlock unless a step of an action that is not hostile changes a word, or the
        state is final.

        The first successor nearly always does, so looking at them is cheaper than a flag at every
        step.
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
