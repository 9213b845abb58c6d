"""Keep the visited set's arrays in memory that is reserved once and never copied.

States, parents, actions and slots are anonymous mappings as large as the memory limit could ever
fill. Reserving costs nothing: the system gives a page when it is first written. So growth moves no
state, and an index stays valid.

The slot table is what grows, in place. Up to `LARGE` slots it doubles and is at most 58 % full,
since full lines cost time. Then, where memory counts more, it grows by `GROWTH` whenever it is 74 %
full. A state then costs at most `8 * words + 4 + 2 + 8 * GROWTH / LOAD` bytes: 36 for two words,
from ten million states on.
"""

from __future__ import annotations

import ctypes
import mmap
from dataclasses import dataclass, field
from struct import unpack_from

from splitspec.checker.explicit.native.blocks import CAPACITY, HOLE, ROOT

LOAD = 0.74
GROWTH = 1.27
SPARSE_LOAD = 0.58
# At ten million states this many slots are 14 bytes a state.
LARGE = 17_400_000
LEAST_SLOTS = 1 << 15
LINK_BYTES = 4 + 2
LINE = 8  # slots of a cache line
# Linux's number; Python's mmap module does not name it.
MAP_NORESERVE = 0x4000


class Region:
    """A reserved stretch of zeroed memory; it is given back when nothing refers to it."""

    def __init__(self, size: int) -> None:
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_NORESERVE
        self.memory = mmap.mmap(-1, max(size, mmap.PAGESIZE), flags=flags)
        # Huge pages save most of the address translations that random probes cost.
        self.memory.madvise(mmap.MADV_HUGEPAGE)
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))


@dataclass
class Store:
    """The arrays of one search. States below the search's next index are valid unless their parent
    is HOLE.
    """

    words: int
    capacity: int  # states
    slots_most: int
    size: int  # slots in use
    states: Region = field(init=False)
    parents: Region = field(init=False)
    actions: Region = field(init=False)
    slots: Region = field(init=False)

    def reserve(self, slack: int) -> None:
        """Reserve the arrays, with `slack` indices beyond the capacity for threads that stop a
        little late.
        """
        count = self.capacity + slack
        self.states = Region(8 * self.words * count)
        self.parents = Region(4 * count)
        self.actions = Region(2 * count)
        self.slots = Region(8 * self.slots_most)

    @property
    def full(self) -> int:
        """The number of indices from which the table wants to grow."""
        is_last = self.size >= min(LARGE, self.slots_most) // LINE * LINE
        return min(int(self.size * (LOAD if is_last else SPARSE_LOAD)), self.capacity)

    def larger_size(self) -> int | None:
        """Return the next size of the slot table, None if memory does not allow one."""
        wished = self.size * 2
        if self.size >= LARGE // LINE * LINE:
            wished = int(self.size * GROWTH)
        elif wished * GROWTH > LARGE:
            wished = LARGE
        size = min(wished, self.slots_most) // LINE * LINE
        return size if size > self.size else None

    @property
    def reach(self) -> int:
        """The number of lines from home within which `spread` finds the home of an entry."""
        return (self.size // LINE >> 14) - 4

    def spread_from(self, size: int) -> int | None:
        """Return the line from which `spread` can move lines upwards to get `size` slots, None if
        it cannot.

        Lines below it could lead to places that are not above them: a line goes up by its share of
        the growth, and its entries may come from homes a reach below it.
        """
        if self.reach < 1:
            return None
        old, new = self.size // LINE, size // LINE
        return min(old, (self.reach + 2) * new // (new - old) + 2)

    def clear_slots(self, size: int) -> None:
        """Empty the table and give it `size` slots."""
        ctypes.memset(self.slots.address, 0, 8 * self.size)
        self.size = size

    def memory(self, count: int) -> int:
        """Return the bytes that `count` states and the table take."""
        return count * (8 * self.words + LINK_BYTES) + 8 * self.size

    def state(self, index: int) -> tuple[int, ...]:
        """Return the packed state at an index."""
        return unpack_from(f"={self.words}Q", self.states.memory, 8 * self.words * index)

    def parent(self, index: int) -> int | None:
        """Return the index of the state that this one was first reached from, None for an initial
        state.
        """
        (parent,) = unpack_from("=I", self.parents.memory, 4 * index)
        assert parent != HOLE
        return None if parent == ROOT else parent

    def action(self, index: int) -> int:
        """Return the number of the action that first led to this state."""
        (action,) = unpack_from("=H", self.actions.memory, 2 * index)
        return int(action)

    def is_hole(self, index: int) -> bool:
        return bool(unpack_from("=I", self.parents.memory, 4 * index)[0] == HOLE)

    def punch(self, start: int, end: int) -> None:
        """Mark indices that no state was put at."""
        self.parents.memory[4 * start : 4 * end] = HOLE.to_bytes(4, "little") * (end - start)


def make_store(words: int, memory: int, slack: int) -> Store:
    """Return an empty store that stays within `memory` bytes."""
    state_bytes = 8 * words + LINK_BYTES
    least = max(LEAST_SLOTS, 8 * slack)
    most = max(least, int(memory / (LOAD * state_bytes + 8)))
    most = min(most, int(CAPACITY / LOAD) - slack)
    while True:
        store = Store(words, int(most * LOAD), most, least)
        try:
            store.reserve(slack)
        except OSError:
            # Where address space itself is limited, less of it has to do.
            if most <= least:
                raise
            most = max(least, most // 2)
        else:
            return store
