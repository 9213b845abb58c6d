"""Explore the reachable states of a setting breadth first, and decide every claim of the run.

Two tiers. The evaluator explores the first states, so that small models are answered before
anything is compiled. What is larger starts again on the native kernel. Where no kernel can be made
on a machine, the evaluator goes on, and the run says so.

Soundness: `Violated` and `Reached` are said of traces that the evaluator has replayed from an
initial state. `Holds` is said of complete searches (and of whole levels, when a depth was asked
for): every reachable state was stored, none was told from another by its hash, and every property
that an action could have changed was evaluated on what the action led to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import prod
from pathlib import Path

from splitspec.checker.budget import Budget, BudgetSpentError
from splitspec.checker.explicit import oracle
from splitspec.checker.explicit.judgement import blank_run, undecided
from splitspec.checker.interruption import Interruption
from splitspec.checker.result import (
    Comparison,
    Engine,
    Limits,
    Progress,
    RunResult,
    Stop,
)
from splitspec.model.ir import System, Variant
from splitspec.model.pipeline import flatten, prepare
from splitspec.model.setting import Setting
from splitspec.model.verdict import Outcome

EVALUATOR_STATES = 64
"""More states than these are explored natively."""
EVALUATOR_INSTANCES = 100
"""Instances of actions that a state may have; with more, the evaluator's tier has fewer states. Its
end is a matter of counts and not of time, so that the engine of a run, and with it whether states
or orbits are counted, is the same on a busy machine."""
MASK_BITS = 64
"""The variants that one kernel can tell apart."""
NATIVE_PACKAGES = frozenset({"llvmlite"})
"""What may be missing on a machine; anything else that cannot be imported is an error of ours."""


def explore(
    setting: Setting,
    *,
    limits: Limits | None = None,
    workers: int = 1,
    symmetry: bool = True,
    until: str | None = None,
    evaluator_states: int = EVALUATOR_STATES,
    on_progress: Callable[[Progress], None] | None = None,
    kernel_cache: Path | None = None,
    slice: bool = True,
    family: tuple[Variant, ...] = (),
    interruption: Interruption | None = None,
) -> RunResult:
    """Return the figures and verdicts of one run.

    `until` names the property at which the search may end. `family` are the variants that share
    one kernel with the setting's own. `kernel_cache` is the folder of compiled code, by default
    the user's own.
    """
    budget = Budget(limits or Limits(), interruption)
    system = system_of(setting, (), slice=slice)
    claims = oracle.claims_of(setting, system)
    targets = frozenset() if until is None else frozenset({until})
    small = oracle.Search(setting, claims, budget, targets, frozenset(system.sliced))
    stop: Stop | None = Stop.STATES
    # The evaluator forgets nothing, so its first states are those of another search.
    has_first_tier = evaluator_states > 0 and not system.forgotten
    if has_first_tier:
        stop = small.run(_first_tier(budget.limits, evaluator_states, _instances(system, setting)))
        if budget.spent() is not None or _is_final(stop, small, budget.limits):
            return small.result(stop)
    try:
        from splitspec.checker.explicit.native_search import Subject, explore_natively
    except ImportError as missing:
        if not is_missing_native(missing):
            raise
        if system.forgotten:  # The evaluator forgets nothing: it needs what was left out.
            return explore(
                replace(setting, forgotten=()),
                limits=limits,
                until=until,
                on_progress=on_progress,
                interruption=interruption,
            )
        result = small.result(small.run(budget.limits, on_progress))
        remark = f"no native kernel, {missing.name} is not installed: the evaluator explored"
        return replace(result, run=replace(result.run, remark=remark))
    shared = shared_system(setting, system, family, slice=slice)
    # What the first tier found is not lost because there was no time for the second.
    try:
        result = explore_natively(
            Subject(small.evaluator, claims, system, shared),
            budget=budget,
            workers=workers,
            symmetry=symmetry,
            until=until,
            on_progress=on_progress,
            cache=kernel_cache,
        ).result
    except BudgetSpentError as spent:
        return small.result(spent.stop)
    if has_first_tier and result.run.stop in (Stop.TIME, Stop.INTERRUPTED, Stop.MEMORY):
        return max(result, small.result(result.run.stop), key=_extent)
    return result


def unexplored(setting: Setting, stop: Stop) -> RunResult:
    """Return the result of a run of which nothing was done, and why: it knows nothing."""
    claims = oracle.claims_of(setting, system_of(setting, (), slice=False))
    run = replace(blank_run(setting, Engine.EVALUATOR), stop=stop)
    return RunResult(run, tuple(undecided(claim, stop.value) for claim in claims.values()))


def is_missing_native(error: ImportError) -> bool:
    """Whether a package is missing without which there is no native code on this machine."""
    return (error.name or "").partition(".")[0] in NATIVE_PACKAGES


def system_of(setting: Setting, family: tuple[Variant, ...], *, slice: bool) -> System:
    """Return the flat system of a setting with its own variant, or with a family of variants.

    Without `slice` it is the whole one, in which nothing is forgotten either.
    """
    variants = family
    if not variants and setting.variant is not None:
        variants = (setting.variant,)
    if slice:
        return prepare(setting.program, setting.given, variants, setting.claimed, setting.forgotten)
    return flatten(setting.program, setting.given, variants)


def shared_system(
    setting: Setting, own: System, family: tuple[Variant, ...], *, slice: bool
) -> System:
    """Return the system of the family, or the setting's own if that leaves other variables out.

    Of more variants than a mask holds, those beside the setting's own share a kernel. With a
    variable that only other variants read, a run would have states that are the same to it.
    """
    if setting.variant not in family:
        return own
    start = family.index(setting.variant) // MASK_BITS * MASK_BITS
    family = family[start : start + MASK_BITS]
    if len(family) == 1:
        return own
    shared = system_of(setting, family, slice=slice)
    return shared if shared.sliced == own.sliced else own


def cross_check(
    setting: Setting, *, limits: Limits, workers: int, interruption: Interruption | None = None
) -> Comparison:
    """Explore all states, representatives, and unsliced, and compare what they give."""
    try:
        from splitspec.checker.explicit.native_cross_check import compare
    except ImportError as missing:
        if not is_missing_native(missing):
            raise
        return Comparison((), (f"no native kernel, {missing.name} is not installed",))
    setting = replace(setting, forgotten=())
    system = system_of(setting, (), slice=True)
    whole = system_of(setting, (), slice=False)
    return compare(
        setting, system, whole, limits=limits, workers=workers, interruption=interruption
    )


def _instances(system: System, setting: Setting) -> int:
    """Return how many instances of actions there are at a scope."""
    count = setting.scope.count
    return sum(prod(count(p.type) for p in action.parameters) for action in system.actions)


def _first_tier(limits: Limits, states: int, instances: int) -> Limits:
    """Return the limits of the evaluator's tier, never above those of the user."""
    most = min(states, states * EVALUATOR_INSTANCES // max(1, instances))
    return Limits(
        states=most if limits.states is None else min(most, limits.states), depth=limits.depth
    )


def _is_final(stop: Stop | None, search: oracle.Search, limits: Limits) -> bool:
    """Whether the evaluator's tier decided the run: by finding all, or at a limit of the user's."""
    match stop:
        case None | Stop.DECIDED | Stop.DEPTH:
            return True
        case Stop.STATES:
            return limits.states is not None and len(search.graph.states) > limits.states
        case _:
            return False


def _extent(result: RunResult) -> tuple[int, int]:
    """Return how many claims a result says something about, and how many states it saw."""
    decided = sum(verdict.outcome is not Outcome.UNKNOWN for verdict in result.verdicts)
    return decided, result.run.states
