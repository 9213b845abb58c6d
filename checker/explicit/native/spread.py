"""Make the slot table larger in place, without reading the states.

The lines are moved from the last one down, each to a place above all lines that are still to be
moved. An entry's new line follows from its hash, of which its old line and its tag hold the upper
38 bits: the tag is known, and of the 14 bits above it only one value leads to a home that is not
above the old line and less than a reach below it. So both tables are read and written in order,
where putting the states in again would miss the cache for every one.

Soundness: an entry that stands farther from home than the reach was noted when it was put in, and
Python then does not come here. Where the unknown lower bits of a hash could change the line, the
hash is made again from the state. The lowest lines, where old and new places would meet and where
the search wraps around, are moved that way altogether.
"""

from __future__ import annotations

from splitspec.checker.explicit.native.blocks import (
    HASHES,
    LOW,
    LOW_COUNT,
    LOW_SLOTS,
    OLD_SIZE,
    SCAN,
    SIZE,
    SLOTS,
    STATES,
    STOP,
    WORDS,
)
from splitspec.checker.explicit.native.intrinsics import (
    high_product,
    load,
    words_at,
    wrapped,
)
from splitspec.checker.explicit.native.slots import INDEX_MASK, TAG_SHIFT, hashed, home, note_reach
from splitspec.checker.explicit.native.translator.subset import Words, native

PREFIX_BITS = 14
PREFIX_SHIFT = 64 - PREFIX_BITS
TAG_BITS = ((1 << 24) - 1) << 26
UNKNOWN_BITS = (1 << 26) - 1


@native
def put(control: Words, start: int, slot: int) -> None:
    """Put an entry into the new table, where a search for it begins at line `start`.

    Slot by slot: to read a whole line of which a slot was just written would wait for the write.
    """
    size, slots = control[SIZE], words_at(control[SLOTS])
    position = start
    while slots[position] != 0:
        position += 1
        if position == size:
            position = 0
    slots[position] = slot
    note_reach(control, start, position)


@native
def put_by_state(control: Words, slot: int) -> None:
    words = control[WORDS]
    index = (slot & INDEX_MASK) - 1
    h = hashed(words_at(control[STATES]), index * words, words)
    put(control, home(h, control[SIZE]), slot)


@native
def put_by_place(control: Words, slot: int, line: int, prefix: int) -> None:
    """Put an entry of an old line, where `prefix` is the largest value of the upper bits there."""
    tag = (slot >> TAG_SHIFT) & TAG_BITS
    h = wrapped(prefix << PREFIX_SHIFT) | tag
    if high_product(h, control[OLD_SIZE] >> 3) > line:
        h = wrapped((prefix - 1) << PREFIX_SHIFT) | tag
    start = home(h, control[SIZE])
    if start == home(h | UNKNOWN_BITS, control[SIZE]):
        put(control, start, slot)
    else:
        put_by_state(control, slot)


@native
def take_low(control: Words, worker: Words) -> int:
    """Move the entries of the lines below LOW to a buffer; return their number."""
    slots, low = words_at(control[SLOTS]), words_at(control[LOW_SLOTS])
    count = 0
    for position in range(control[LOW] << 3):
        if slots[position] != 0:
            low[count] = slots[position]
            slots[position] = 0
            count += 1
    return count


@native
def move_line(control: Words, line: int, prefix: int, held: Words) -> None:
    """Empty a line, then put its entries where they belong."""
    slots = words_at(control[SLOTS])
    for i in range(8):
        held[i] = slots[line * 8 + i]
        slots[line * 8 + i] = 0
    for i in range(8):
        if held[i] != 0:
            put_by_place(control, held[i], line, prefix)


@native
def spread(control: Words, worker: Words) -> int:
    """Move the lines from SCAN down to LOW, and then the low ones; return 0 if asked to stop
    before.
    """
    old_lines, held = control[OLD_SIZE] >> 3, words_at(worker[HASHES])
    if control[SCAN] == old_lines:
        control[LOW_COUNT] = take_low(control, worker)
    prefix = (1 << PREFIX_BITS) - 1
    while control[SCAN] > control[LOW]:
        line = control[SCAN] - 1
        if line & 4095 == 0 and load(control, STOP) != 0:
            return 0
        # The least line that has this prefix is its share of all lines, rounded down.
        while (prefix * old_lines) >> PREFIX_BITS > line:
            prefix -= 1
        move_line(control, line, prefix, held)
        control[SCAN] = line
    low = words_at(control[LOW_SLOTS])
    for i in range(control[LOW_COUNT]):
        put_by_state(control, low[i])
    return 1
