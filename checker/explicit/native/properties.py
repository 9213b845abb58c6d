"""Write `violated` and `holds_goal`: what is true of a state.

A claim with many bindings becomes loops over its outer binders; a small one is straight-line code
without branches, as it nearly always holds.

Soundness: what `violated` leaves out cannot have changed, because the action writes nothing that
the property reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from splitspec.checker.explicit.native.assembly import ALL_ONES, Assembler, set_bit, signed
from splitspec.checker.explicit.native.binding import Binding
from splitspec.checker.explicit.native.circuit import Register
from splitspec.checker.explicit.native.lowering import Environment, Lowering
from splitspec.model.frozen import frozen
from splitspec.model.ir import (
    And,
    Count,
    Expression,
    Implies,
    Line,
    Not,
    Quantifier,
    System,
)
from splitspec.model.terms import operands

BINDINGS_MAX = 600
"""A formula with more bindings than these becomes a loop."""


@frozen
class Claim:
    """A property of states: its bit, what it reads, and whether the bit says that it holds."""

    number: int
    reads: frozenset[str]
    lines: tuple[Line, ...]
    is_reached: bool


class Refuter:
    """Writes code that leaves for a label iff a formula is false."""

    def __init__(self, lowering: Lowering, asm: Assembler) -> None:
        self._lowering = lowering
        self._asm = asm
        self._loops = 0

    def refute(self, expression: Expression, env: Environment, false: str) -> None:
        """Jump to `false` if the expression is false; else go on behind the code."""
        match expression:
            case _ if self._bindings(expression) <= BINDINGS_MAX:
                self._test(expression, env, false)
            case And(parts):
                for part in parts:
                    self.refute(part, env, false)
            case Implies(premise, conclusion):
                lowering = self._lowering
                with self._asm.when(lowering.truth(premise, env, lowering.present)):
                    self.refute(conclusion, env, false)
            case Quantifier("all"):
                plan = self._lowering.plan_of(expression)
                self._refute_all(expression, plan, env, false)
            case Not(Quantifier("some", binders, body, type_, span)):
                none = Quantifier("all", binders, Not(body, type_, span), type_, span)
                self.refute(none, env, false)
            case _:
                self._test(expression, env, false)

    def _test(self, expression: Expression, env: Environment, false: str) -> None:
        asm, lowering = self._asm, self._lowering
        holds = lowering.truth(expression, env, lowering.present)
        on = asm.label()
        asm.branch(asm.predicate(holds), on, false, rare=false)
        asm.place(on)

    def _refute_all(
        self, quantifier: Quantifier, steps: Sequence[Binding], env: Environment, false: str
    ) -> None:
        lowering = self._lowering
        if not steps:
            self.refute(quantifier.body, env, false)
            return
        step, *rest = steps
        name = step.parameter.name
        if step.source is not None:
            given, value = lowering.determine(step, env, lowering.present)
            with self._asm.when(given):
                self._refute_all(quantifier, rest, {**env, name: value}, false)
            return
        size = lowering.size(step.parameter.type)
        self._loops += 1
        register = lowering.circuit.register(f"q{self._loops}", size)
        assert isinstance(register, Register)
        with self._asm.loop((register,)):
            self._refute_all(quantifier, rest, {**env, name: register}, false)

    def _bindings(self, expression: Expression) -> int:
        """Return how many leaves the expression has when all binders are enumerated."""
        inner = sum(self._bindings(operand) for operand in operands(expression)) or 1
        match expression:
            case Quantifier():
                for step in self._lowering.plan_of(expression):
                    if step.source is None:
                        inner *= self._lowering.size(step.parameter.type)
            case Count(binders):
                for binder in binders:
                    inner *= self._lowering.size(binder.type)
            case _:
                pass
        return inner


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
    todo = _undecided(asm, words)
    asm.load_words()
    refuter = Refuter(lowering, asm)
    for claim in claims:
        word, shift = divmod(claim.number, 64)
        bit = asm.op(f"and i64 {todo[word]}, {signed(1 << shift)}")
        evaluate, end = asm.label(), asm.label()
        asm.branch(asm.op(f"icmp ne i64 {bit}, 0"), evaluate, end)
        asm.place(evaluate)
        with asm.scope():
            _emit_claim(asm, refuter, claim, end)
        asm.place(end)
    asm.write(f"ret i64 {asm.op('load i64, ptr %found')}")
    return _relevance(system, claims, words), "\n".join([*asm.lines, "}"])


def _undecided(asm: Assembler, words: int) -> list[str]:
    """Return the words of the claims that are wanted and that the action may have changed."""
    row = asm.op("add i64 %action, 1")
    base = asm.op(f"mul i64 {row}, {words}")
    todo = []
    for b in range(words):
        entry = asm.op(f"getelementptr i64, ptr @relevant, i64 {asm.op(f'add i64 {base}, {b}')}")
        pointer = asm.op(f"getelementptr i64, ptr %pending, i64 {b}")
        loaded = asm.op(f"load i64, ptr {entry}")
        todo.append(asm.op(f"and i64 {loaded}, {asm.op(f'load i64, ptr {pointer}')}"))
    return todo


def _emit_claim(asm: Assembler, refuter: Refuter, claim: Claim, end: str) -> None:
    """Set the claim's bit if it is due, and go to `end`."""
    hit = asm.label()
    if claim.is_reached:
        refuter.refute(_denial(claim.lines), {}, hit)
    else:
        for line in claim.lines:
            refuter.refute(line.expression, {}, hit)
    asm.jump(end)
    asm.place(hit)
    with asm.scope():
        set_bit(asm, "%hits", claim.number)
        asm.write("store i64 1, ptr %found")
    asm.jump(end)


def _denial(lines: Sequence[Line]) -> Expression:
    """Return the negation of the conjunction, with the negation as far inside as a quantifier."""
    parts = tuple(line.expression for line in lines)
    first = parts[0]
    whole = first if len(parts) == 1 else And(parts, first.type, first.span)
    if isinstance(whole, Quantifier) and whole.kind == "some":
        return replace(whole, kind="all", body=Not(whole.body, whole.type, whole.span))
    return Not(whole, whole.type, whole.span)


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
    refuter = Refuter(lowering, asm)
    for number, lines in goals.items():
        asm.place(labels[number])
        with asm.scope():
            for line in lines:
                refuter.refute(line.expression, {}, "none")
        asm.write("ret i64 1")
    return "\n".join([*asm.lines, "}"])
