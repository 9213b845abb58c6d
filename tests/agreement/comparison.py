"""Hold every way to run the native engine to the evaluator, on one setting."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from tests.agreement.orbits import count_orbits

from splitspec.checker.explicit import oracle
from splitspec.checker.explicit.search import explore, system_of
from splitspec.checker.report.diagnostics import render
from splitspec.checker.report.text import plain
from splitspec.checker.result import Engine, Limits, RunResult
from splitspec.model.ir import Value, Variant
from splitspec.model.loader import load, load_variants
from splitspec.model.scope import Scope
from splitspec.model.setting import Setting, adversaries, properties_under

STATES_MAX = 1500
"""Larger spaces are left to the shipped models: brute force has to stay quick."""

T = TypeVar("T")
Family = tuple[Variant, ...]


def settings_of(
    text: str,
    sizes: Mapping[str, int],
    bounds: Mapping[str, int] | None = None,
    pins: Mapping[str, Value] | None = None,
    imported: Mapping[str, str] | None = None,
) -> list[tuple[Setting, Family]]:
    """Return a setting for each adversary and each variant of a text, with all its variants.

    Names of `sizes`, `bounds` and `pins` without a module are of the text's own module; `imported`
    are the texts of other modules, by name.
    """
    name = text.split()[1]
    with TemporaryDirectory() as folder:
        for other, content in (imported or {}).items():
            (Path(folder) / f"{other}.split").write_text(content)
        path = Path(folder) / f"{name}.split"
        path.write_text(text)
        loaded = load(path)
        assert loaded.program is not None, text + render(loaded.diagnostics, plain)
        variants, diagnostics = load_variants(loaded, name, ())
        assert not diagnostics, text + render(diagnostics, plain)
    program = loaded.program
    scope = Scope(_paths(name, sizes), _paths(name, bounds or {}), _paths(name, pins or {}))
    return [
        (Setting(name, program, scope, given, variant, properties_under(program, given)), variants)
        for given in adversaries(program)
        for variant in (None, *variants)
    ]


def _paths(module: str, values: Mapping[str, T]) -> dict[str, T]:
    return {key if "." in key else f"{module}.{key}": value for key, value in values.items()}


def verdicts(result: RunResult) -> dict[str, tuple[str, int | None]]:
    """Return outcome and length of the trace for each property."""
    return {
        v.property: (v.outcome.value, None if v.trace is None else v.trace.length)
        for v in result.verdicts
    }


def natively(
    setting: Setting,
    *,
    workers: int,
    symmetry: bool,
    slice: bool = False,
    family: Family = (),
) -> RunResult:
    result = explore(
        setting,
        limits=Limits(),
        workers=workers,
        symmetry=symmetry,
        evaluator_states=0,
        slice=slice,
        family=family,
    )
    assert result.run.engine is Engine.NATIVE, result.run.remark
    assert result.run.complete
    return result


def assert_agreement(setting: Setting, family: Family = ()) -> bool:
    """Compare all ways to explore a setting; return False if its space is too large for that."""
    judge = oracle.explore(setting, Limits(states=STATES_MAX))
    if not judge.run.complete:
        return False
    figures = (judge.run.states, judge.run.transitions, judge.run.depth)
    for workers in (1, 2):
        full = natively(setting, workers=workers, symmetry=False)
        assert (full.run.states, full.run.transitions, full.run.depth) == figures
        assert verdicts(full) == verdicts(judge)
        assert full.run.coverage == judge.run.coverage
        assert full.run.cut == judge.run.cut
    reduced = natively(setting, workers=1, symmetry=True)
    assert reduced.run.states == count_orbits(setting)
    assert reduced.run.depth == judge.run.depth
    assert verdicts(reduced) == verdicts(judge)
    assert reduced.run.coverage == judge.run.coverage
    _assert_slice_agrees(setting, family)
    return True


def _assert_slice_agrees(setting: Setting, family: Family) -> None:
    """Compare as the command line runs it: sliced, and all variants behind a mask."""
    result = natively(setting, workers=1, symmetry=True, slice=True, family=family)
    judge = oracle.explore(setting, sliced=frozenset(result.run.sliced))
    assert result.run.sliced == system_of(setting, (), slice=True).sliced
    assert result.run.depth == judge.run.depth
    assert verdicts(result) == verdicts(judge)
    assert result.run.coverage == judge.run.coverage
