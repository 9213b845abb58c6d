"""Walk at random from initial states, and judge every state on the way.

Walk number `n` of a seed is always the same walk, whichever thread walks it: its random numbers are
SplitMix64 started at a mix of seed and number. So a walk that matters is not stored; it is walked
again, writing itself down.
"""

from __future__ import annotations

from splitspec.checker.explicit.native.blocks import (
    BITS,
    CURRENT,
    FIRST,
    FIRST_STEP,
    HITS,
    LONGEST,
    MARKS,
    MASK,
    OBSERVE,
    OPEN,
    OUT,
    OUT_ACTIONS,
    PENDING,
    RECORD,
    RECORD_ACTIONS,
    SEED,
    SEEN,
    SOURCE,
    SOURCE_COUNT,
    STEPS,
    STOP,
    SUCCESSORS,
    VIOLATED,
    WALK,
    WALK_DEPTH,
    WALK_LIMIT,
    WALK_STRIDE,
    WALKS,
    WORDS,
)
from splitspec.checker.explicit.native.intrinsics import (
    call_observe,
    call_successors,
    call_violated,
    high_product,
    load,
    shorts_at,
    words_at,
    wrapped,
)
from splitspec.checker.explicit.native.slots import copy
from splitspec.checker.explicit.native.translator.subset import Words, native

# SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
GOLDEN = -7046029254386353131
MIX_1 = -4658895280553007687
MIX_2 = -7723592293110705685


@native
def mixed(z: int) -> int:
    z = wrapped((z ^ ((z >> 30) & 0x3FFFFFFFF)) * MIX_1)
    z = wrapped((z ^ ((z >> 27) & 0x1FFFFFFFFF)) * MIX_2)
    return z ^ ((z >> 31) & 0x1FFFFFFFF)


@native
def keep_first(worker: Words, found: Words, undecided: Words, bits: int, step: int) -> None:
    """Keep walk and step as the first of every undecided property in `found`, and decide it."""
    first, first_step = words_at(worker[FIRST]), words_at(worker[FIRST_STEP])
    for b in range(bits):
        new = found[b] & undecided[b]
        for i in range(64):
            if (new >> i) & 1 != 0:
                first[b * 64 + i] = worker[WALK]
                first_step[b * 64 + i] = step
        undecided[b] &= ~new
        found[b] = 0


@native
def look(control: Words, worker: Words, state: Words, action: int, step: int) -> None:
    """Judge a state of the walk and note what it covers."""
    hits, pending = words_at(worker[HITS]), words_at(worker[PENDING])
    if call_violated(control[VIOLATED], state, action, pending, hits) != 0:
        keep_first(worker, hits, pending, control[BITS], step)
    # Coverage fills up early; later it is looked at now and then, since it costs more than a step.
    if worker[WALKS] < 64 or (step + worker[WALK]) & 15 == 0:
        call_observe(control[OBSERVE], state, words_at(worker[SEEN]), control[MASK])


@native
def record(control: Words, state: Words, action: int, step: int) -> None:
    words = control[WORDS]
    copy(state, 0, words_at(control[RECORD]), step * words, words)
    if step > 0:
        shorts_at(control[RECORD_ACTIONS])[step - 1] = action


@native
def walk_once(control: Words, worker: Words) -> int:
    """Walk walk number WALK to its end; return its length."""
    words, bits = control[WORDS], control[BITS]
    state, out = words_at(worker[CURRENT]), words_at(worker[OUT])
    actions, marks = shorts_at(worker[OUT_ACTIONS]), words_at(worker[MARKS])
    undecided = words_at(worker[OPEN])
    random = mixed(wrapped(control[SEED] + mixed(wrapped(worker[WALK] * GOLDEN))))
    start = high_product(mixed(random), control[SOURCE_COUNT])
    copy(words_at(control[SOURCE]), start * words, state, 0, words)
    action, step = -1, 0
    while True:
        if control[RECORD] != 0:
            record(control, state, action, step)
        look(control, worker, state, action, step)
        if step == control[WALK_DEPTH]:
            return step
        count = call_successors(control[SUCCESSORS], state, out, actions, marks, control[MASK])
        news = 0
        for b in range(bits):
            news |= marks[b] & undecided[b]
        if news != 0:
            keep_first(worker, marks, undecided, bits, step)
        if count == 0:
            return step
        random = wrapped(random + GOLDEN)
        chosen = high_product(mixed(random), count)
        copy(out, chosen * words, state, 0, words)
        action = actions[chosen]
        step += 1


@native
def walk(control: Words, worker: Words) -> int:
    """Walk the worker's share of the walks below WALK_LIMIT; return 0 if asked to stop before."""
    while worker[WALK] < control[WALK_LIMIT]:
        if load(control, STOP) != 0:
            return 0
        length = walk_once(control, worker)
        worker[STEPS] += length
        worker[LONGEST] = max(worker[LONGEST], length)
        worker[WALKS] += 1
        worker[WALK] += control[WALK_STRIDE]
    return 1
