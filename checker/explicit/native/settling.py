"""Write `settle`: put the places of a state that a run forgets at rest.

A place is forgotten while a condition over other variables holds (`splitspec.model.passes.forget`),
so the order in which places are put at rest makes no difference. With symmetry, states are put at
rest before their representative is looked for.
"""

from __future__ import annotations

from collections.abc import Iterator

from splitspec.checker.explicit.native.assembly import Assembler
from splitspec.checker.explicit.native.effects import Write
from splitspec.checker.explicit.native.lowering import Lowering
from splitspec.checker.explicit.native.words import WordWriter
from splitspec.model.ir import Forgotten, System


def emit_settle(lowering: Lowering, system: System) -> str:
    """Return the text of `settle`, which changes a state where it stands."""
    asm = Assembler(lowering.layout)
    asm.lines += ["define void @settle(ptr noalias %state) {", "entry:"]
    asm.load_words()
    after = WordWriter(asm, {})
    for entry in system.forgotten:
        if entry.variable in lowering.layout.arrays:
            for write in _resting(lowering, entry):
                after.add(write)
    for j, word in enumerate(after.words()):
        asm.write(f"store i64 {word}, ptr {asm.op(f'getelementptr i64, ptr %state, i64 {j}')}")
    return "\n".join([*asm.lines, "  ret void", "}"])


def emit_representative(*, is_reduced: bool) -> str:
    """Return the text of `represent`: a state at rest, and with symmetry the least of its orbit."""
    lines = [
        "define void @represent(ptr noalias %state) {",
        "entry:",
        "  call void @settle(ptr %state)",
    ]
    if is_reduced:
        lines.append("  call void @canonical(ptr %state)")
    return "\n".join([*lines, "  ret void", "}"])


def _resting(lowering: Lowering, entry: Forgotten) -> Iterator[Write]:
    """Iterate over the writes that put a variable at rest; every type's resting code is 0."""
    zero = lowering.circuit.constant(0)
    strides = lowering.layout.arrays[entry.variable].strides
    for env in lowering.bindings(entry.parameters, {}):
        holds = lowering.truth(entry.condition, env, lowering.present)
        index = lowering.circuit.constant(0)
        for parameter, stride in zip(entry.parameters, strides, strict=True):
            index = lowering.circuit.plus(index, env[parameter.name], stride)
        yield Write(entry.variable, index, zero, holds)
