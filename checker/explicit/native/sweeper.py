"""Run a native function over all states that a search has stored, as far as the budget goes."""

from __future__ import annotations

from collections.abc import Callable

from splitspec.checker.explicit.native import blocks
from splitspec.checker.explicit.native.crew import Crew
from splitspec.checker.explicit.native.exploration import Exploration
from splitspec.checker.explicit.native.machine_code import NativeError
from splitspec.checker.explicit.native.order import Explored
from splitspec.checker.result import Phase, Progress, Stop


def sweep(
    exploration: Exploration,
    explored: Explored,
    entry: str,
    phase: Phase,
    *,
    start: int = 0,
    solo: bool = False,
    is_enough: Callable[[], bool] = lambda: False,
) -> Stop | None:
    """Run an entry of the runtime until no state is left or it is enough; return what forbids that,
    if anything does.

    It looks at the states from index `start` on. A `solo` sweep is made by one thread.
    """
    control = exploration.control
    control[blocks.TAKE], control[blocks.HI] = start, explored.end
    for worker in exploration.workers:
        worker.block[blocks.CLAIM] = worker.block[blocks.CLAIM_END] = 0
    chosen = exploration.workers[:1] if solo else exploration.workers
    function = exploration.runtime.entry(entry)
    with Crew(control, chosen) as crew:
        while True:
            _report(exploration, explored, phase)
            stop = exploration.budget.spent()
            if stop is not None:
                return stop
            done = crew.run(function)
            if min(done) < 0:
                raise NativeError("a successor of a complete search is not stored")
            if all(done) or is_enough():
                return None


def _report(exploration: Exploration, explored: Explored, phase: Phase) -> None:
    if exploration.on_progress is None:
        return
    left = max(0, explored.end - exploration.control[blocks.TAKE])
    exploration.on_progress(
        Progress(
            phase,
            exploration.budget.seconds,
            states=explored.states,
            frontier=min(left, explored.states),
            memory=exploration.store.memory(explored.end),
        )
    )
