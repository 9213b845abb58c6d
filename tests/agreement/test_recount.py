"""The counts that `spec/models.toml` records have a second witness.

An expected number may not come from the run that it checks alone. Each run of a shipped model is
counted again by the evaluator: the small ones on every change, all others that can be afforded in
the nightly tests.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from tests.agreement.recount import recount

from splitspec.checker.explicit.search import system_of
from splitspec.model.ir import Program
from splitspec.model.loader import load
from splitspec.model.manifest import load_manifest
from splitspec.model.manifest_entry import ExpectedRun, ModelEntry
from splitspec.model.manifest_scope import scope_of
from splitspec.model.setting import Setting, properties_under

SPEC = Path(__file__).parents[2] / "spec"
MODELS = load_manifest(SPEC / "models.toml").models

QUICK = 20_000
"""Transitions of a run that is counted again on every change: a second or two."""

AFFORDABLE = 150_000_000
"""Transitions of a run that is counted again at night: with its symmetry, less than an hour."""

RUNS = [(entry, run) for entry in MODELS.values() for run in entry.runs if run.transitions]


@cache
def _program(module: str, replaced: tuple[tuple[str, str], ...]) -> Program:
    loaded = load(SPEC / f"{module}.split", dict(replaced))
    assert loaded.program is not None
    return loaded.program


def _setting(entry: ModelEntry, run: ExpectedRun) -> Setting:
    program = _program(entry.module, tuple(entry.substitutions.items()))
    scoped = scope_of(entry, program)
    assert scoped.scope is not None
    claims = properties_under(program, run.given)
    return Setting(entry.name, program, scoped.scope, run.given, None, claims)


def _assert_recounted(entry: ModelEntry, run: ExpectedRun) -> None:
    setting = _setting(entry, run)
    sliced = frozenset(system_of(setting, (), slice=True).sliced)
    figures = recount(setting, sliced)
    assert (figures.states, figures.transitions, figures.depth) == (
        run.states,
        run.transitions,
        run.depth,
    )
    if run.orbits is not None:
        assert figures.orbits == run.orbits


def _name(value: ModelEntry | ExpectedRun) -> str:
    if isinstance(value, ModelEntry):
        return value.name
    return "-".join(sorted(kind.value for kind in value.given)) or "hostile"


@pytest.mark.parametrize(
    ("entry", "run"), [r for r in RUNS if (r[1].transitions or 0) <= QUICK], ids=_name
)
def test_small_counts_are_found_again(entry: ModelEntry, run: ExpectedRun) -> None:
    _assert_recounted(entry, run)


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("entry", "run"), [r for r in RUNS if QUICK < (r[1].transitions or 0) <= AFFORDABLE], ids=_name
)
def test_large_counts_are_found_again(entry: ModelEntry, run: ExpectedRun) -> None:
    _assert_recounted(entry, run)


def test_no_count_is_without_a_witness() -> None:
    """What is larger than a night allows needs a smaller scope, or a word in models.toml."""
    assert [e.name for e, run in RUNS if (run.transitions or 0) > AFFORDABLE] == []
