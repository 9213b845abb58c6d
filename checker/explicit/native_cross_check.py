"""Explore a setting natively in three ways, and say where they disagree.

All states, representatives alone, and all states with the variables that nothing reads: the three
must agree on every verdict, but for a deadlock: where nothing changes that the run reads, something
else may. Besides, the representatives of all states must be exactly as many as
the reduced search found by itself, which it would not if a representative were missed, or if two
states of one orbit had different ones.
"""

from __future__ import annotations

from dataclasses import replace

from splitspec.checker.budget import Budget, BudgetSpentError
from splitspec.checker.explicit.native.exploration import Exploration
from splitspec.checker.explicit.native.machine_code import load_runtime
from splitspec.checker.explicit.native.object_cache import cache_folder
from splitspec.checker.explicit.native.order import Explored, Order
from splitspec.checker.explicit.native_search import Finished, Subject, explore_natively
from splitspec.checker.explicit.oracle import claims_of
from splitspec.checker.interruption import Interruption
from splitspec.checker.result import Comparison, Limits, RunResult, Stop
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import PropertyKind, System
from splitspec.model.setting import Setting
from splitspec.model.verdict import Outcome

OF_WHAT_IS_READ = PropertyKind.DEADLOCK, Outcome.VIOLATED


def compare(
    setting: Setting,
    system: System,
    whole: System,
    *,
    limits: Limits,
    workers: int,
    interruption: Interruption | None,
) -> Comparison:
    """Compare explorations of the system of a setting, and of the `whole` that is not sliced.

    Each has the limits to itself.
    """

    def run(system: System, *, symmetry: bool = False) -> Finished:
        evaluator = Evaluator(setting, frozenset(system.sliced))
        subject = Subject(evaluator, claims_of(setting, system), system, system)
        budget = Budget(limits, interruption)
        return explore_natively(subject, budget=budget, workers=workers, symmetry=symmetry)

    try:
        runs = {
            "all states": run(system),
            "representatives": run(system, symmetry=True),
            "all variables": run(whole),
        }
    except BudgetSpentError as spent:
        return Comparison((), (f"{spent.stop.value}, so nothing can be compared",))
    partial = [
        f"{name}: {finished.result.run.stop.value}, so nothing can be compared"
        for name, finished in runs.items()
        if finished.result.run.stop is not None
    ]
    if partial:
        return Comparison((), tuple(partial))
    full, reduced = runs["all states"], runs["representatives"]
    found = _different_verdicts(full.result, reduced.result, "representatives")
    obstacles = _cut_alone(full.result, runs["all variables"].result)
    if not obstacles:
        whole_result = runs["all variables"].result
        found += _different_verdicts(_stated(full.result), whole_result, "all variables")
    if full.explored.depth != reduced.explored.depth:
        depths = f"{full.explored.depth} of all states, {reduced.explored.depth} of representatives"
        return Comparison((*found, f"depth {depths}"), obstacles)
    counted = _represent(full, reduced, Budget(limits, interruption))
    if counted.stop is not Stop.DEPTH:
        why = "representatives of all states: the limits do not allow to count them"
        return Comparison(tuple(found), (*obstacles, why))
    if counted.states != reduced.explored.states:
        found.append(
            f"{reduced.explored.states} representatives were found, "
            f"and all states have {counted.states}"
        )
    return Comparison(tuple(found), obstacles)


def _represent(full: Finished, reduced: Finished, budget: Budget) -> Explored:
    """Store the representatives of all states of the full search."""
    exploration = Exploration(
        load_runtime(cache_folder()),
        reduced.kernel.addresses,
        Order(frozenset(), frozenset(), exhaust=True),
        limits=budget.limits,
        budget=budget,
    )
    stored = full.explored.store
    return exploration.admit_only(
        stored.states.address, stored.parents.address, full.explored.end, keep=stored
    )


def _cut_alone(full: RunResult, whole: RunResult) -> tuple[str, ...]:
    """Return why a run of all variables is another one: a bound of what nothing reads cuts it."""
    bounds = [path for path in whole.run.cut if path not in full.run.cut]
    if not bounds:
        return ()
    return (f"all variables: cut at the bounds of {', '.join(bounds)}, which nothing reads",)


def _stated(full: RunResult) -> RunResult:
    """Return what a run says that is true of all variables, too."""
    kept = (v for v in full.verdicts if (v.kind, v.outcome) != OF_WHAT_IS_READ)
    return replace(full, verdicts=tuple(kept))


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
