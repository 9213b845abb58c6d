"""Walk a setting at random, and judge every state and step on the way.

It finds shallow mistakes in spaces that are too large to explore, at many million steps a second,
and proves nothing: what no walk showed is `sampled`.

Soundness: a violation is shown by the walk that found it, walked again by the evaluator, and
minimised by it. That need not be a shortest counterexample, and its verdict says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from splitspec.checker.budget import Budget, BudgetSpentError
from splitspec.checker.explicit.judgement import blank_run, undecided
from splitspec.checker.explicit.oracle import claims_of
from splitspec.checker.explicit.search import is_missing_native, system_of
from splitspec.checker.interruption import Interruption
from splitspec.checker.result import Engine, Limits, Phase, Progress, Run, RunResult
from splitspec.model.ir import Property
from splitspec.model.setting import Setting

DEPTH = 1000


def simulate(
    setting: Setting,
    *,
    runs: int,
    seed: int,
    limits: Limits | None = None,
    workers: int = 1,
    on_progress: Callable[[Progress], None] | None = None,
    kernel_cache: Path | None = None,
    interruption: Interruption | None = None,
) -> RunResult:
    """Return the figures of `runs` random walks, and the verdicts that they allow.

    A walk ends after `limits.depth` steps (by default 1000), or where no step is possible. Figures
    count states at every visit.
    """
    budget = Budget(limits or Limits(), interruption)
    setting = replace(setting, forgotten=())  # A walk keeps no states that could become one.
    system = system_of(setting, (), slice=True)
    claims = claims_of(setting, system)
    blank = replace(
        blank_run(setting, Engine.SIMULATION, system.sliced), seed=seed, workers=workers
    )
    try:
        from splitspec.checker.explicit.native_walks import NativeWalks
    except ImportError as missing:
        if not is_missing_native(missing):
            raise
        why = f"no native kernel, {missing.name} is not installed"
        return _nothing(replace(blank, remark=why), claims, why)
    if on_progress is not None:
        on_progress(Progress(Phase.COMPILING, budget.seconds))
    depth = budget.limits.depth or DEPTH
    try:
        walks = NativeWalks(setting, system, claims, budget, seed, depth, kernel_cache)
    except BudgetSpentError as spent:
        run = replace(blank, stop=spent.stop, seconds=budget.seconds)
        return _nothing(run, claims, spent.stop.value)
    walked = walks.walk(runs, workers, on_progress)
    run = replace(
        blank,
        stop=walked.stop,
        seconds=budget.seconds,
        states=walked.steps + walked.walks,
        transitions=walked.steps,
        depth=walked.longest,
        cut=walks.cut(walked),
        coverage=walks.coverage(walked),
        remark=f"{walks.figures(walked)}; states count at every visit",
    )
    return RunResult(run, walks.verdicts(walked))


def _nothing(run: Run, claims: Mapping[str, Property], why: str) -> RunResult:
    return RunResult(run, tuple(undecided(claim, why) for claim in claims.values()))
