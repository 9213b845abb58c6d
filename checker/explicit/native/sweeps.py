"""Look at every stored state once more: which coverage bits does it show?"""

from __future__ import annotations

from splitspec.checker.explicit.native.blocks import (
    CLAIM_SIZE,
    HI,
    HOLE,
    MASK,
    OBSERVE,
    PARENTS,
    SEEN,
    STATES,
    STOP,
    TAKE,
    WORDS,
)
from splitspec.checker.explicit.native.intrinsics import (
    call_observe,
    fetch_add,
    links_at,
    load,
    words_at,
)
from splitspec.checker.explicit.native.translator.subset import Words, ahead, native


@native
def observe(control: Words, worker: Words) -> int:
    """Add up what the stored states below HI show, from TAKE on; return 1 iff none is left."""
    words, hi, address, mask = control[WORDS], control[HI], control[OBSERVE], control[MASK]
    states, parents = words_at(control[STATES]), links_at(control[PARENTS])
    seen = words_at(worker[SEEN])
    while load(control, STOP) == 0:
        first = fetch_add(control, TAKE, CLAIM_SIZE)
        if first >= hi:
            return 1
        for s in range(first, min(first + CLAIM_SIZE, hi)):
            if parents[s] != HOLE:
                call_observe(address, ahead(states, s * words), seen, mask)
    return 0
