"""The native engine says what the evaluator says, on systems that nobody chose.

For every random system, every adversary and every way to run the native engine:
states, transitions, depth, verdicts, vacuity and the lengths of counterexamples are those of the
evaluator. Under symmetry, states are the orbits, counted here by brute force.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, note, settings
from tests.agreement.orbits import count_orbits
from tests.agreement.random_systems import RandomSystem, random_systems

from splitspec.checker.explicit import oracle
from splitspec.checker.explicit.search import explore
from splitspec.checker.result import Engine, Limits, RunResult
from splitspec.cli.diagnostics import render
from splitspec.model.loader import load
from splitspec.model.scope import Scope
from splitspec.model.setting import Setting, adversaries, properties_under

EXAMPLES = settings().max_examples // 6
"""Each example compiles several kernels."""

STATES_MAX = 1500
"""Larger spaces are left to the shipped models: brute force has to stay quick."""


def read(system: RandomSystem) -> list[Setting]:
    """Return a setting for each adversary of a random system."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "random.split"
        path.write_text(system.text)
        loaded = load(path)
    assert loaded.program is not None, system.text + render(loaded.diagnostics, color=False)
    program = loaded.program
    scope = Scope({f"random.{sort}": size for sort, size in system.sizes.items()}, {}, {})
    return [
        Setting("random", program, scope, given_, None, properties_under(program, given_))
        for given_ in adversaries(program)
    ]


def verdicts(result: RunResult) -> dict[str, tuple[str, int | None]]:
    """Return outcome and length of the trace for each property."""
    return {
        v.property: (v.outcome.value, None if v.trace is None else v.trace.length)
        for v in result.verdicts
    }


def natively(setting: Setting, *, workers: int, symmetry: bool) -> RunResult:
    result = explore(
        setting,
        limits=Limits(),
        workers=workers,
        symmetry=symmetry,
        evaluator_states=0,
        slice=False,
    )
    assert result.run.engine is Engine.NATIVE, result.run.remark
    assert result.run.complete
    return result


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=EXAMPLES)
@given(random_systems())
def test_native_and_evaluator_agree_on_random_systems(system: RandomSystem) -> None:
    note(f"{system.sizes}\n{system.text}")
    for setting in read(system):
        judge = oracle.explore(setting, Limits(states=STATES_MAX))
        if not judge.run.complete:
            continue
        full = natively(setting, workers=1, symmetry=False)
        figures = (judge.run.states, judge.run.transitions, judge.run.depth)
        assert (full.run.states, full.run.transitions, full.run.depth) == figures
        assert verdicts(full) == verdicts(judge)
        assert full.run.coverage == judge.run.coverage
        both = natively(setting, workers=2, symmetry=False)
        assert (both.run.states, both.run.transitions, both.run.depth) == figures
        assert verdicts(both) == verdicts(judge)
        reduced = natively(setting, workers=1, symmetry=True)
        assert reduced.run.states == count_orbits(setting)
        assert reduced.run.depth == judge.run.depth
        assert verdicts(reduced) == verdicts(judge)
