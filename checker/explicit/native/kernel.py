"""Compile a system at a scope to a kernel: machine code that knows its steps and its properties.

The stages: the system's variables get their bits (`layout`), actions are partially evaluated to
guarded instances over shared circuits (`lowering`, `instances`), guards are factored (`decision`),
and four functions are written as LLVM IR (`successors`, `properties`, `canonical`) and compiled
(`jit`). What was compiled before is loaded, without any of it. What a run should show at least once
is looked for by code of its own (`observer`).

Soundness: rests on LLVM, and on these modules; tests hold them to the evaluator state by state.
Nothing here decides a verdict.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import llvmlite.binding as llvm

from splitspec.checker.budget import Budget
from splitspec.checker.explicit.native.addresses import Addresses
from splitspec.checker.explicit.native.assembly import METADATA
from splitspec.checker.explicit.native.canonical import CanonicalEmitter
from splitspec.checker.explicit.native.circuit import Circuit
from splitspec.checker.explicit.native.compilation import compiled
from splitspec.checker.explicit.native.fingerprint import fingerprint
from splitspec.checker.explicit.native.instances import Family, Instantiation
from splitspec.checker.explicit.native.jit import compile_object, load_object, target_machine
from splitspec.checker.explicit.native.layout import Layout, lay_out
from splitspec.checker.explicit.native.lowering import Lowering
from splitspec.checker.explicit.native.object_cache import Compiled, cache_folder
from splitspec.checker.explicit.native.properties import Claim, emit_goals, emit_violated
from splitspec.checker.explicit.native.settling import emit_representative, emit_settle
from splitspec.checker.explicit.native.successors import SuccessorsEmitter
from splitspec.checker.explicit.native.symmetry import orbits
from splitspec.checker.explicit.native.table import Bit, bits_of, claims, reads
from splitspec.model.ir import Property, PropertyKind, System
from splitspec.model.scope import Scope


@dataclass(frozen=True)
class Kernel:
    """Machine code for one system.

    `bits` are the properties by number, `actions` paths by action number, `variants` names by bit
    of the mask. `engine` owns the code: the addresses are valid as long as it lives. `canonical`
    puts a state at rest, too, where the system forgets something.
    """

    addresses: Addresses
    layout: Layout
    bits: tuple[Bit, ...]
    actions: tuple[str, ...]
    variants: tuple[str, ...]
    is_reduced: bool
    engine: llvm.ExecutionEngine

    def mask(self, *variants: str) -> int:
        """Return the mask in which exactly these variants are on."""
        return sum(1 << self.variants.index(name) for name in variants)


def compile_kernel(
    system: System,
    scope: Scope,
    properties: Collection[str],
    symmetry: bool = False,
    folder: Path | None = None,
    budget: Budget | None = None,
) -> Kernel:
    """Return the kernel of a system for the chosen properties (paths) and all obligations.

    Code is kept in `folder`, or where the user keeps caches. With `symmetry`, states have
    representatives. Raise `BudgetSpentError` if there is no time to compile.
    """
    layout = lay_out(system.variables.values(), scope)
    machine = target_machine()
    name = f"kernel-{fingerprint(system, scope, (sorted(properties), symmetry))}"

    def make() -> Compiled:
        return _compile(system, layout, properties, symmetry, machine)

    code = compiled((folder or cache_folder()) / name, make, budget)
    return _assemble(system, layout, code, load_object(code.content, machine))


def _compile(
    system: System,
    layout: Layout,
    properties: Collection[str],
    symmetry: bool,
    machine: llvm.TargetMachine,
) -> Compiled:
    lowering = Lowering(Circuit(), layout)
    chosen = claims(system, properties)
    steps = [p for p in chosen if p.kind is PropertyKind.STEP]
    families = Instantiation(lowering, system, steps).all_families()
    bits = bits_of(system, chosen, families, lowering.circuit.false)
    group = orbits(layout)
    is_reduced = symmetry and bool(group.moving)
    text = _emit(lowering, system, chosen, families, bits)
    if is_reduced:
        text += CanonicalEmitter(layout, group).emit()
    if system.forgotten:
        representative = emit_representative(is_reduced=is_reduced)
        text = "\n".join([text, emit_settle(lowering, system), representative])
    facts = {
        "bits": [[bit.path, bit.kind and bit.kind.name] for bit in bits],
        "fanout": sum(family.count for family in families),
        "is_reduced": is_reduced,
    }
    return Compiled(facts, compile_object(text + METADATA, machine))


def _canonical(system: System, is_reduced: bool) -> str:
    """Return the name of what replaces a state by the one that stands for it; "" for nothing."""
    if system.forgotten:
        return "represent"
    return "canonical" if is_reduced else ""


def _emit(
    lowering: Lowering,
    system: System,
    chosen: tuple[Property, ...],
    families: tuple[Family, ...],
    bits: tuple[Bit, ...],
) -> str:
    emitter = SuccessorsEmitter(lowering, system, bits)
    of_states = [
        Claim(number, reads(p.lines), p.lines, p.kind is PropertyKind.WITNESS)
        for number, p in enumerate(chosen)
        if bits[number].is_of_states and p.kind is not PropertyKind.RECOVERABLE
    ]
    goals = {n: p.lines for n, p in enumerate(chosen) if p.kind is PropertyKind.RECOVERABLE}
    for number, p in enumerate(chosen):
        if p.kind is PropertyKind.DEADLOCK and system.finals:
            goals[number] = system.finals
    relevance, violated = emit_violated(lowering, system, of_states, emitter.words)
    return "\n".join(
        [
            emitter.constants(),
            relevance,
            emitter.emit(families),
            violated,
            emit_goals(lowering, goals),
            "",
        ]
    )


def _assemble(
    system: System,
    layout: Layout,
    code: Compiled,
    engine: llvm.ExecutionEngine,
) -> Kernel:
    facts = code.facts
    bits = tuple(Bit(path, kind and PropertyKind[kind]) for path, kind in facts["bits"])

    def address(name: str) -> int:
        return engine.get_function_address(name) if name else 0

    addresses = Addresses(
        words=layout.words,
        bits=-(-len(bits) // 64),
        seen_bits=1,
        fanout=facts["fanout"],
        successors=address("successors"),
        violated=address("violated"),
        holds_goal=address("holds_goal"),
        canonical=address(_canonical(system, facts["is_reduced"])),
        observe=0,
    )
    return Kernel(
        addresses=addresses,
        layout=layout,
        bits=bits,
        actions=tuple(action.path for action in system.actions),
        variants=tuple(variant.name for variant in system.variants),
        is_reduced=facts["is_reduced"],
        engine=engine,
    )
