"""Compile a system at a scope to a kernel: machine code that knows its steps and its properties."""

from __future__ import annotations

import ctypes
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from splitspec.checker.explicit.native.addresses import Addresses
from splitspec.checker.explicit.native.canonical import CanonicalEmitter
from splitspec.checker.explicit.native.circuit import Circuit
from splitspec.checker.explicit.native.emission import (
    TRAILER,
    Claim,
    SuccessorsEmitter,
    emit_goals,
    emit_violated,
)
from splitspec.checker.explicit.native.instances import Family, Instantiation
from splitspec.checker.explicit.native.jit import compile_object, load_object, target_machine
from splitspec.checker.explicit.native.layout import Layout, lay_out
from splitspec.checker.explicit.native.lowering import Lowering
from splitspec.checker.explicit.native.symmetry import orbits
from splitspec.checker.explicit.native.table import Bit, claims, reads
from splitspec.model.ir import Property, PropertyKind, System
from splitspec.model.scope import Scope, State
from splitspec.model.types import Natural

OBSERVE = """
define void @observe(ptr %state, ptr %seen, i64 %mask) {
  ret void
}
"""


@dataclass(frozen=True)
class Kernel:
    """Machine code for one system.

    `actions` are the paths by action number (`via`), `variants` those by bit of the mask. `engine` owns the code: the
    addresses are valid as long as it lives.
    """

    addresses: Addresses
    layout: Layout
    bits: tuple[Bit, ...]
    actions: tuple[str, ...]
    variants: tuple[str, ...]
    coverage: tuple[Bit, ...]
    engine: object

    def mask(self, *variants: str) -> int:
        """Return the mask in which exactly these variants are on."""
        return sum(1 << self.variants.index(name) for name in variants)

    def successors_of(
        self, state: State, mask: int = 0
    ) -> tuple[list[tuple[str, State]], int, set[Bit]]:
        """Return the successors with their actions, the number of faulting steps, and the marked bits."""
        size = self.addresses
        out = (ctypes.c_uint64 * (size.words * (size.fanout + 1)))()
        actions = (ctypes.c_uint16 * (size.fanout + 1))()
        marks = (ctypes.c_uint64 * (size.bits + 1))()
        kind = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_void_p] * 4, ctypes.c_uint64)
        count = kind(size.successors)(self._words(state), out, actions, marks, mask)
        found = [
            (
                self.actions[actions[k]],
                self.layout.unpack(out[k * size.words : (k + 1) * size.words]),
            )
            for k in range(count)
        ]
        return found, marks[size.bits], set(self._members(marks))

    def violated_in(self, state: State, action: int = -1, pending: int = -1) -> set[Bit]:
        """Return the bits of state properties that the state sets."""
        size = self.addresses
        whole = pending & ((1 << 64 * size.bits) - 1)
        wanted = (ctypes.c_uint64 * size.bits)(
            *(whole >> 64 * b & ((1 << 64) - 1) for b in range(size.bits))
        )
        hits = (ctypes.c_uint64 * size.bits)()
        kind = ctypes.CFUNCTYPE(
            ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p
        )
        kind(size.violated)(self._words(state), action, wanted, hits)
        return set(self._members(hits))

    def holds_goal(self, state: State, number: int) -> bool:
        """Return whether the goal of property `number` holds."""
        kind = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64)
        return bool(kind(self.addresses.holds_goal)(self._words(state), number))

    def representative(self, state: State) -> State:
        """Return the representative of the orbit of a state."""
        words = self._words(state)
        if self.addresses.canonical:
            ctypes.CFUNCTYPE(None, ctypes.c_void_p)(self.addresses.canonical)(words)
        return self.layout.unpack(words)

    def _words(self, state: State) -> ctypes.Array[ctypes.c_uint64]:
        return (ctypes.c_uint64 * self.addresses.words)(*self.layout.pack(state))

    def _members(self, words: ctypes.Array[ctypes.c_uint64]) -> Iterator[Bit]:
        for number, bit in enumerate(self.bits):
            if words[number // 64] >> number % 64 & 1:
                yield bit


INSTANCES_MAX = 600


def compile_kernel(
    system: System, scope: Scope, properties: Collection[str], symmetry: bool = False
) -> Kernel:
    """Return the kernel of a system for the chosen properties (paths) and all obligations."""
    layout = lay_out(system.variables.values(), scope)
    lowering = Lowering(Circuit(), layout)
    chosen = claims(system, properties)
    steps = [p for p in chosen if p.kind is PropertyKind.STEP]
    instantiation = Instantiation(lowering, system, steps)
    families = _families(instantiation, system)
    bits = _bits(system, chosen, families, lowering)
    emitter = SuccessorsEmitter(lowering, system, bits)
    words = emitter.words
    states = [_claim(i, p) for i, p in enumerate(chosen) if Bit(p.path, p.kind).is_of_states]
    table, violated = emit_violated(
        lowering,
        system,
        [c for c in states if chosen[c.number].kind is not PropertyKind.RECOVERABLE],
        words,
    )
    goals = {
        i: (system.finals if p.kind is PropertyKind.DEADLOCK else p.lines)
        for i, p in enumerate(chosen)
        if p.kind in (PropertyKind.RECOVERABLE, PropertyKind.DEADLOCK)
    }
    text = "\n".join(
        [
            emitter.constants(),
            table,
            emitter.emit(families),
            violated,
            emit_goals(lowering, goals),
            OBSERVE,
            TRAILER,
        ]
    )
    group = orbits(layout)
    if symmetry and group.moving:
        text += CanonicalEmitter(layout, group).emit()
    machine = target_machine()
    engine = load_object(compile_object(text, machine), machine)
    addresses = Addresses(
        words=layout.words,
        bits=words,
        seen_bits=1,
        fanout=sum(family.count for family in families),
        successors=engine.get_function_address("successors"),
        violated=engine.get_function_address("violated"),
        holds_goal=engine.get_function_address("holds_goal"),
        canonical=engine.get_function_address("canonical") if symmetry and group.moving else 0,
        observe=engine.get_function_address("observe"),
    )
    return Kernel(
        addresses=addresses,
        layout=layout,
        bits=bits,
        actions=tuple(action.path for action in system.actions),
        variants=tuple(variant.name for variant in system.variants),
        coverage=(),
        engine=engine,
    )


def _families(instantiation: Instantiation, system: System) -> list[Family]:
    return [f for number in range(len(system.actions)) for f in instantiation.families(number)]


def _claim(number: int, claim: Property) -> Claim:
    reached = claim.kind is PropertyKind.WITNESS
    return Claim(number, reads(claim.lines), claim.lines, reached)


def _bits(
    system: System, chosen: tuple[Property, ...], families: list[Family], lowering: Lowering
) -> tuple[Bit, ...]:
    """Return the table of bits: claims, obligations that only show at the scope, bounds that cut."""
    bits = dict.fromkeys(Bit(claim.path, claim.kind) for claim in chosen)
    false = lowering.circuit.false
    for family in families:
        for instance in family.instances:
            path = system.actions[instance.action].path
            if instance.overlap is not false:
                bits[Bit(f"{path}.overlap", PropertyKind.OVERLAP)] = None
            if instance.range is not false:
                bits[Bit(f"{path}.range", PropertyKind.RANGE)] = None
    for variable in system.variables.values():
        if isinstance(variable.type, Natural) and variable.counted is None:
            bits[Bit(variable.path, None)] = None
    return tuple(bits)
