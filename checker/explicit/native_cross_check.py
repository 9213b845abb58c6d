"""Explore a setting natively in three ways, and say where they disagree.

All states, representatives alone, and all states with the variables that nothing reads: the three
must agree on every verdict. Besides, the representatives of all states must be exactly as many as
the reduced search found by itself, which it would not if a representative were missed, or if two
states of one orbit had different ones.
"""

from __future__ import annotations

from splitspec.checker.explicit.native.exploration import Exploration, Explored, Order
from splitspec.checker.explicit.native.machine_code import load_runtime
from splitspec.checker.explicit.native.object_cache import cache_folder
from splitspec.checker.explicit.native_search import Finished, run_natively
from splitspec.checker.result import Limits, RunResult, Stop
from splitspec.model.ir import System
from splitspec.model.setting import Setting


def disagreements(
    setting: Setting, system: System, whole: System, *, limits: Limits, workers: int
) -> tuple[str, ...]:
    """Return in words where the explorations disagree, or why they could not be compared."""
    runs = {
        "all states": run_natively(setting, system, limits=limits, workers=workers),
        "representatives": run_natively(
            setting, system, limits=limits, workers=workers, symmetry=True
        ),
        "all variables": run_natively(setting, whole, limits=limits, workers=workers),
    }
    partial = [
        f"{name}: {finished.explored.stop.value}, so nothing can be compared"
        for name, finished in runs.items()
        if finished.explored.stop is not None
    ]
    if partial:
        return tuple(partial)
    full, reduced = runs["all states"], runs["representatives"]
    found = list(_different_orbits(full, reduced, limits))
    for name in ("representatives", "all variables"):
        found += _different_verdicts(full.result, runs[name].result, name)
    return tuple(found)


def _different_orbits(full: Finished, reduced: Finished, limits: Limits) -> list[str]:
    if full.explored.depth != reduced.explored.depth:
        depths = f"{full.explored.depth} of all states, {reduced.explored.depth} of representatives"
        return [f"depth {depths}"]
    counted = _represent(full, reduced, limits)
    if counted.stop is not Stop.DEPTH:
        return ["representatives of all states: the limits do not allow to count them"]
    if counted.states != reduced.explored.states:
        return [
            f"{reduced.explored.states} representatives were found, "
            f"and all states have {counted.states}"
        ]
    return []


def _represent(full: Finished, reduced: Finished, limits: Limits) -> Explored:
    """Store the representatives of all states of the full search."""
    exploration = Exploration(
        load_runtime(cache_folder()),
        reduced.kernel.addresses,
        Order(frozenset(), frozenset(), exhaust=True),
        limits=limits,
    )
    stored = full.explored.store
    return exploration.admit_only(
        stored.states.address, stored.parents.address, full.explored.end, keep=stored
    )


def _different_verdicts(full: RunResult, other: RunResult, name: str) -> list[str]:
    outcomes = {verdict.property: verdict.outcome.value for verdict in other.verdicts}
    found = []
    for verdict in full.verdicts:
        outcome = outcomes.get(verdict.property, "not decided")
        if outcome != verdict.outcome.value:
            found.append(
                f"{verdict.property}: {verdict.outcome.value} by all states, {outcome} by {name}"
            )
    return found
