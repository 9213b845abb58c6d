"""Drive the native runtime level by level, within limits, and keep what it found.

Levels of some hundred states are expanded by one thread, which goes on from level to level by
itself; their indices, and so the counterexamples in them, are the same in every run. Wider levels
are shared by all workers.

Soundness: `complete` is said only of a search that expanded every state that it stored, and of
which no thread failed. Every other end names its reason. `closed_depth` counts whole levels, so
that a claim about it covers every run of that length.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from time import monotonic

from splitspec.checker.budget import Budget
from splitspec.checker.explicit.memory import available_memory
from splitspec.checker.explicit.native import blocks
from splitspec.checker.explicit.native.addresses import Addresses
from splitspec.checker.explicit.native.crew import Crew
from splitspec.checker.explicit.native.machine_code import Runtime
from splitspec.checker.explicit.native.order import Explored, Order
from splitspec.checker.explicit.native.store import LINE, make_store
from splitspec.checker.explicit.native.workers import (
    BATCH,
    NO_END,
    make_control,
    make_worker,
    words,
)
from splitspec.checker.result import Limits, Phase, Progress, Stop

CHUNK = 1024
SOLO_WIDTH = 20_000
LEVELS_AT_ONCE = 1024

Packed = tuple[int, ...]


class Exploration:
    """One search: made from its order, run once, and asked afterwards for sweeps over what it
    stored.
    """

    def __init__(
        self,
        runtime: Runtime,
        kernel: Addresses,
        order: Order,
        *,
        limits: Limits,
        workers: int = 1,
        on_progress: Callable[[Progress], None] | None = None,
        budget: Budget | None = None,
    ) -> None:
        self.runtime, self.kernel, self.order, self.limits = runtime, kernel, order, limits
        self.on_progress = on_progress
        self.budget = budget or Budget(limits)
        self.began = monotonic()
        self.control = make_control(kernel, order.mask)
        self.workers = [
            make_worker(kernel, order.pending, order.undecided) for _ in range(max(1, workers))
        ]
        self.first: dict[int, int] = {}
        self.starts = [0]
        self.slack = len(self.workers) * (CHUNK + BATCH + kernel.fanout)
        memory = available_memory() if limits.memory is None else limits.memory
        self.store = make_store(kernel.words, memory, self.slack)
        self._levels = words(LEVELS_AT_ONCE)
        self._source: object = None
        self._admitted = False
        self._attach()

    # Running -----------------------------------------------------------------------------

    def run(self, initial: Sequence[Packed]) -> Explored:
        """Explore everything that can be reached from the initial states, within the limits."""
        source = words(len(initial) * self.kernel.words)
        content = [word for state in initial for word in state]
        for i, word in enumerate(content):
            source[i] = ctypes.c_int64(word).value
        return self.run_from(ctypes.addressof(source), 0, len(initial), keep=source)

    def run_from(self, states: int, parents: int, count: int, *, keep: object) -> Explored:
        """Explore from `count` packed states at an address; those whose parent is a hole are left
        out.

        `keep` owns the memory at the addresses.
        """
        self._source = keep
        with Crew(self.control, self.workers) as crew:
            stop = self._admit(crew, states, parents, count) or self._search(crew)
            return self._result(stop)

    def admit_only(self, states: int, parents: int, count: int, *, keep: object) -> Explored:
        """Store the given states (their representatives, with symmetry) and expand none."""
        self._source = keep
        with Crew(self.control, self.workers) as crew:
            return self._result(self._admit(crew, states, parents, count) or Stop.DEPTH)

    def _admit(self, crew: Crew, states: int, parents: int, count: int) -> Stop | None:
        control = self.control
        control[blocks.SOURCE], control[blocks.SOURCE_PARENTS] = states, parents
        control[blocks.SOURCE_COUNT] = count
        control[blocks.TAKE] = 0
        self._go_solo()
        while True:
            (done,) = crew.run(self.runtime.entry("admit"), self.workers[:1])
            control[blocks.NEXT] = self.workers[0].block[blocks.AT]
            self._merge()
            if done:
                control[blocks.TAKE], control[blocks.HI] = 0, control[blocks.NEXT]
                self._admitted = True
                return None
            admitted = control[blocks.TAKE]
            stop = self._obstacle(crew)
            if stop is not None:
                return stop
            control[blocks.TAKE] = admitted
            self._go_solo()

    def _search(self, crew: Crew) -> Stop | None:
        """Expand level after level; return why it ended early, or None once nothing is left."""
        while True:
            stop = self._level_stop() or self._obstacle(crew)
            if stop is not None:
                return stop
            wide = self.control[blocks.HI] - self.starts[-1] > SOLO_WIDTH
            finished = (
                self._expand_together(crew)
                if wide and len(self.workers) > 1
                else self._expand_solo(crew)
            )
            self._report()
            if finished:
                return None

    def _expand_solo(self, crew: Crew) -> bool:
        """Let the first worker run for a slice; return whether the search is complete."""
        control, worker = self.control, self.workers[0].block
        self._go_solo()
        (done,) = crew.run(self.runtime.entry("expand"), self.workers[:1])
        control[blocks.NEXT] = worker[blocks.AT]
        self.starts += self._levels[: control[blocks.LEVEL_COUNT]]
        self._merge()
        level_is_done = worker[blocks.CLAIM] == worker[blocks.CLAIM_END] and (
            control[blocks.TAKE] >= control[blocks.HI]
        )
        return bool(done and level_is_done and control[blocks.NEXT] == control[blocks.HI])

    def _expand_together(self, crew: Crew) -> bool:
        """Let all workers run for a slice; return whether the search is complete."""
        control = self.control
        if control[blocks.SOLO]:
            control[blocks.SOLO] = 0
            for worker in self.workers:
                worker.block[blocks.AT] = worker.block[blocks.END] = 0
        done = crew.run(self.runtime.entry("expand"))
        self._merge()
        if not all(done):
            return False
        self._close_chunks()
        if control[blocks.NEXT] == control[blocks.HI]:
            return True
        self.starts.append(control[blocks.HI])
        for worker in self.workers:
            worker.block[blocks.CLAIM] = worker.block[blocks.CLAIM_END] = 0
        control[blocks.TAKE], control[blocks.HI] = control[blocks.HI], control[blocks.NEXT]
        return False

    def _go_solo(self) -> None:
        control, worker = self.control, self.workers[0].block
        control[blocks.SOLO] = 1
        control[blocks.SOLO_WIDTH] = SOLO_WIDTH if len(self.workers) > 1 else NO_END
        control[blocks.LEVEL_COUNT], control[blocks.LEVEL_LIMIT] = 0, self._levels_allowed()
        worker[blocks.AT], worker[blocks.END] = control[blocks.NEXT], NO_END

    def _levels_allowed(self) -> int:
        """Return how many levels a solo run may finish before Python decides again."""
        if self._has_enough():
            return 1
        if self.limits.depth is None:
            return LEVELS_AT_ONCE
        return max(1, min(LEVELS_AT_ONCE, self.limits.depth - (len(self.starts) - 1)))

    # Stopping ----------------------------------------------------------------------------

    def _has_enough(self) -> bool:
        if self.order.until is not None:
            return self.order.until in self.first
        wanted = self.order.pending | self.order.undecided
        return not self.order.exhaust and bool(wanted) and wanted <= self.first.keys()

    def _is_between_levels(self) -> bool:
        return bool(self.control[blocks.TAKE] == self.starts[-1])

    def _level_stop(self) -> Stop | None:
        """Return why no further level is to be expanded, if that is so."""
        if not self._is_between_levels():
            return None
        if self._has_enough():
            return Stop.DECIDED
        depth = self.limits.depth
        return Stop.DEPTH if depth is not None and len(self.starts) - 1 >= depth else None

    def _obstacle(self, crew: Crew) -> Stop | None:
        """Return what forbids to go on at once; grow the table where that is all it takes."""
        limits, spent = self.limits, self.budget.spent()
        if spent is not None:
            return spent
        if limits.states is not None and self._total(blocks.NEW) > limits.states:
            return Stop.STATES
        if self.control[blocks.NEXT] < self.control[blocks.FULL]:
            return None
        if self.control[blocks.NEXT] < self.store.full:
            self._raise_full()
            return None
        return self._grow(crew)

    # Growing -----------------------------------------------------------------------------

    def _attach(self) -> None:
        """Tell the runtime where the arrays are, and when to ask for more."""
        control, store = self.control, self.store
        control[blocks.STATES], control[blocks.PARENTS] = (
            store.states.address,
            store.parents.address,
        )
        control[blocks.ACTIONS], control[blocks.SLOTS] = store.actions.address, store.slots.address
        control[blocks.SIZE], control[blocks.CHUNK] = store.size, CHUNK
        control[blocks.REACH] = store.reach
        control[blocks.LEVELS] = ctypes.addressof(self._levels)
        self._raise_full()

    def _raise_full(self) -> None:
        """Say at which index to ask: at the end of the table, or where the limit of states may be
        exceeded. Indices that threads hold in reserve are not states.
        """
        control = self.control
        control[blocks.FULL] = self.store.full
        if self.limits.states is not None:
            left = self.limits.states + 1 - self._total(blocks.NEW)
            control[blocks.FULL] = min(self.store.full, control[blocks.NEXT] + left)

    def _grow(self, crew: Crew) -> Stop | None:
        """Make the slot table larger; return what forbids it."""
        size = self.store.larger_size()
        if size is None:
            return Stop.MEMORY
        control = self.control
        take, hi = control[blocks.TAKE], control[blocks.HI]
        low = self.store.spread_from(size)
        done = (
            self._reinsert(crew, size)
            if low is None or control[blocks.OVERLONG]
            else self._spread(crew, size, low)
        )
        if not done:
            return self.budget.spent()
        control[blocks.TAKE], control[blocks.HI] = take, hi
        self._attach()
        return None

    def _spread(self, crew: Crew, size: int, low: int) -> bool:
        """Move the entries to their new places, in place."""
        control, old = self.control, self.store.size
        entries = words(low * LINE)
        control[blocks.OLD_SIZE], control[blocks.SCAN] = old, old // LINE
        control[blocks.LOW], control[blocks.LOW_SLOTS] = low, ctypes.addressof(entries)
        control[blocks.SIZE] = self.store.size = size
        control[blocks.REACH] = self.store.reach
        while not all(crew.run(self.runtime.entry("spread"), self.workers[:1])):
            if self.budget.spent() is not None:
                return False
            self._report()
        return True

    def _reinsert(self, crew: Crew, size: int) -> bool:
        """Empty the table and put all states in again."""
        control = self.control
        self.store.clear_slots(size)
        control[blocks.SIZE], control[blocks.TAKE] = size, 0
        control[blocks.REACH], control[blocks.OVERLONG] = self.store.reach, 0
        control[blocks.HI] = control[blocks.NEXT]
        if not control[blocks.SOLO]:
            # Chunks that are still being filled hold no state beyond their next index.
            for worker in self.workers:
                self.store.punch(worker.block[blocks.AT], worker.block[blocks.END])
        while not all(crew.run(self.runtime.entry("reinsert"))):
            if self.budget.spent() is not None:
                return False
            self._report()
        return True

    def _close_chunks(self) -> None:
        """Give up what is left of the workers' chunks."""
        for worker in self.workers:
            block = worker.block
            self.store.punch(block[blocks.AT], block[blocks.END])
            block[blocks.AT] = block[blocks.END] = 0

    # Findings ----------------------------------------------------------------------------

    def _merge(self) -> None:
        """Join what the workers decided; the smallest index is kept, and nobody looks for it any
        more.
        """
        found: dict[int, int] = {}
        for worker in self.workers:
            if worker.block[blocks.FOUND]:
                for number, index in worker.decided():
                    found[number] = min(index, found.get(number, index))
                worker.block[blocks.FOUND] = 0
        for number, index in found.items():
            if self.first.setdefault(number, index) == index:
                for worker in self.workers:
                    worker.decide(number)

    def _total(self, field: int) -> int:
        return sum(worker.block[field] for worker in self.workers)

    def _report(self) -> None:
        if self.on_progress is None:
            return
        control = self.control
        stored, states = control[blocks.NEXT], self._total(blocks.NEW)
        waiting = max(0, stored - min(control[blocks.TAKE], control[blocks.HI]))
        self.on_progress(
            Progress(
                Phase.EXPLORING,
                self.budget.seconds,
                depth=len(self.starts) - 1,
                states=states,
                transitions=self._total(blocks.TRANSITIONS),
                # Indices that threads hold in reserve are not states.
                frontier=min(waiting, states),
                memory=self.store.memory(stored),
            )
        )

    def _result(self, stop: Stop | None) -> Explored:
        if not self.control[blocks.SOLO]:
            self._close_chunks()
        control, starts = self.control, self.starts
        if control[blocks.NEXT] > control[blocks.HI]:
            starts = [*starts, control[blocks.HI]]
        return Explored(
            store=self.store,
            states=self._total(blocks.NEW),
            transitions=self._total(blocks.TRANSITIONS),
            starts=tuple(starts),
            end=control[blocks.NEXT],
            first=dict(self.first),
            complete=stop is None,
            stop=stop,
            # The last level may be expanded in part, but its own states are all there.
            closed_depth=len(self.starts) - 1 if self._admitted else -1,
            seconds=monotonic() - self.began,
        )
