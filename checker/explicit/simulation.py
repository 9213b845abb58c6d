"""Walk a setting at random, and judge every state and step on the way.

It finds shallow mistakes in spaces that are too large to explore, at many million steps a second,
and proves nothing: what no walk showed is `sampled`.

Soundness: a violation is shown as the walk that found it, walked again by the evaluator. It is no
shortest counterexample, and its verdict says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import monotonic

from splitspec.checker.explicit.execution import given_names, sizes
from splitspec.checker.explicit.judgement import run_id, undecided
from splitspec.checker.explicit.oracle import claims_of
from splitspec.checker.explicit.search import is_missing_native, system_of
from splitspec.checker.result import Engine, Limits, Progress, Run, RunResult
from splitspec.model.scope import Scope
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
) -> RunResult:
    """Return the figures of `runs` random walks, and the verdicts that they allow.

    A walk ends after `limits.depth` steps (by default 1000), or where no step is possible. Figures
    count states at every visit.
    """
    began = monotonic()
    limits = limits or Limits()
    system = system_of(setting, (), slice=True)
    blank = _blank_run(setting, setting.scope, seed, workers, system.sliced)
    try:
        from splitspec.checker.explicit.native_walks import NativeWalks
    except ImportError as missing:
        if not is_missing_native(missing):
            raise
        return _nothing(setting, blank, f"no native kernel, {missing.name} is not installed")
    walks = NativeWalks(setting, system, seed, limits.depth or DEPTH, kernel_cache)
    walked = walks.walk(runs, limits, workers, on_progress)
    remark = f"{walked.walks} walks; states are counted at every visit"
    if walks.coverage_bits:
        remark += f"; {len(walked.seen)} of {walks.coverage_bits} coverage bits seen"
    run = replace(
        blank,
        scope=sizes(walks.evaluator.places.scope),
        stop=walked.stop,
        seconds=monotonic() - began,
        states=walked.steps + walked.walks,
        transitions=walked.steps,
        depth=walked.longest,
        cut=walks.cut(walked),
        remark=remark,
    )
    return RunResult(run, walks.verdicts(walked))


def _blank_run(
    setting: Setting, scope: Scope, seed: int, workers: int, sliced: tuple[str, ...]
) -> Run:
    return Run(
        id=run_id(setting),
        model=setting.model,
        given=given_names(setting),
        variant=None if setting.variant is None else setting.variant.name,
        scope=sizes(scope),
        engine=Engine.SIMULATION,
        complete=False,
        stop=None,
        seconds=0.0,
        states=0,
        transitions=0,
        depth=0,
        symmetry=False,
        seed=seed,
        workers=workers,
        sliced=sliced,
    )


def _nothing(setting: Setting, run: Run, why: str) -> RunResult:
    verdicts = tuple(undecided(claim, why) for claim in claims_of(setting).values())
    return RunResult(replace(run, remark=why), verdicts)
