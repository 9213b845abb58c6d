"""Rows of whole processes from a cold start: what somebody waits for at a prompt."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from plan import Plan, say
from processes import run_well, spread
from searched import MEMORY, ROOT, searched
from table import Row, at_most

from splitspec.model.manifest import Manifest, load_manifest

SPLITSPEC = (sys.executable, "-m", "splitspec")
RUNS = 7
STEPS = 9
STATES = 10_000
"""A lower end: the shipped run with the next number of states is taken."""


def latency(plan: Plan) -> Iterator[Row]:
    """Yield seconds of wall time, each the median of some runs; remarks give the extremes."""
    for row in _rows(plan):
        yield replace(row, goal=None) if plan.quick else row


def _rows(plan: Plan) -> Iterator[Row]:
    runs = 2 if plan.quick else RUNS
    manifest = load_manifest(ROOT / "spec" / "models.toml")
    yield _help(runs)
    model, variant = _variant_of(STEPS, manifest)
    command = ["check", model, "--variant", variant]
    yield _timed(f"counterexample of {STEPS} steps", command, 1.0, runs)
    model, given, states = _run_of(STATES, manifest)
    command = ["check", model, "--given", given, "--symmetry", "off"]
    yield _timed(f"check of {states:,} states", command, 1.0, runs)
    yield from _first_ever(command, runs)
    if not plan.quick:
        yield _timed("check --variants, all models", ("check", "--variants"), 20.0, 3)
        yield from _compilation(runs)


def _timed(what: str, arguments: Sequence[str], bound: float, runs: int) -> Row:
    say(" ".join(arguments))
    command = (*SPLITSPEC, *arguments)
    run_well(command, folder=ROOT)  # Fills the caches.
    walls = spread(run_well(command, folder=ROOT).wall for _ in range(runs))
    remark = f"{walls}; splitspec {' '.join(arguments)}"
    return Row("latency", what, walls.median, "s", at_most(bound), remark)


def _help(runs: int) -> Row:
    """Measure in pairs, since what is asked for is a difference."""
    say("--help")
    for command in ((sys.executable, "-c", "pass"), (*SPLITSPEC, "--help")):
        run_well(command)
    differences = spread(
        run_well((*SPLITSPEC, "--help")).wall - run_well((sys.executable, "-c", "pass")).wall
        for _ in range(2 * runs)
    )
    goal = at_most(0.15)
    return Row(
        "latency", "--help above bare Python", differences.median, "s", goal, str(differences)
    )


def _first_ever(arguments: Sequence[str], runs: int) -> Iterator[Row]:
    """Measure with no cache of ours, and with no compiled Python either."""
    command = (*SPLITSPEC, *arguments)
    say(f"{' '.join(arguments)}, the first time ever")

    def wall(*names: str) -> float:
        with tempfile.TemporaryDirectory() as folder:
            return run_well(command, folder=ROOT, variables=dict.fromkeys(names, folder)).wall

    walls = spread(wall("XDG_CACHE_HOME") for _ in range(runs))
    yield Row("latency", "  first ever", walls.median, "s", at_most(4.0), str(walls))
    walls = spread(wall("XDG_CACHE_HOME", "PYTHONPYCACHEPREFIX") for _ in range(runs))
    remark = f"{walls}; Python compiles all it imports, as after an installation"
    yield Row("latency", "  first ever, no bytecode", walls.median, "s", None, remark)


def _compilation(runs: int) -> Iterator[Row]:
    say("the kernel of memory")
    for symmetry in (True, False):
        seconds = []
        for _ in range(runs):
            with tempfile.TemporaryDirectory() as folder:
                report = searched(MEMORY, repeats=0, symmetry=symmetry, kernel_cache=Path(folder))
                seconds.append(report.compilation)
        times = spread(seconds)
        what = f"memory compiles, symmetry {'on' if symmetry else 'off'}"
        yield Row("latency", what, times.median, "s", at_most(2.0), str(times))


def _variant_of(steps: int, manifest: Manifest) -> tuple[str, str]:
    """Return the first shipped variant whose counterexample has so many steps, and its model."""
    return next(
        (model, variant)
        for model, entry in manifest.models.items()
        for variant, recorded in entry.variants.items()
        if recorded.steps == steps
    )


def _run_of(states: int, manifest: Manifest) -> tuple[str, str, int]:
    """Return the model, adversary and size of the smallest shipped run with enough states."""
    count, model, given = min(
        (run.states, model, ",".join(kind.value for kind in run.given) or "none")
        for model, entry in manifest.models.items()
        for run in entry.runs
        if run.states is not None and run.states >= states
    )
    return model, given, count
