"""Call a kernel from Python, one state at a time: for replay and for tests."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

from splitspec.checker.explicit.native.kernel import Kernel
from splitspec.checker.explicit.native.table import Bit
from splitspec.model.frozen import frozen
from splitspec.model.scope import State

Words = ctypes.Array[ctypes.c_uint64]
ALL = (1 << 64) - 1


@frozen
class Expansion:
    """The successors of a state with the numbers of their actions, how many steps have
    none, and the bits of transition properties and bounds that show.
    """

    successors: tuple[tuple[int, State], ...]
    refused: int
    marks: frozenset[Bit]


def expand(kernel: Kernel, state: State, mask: int = 0) -> Expansion:
    """Return what can follow a state when the variants of the mask are on."""
    size = kernel.addresses
    out = (ctypes.c_uint64 * (size.words * max(size.fanout, 1)))()
    actions = (ctypes.c_uint16 * max(size.fanout, 1))()
    marks = (ctypes.c_uint64 * (size.bits + 1))()
    kind = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_void_p] * 4, ctypes.c_uint64)
    count = kind(size.successors)(_words(kernel, state), out, actions, marks, mask)
    successors = tuple(
        (actions[k], kernel.layout.unpack(out[k * size.words : (k + 1) * size.words]))
        for k in range(count)
    )
    return Expansion(successors, marks[size.bits], frozenset(_members(kernel, marks)))


def violated(
    kernel: Kernel, state: State, action: int = -1, pending: frozenset[Bit] | None = None
) -> frozenset[Bit]:
    """Return the bits of properties of states that show in a state (pending None: any of them)."""
    size = kernel.addresses.bits
    wanted = kernel.bits if pending is None else pending
    whole = sum(1 << number for number, bit in enumerate(kernel.bits) if bit in wanted)
    asked = (ctypes.c_uint64 * size)(*(whole >> 64 * b & ALL for b in range(size)))
    hits = (ctypes.c_uint64 * size)()
    kind = ctypes.CFUNCTYPE(
        ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p
    )
    found = kind(kernel.addresses.violated)(_words(kernel, state), action, asked, hits)
    shown = frozenset(_members(kernel, hits))
    assert bool(found) is bool(shown)
    return shown


def holds_goal(kernel: Kernel, state: State, number: int) -> bool:
    """Return whether the goal of property `number` holds."""
    kind = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64)
    return bool(kind(kernel.addresses.holds_goal)(_words(kernel, state), number))


def representative(kernel: Kernel, state: State) -> State:
    """Return the representative of the orbit of a state; without symmetry, the state."""
    words = _words(kernel, state)
    if kernel.addresses.canonical:
        ctypes.CFUNCTYPE(None, ctypes.c_void_p)(kernel.addresses.canonical)(words)
    return kernel.layout.unpack(list(words))


def _words(kernel: Kernel, state: State) -> Words:
    return (ctypes.c_uint64 * kernel.addresses.words)(*kernel.layout.pack(state))


def _members(kernel: Kernel, words: Words) -> Iterator[Bit]:
    for number, bit in enumerate(kernel.bits):
        if words[number // 64] >> number % 64 & 1:
            yield bit
