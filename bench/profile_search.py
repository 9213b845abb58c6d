"""Show where a native search of a model spends its time.

    python bench/profile_search.py MODEL [Sort=N …]

MODEL is a name of the nearest models.toml, or the path of a .split file; of its runs the first is
taken. The search is made three times; then its stored states are swept by loops that do ever more
of the work: make successors, hash them, fetch their lines, look them up. What a stage adds is the
difference of two lines. All is CPU time of one thread, the least of three. The sweeps meet stored
states only, so what the search takes beyond them is insertion, growth and the first touch of
memory.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from time import process_time

from splitspec.checker.explicit.counterexample import Translation
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
from splitspec.checker.explicit.native.kernel import Kernel, compile_kernel
from splitspec.checker.explicit.native.machine_code import load_code, load_runtime
from splitspec.checker.explicit.native.object_cache import cache_folder
from splitspec.checker.explicit.native.order import Explored, Order
from splitspec.checker.explicit.native.runtime import gather, prepare
from splitspec.checker.explicit.native.slots import find, hashed, home
from splitspec.checker.explicit.native.translator.modules import translate
from splitspec.checker.explicit.native.translator.subset import Words, ahead, native
from splitspec.checker.explicit.search import system_of
from splitspec.checker.result import Limits
from splitspec.cli.selection import Request, select
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import PropertyKind

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
    # The kernel owns its code, and has to outlive the searches.
    begin, _kernel = _prepared(sys.argv[1], sys.argv[2:])
    best = user = float("inf")
    for _ in range(REPEATS):
        exploration, initial = begin()
        before = os.times()
        found = exploration.run(initial)
        after = os.times()
        user = min(user, after.user - before.user)
        best = min(best, sum(after[:2]) - sum(before[:2]))
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


def _prepared(
    model: str, sizes: list[str]
) -> tuple[Callable[[], tuple[Exploration, list[tuple[int, ...]]]], Kernel]:
    """Return what makes a fresh search of the first run of a model, and its kernel."""
    pairs = tuple((sort, int(size)) for sort, _, size in (word.partition("=") for word in sizes))
    selected = select(Request(models=(model,), sizes=pairs))
    if selected.problems:
        sys.exit("\n".join(selected.problems.sentences) or f"{model} has errors")
    setting = selected.jobs[0].setting
    system = system_of(setting, (), slice=True)
    evaluator = Evaluator(setting, frozenset(system.sliced))
    kernel = compile_kernel(system, evaluator.places.scope, setting.properties)
    translation = Translation(evaluator, kernel)
    initial = [translation.packed(state) for state in evaluator.initial_states()]
    bits = list(enumerate(kernel.bits))
    order = Order(
        pending=frozenset(
            n for n, b in bits if b.is_of_states and b.kind is not PropertyKind.RECOVERABLE
        ),
        undecided=frozenset(n for n, b in bits if not b.is_of_states),
        exhaust=True,
    )
    runtime = load_runtime(cache_folder())

    def begin() -> tuple[Exploration, list[tuple[int, ...]]]:
        return Exploration(runtime, kernel.addresses, order, limits=Limits()), initial

    return begin, kernel


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
