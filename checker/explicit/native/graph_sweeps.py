"""Turn the visited set into a graph of predecessors, and go back in it from the states of a goal.

Two sweeps over the stored states make the lists: the first counts the predecessors of every state,
the second writes them. Successors are made anew each time, since storing them would take more
memory than the second sweep takes time.
"""

from __future__ import annotations

from splitspec.checker.explicit.native.blocks import (
    BITS,
    CLAIM_SIZE,
    EDGE_OFFSETS,
    EDGE_TARGETS,
    GOAL,
    GOAL_MARKS,
    HASHES,
    HI,
    HOLDS_GOAL,
    HOLE,
    MARKED,
    MASK,
    OUT,
    OUT_ACTIONS,
    PARENTS,
    QUEUE,
    QUEUE_HEAD,
    QUEUE_TAIL,
    SOURCES,
    SPARE_MARKS,
    STATES,
    STOP,
    SUCCESSORS,
    TAKE,
    WORDS,
)
from splitspec.checker.explicit.native.intrinsics import (
    bytes_at,
    call_holds_goal,
    call_successors,
    fetch_add,
    links_at,
    load,
    shorts_at,
    words_at,
)
from splitspec.checker.explicit.native.runtime import gather, is_empty, prepare
from splitspec.checker.explicit.native.slots import find
from splitspec.checker.explicit.native.translator.subset import Words, ahead, native


@native
def count_predecessors(control: Words, worker: Words) -> int:
    """Count the predecessors of each state below HI, from TAKE on; return 1 iff no state is left.

    Return -1 if a successor is not stored.
    """
    words, offsets = control[WORDS], words_at(control[EDGE_OFFSETS])
    out, hashes = words_at(worker[OUT]), words_at(worker[HASHES])
    while load(control, STOP) == 0:
        count = gather(control, worker)
        if count < 0:
            return 1
        prepare(control, worker, count)
        for j in range(count):
            target = find(control, out, j * words, hashes[j])
            if target < 0:
                return -1
            fetch_add(offsets, target, 1)
    return 0


@native
def accumulate(control: Words, worker: Words) -> int:
    """Turn the counts of the states below HI into the ends of their lists; return 1."""
    offsets, total = words_at(control[EDGE_OFFSETS]), 0
    for s in range(control[HI]):
        total += offsets[s]
        offsets[s] = total
    offsets[control[HI]] = total
    return 1


@native
def list_predecessors(control: Words, worker: Words) -> int:
    """Write the predecessor lists; the offset of a list's end moves down to its beginning
    meanwhile.
    """
    words, offsets = control[WORDS], words_at(control[EDGE_OFFSETS])
    targets = links_at(control[EDGE_TARGETS])
    out, hashes = words_at(worker[OUT]), words_at(worker[HASHES])
    sources = words_at(worker[SOURCES])
    while load(control, STOP) == 0:
        count = gather(control, worker)
        if count < 0:
            return 1
        prepare(control, worker, count)
        for j in range(count):
            target = find(control, out, j * words, hashes[j])
            if target < 0:
                return -1
            targets[fetch_add(offsets, target, -1) - 1] = sources[j]
    return 0


@native
def is_goal(control: Words, worker: Words, state: Words) -> bool:
    """Whether the goal is true, or a step of the state sets one of the marks that count as it."""
    if call_holds_goal(control[HOLDS_GOAL], state, control[GOAL]) != 0:
        return True
    wanted, spare = words_at(control[GOAL_MARKS]), words_at(worker[SPARE_MARKS])
    bits = control[BITS]
    if is_empty(wanted, bits):
        return False
    for b in range(bits + 1):
        spare[b] = 0
    out, actions = words_at(worker[OUT]), shorts_at(worker[OUT_ACTIONS])
    call_successors(control[SUCCESSORS], state, out, actions, spare, control[MASK])
    union = 0
    for b in range(bits):
        union |= spare[b] & wanted[b]
    return union != 0


@native
def mark_goals(control: Words, worker: Words) -> int:
    """Mark and queue the goal states below HI, from TAKE on; for one worker."""
    words, hi = control[WORDS], control[HI]
    states, parents = words_at(control[STATES]), links_at(control[PARENTS])
    marked, queue = bytes_at(control[MARKED]), links_at(control[QUEUE])
    while load(control, STOP) == 0:
        first = control[TAKE]
        if first >= hi:
            return 1
        control[TAKE] = first + CLAIM_SIZE
        for s in range(first, min(first + CLAIM_SIZE, hi)):
            if parents[s] != HOLE and is_goal(control, worker, ahead(states, s * words)):
                marked[s] = 1
                queue[control[QUEUE_TAIL]] = s
                control[QUEUE_TAIL] += 1
    return 0


@native
def go_back(control: Words, worker: Words) -> int:
    """Mark every state from which a queued one can be reached; return 1 iff the queue is empty."""
    offsets, targets = words_at(control[EDGE_OFFSETS]), links_at(control[EDGE_TARGETS])
    marked, queue = bytes_at(control[MARKED]), links_at(control[QUEUE])
    while load(control, STOP) == 0:
        if control[QUEUE_HEAD] == control[QUEUE_TAIL]:
            return 1
        state = queue[control[QUEUE_HEAD]]
        control[QUEUE_HEAD] += 1
        for e in range(offsets[state], offsets[state + 1]):
            source = targets[e]
            if marked[source] == 0:
                marked[source] = 1
                queue[control[QUEUE_TAIL]] = source
                control[QUEUE_TAIL] += 1
    return 0
