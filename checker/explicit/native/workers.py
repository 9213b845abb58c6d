"""Lay out the blocks through which Python and the native runtime speak: one for a search, one for
each thread.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from splitspec.checker.explicit.native import blocks
from splitspec.checker.explicit.native.addresses import Addresses

Words = ctypes.Array[ctypes.c_int64]
BATCH = blocks.BATCH_SUCCESSORS
NO_END = 1 << 62


def words(count: int) -> Words:
    """Return that many zeroed words."""
    return (ctypes.c_int64 * max(count, 1))()


def set_members(members: Iterable[int], size: int) -> Words:
    """Return a set as words of bits."""
    whole = 0
    for member in members:
        whole |= 1 << member
    bits = words(size)
    ctypes.memmove(bits, whole.to_bytes(8 * max(size, 1), "little"), 8 * max(size, 1))
    return bits


def members_of(bits: Words) -> Iterator[int]:
    """Return the members of a set of bits."""
    whole = int.from_bytes(bytes(bits), "little")
    while whole:
        yield (whole & -whole).bit_length() - 1
        whole &= whole - 1


@dataclass(frozen=True)
class Worker:
    """One thread's block, and the buffers that it points to."""

    block: Words
    pending: Words
    undecided: Words
    first: Words
    first_step: Words
    seen: Words
    buffers: tuple[object, ...]

    def decided(self) -> Iterator[tuple[int, int]]:
        """Return the properties that this worker decided, each with its first index."""
        return ((number, index) for number, index in enumerate(self.first) if index >= 0)

    def decide(self, number: int) -> None:
        """Take a property out of what this worker looks for."""
        word, bit = divmod(number, 64)
        hole = ~(1 << bit)
        self.pending[word] &= hole
        self.undecided[word] &= hole


def make_worker(kernel: Addresses, pending: Iterable[int], undecided: Iterable[int]) -> Worker:
    """Return a worker that looks for state properties `pending` and transition properties
    `undecided`.
    """
    batch = BATCH + kernel.fanout + 1
    # The worker may run the kernel once more behind a full batch, to find where a mark came from.
    out = words((batch + kernel.fanout) * kernel.words)
    actions = (ctypes.c_uint16 * (batch + kernel.fanout))()
    hashes, sources = words(batch), words(batch)
    members = words(blocks.BATCH_STATES + 1)
    hits, marks, spare = words(kernel.bits), words(kernel.bits + 1), words(kernel.bits + 1)
    current = words(kernel.words)
    worker = Worker(
        block=words(blocks.WORKER_WORDS),
        pending=set_members(pending, kernel.bits),
        undecided=set_members(undecided, kernel.bits),
        first=words(64 * kernel.bits),
        first_step=words(64 * kernel.bits),
        seen=words(kernel.seen_bits),
        buffers=(out, actions, hashes, sources, members, hits, marks, spare, current),
    )
    ctypes.memset(worker.first, 0xFF, ctypes.sizeof(worker.first))
    for field, buffer in (
        (blocks.OUT, out),
        (blocks.OUT_ACTIONS, actions),
        (blocks.HASHES, hashes),
        (blocks.SOURCES, sources),
        (blocks.MEMBERS, members),
        (blocks.PENDING, worker.pending),
        (blocks.HITS, hits),
        (blocks.MARKS, marks),
        (blocks.OPEN, worker.undecided),
        (blocks.SPARE_MARKS, spare),
        (blocks.FIRST, worker.first),
        (blocks.FIRST_STEP, worker.first_step),
        (blocks.SEEN, worker.seen),
        (blocks.CURRENT, current),
    ):
        worker.block[field] = ctypes.addressof(buffer)
    return worker


def make_control(kernel: Addresses, mask: int) -> Words:
    """Return a control block that knows the kernel; `mask` says which variants are on."""
    control = words(blocks.CONTROL_WORDS)
    control[blocks.WORDS] = kernel.words
    control[blocks.BITS] = kernel.bits
    control[blocks.SEEN_BITS] = kernel.seen_bits
    control[blocks.SUCCESSORS] = kernel.successors
    control[blocks.VIOLATED] = kernel.violated
    control[blocks.HOLDS_GOAL] = kernel.holds_goal
    control[blocks.CANONICAL] = kernel.canonical
    control[blocks.OBSERVE] = kernel.observe
    control[blocks.MASK] = ctypes.c_int64(mask).value
    return control
