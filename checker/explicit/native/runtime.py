"""Explore with any kernel: the native half of a breadth-first search, compiled once per machine.

Successors are made in batches, and the lines of the visited set (`slots`) are fetched a batch
ahead, because a probe of a large table is a cache miss that only other work can hide.

Every function takes the addresses of the two blocks of `splitspec.checker.explicit.native.blocks`
and returns when it is done or asked to stop. Levels, growth, limits and progress are Python's work.

Soundness: every state below HI is expanded once, and every successor is looked up whole. What one
thread decides of a property (FIRST, PENDING) is its own until Python joins the threads.
"""

from __future__ import annotations

from splitspec.checker.explicit.native.blocks import (
    AT,
    BATCH_STATES,
    BATCH_SUCCESSORS,
    BITS,
    CANONICAL,
    CLAIM,
    CLAIM_END,
    CLAIM_SIZE,
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
    PARENTS,
    PENDING,
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
    call_canonical,
    call_successors,
    call_violated,
    fetch_add,
    links_at,
    load,
    prefetch,
    shorts_at,
    words_at,
)
from splitspec.checker.explicit.native.slots import (
    copy,
    hashed,
    home,
    insert,
    place,
)
from splitspec.checker.explicit.native.translator.subset import Words, ahead, native


@native
def note_hits(worker: Words, found: Words, open_set: Words, bits: int, index: int) -> None:
    """Keep `index` as the first of every property in `found`, and take them out of `open_set`."""
    first = words_at(worker[FIRST])
    for b in range(bits):
        for i in range(64):
            if (found[b] >> i) & 1 != 0:
                first[b * 64 + i] = index
        open_set[b] &= ~found[b]
        found[b] = 0
    worker[FOUND] = 1


@native
def is_empty(members: Words, words: int) -> bool:
    union = 0
    for b in range(words):
        union |= members[b]
    return union == 0


@native
def judge(control: Words, worker: Words, index: int, action: int) -> None:
    """Evaluate the undecided state properties on a new state."""
    pending, hits = words_at(worker[PENDING]), words_at(worker[HITS])
    state = ahead(words_at(control[STATES]), index * control[WORDS])
    if call_violated(control[VIOLATED], state, action, pending, hits) != 0:
        note_hits(worker, hits, pending, control[BITS], index)


@native
def locate_marks(control: Words, worker: Words, members: int, count: int) -> None:
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
def gather(control: Words, worker: Words) -> int:
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
def prepare(control: Words, worker: Words, count: int) -> None:
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
def absorb(control: Words, worker: Words, count: int) -> None:
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
def next_level(control: Words, worker: Words) -> bool:
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


@native
def expand(control: Words, worker: Words) -> int:
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


@native
def admit(control: Words, worker: Words) -> int:
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
def reinsert(control: Words, worker: Words) -> int:
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
