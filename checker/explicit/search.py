"""Explore the reachable states of a setting breadth first, and decide every claim of the run.

Two tiers. The evaluator explores the first few hundred states, so that small models are answered
before anything is compiled. What is larger starts again on the native kernel. Where no kernel can
be made on a machine, the evaluator explores everything, and the run says so.

Soundness: `Violated` and `Reached` are said of traces that the evaluator has replayed from an
initial state. `Holds` is said of complete searches (and of whole levels, when a depth was asked
for): every reachable state was stored, none was told from another by its hash, and every property
that an action could have changed was evaluated on what the action led to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from splitspec.checker.explicit import oracle
from splitspec.checker.result import Limits, Progress, RunResult, Stop
from splitspec.model.ir import System, Variant
from splitspec.model.pipeline import flatten, prepare
from splitspec.model.setting import Setting

EVALUATOR_STATES = 300
EVALUATOR_SECONDS = 0.15
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
) -> RunResult:
    """Return the figures and verdicts of one run.

    `until` names the property at which the search may end. `family` are the variants that share
    the kernel; the setting's own variant is among them, or they are empty. `kernel_cache` is the
    folder of compiled code, by default the user's own.
    """
    limits = limits or Limits()
    system = system_of(setting, family, slice=slice)
    sliced = frozenset(system.sliced)
    targets = frozenset() if until is None else frozenset({until})
    if evaluator_states > 0:
        small = oracle.explore(
            setting, _first_tier(limits, evaluator_states), targets=targets, sliced=sliced
        )
        if _is_final(small, limits):
            return small
    try:
        from splitspec.checker.explicit.native_search import explore_natively
    except ImportError as missing:
        if not is_missing_native(missing):
            raise
        result = oracle.explore(setting, limits, targets=targets, sliced=sliced, report=on_progress)
        remark = f"no native kernel, {missing.name} is not installed: the evaluator explored"
        return replace(result, run=replace(result.run, remark=remark))
    return explore_natively(
        setting,
        system,
        limits=limits,
        workers=workers,
        symmetry=symmetry,
        until=until,
        on_progress=on_progress,
        cache=kernel_cache,
    )


def is_missing_native(error: ImportError) -> bool:
    """Whether a package is missing without which there is no native code on this machine."""
    return (error.name or "").partition(".")[0] in NATIVE_PACKAGES


def system_of(setting: Setting, family: tuple[Variant, ...], *, slice: bool) -> System:
    """Return the flat system of a setting, with the variants that share its kernel."""
    variants = family
    if not variants and setting.variant is not None:
        variants = (setting.variant,)
    if slice:
        return prepare(setting.program, setting.given, variants, setting.properties)
    return flatten(setting.program, setting.given, variants)


def cross_check(setting: Setting, *, limits: Limits, workers: int) -> tuple[str, ...]:
    """Explore all states, representatives, and unsliced; return in words where they disagree."""
    from splitspec.checker.explicit.native_cross_check import disagreements

    system = system_of(setting, (), slice=True)
    whole = system_of(setting, (), slice=False)
    return disagreements(setting, system, whole, limits=limits, workers=workers)


def _first_tier(limits: Limits, states: int) -> Limits:
    """Return the limits of the evaluator's tier, never above those of the user."""
    most = states if limits.states is None else min(states, limits.states)
    time = EVALUATOR_SECONDS if limits.time is None else min(EVALUATOR_SECONDS, limits.time)
    return Limits(states=most, time=time, depth=limits.depth)


def _is_final(result: RunResult, limits: Limits) -> bool:
    """Whether the evaluator's tier decided the run: by finding all, or at a limit of the user's."""
    match result.run.stop:
        case None | Stop.DECIDED | Stop.DEPTH | Stop.INTERRUPTED:
            return True
        case Stop.STATES:
            return limits.states is not None and result.run.states >= limits.states
        case Stop.TIME:
            return limits.time is not None and result.run.seconds >= limits.time
        case Stop.MEMORY:
            return False
