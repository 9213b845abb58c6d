"""Make the run of a job: explored as deep as `models.toml` asks, or walked as often as it asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from splitspec.checker.explicit.search import explore
from splitspec.checker.explicit.simulation import simulate
from splitspec.checker.interruption import Interruption
from splitspec.checker.result import Limits, Progress, RunResult
from splitspec.cli.selection import Job

WALKS_SEED = 0
"""Walks that `models.toml` asks for are the same ones every time; `simulate` takes others."""


def make_run(
    job: Job,
    limits: Limits,
    *,
    workers: int,
    on_progress: Callable[[Progress], None] | None,
    interruption: Interruption,
    symmetry: bool = True,
    slice: bool = True,
) -> RunResult:
    """Return what the run gives. A depth of `limits` goes before the one that is recorded."""
    if job.walks is not None:
        return simulate(
            job.setting,
            runs=job.walks.runs,
            limits=replace(limits, depth=job.walks.steps),
            seed=WALKS_SEED,
            workers=workers,
            on_progress=on_progress,
            interruption=interruption,
        )
    if limits.depth is None:
        limits = replace(limits, depth=job.expectation.bounded)
    return explore(
        job.setting,
        limits=limits,
        workers=workers,
        symmetry=symmetry,
        until=job.until,
        on_progress=on_progress,
        slice=slice,
        family=job.family,
        interruption=interruption,
    )
