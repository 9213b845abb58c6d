"""Kernels written by hand in LLVM's language, so that the runtime is tested without the code that
makes kernels.

Each has one-word or two-word states and follows the C interface of
`splitspec.checker.explicit.native.addresses`.
"""

from __future__ import annotations

from dataclasses import dataclass

import llvmlite.binding as llvm

from splitspec.checker.explicit.native.addresses import Addresses

EMPTY = """
define i64 @violated(ptr %s, i64 %a, ptr %pending, ptr %hits) {
  ret i64 0
}
"""
NO_GOAL = """
define i64 @holds_goal(ptr %s, i64 %number) {
  %w = load i64, ptr %s
  %is = icmp eq i64 %w, %number
  %r = zext i1 %is to i64
  ret i64 %r
}
"""
NOTHING_SEEN = """
define void @observe(ptr %s, ptr %seen, i64 %mask) {
  ret void
}
"""


@dataclass(frozen=True)
class HandKernel:
    """A loaded kernel; `engine` owns the code."""

    engine: object
    addresses: Addresses


def load(text: str, *, words: int, fanout: int, canonical: bool = False) -> HandKernel:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(opt=2, jit=True)
    module = llvm.parse_assembly(text)
    module.verify()
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    at = engine.get_function_address
    return HandKernel(
        engine,
        Addresses(
            words=words,
            bits=1,
            seen_bits=1,
            fanout=fanout,
            successors=at("successors"),
            violated=at("violated"),
            holds_goal=at("holds_goal"),
            canonical=at("canonical") if canonical else 0,
            observe=at("observe"),
        ),
    )


def grid(sides: int, length: int, *, forbidden: int | None = None) -> str:
    """Return a walk on a grid: `sides` coordinates of 8 bits, each action k adds 1 to coordinate k
    below `length - 1`.

    States lie on level (sum of coordinates). Property 0 is broken where the word equals
    `forbidden`; coverage bit k is seen where action k is enabled.
    """
    lines = ["define i64 @successors(ptr %s, ptr %out, ptr %actions, ptr %marks, i64 %mask) {"]
    lines += ["entry:", "  %w = load i64, ptr %s", "  br label %test0"]
    count = "0"
    for k in range(sides):
        lines += [
            f"test{k}:",
            f"  %shifted{k} = lshr i64 %w, {8 * k}",
            f"  %value{k} = and i64 %shifted{k}, 255",
            f"  %can{k} = icmp ult i64 %value{k}, {length - 1}",
            f"  br i1 %can{k}, label %do{k}, label %end{k}",
            f"do{k}:",
            f"  %next{k} = add i64 %w, {1 << (8 * k)}",
            f"  %place{k} = getelementptr i64, ptr %out, i64 {count}",
            f"  store i64 %next{k}, ptr %place{k}",
            f"  %action{k} = getelementptr i16, ptr %actions, i64 {count}",
            f"  store i16 {k}, ptr %action{k}",
            f"  %more{k} = add i64 {count}, 1",
            f"  br label %end{k}",
            f"end{k}:",
            f"  %count{k} = phi i64 [ {count}, %test{k} ], [ %more{k}, %do{k} ]",
            f"  br label %test{k + 1}" if k + 1 < sides else "",
        ]
        count = f"%count{k}"
    lines += [f"  ret i64 {count}", "}"]
    seen = ["define void @observe(ptr %s, ptr %seen, i64 %mask) {", "  %w = load i64, ptr %s"]
    seen += ["  %o0 = load i64, ptr %seen"]
    for k in range(sides):
        seen += [
            f"  %s{k} = lshr i64 %w, {8 * k}",
            f"  %v{k} = and i64 %s{k}, 255",
            f"  %c{k} = icmp ult i64 %v{k}, {length - 1}",
            f"  %b{k} = select i1 %c{k}, i64 {1 << k}, i64 0",
            f"  %o{k + 1} = or i64 %o{k}, %b{k}",
        ]
    seen += [f"  store i64 %o{sides}, ptr %seen", "  ret void", "}"]
    judge = EMPTY if forbidden is None else forbids(forbidden)
    return "\n".join([*lines, *seen, judge, NO_GOAL])


def forbids(word: int) -> str:
    """Return `violated` for one property, number 0: the state is not `word`."""
    return f"""
define i64 @violated(ptr %s, i64 %a, ptr %pending, ptr %hits) {{
  %w = load i64, ptr %s
  %p = load i64, ptr %pending
  %on = and i64 %p, 1
  %is = icmp eq i64 %w, {word}
  %isw = zext i1 %is to i64
  %hit = and i64 %on, %isw
  %old = load i64, ptr %hits
  %new = or i64 %old, %hit
  store i64 %new, ptr %hits
  ret i64 %hit
}}
"""


def ring(length: int, *, faulty: int | None = None) -> str:
    """Return a counter modulo `length` in word 0 of two; word 1 is its complement.

    Property 1 is an obligation of the step: at value `faulty` the step has no successor and makes
    the mark.
    """
    bad = -1 if faulty is None else faulty
    return f"""
define i64 @successors(ptr %s, ptr %out, ptr %actions, ptr %marks, i64 %mask) {{
entry:
  %w = load i64, ptr %s
  %bad = icmp eq i64 %w, {bad}
  br i1 %bad, label %fault, label %step
fault:
  %m = load i64, ptr %marks
  %mm = or i64 %m, 2
  store i64 %mm, ptr %marks
  %cp = getelementptr i64, ptr %marks, i64 1
  %c = load i64, ptr %cp
  %cc = add i64 %c, 1
  store i64 %cc, ptr %cp
  ret i64 0
step:
  %n = add i64 %w, 1
  %last = icmp eq i64 %n, {length}
  %next = select i1 %last, i64 0, i64 %n
  store i64 %next, ptr %out
  %o1 = getelementptr i64, ptr %out, i64 1
  %inv = xor i64 %next, -1
  store i64 %inv, ptr %o1
  store i16 7, ptr %actions
  ret i64 1
}}
{EMPTY}{NO_GOAL}{NOTHING_SEEN}"""


def sorted_grid(length: int) -> str:
    """Return the grid of two coordinates whose representatives have the smaller one first."""
    return (
        grid(2, length)
        + """
define void @canonical(ptr %s) {
  %w = load i64, ptr %s
  %a = and i64 %w, 255
  %b = lshr i64 %w, 8
  %is = icmp ult i64 %b, %a
  %low = shl i64 %a, 8
  %swapped = or i64 %low, %b
  %r = select i1 %is, i64 %swapped, i64 %w
  store i64 %r, ptr %s
  ret void
}
"""
    )
