"""Give numba the machine operations that Python has no words for: atomics, prefetch, and calls
through addresses.

Everything works on raw pointers, so that the compiled code owns no memory, raises nothing and needs
no part of numba when it runs.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic as typed_intrinsic

# numba's own annotation calls an intrinsic with its typing context, which is not how it is used.
intrinsic: Any = typed_intrinsic
# What the runtime's functions call among themselves; numba translates it with its callers.
native: Any = njit
pointer_to: Any = types.CPointer
get_or_insert: Any = cgutils.get_or_insert_function
I8, I16, I32, I64, I128 = (ir.IntType(bits) for bits in (8, 16, 32, 64, 128))
WORD_POINTER = pointer_to(types.int64)
LINK_POINTER = pointer_to(types.uint32)
SHORT_POINTER = pointer_to(types.uint16)
BYTE_POINTER = pointer_to(types.uint8)


@intrinsic
def words_at(_: Any, address: Any) -> Any:
    """Return the address as a pointer to 64-bit words."""
    return WORD_POINTER(address), lambda _c, b, _s, a: b.inttoptr(a[0], I64.as_pointer())


@intrinsic
def links_at(_: Any, address: Any) -> Any:
    """Return the address as a pointer to 32-bit indices."""
    return LINK_POINTER(address), lambda _c, b, _s, a: b.inttoptr(a[0], I32.as_pointer())


@intrinsic
def shorts_at(_: Any, address: Any) -> Any:
    """Return the address as a pointer to 16-bit action numbers."""
    return SHORT_POINTER(address), lambda _c, b, _s, a: b.inttoptr(a[0], I16.as_pointer())


@intrinsic
def bytes_at(_: Any, address: Any) -> Any:
    """Return the address as a pointer to bytes."""
    return BYTE_POINTER(address), lambda _c, b, _s, a: b.inttoptr(a[0], I8.as_pointer())


@intrinsic
def ahead(_: Any, pointer: Any, count: Any) -> Any:
    """Return the pointer moved on by `count` elements."""
    return pointer(pointer, count), lambda _c, b, _s, a: b.gep(a[0], [a[1]])


@intrinsic
def prefetch(_: Any, pointer: Any, index: Any) -> Any:
    """Ask for the cache line of an element, to be read soon."""

    def generate(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        place = builder.bitcast(builder.gep(args[0], [args[1]]), I8.as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [place.type, I32, I32, I32])
        function = get_or_insert(builder.module, kind, "llvm.prefetch.p0")
        builder.call(function, [place, I32(0), I32(3), I32(1)])
        return context.get_dummy_value()

    return types.void(pointer, index), generate


@intrinsic
def load(_: Any, pointer: Any, index: Any) -> Any:
    """Read a word that other threads write; what they wrote before it is then visible."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.load_atomic(builder.gep(args[0], [args[1]]), "acquire", 8)

    return types.int64(pointer, index), generate


@intrinsic
def exchange(_: Any, pointer: Any, index: Any, old: Any, new: Any) -> Any:
    """Write `new` iff the word is `old`, in one step; return what it was."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        place = builder.gep(args[0], [args[1]])
        pair = builder.cmpxchg(place, args[2], args[3], "acq_rel", "acquire")
        return builder.extract_value(pair, 0)

    return types.int64(pointer, index, types.int64, types.int64), generate


@intrinsic
def fetch_add(_: Any, pointer: Any, index: Any, amount: Any) -> Any:
    """Add to a word in one step; return what it was."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.atomic_rmw("add", builder.gep(args[0], [args[1]]), args[2], "acq_rel")

    return types.int64(pointer, index, types.int64), generate


@intrinsic
def survey(_: Any, slots: Any, position: Any, tag: Any, tag_mask: Any) -> Any:
    """Compare the eight slots of a line at once: bit i says that slot i has the tag, bit 8 + i that
    it is empty.

    What is read here may be old; a slot that matters is read again by `load`.
    """
    line = ir.VectorType(I64, 8)
    signature = types.int64(slots, types.int64, types.int64, types.int64)

    def spread(builder: Any, value: Any) -> Any:
        single = builder.insert_element(ir.Constant(line, ir.Undefined), value, I32(0))
        everywhere = ir.Constant(ir.VectorType(I32, 8), [0] * 8)
        return builder.shuffle_vector(single, ir.Constant(line, ir.Undefined), everywhere)

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        place = builder.bitcast(builder.gep(args[0], [args[1]]), line.as_pointer())
        values = builder.load(place, align=64)
        same = builder.icmp_signed(
            "==", builder.and_(values, spread(builder, args[3])), spread(builder, args[2])
        )
        empty = builder.icmp_signed("==", values, ir.Constant(line, [0] * 8))
        masks = [builder.zext(builder.bitcast(bits, I8), I64) for bits in (same, empty)]
        return builder.or_(masks[0], builder.shl(masks[1], I64(8)))

    return signature, generate


@intrinsic
def lowest_bit(_: Any, bits: Any) -> Any:
    """Return the number of the lowest bit of a word that is not zero."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), generate


@intrinsic
def high_product(_: Any, left: Any, right: Any) -> Any:
    """Return the upper 64 bits of the unsigned 128-bit product."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        product = builder.mul(builder.zext(args[0], I128), builder.zext(args[1], I128))
        return builder.trunc(builder.lshr(product, I128(64)), I64)

    return types.int64(types.int64, types.int64), generate


@intrinsic
def low_product(_: Any, left: Any, right: Any) -> Any:
    """Return the product modulo 2**64.

    numba tells LLVM that its own products and sums of integers do not overflow; what does is
    undefined.
    """
    signature = types.int64(types.int64, types.int64)
    return signature, lambda _c, b, _s, a: b.mul(a[0], a[1])


@intrinsic
def wrapped_sum(_: Any, left: Any, right: Any) -> Any:
    """Return the sum modulo 2**64."""
    signature = types.int64(types.int64, types.int64)
    return signature, lambda _c, b, _s, a: b.add(a[0], a[1])


def _call(builder: Any, address: Any, result: Any, args: Any) -> Any:
    kind = ir.FunctionType(result, [a.type for a in args]).as_pointer()
    return builder.call(builder.inttoptr(address, kind), args)


@intrinsic
def call_successors(
    _: Any, address: Any, state: Any, out: Any, actions: Any, marks: Any, mask: Any
) -> Any:
    signature = types.int64(address, state, out, actions, marks, mask)
    return signature, lambda _c, b, _s, a: _call(b, a[0], I64, a[1:])


@intrinsic
def call_violated(_: Any, address: Any, state: Any, action: Any, pending: Any, hits: Any) -> Any:
    signature = types.int64(address, state, types.int64, pending, hits)
    return signature, lambda _c, b, _s, a: _call(b, a[0], I64, a[1:])


@intrinsic
def call_holds_goal(_: Any, address: Any, state: Any, number: Any) -> Any:
    signature = types.int64(address, state, number)
    return signature, lambda _c, b, _s, a: _call(b, a[0], I64, a[1:])


@intrinsic
def call_canonical(_: Any, address: Any, state: Any) -> Any:
    def generate(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        _call(builder, args[0], ir.VoidType(), args[1:])
        return context.get_dummy_value()

    return types.void(address, state), generate


@intrinsic
def call_observe(_: Any, address: Any, state: Any, seen: Any, mask: Any) -> Any:
    def generate(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        _call(builder, args[0], ir.VoidType(), args[1:])
        return context.get_dummy_value()

    return types.void(address, state, seen, mask), generate
