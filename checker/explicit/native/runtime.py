"""Explore with any kernel: the native half of a breadth-first search, compiled once per machine.

The visited set is an append-only array of packed states and a table of slots `{tag: 24 | index + 1:
40}`, probed line by line: eight slots share a cache line and are compared at once. A thread writes
a new state at an index of its own and publishes it by one compare-and-exchange on the slot; a
thread that loses the race uses its index again. Lines are fetched a batch ahead, because a probe of
a large table is a cache miss that only other work can hide. The line of a state comes from the
upper bits of its hash by multiplication, so that the table can have any number of lines.

Every function takes the addresses of the two blocks of `splitspec.checker.explicit.native.blocks`
and returns when it is done or asked to stop. Levels, growth, limits and progress are Python's work.

Soundness: states are compared whole, never by hash, so no state is lost to a collision. An index is
published after its state, so that whoever sees a slot sees the state. What one thread decides of a
property (FIRST, PENDING) is its own until Python joins the threads.
"""

from __future__ import annotations

from typing import Any

from splitspec.checker.explicit.native.blocks import (
    ACTIONS,
    AT,
    BATCH_STATES,
    BATCH_SUCCESSORS,
    BITS,
    CANONICAL,
    CHUNK,
    CLAIM,
    CLAIM_END,
    CLAIM_SIZE,
    END,
    FIRST,
    FOUND,
    FULL,
    HASHES,
    HI,
    HITS,
    HOLE,
    LEVEL_COUNT,
    LEVEL_LIMIT,
    LEVELS,
    MARKS,
    MASK,
    MEMBERS,
    NEW,
    NEXT,
    NO_ACTION,
    OPEN,
    OUT,
    OUT_ACTIONS,
    OVERLONG,
    PARENTS,
    PENDING,
    REACH,
    ROOT,
    SIZE,
    SLOTS,
    SOLO,
    SOLO_WIDTH,
    SOURCE,
    SOURCE_COUNT,
    SOURCE_PARENTS,
    SOURCES,
    SPARE_MARKS,
    STATES,
    STOP,
    SUCCESSORS,
    TAKE,
    TRANSITIONS,
    VIOLATED,
    WORDS,
)
from splitspec.checker.explicit.native.intrinsics import (
    ahead,
    call_canonical,
    call_successors,
    call_violated,
    exchange,
    fetch_add,
    high_product,
    links_at,
    load,
    low_product,
    lowest_bit,
    native,
    prefetch,
    shorts_at,
    survey,
    words_at,
)

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
def fold(left: int, right: int) -> Any:
    """Mix two words: the halves of their product, joined."""
    return low_product(left, right) ^ high_product(left, right)


@native
def hashed(states: Any, at: int, words: int) -> Any:
    """Return the hash of the packed state that begins at word `at`."""
    h = LAST_MULTIPLIER
    for i in range(words):
        h = fold(h ^ states[at + i], FIRST_MULTIPLIER + 2 * i)
    return low_product(h, LAST_MULTIPLIER) ^ (h >> 29)


@native
def is_same(left: Any, i: int, right: Any, j: int, words: int) -> Any:
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
def copy(source: Any, i: int, target: Any, j: int, words: int) -> None:
    """Copy one packed state."""
    for k in range(words):
        target[j + k] = source[i + k]


@native
def note_hits(worker: Any, found: Any, open_set: Any, bits: int, index: int) -> None:
    """Keep `index` as the first of every property in `found`, and take them out of `open_set`."""
    first = words_at(worker[FIRST])
    for b in range(bits):
        for i in range(64):
            if (found[b] >> i) & 1:
                first[b * 64 + i] = index
        open_set[b] &= ~found[b]
        found[b] = 0
    worker[FOUND] = 1


@native
def is_empty(members: Any, words: int) -> Any:
    union = 0
    for b in range(words):
        union |= members[b]
    return union == 0


@native
def judge(control: Any, worker: Any, index: int, action: int) -> None:
    """Evaluate the undecided state properties on a new state."""
    pending, hits = words_at(worker[PENDING]), words_at(worker[HITS])
    state = ahead(words_at(control[STATES]), index * control[WORDS])
    if call_violated(control[VIOLATED], state, action, pending, hits) != 0:
        note_hits(worker, hits, pending, control[BITS], index)


@native
def home(h: int, size: int) -> Any:
    """Return the first slot of the line at which a search for hash `h` begins."""
    return high_product(h, size >> 3) << 3


@native
def following(line: int, size: int) -> Any:
    """Return the first slot of the next line."""
    line += 8
    return line if line < size else 0


@native
def note_reach(control: Any, start: int, position: int) -> None:
    """Tell Python if an entry came to stand so far from home that `spread` could not find it."""
    distance = (position >> 3) - (start >> 3)
    if distance != 0:
        if distance < 0:
            distance += control[SIZE] >> 3
        if distance > control[REACH]:
            control[OVERLONG] = 1


@native
def matching(control: Any, line: int, candidates: int, tag: int, out: Any, o: int) -> Any:
    """Return the index of the state that one of the candidate slots of a line has, or -1."""
    words = control[WORDS]
    states, slots = words_at(control[STATES]), words_at(control[SLOTS])
    while candidates != 0:
        slot = load(slots, line + lowest_bit(candidates))
        index = (slot & INDEX_MASK) - 1
        if slot & TAG_MASK == tag and is_same(states, index * words, out, o, words):
            return index
        candidates &= candidates - 1
    return -1


@native
def take_index(control: Any, worker: Any, out: Any, o: int, parent: int, action: int) -> Any:
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
def insert(control: Any, worker: Any, out: Any, o: int, h: int, parent: int, action: int) -> Any:
    """Put the state at word `o` of `out` into the visited set; return whether it is new.

    A state stands before the first empty slot of its search, and no slot is ever emptied. So of
    threads with one state, whoever fails to publish in the first empty slot sees the other's there.
    """
    size, slots = control[SIZE], words_at(control[SLOTS])
    start, tag = home(h, size), (h << TAG_SHIFT) & TAG_MASK
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
def locate_marks(control: Any, worker: Any, members: int, count: int) -> None:
    """Find, for every new mark of the last batch, the first state of it that makes the mark."""
    words, bits = control[WORDS], control[BITS]
    states, batch = words_at(control[STATES]), words_at(worker[MEMBERS])
    out, actions = words_at(worker[OUT]), shorts_at(worker[OUT_ACTIONS])
    marks, spare, undecided = (
        words_at(worker[MARKS]),
        words_at(worker[SPARE_MARKS]),
        words_at(worker[OPEN]),
    )
    for m in range(members):
        for b in range(bits + 1):
            spare[b] = 0
        state = ahead(states, batch[m] * words)
        tail, tail_actions = ahead(out, count * words), ahead(actions, count)
        call_successors(control[SUCCESSORS], state, tail, tail_actions, spare, control[MASK])
        for b in range(bits):
            spare[b] &= undecided[b]
        if not is_empty(spare, bits):
            note_hits(worker, spare, undecided, bits, batch[m])
    for b in range(bits):
        marks[b] = 0


@native
def gather(control: Any, worker: Any) -> Any:
    """Fill the batch with the successors of claimed states; return their number, or -1 if no state
    is left.
    """
    words, bits = control[WORDS], control[BITS]
    states, parents = words_at(control[STATES]), links_at(control[PARENTS])
    out, actions = words_at(worker[OUT]), shorts_at(worker[OUT_ACTIONS])
    sources, members = words_at(worker[SOURCES]), words_at(worker[MEMBERS])
    marks = words_at(worker[MARKS])
    claim, end = worker[CLAIM], worker[CLAIM_END]
    hi, successors, mask = control[HI], control[SUCCESSORS], control[MASK]
    count, taken = 0, 0
    while taken < BATCH_STATES and count < BATCH_SUCCESSORS:
        if claim == end:
            claim = fetch_add(control, TAKE, CLAIM_SIZE)
            end = min(claim + CLAIM_SIZE, hi)
            if claim >= hi:
                claim = end
                break
        if parents[claim] != HOLE:
            before = count
            count += call_successors(
                successors,
                ahead(states, claim * words),
                ahead(out, count * words),
                ahead(actions, count),
                marks,
                mask,
            )
            for j in range(before, count):
                sources[j] = claim
            members[taken] = claim
            taken += 1
        claim += 1
    worker[CLAIM], worker[CLAIM_END] = claim, end
    worker[TRANSITIONS] += count + marks[bits]
    marks[bits] = 0
    undecided = words_at(worker[OPEN])
    news = 0
    for b in range(bits):
        news |= marks[b] & undecided[b]
    if news != 0:
        locate_marks(control, worker, taken, count)
    return count if taken > 0 else -1


@native
def prepare(control: Any, worker: Any, count: int) -> None:
    """Make representatives of the batch, hash them, and fetch their slots."""
    words, size, canonical = control[WORDS], control[SIZE], control[CANONICAL]
    out, hashes, slots = words_at(worker[OUT]), words_at(worker[HASHES]), words_at(control[SLOTS])
    if canonical != 0:
        for j in range(count):
            call_canonical(canonical, ahead(out, j * words))
    for j in range(count):
        h = hashed(out, j * words, words)
        hashes[j] = h
        prefetch(slots, home(h, size))


@native
def find(control: Any, out: Any, o: int, h: int) -> Any:
    """Return the index of the stored state that equals the one at word `o` of `out`, or -1."""
    size, slots = control[SIZE], words_at(control[SLOTS])
    line, tag = home(h, size), (h << TAG_SHIFT) & TAG_MASK
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
def absorb(control: Any, worker: Any, count: int) -> None:
    """Put the batch into the visited set, and judge what is new."""
    words = control[WORDS]
    out, actions = words_at(worker[OUT]), shorts_at(worker[OUT_ACTIONS])
    sources, hashes = words_at(worker[SOURCES]), words_at(worker[HASHES])
    live = not is_empty(words_at(worker[PENDING]), control[BITS])
    new = 0
    for j in range(count):
        action = actions[j]
        if insert(control, worker, out, j * words, hashes[j], sources[j], action):
            new += 1
            if live:
                judge(control, worker, worker[AT] - 1, action)
    worker[NEW] += new


@native
def next_level(control: Any, worker: Any) -> Any:
    """Let a solo run go on to the next level; return False where Python should have a say first."""
    if control[SOLO] == 0 or worker[AT] == control[HI]:
        return False
    words_at(control[LEVELS])[control[LEVEL_COUNT]] = control[HI]
    control[LEVEL_COUNT] += 1
    worker[CLAIM] = worker[CLAIM_END] = control[TAKE] = control[HI]
    control[HI] = worker[AT]
    if worker[FOUND] != 0 or control[LEVEL_COUNT] == control[LEVEL_LIMIT]:
        return False
    return control[HI] - control[TAKE] <= control[SOLO_WIDTH]


def expand(control: Any, worker: Any) -> int:
    """Expand states up to HI; return 1 iff no state is left to claim, 0 if the run was stopped or
    is full.
    """
    while True:
        # A solo run takes indices from its own block, where its chunk has no end.
        used = worker[AT] if control[SOLO] != 0 else load(control, NEXT)
        if load(control, STOP) != 0 or used >= control[FULL]:
            return 0
        count = gather(control, worker)
        if count > 0:
            prepare(control, worker, count)
            absorb(control, worker, count)
        elif count < 0 and not next_level(control, worker):
            return 1


def admit(control: Any, worker: Any) -> int:
    """Put the states at SOURCE into the set as roots, from TAKE on; return as `expand` does."""
    words, canonical = control[WORDS], control[CANONICAL]
    source, out = words_at(control[SOURCE]), words_at(worker[OUT])
    live = not is_empty(words_at(worker[PENDING]), control[BITS])
    while control[TAKE] < control[SOURCE_COUNT]:
        at = control[TAKE]
        if worker[AT] >= control[FULL] or (at & 1023 == 1023 and load(control, STOP) != 0):
            return 0
        control[TAKE] += 1
        if control[SOURCE_PARENTS] != 0 and links_at(control[SOURCE_PARENTS])[at] == HOLE:
            continue
        copy(source, at * words, out, 0, words)
        if canonical != 0:
            call_canonical(canonical, out)
        if insert(control, worker, out, 0, hashed(out, 0, words), ROOT, NO_ACTION):
            worker[NEW] += 1
            if live:
                judge(control, worker, worker[AT] - 1, -1)
    return 1


@native
def place(control: Any, h: int, index: int) -> None:
    """Put a stored state into the table, which does not have it."""
    size, slots = control[SIZE], words_at(control[SLOTS])
    slot = ((h << TAG_SHIFT) & TAG_MASK) | (index + 1)
    line = start = home(h, size)
    while True:
        empty = survey(slots, line, 0, 0) >> 8
        if empty == 0:
            line = following(line, size)
        elif exchange(slots, line + lowest_bit(empty), 0, slot) == 0:
            note_reach(control, start, line)
            return


def reinsert(control: Any, worker: Any) -> int:
    """Put the indices of all stored states up to HI into an empty slot table; return as `expand`
    does.
    """
    words, size, hi = control[WORDS], control[SIZE], control[HI]
    states, slots = words_at(control[STATES]), words_at(control[SLOTS])
    parents, hashes = links_at(control[PARENTS]), words_at(worker[HASHES])
    while load(control, STOP) == 0:
        first = fetch_add(control, TAKE, CLAIM_SIZE)
        if first >= hi:
            return 1
        last = min(first + CLAIM_SIZE, hi)
        for s in range(first, last):
            h = hashed(states, s * words, words)
            hashes[s - first] = h
            prefetch(slots, home(h, size))
        for s in range(first, last):
            if parents[s] != HOLE:
                place(control, hashes[s - first], s)
    return 0
