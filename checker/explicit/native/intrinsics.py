"""The machine operations that Python has no words for: atomics, prefetch, wide products, and calls
through addresses.

Each is written twice: in LLVM's language, which is what a translation uses, and in Python, which
says what it means to one thread. Tests hold the two together.
"""

from __future__ import annotations

import ctypes
from typing import Any

from splitspec.checker.explicit.native.translator.subset import (
    Bytes,
    Links,
    Pointer,
    Shorts,
    Words,
    instructions,
)

ALL_ONES = (1 << 64) - 1
LINE = 8  # slots that share a cache line


# Pointers -------------------------------------------------------------------------------


@instructions("""
  %pointer = inttoptr i64 %address to ptr
  ret ptr %pointer
""")
def words_at(address: int) -> Words:
    """Return the address as a pointer to 64-bit words."""
    return Words(address)


@instructions("""
  %pointer = inttoptr i64 %address to ptr
  ret ptr %pointer
""")
def links_at(address: int) -> Links:
    """Return the address as a pointer to 32-bit indices."""
    return Links(address)


@instructions("""
  %pointer = inttoptr i64 %address to ptr
  ret ptr %pointer
""")
def shorts_at(address: int) -> Shorts:
    """Return the address as a pointer to 16-bit action numbers."""
    return Shorts(address)


@instructions("""
  %pointer = inttoptr i64 %address to ptr
  ret ptr %pointer
""")
def bytes_at(address: int) -> Bytes:
    """Return the address as a pointer to bytes."""
    return Bytes(address)


# Memory that threads share --------------------------------------------------------------


@instructions("""
declare void @llvm.prefetch.p0(ptr, i32, i32, i32)
  %place = getelementptr i64, ptr %pointer, i64 %index
  call void @llvm.prefetch.p0(ptr %place, i32 0, i32 3, i32 1)
  ret void
""")
def prefetch(pointer: Words, index: int) -> None:
    """Ask for the cache line of an element, to be read soon."""


@instructions("""
  %place = getelementptr i64, ptr %pointer, i64 %index
  %value = load atomic i64, ptr %place acquire, align 8
  ret i64 %value
""")
def load(pointer: Words, index: int) -> int:
    """Read a word that other threads write; what they wrote before it is then visible."""
    return pointer[index]


@instructions("""
  %place = getelementptr i64, ptr %pointer, i64 %index
  %pair = cmpxchg ptr %place, i64 %old, i64 %new acq_rel acquire, align 8
  %before = extractvalue { i64, i1 } %pair, 0
  ret i64 %before
""")
def exchange(pointer: Words, index: int, old: int, new: int) -> int:
    """Write `new` iff the word is `old`, in one step; return what it was."""
    before = pointer[index]
    if before == old:
        pointer[index] = new
    return before


@instructions("""
  %place = getelementptr i64, ptr %pointer, i64 %index
  %before = atomicrmw add ptr %place, i64 %amount acq_rel, align 8
  ret i64 %before
""")
def fetch_add(pointer: Words, index: int, amount: int) -> int:
    """Add to a word in one step; return what it was."""
    before = pointer[index]
    pointer[index] = before + amount
    return before


@instructions("""
  %place = getelementptr i64, ptr %slots, i64 %position
  %values = load <8 x i64>, ptr %place, align 64
  %mask = insertelement <8 x i64> poison, i64 %tag_mask, i64 0
  %masks = shufflevector <8 x i64> %mask, <8 x i64> poison, <8 x i32> zeroinitializer
  %wanted = insertelement <8 x i64> poison, i64 %tag, i64 0
  %tags = shufflevector <8 x i64> %wanted, <8 x i64> poison, <8 x i32> zeroinitializer
  %kept = and <8 x i64> %values, %masks
  %same = icmp eq <8 x i64> %kept, %tags
  %empty = icmp eq <8 x i64> %values, zeroinitializer
  %same_bits = bitcast <8 x i1> %same to i8
  %empty_bits = bitcast <8 x i1> %empty to i8
  %low = zext i8 %same_bits to i64
  %wide = zext i8 %empty_bits to i64
  %high = shl i64 %wide, 8
  %both = or i64 %low, %high
  ret i64 %both
""")
def survey(slots: Words, position: int, tag: int, tag_mask: int) -> int:
    """Compare the eight slots of a line at once: bit i says that slot i has the tag, bit 8 + i that
    it is empty.

    What is read here may be old, but is whole, slot by slot; a slot that matters is read again by
    `load`.
    """
    found = 0
    for i in range(LINE):
        slot = slots[position + i]
        found |= (slot & tag_mask == tag) << i | (slot == 0) << LINE + i
    return found


# Arithmetic -----------------------------------------------------------------------------


@instructions("""
  ret i64 %value
""")
def wrapped(value: int) -> int:
    """Return the value modulo 2**64, as a signed word."""
    return ctypes.c_int64(value).value


@instructions("""
declare i64 @llvm.cttz.i64(i64, i1)
  %number = call i64 @llvm.cttz.i64(i64 %bits, i1 true)
  ret i64 %number
""")
def lowest_bit(bits: int) -> int:
    """Return the number of the lowest bit of a word that is not zero."""
    return (bits & -bits).bit_length() - 1


@instructions("""
  %wide_left = zext i64 %left to i128
  %wide_right = zext i64 %right to i128
  %product = mul nuw i128 %wide_left, %wide_right
  %upper = lshr i128 %product, 64
  %high = trunc i128 %upper to i64
  ret i64 %high
""")
def high_product(left: int, right: int) -> int:
    """Return the upper 64 bits of the unsigned 128-bit product."""
    return wrapped((left & ALL_ONES) * (right & ALL_ONES) >> 64)


# The kernel -----------------------------------------------------------------------------


@instructions("""
  %function = inttoptr i64 %address to ptr
  %count = call i64 %function(ptr %state, ptr %out, ptr %actions, ptr %marks, i64 %mask)
  ret i64 %count
""")
def call_successors(
    address: int, state: Words, out: Words, actions: Shorts, marks: Words, mask: int
) -> int:
    """Write the successors of a state; return their number."""
    return _call(address, ctypes.c_int64, state, out, actions, marks, mask)


@instructions("""
  %function = inttoptr i64 %address to ptr
  %found = call i64 %function(ptr %state, i64 %action, ptr %pending, ptr %hits)
  ret i64 %found
""")
def call_violated(address: int, state: Words, action: int, pending: Words, hits: Words) -> int:
    """Write which pending properties show in a state; return 0 if none does."""
    return _call(address, ctypes.c_int64, state, action, pending, hits)


@instructions("""
  %function = inttoptr i64 %address to ptr
  %found = call i64 %function(ptr %state, i64 %number)
  ret i64 %found
""")
def call_holds_goal(address: int, state: Words, number: int) -> int:
    """Return 0 if goal `number` does not hold in a state."""
    return _call(address, ctypes.c_int64, state, number)


@instructions("""
  %function = inttoptr i64 %address to ptr
  call void %function(ptr %state)
  ret void
""")
def call_canonical(address: int, state: Words) -> None:
    """Replace a state by the representative of its orbit."""
    _call(address, None, state)


@instructions("""
  %function = inttoptr i64 %address to ptr
  call void %function(ptr %state, ptr %seen, i64 %mask)
  ret void
""")
def call_observe(address: int, state: Words, seen: Words, mask: int) -> None:
    """Add the coverage bits that a state shows."""
    _call(address, None, state, seen, mask)


def _call(address: int, result: Any, *arguments: Pointer | int) -> int:
    values = [a.address if isinstance(a, Pointer) else a for a in arguments]
    function = ctypes.CFUNCTYPE(result, *[ctypes.c_int64] * len(values))(address)
    return int(function(*values) or 0)
