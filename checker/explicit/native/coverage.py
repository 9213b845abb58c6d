"""Look at every stored state for what a complete search never did."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from splitspec.checker.budget import BudgetSpentError
from splitspec.checker.explicit.native import blocks
from splitspec.checker.explicit.native.exploration import Exploration
from splitspec.checker.explicit.native.observation import seen_bits
from splitspec.checker.explicit.native.observer import (
    Observation,
    Sight,
    compile_observer,
    observations,
)
from splitspec.checker.explicit.native.order import Explored
from splitspec.checker.result import Coverage, Stop
from splitspec.model.ir import System
from splitspec.model.scope import Scope


def coverage_of(
    own: System,
    shared: System,
    scope: Scope,
    properties: Collection[str],
    exploration: Exploration,
    explored: Explored,
    folder: Path | None = None,
) -> Coverage | Stop:
    """Return what no stored state shows, or why that was not found out.

    `own` is what exists in the run, which says what there is to see; `shared` is the system that
    was compiled, with the variants that share the kernel.
    """
    wanted = observations(own, properties)
    try:
        observer = compile_observer(shared, scope, wanted, folder, exploration.budget)
    except BudgetSpentError as spent:
        return spent.stop
    exploration.control[blocks.OBSERVE] = observer.address
    seen = seen_bits(exploration, explored, len(wanted))
    if isinstance(seen, Stop):
        return seen
    return unseen(wanted, seen)


def unseen(wanted: Sequence[Observation], seen: Collection[int]) -> Coverage:
    """Return which observations, given by number, were not made."""
    left = [o for number, o in enumerate(wanted) if number not in seen]
    return Coverage(
        never_enabled=_paths(left, Sight.ENABLED),
        never_refused=_paths(left, Sight.REFUSED),
        never_met=_paths(left, Sight.MET),
    )


def _paths(left: Iterable[Observation], sight: Sight) -> tuple[str, ...]:
    return tuple(dict.fromkeys(o.path for o in left if o.sight is sight))
