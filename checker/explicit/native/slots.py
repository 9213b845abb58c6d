"""The visited set: an append-only array of packed states, and a table of slots that finds them.

A slot is `{tag: 24 | index + 1: 40}`; the table is probed line by line: eight slots share a cache
line and are compared at once. A thread writes a new state at an index of its own and publishes it
by one compare-and-exchange on the slot; a thread that loses the race uses its index again. The
line of a state comes from the upper bits of its hash by multiplication, so that the table can have
any number of lines.

Soundness: states are compared whole, never by hash, so no state is lost to a collision. An index
is published after its state, so that whoever sees a slot sees the state.
"""

from __future__ import annotations

from splitspec.checker.explicit.native.blocks import (
    ACTIONS,
    AT,
    CHUNK,
    END,
    NEXT,
    OVERLONG,
    PARENTS,
    REACH,
    SIZE,
    SLOTS,
    STATES,
    WORDS,
)
from splitspec.checker.explicit.native.intrinsics import (
    exchange,
    fetch_add,
    high_product,
    links_at,
    load,
    lowest_bit,
    shorts_at,
    survey,
    words_at,
    wrapped,
)
from splitspec.checker.explicit.native.translator.subset import Words, native

INDEX_MASK = (1 << 40) - 1
TAG_MASK = -1 << 40
# The tag is bits 14 to 38 of the hash from the top, the line its product with the number of lines.
# They overlap, so that line and tag together give back enough of the hash to find the line in a
# larger table.
TAG_SHIFT = 14
# Odd constants with many mixed bits: of SplitMix64 and of the golden ratio.
FIRST_MULTIPLIER = -4658895280553007687
LAST_MULTIPLIER = -7046029254386353131


@native
def fold(left: int, right: int) -> int:
    """Mix two words: the halves of their product, joined."""
    return wrapped(left * right) ^ high_product(left, right)


@native
def hashed(states: Words, at: int, words: int) -> int:
    """Return the hash of the packed state that begins at word `at`."""
    h = LAST_MULTIPLIER
    for i in range(words):
        h = fold(h ^ states[at + i], FIRST_MULTIPLIER + 2 * i)
    return wrapped(h * LAST_MULTIPLIER) ^ (h >> 29)


@native
def is_same(left: Words, i: int, right: Words, j: int, words: int) -> bool:
    """Whether two packed states are equal; the usual sizes without a loop."""
    if words == 1:
        return left[i] == right[j]
    if words == 2:
        return ((left[i] ^ right[j]) | (left[i + 1] ^ right[j + 1])) == 0
    difference = 0
    for k in range(words):
        difference |= left[i + k] ^ right[j + k]
    return difference == 0


@native
def copy(source: Words, i: int, target: Words, j: int, words: int) -> None:
    """Copy one packed state."""
    for k in range(words):
        target[j + k] = source[i + k]


@native
def home(h: int, size: int) -> int:
    """Return the first slot of the line at which a search for hash `h` begins."""
    return high_product(h, size >> 3) << 3


@native
def following(line: int, size: int) -> int:
    """Return the first slot of the next line."""
    line += 8
    return line if line < size else 0


@native
def note_reach(control: Words, start: int, position: int) -> None:
    """Tell Python if an entry came to stand so far from home that `spread` could not find it."""
    distance = (position >> 3) - (start >> 3)
    if distance != 0:
        if distance < 0:
            distance += control[SIZE] >> 3
        if distance > control[REACH]:
            control[OVERLONG] = 1


@native
def matching(control: Words, line: int, candidates: int, tag: int, out: Words, o: int) -> int:
    """Return the index of the state that one of the candidate slots of a line has, or -1.

    The tag of a state can be 0, and so be that of an empty slot, which has no state to compare.
    """
    words = control[WORDS]
    states, slots = words_at(control[STATES]), words_at(control[SLOTS])
    while candidates != 0:
        slot = load(slots, line + lowest_bit(candidates))
        index = (slot & INDEX_MASK) - 1
        is_match = index >= 0 and slot & TAG_MASK == tag
        if is_match and is_same(states, index * words, out, o, words):
            return index
        candidates &= candidates - 1
    return -1


@native
def take_index(control: Words, worker: Words, out: Words, o: int, parent: int, action: int) -> int:
    """Write a state at the worker's next index, which stays the next one until it is published."""
    if worker[AT] == worker[END]:
        worker[AT] = fetch_add(control, NEXT, control[CHUNK])
        worker[END] = worker[AT] + control[CHUNK]
    at, words = worker[AT], control[WORDS]
    copy(out, o, words_at(control[STATES]), at * words, words)
    links_at(control[PARENTS])[at] = parent
    shorts_at(control[ACTIONS])[at] = action
    return at


@native
def insert(
    control: Words, worker: Words, out: Words, o: int, h: int, parent: int, action: int
) -> bool:
    """Put the state at word `o` of `out` into the visited set; return whether it is new.

    A state stands before the first empty slot of its search, and no slot is ever emptied. So of
    threads with one state, whoever fails to publish in the first empty slot sees the other's there.
    """
    size, slots = control[SIZE], words_at(control[SLOTS])
    start, tag = home(h, size), wrapped(h << TAG_SHIFT) & TAG_MASK
    line, at = start, -1
    while True:
        seen = survey(slots, line, tag, TAG_MASK)
        if seen & 255 != 0 and matching(control, line, seen & 255, tag, out, o) >= 0:
            return False
        if seen >> 8 == 0:
            line = following(line, size)
            continue
        if at < 0:
            at = take_index(control, worker, out, o, parent, action)
        position = line + lowest_bit(seen >> 8)
        if exchange(slots, position, 0, tag | (at + 1)) == 0:
            worker[AT] = at + 1
            note_reach(control, start, position)
            return True


@native
def find(control: Words, out: Words, o: int, h: int) -> int:
    """Return the index of the stored state that equals the one at word `o` of `out`, or -1."""
    size, slots = control[SIZE], words_at(control[SLOTS])
    line, tag = home(h, size), wrapped(h << TAG_SHIFT) & TAG_MASK
    while True:
        seen = survey(slots, line, tag, TAG_MASK)
        if seen & 255 != 0:
            index = matching(control, line, seen & 255, tag, out, o)
            if index >= 0:
                return index
        if seen >> 8 != 0:
            return -1
        line = following(line, size)


@native
def place(control: Words, h: int, index: int) -> None:
    """Put a stored state into the table, which does not have it."""
    size, slots = control[SIZE], words_at(control[SLOTS])
    slot = wrapped(h << TAG_SHIFT) & TAG_MASK | (index + 1)
    line = start = home(h, size)
    while True:
        empty = survey(slots, line, 0, 0) >> 8
        if empty == 0:
            line = following(line, size)
        elif exchange(slots, line + lowest_bit(empty), 0, slot) == 0:
            note_reach(control, start, line)
            return
