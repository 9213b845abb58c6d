"""Show where a native search of a model spends its time.

    python bench/profile_search.py MODEL [--given host] [--scope Sort=N …]

MODEL is a name of the nearest models.toml, or the path of a .split file. The search is made three
times; then its stored states are swept by loops that do ever more
of the work: make successors, hash them, fetch their lines, look them up. What a stage adds is the
difference of two lines. All is CPU time of one thread, the least of three. The sweeps meet stored
states only, so what the search takes beyond them is insertion, growth and the first touch of
memory.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from resource import RUSAGE_SELF, getrusage
from time import process_time

import search

from splitspec.checker.explicit.native import blocks
from splitspec.checker.explicit.native.blocks import (
    HASHES,
    HI,
    HITS,
    OUT,
    PENDING,
    SIZE,
    SLOTS,
    STATES,
    VIOLATED,
    WORDS,
)
from splitspec.checker.explicit.native.exploration import Exploration
from splitspec.checker.explicit.native.intrinsics import call_violated, load, words_at
from splitspec.checker.explicit.native.jit import compile_object, target_machine
from splitspec.checker.explicit.native.machine_code import load_code
from splitspec.checker.explicit.native.order import Explored
from splitspec.checker.explicit.native.runtime import gather, prepare
from splitspec.checker.explicit.native.slots import find, hashed, home
from splitspec.checker.explicit.native.translator.modules import translate
from splitspec.checker.explicit.native.translator.subset import Words, ahead, native

REPEATS = 3


@native
def make(control: Words, worker: Words) -> int:
    total = 0
    while True:
        count = gather(control, worker)
        if count < 0:
            return total
        total += count


@native
def make_and_hash(control: Words, worker: Words) -> int:
    total, out, words = 0, words_at(worker[OUT]), control[WORDS]
    while True:
        count = gather(control, worker)
        if count < 0:
            return total
        for j in range(count):
            total ^= hashed(out, j * words, words)


@native
def make_and_fetch(control: Words, worker: Words) -> int:
    total, hashes, slots = 0, words_at(worker[HASHES]), words_at(control[SLOTS])
    while True:
        count = gather(control, worker)
        if count < 0:
            return total
        prepare(control, worker, count)
        for j in range(count):
            total ^= load(slots, home(hashes[j], control[SIZE]))


@native
def make_and_find(control: Words, worker: Words) -> int:
    total, out, hashes = 0, words_at(worker[OUT]), words_at(worker[HASHES])
    words = control[WORDS]
    while True:
        count = gather(control, worker)
        if count < 0:
            return total
        prepare(control, worker, count)
        for j in range(count):
            total += find(control, out, j * words, hashes[j])


@native
def judge_all(control: Words, worker: Words) -> int:
    total, states = 0, words_at(control[STATES])
    pending, hits = words_at(worker[PENDING]), words_at(worker[HITS])
    for s in range(control[HI]):
        state = ahead(states, s * control[WORDS])
        total += call_violated(control[VIOLATED], state, -1, pending, hits)
    return total


STAGES: tuple[tuple[str, Callable[..., int]], ...] = (
    ("successors", make),
    ("+ hash", make_and_hash),
    ("+ representative, fetch, read line", make_and_fetch),
    ("+ compare tags and states", make_and_find),
    ("all properties of states", judge_all),
)


def main() -> None:
    """Print one line a stage."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("model")
    parser.add_argument("--given", default="none", help="the honest actor")
    parser.add_argument("--scope", nargs="*", default=[], metavar="Sort=N")
    arguments = parser.parse_args()
    prepared = search.prepare(
        search.job_of(arguments.model, arguments.given, arguments.scope), symmetry=False
    )
    best = user = float("inf")
    for _ in range(REPEATS):
        exploration = prepared.exploration()
        before = getrusage(RUSAGE_SELF)
        found = exploration.run(prepared.initial)
        after = getrusage(RUSAGE_SELF)
        share = after.ru_utime - before.ru_utime
        user = min(user, share)
        best = min(best, share + after.ru_stime - before.ru_stime)
    memory = found.store.memory(found.end) / found.states
    print(
        f"{found.states:,} states, {found.transitions:,} transitions, depth {found.depth}, "
        f"{exploration.kernel.words} words, {memory:.1f} bytes a state"
    )
    print(f"{'':36}{'s':>8}{'ns/state':>10}{'ns/transition':>15}")
    for name, stage in STAGES:
        _print(name, _sweep(stage, exploration, found), found)
    _print("search, without the system's share", user, found)
    _print("search", best, found)
    rates = (found.states / best / 1e6, found.transitions / best / 1e6)
    print(f"{rates[0]:.1f} M states/s, {rates[1]:.1f} M transitions/s")


def _sweep(stage: Callable[..., int], exploration: Exploration, found: Explored) -> float:
    """Return the least time of a stage over all stored states."""
    name = stage.__name__
    code = load_code(compile_object(translate({name: stage}), target_machine()), [name])
    call, worker = code.entry(name), exploration.workers[0].block
    least = float("inf")
    for _ in range(REPEATS):
        exploration.control[blocks.TAKE], exploration.control[blocks.HI] = 0, found.end
        worker[blocks.CLAIM] = worker[blocks.CLAIM_END] = 0
        begin = process_time()
        call(exploration.control, worker)
        least = min(least, process_time() - begin)
    return least


def _print(name: str, seconds: float, found: Explored) -> None:
    state, transition = 1e9 * seconds / found.states, 1e9 * seconds / found.transitions
    print(f"{name:36}{seconds:8.3f}{state:10.1f}{transition:15.1f}")


if __name__ == "__main__":
    main()
