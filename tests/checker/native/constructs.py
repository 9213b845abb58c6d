"""One function for each construct of the translator's subset.

Tests run each as Python and as machine code. A buffer has eight elements, so indices are masked.
"""

from __future__ import annotations

from splitspec.checker.explicit.native.intrinsics import wrapped
from splitspec.checker.explicit.native.translator.subset import (
    Bytes,
    Links,
    Shorts,
    Words,
    ahead,
    native,
)

LARGEST = (1 << 63) - 1
LEAST = -1 << 63
IS_ON = True

# Arithmetic


@native
def add(a: int, b: int) -> int:
    return wrapped(a + b)


@native
def subtract(a: int, b: int) -> int:
    return wrapped(a - b)


@native
def multiply(a: int, b: int) -> int:
    return wrapped(a * b)


@native
def negate(a: int) -> int:
    return wrapped(-a)


@native
def combine_bits(a: int, b: int) -> int:
    return (a & b) ^ (~a | b) & -7 ^ 0x55


@native
def shift_left(a: int, b: int) -> int:
    return wrapped(a << (b & 63)) ^ wrapped(a << 63) ^ wrapped(a << 0)


@native
def shift_right(a: int, b: int) -> int:
    return (a >> (b & 63)) ^ (a >> 63) ^ (a >> 0)


@native
def bind_as_python_does(a: int, b: int) -> int:
    return wrapped(a + b * 3 - 1 & a | b << 2 ^ ~a)


@native
def smaller(a: int, b: int) -> int:
    return wrapped(min(a, b) - max(a, b) * 3)


@native
def use_constants(a: int) -> int:
    return wrapped(a ^ LARGEST) ^ LEAST if IS_ON else 0


# Conditions


@native
def compare(a: int, b: int) -> int:
    less = 1 if a < b else 0
    not_more = 2 if a <= b else 0
    more = 4 if a > b else 0
    not_less = 8 if a >= b else 0
    return less | not_more | more | not_less | (16 if a == b else 0) | (32 if a != b else 0)


@native
def touch(seen: Words, i: int) -> bool:
    """Leave a trace of being called, so that it shows what was evaluated, and in which order."""
    seen[i & 7] = wrapped(seen[i & 7] * 3 + seen[(i + 1) & 7])
    return seen[i & 7] & 1 == 0


@native
def branch_on_parts(seen: Words, a: int) -> int:
    if touch(seen, 0) and (touch(seen, 1) or not touch(seen, 2)) and a > 0:
        return 1
    if not (touch(seen, 3) or touch(seen, 4)):
        return 2
    return 3


@native
def keep_truth(seen: Words, a: int, b: int) -> int:
    is_less = a < b or touch(seen, 0)
    is_seen = touch(seen, 1) and is_less
    is_off = not is_seen
    is_less = is_off and a != 5
    return (1 if is_less else 0) + (2 if is_seen else 0) + (4 if is_off else 0)


@native
def choose(seen: Words, a: int, b: int) -> int:
    first = seen[0] if touch(seen, 0) else seen[1] if touch(seen, 1) and a < b else seen[2]
    is_even = touch(seen, 3) if a < 0 else first & 1 == 0
    return first if is_even else ~first


@native
def climb(a: int, b: int) -> int:
    if a < 0:
        result = 1
    elif a == 0:
        result = 2
    elif b < a:
        result = b
        if b < 0:
            result = -1
    else:
        result = a
    return result


# Assignment


@native
def swap(a: int, b: int) -> int:
    a, b = b, wrapped(a - b)
    c = d = a
    d ^= b
    a, c = c, d
    return wrapped(a + c * 3 + d * 5)


@native
def augment(seen: Words, a: int, b: int) -> int:
    a &= 0xFFFFFFFF
    a += 5
    a -= b & 0xFF
    a *= 3
    a |= 64
    a ^= b
    a >>= 3
    a = a & 0xFFFF
    a <<= 4
    seen[0] += a
    seen[1] |= b
    seen[2] &= a
    seen[3] ^= seen[0]
    seen[4] >>= a & 7
    return a


@native
def number_of(seen: Words, i: int) -> int:
    return seen[0] & 7 if touch(seen, i) else i


@native
def later(a: int, b: int) -> int:
    return wrapped(a - b * 5)


@native
def order_of_evaluation(seen: Words, a: int) -> int:
    seen[number_of(seen, 1)] = wrapped(number_of(seen, 2) + seen[3])
    seen[number_of(seen, 4)] ^= number_of(seen, 5)
    seen[number_of(seen, 6)], seen[0] = number_of(seen, 7), number_of(seen, a & 7)
    if number_of(seen, 1) < number_of(seen, 2):
        a = min(number_of(seen, 3), number_of(seen, 4))
    seen[5] = later(number_of(seen, 5), number_of(seen, 6))
    return wrapped(number_of(seen, 1) - number_of(seen, 2) * number_of(seen, 3))


# Loops


@native
def count_down(a: int) -> int:
    n, total = a & 31, 0
    while n > 0:
        n -= 1
        if n & 3 == 2:
            continue
        if n == 5 and a < 0:
            break
        total += n
    return total * 64 + n


@native
def loop_until(a: int, b: int) -> int:
    steps = 0
    while True:
        steps += 1
        a = wrapped(a * 5 + b)
        if a & 7 == 3:
            return -steps
        if steps > 20:
            break
    return a


@native
def loop_over_range(a: int, b: int) -> int:
    """The bounds are read once, and what is assigned to `i` does not last."""
    start, stop, total, i = a & 7, b & 15, 0, -1
    for i in range(start, stop):
        total = total * 3 + i & 0xFFFFFF
        stop += 1
        start = 0
        i += 7
    for j in range(b & 3):
        total += j
        for k in range(j, 4):
            if k == 2 and a < 0:
                break
            if k == 1:
                continue
            total += k * 16
    return total * 32 + i


@native
def leave_loops(a: int, b: int) -> int:
    for i in range(a & 15):
        for j in range(b & 15):
            if i * j == 42:
                return i
            if i + j > 20:
                break
        else_value = i * 2
        while else_value > 9:
            else_value -= 5
            if else_value == 6:
                break
    return -1


# Memory and calls


@native
def use_pointers(words: Words, links: Links, shorts: Shorts, data: Bytes, a: int) -> int:
    """Elements keep the bits for which they have room, and only words are signed."""
    i = a & 7
    words[i] = wrapped(words[i] + a)
    links[i] = links[(i + 1) & 7] + a & -1
    shorts[i] ^= a
    data[i] = a
    return wrapped(words[i] * 7 + links[i] * 5 + shorts[i] * 3 + data[i])


@native
def move_pointers(words: Words, links: Links, shorts: Shorts, data: Bytes, a: int) -> int:
    half = ahead(words, a & 3)
    ahead(links, 3)[1] = half[2]
    ahead(shorts, a & 7)[0] = 77
    ahead(ahead(data, 5), -2)[a & 1] = 9
    half = ahead(half, 1)
    chosen = half if a < 0 else words
    chosen[1] = 5
    return half[0]


@native
def fill(data: Bytes, count: int, value: int) -> None:
    if value == 3:
        return
    for i in range(count & 7):
        data[i] = value


@native
def call_others(words: Words, data: Bytes, a: int, b: int) -> int:
    fill(data, a, b & 3)
    touch(words, a)
    fill(ahead(data, 1), 2, climb(a, b))
    return swap(climb(a, b), number_of(words, b))
