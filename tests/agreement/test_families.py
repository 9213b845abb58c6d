"""Variants that share a kernel behind a mask have the runs that each has with a kernel of its own.

A family are the variants of a model that run with one adversary at one scope.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.agreement.comparison import settings_of

from splitspec import spec
from splitspec.checker.evidence.execution import given_names
from splitspec.checker.explicit.native.fingerprint import fingerprint
from splitspec.checker.explicit.search import MASK_BITS, explore, shared_system, system_of
from splitspec.checker.result import Engine, RunResult
from splitspec.cli.selection import Job, Request, select
from splitspec.model import ir
from splitspec.model.manifest import load_manifest

MODELS = sorted(load_manifest(spec.folder() / "models.toml").models)
SOME = ("fork", "granting", "pools", "tdx", "two_runs")
NIGHTLY = (pytest.param(m, marks=pytest.mark.nightly) for m in MODELS if m not in SOME)
EACH = pytest.mark.parametrize("model", [*SOME, *NIGHTLY])


def jobs_in_families(model: str) -> Iterator[Job]:
    """Iterate over the runs of the variants of a shipped model that share their kernel."""
    selected = select(Request(models=(model,), variants=True))
    assert not selected.problems
    return (job for job in selected.jobs if len(job.family) > 1)


def natively(job: Job, *, shared: bool) -> RunResult:
    result = explore(
        job.setting,
        until=job.until,
        evaluator_states=0,
        family=job.family if shared else (),
    )
    assert result.run.engine is Engine.NATIVE
    return result


def findings(result: RunResult) -> object:
    run = result.run
    verdicts = {
        v.property: (v.outcome, v.reason, None if v.trace is None else v.trace.length)
        for v in result.verdicts
    }
    return run.states, run.transitions, run.depth, run.stop, run.sliced, run.coverage, verdicts


def kinds(model: str) -> set[object]:
    """What makes one family another case than the next: the kinds of its differences, who is
    honest, and of what the model is put together."""
    found: set[object] = set()
    for job in jobs_in_families(model):
        found |= {type(each) for variant in job.family for each in variant.differences}
        found |= {given_names(job.setting), *_composition(job)}
    return found


def _composition(job: Job) -> Iterator[str]:
    if job.setting.program.parts:
        yield "parts"
    if job.setting.program.extensions:
        yield "extensions"


def families_of(model: str) -> list[Job]:
    """Those runs; the models that are looked at on every change have some."""
    jobs = list(jobs_in_families(model))
    assert jobs or model not in SOME
    return jobs


def test_some_models_have_families_of_every_kind() -> None:
    """Whatever a mask can hide: what is dropped, changed or added, with either host, in parts and
    extensions. Runs with other values of the constants are another family."""
    differences = {ir.Drop, ir.Change, ir.Add}
    assert set().union(*map(kinds, SOME)) == {*differences, (), ("host",), "parts", "extensions"}


@pytest.mark.nightly
def test_the_families_of_every_run_are_of_every_kind() -> None:
    """The others are more of the same. To read all of them takes as long as to run these."""
    assert set().union(*map(kinds, SOME)) == set().union(*map(kinds, MODELS))


@EACH
def test_a_shared_kernel_gives_the_run_of_an_own_one(model: str) -> None:
    for job in families_of(model):
        assert findings(natively(job, shared=True)) == findings(natively(job, shared=False)), (
            job.title
        )


@EACH
def test_variants_of_one_scope_have_one_kernel(model: str) -> None:
    """Which is what a family is for: the digest of a kernel is that of its whole system."""
    keys: dict[tuple[str, ...], set[str]] = {}
    for job in families_of(model):
        own = system_of(job.setting, (), slice=True)
        system = shared_system(job.setting, own, job.family, slice=True)
        family = (*given_names(job.setting), *(v.name for v in job.family))
        keys.setdefault(family, set()).add(fingerprint(system, job.setting.scope, ()))
    assert all(len(digests) == 1 for digests in keys.values())


def test_variants_beyond_a_mask_are_on_as_well() -> None:
    """Each of 66 variants lets `n` go on from a place of its own, where the whole one stops."""
    numbers = range(MASK_BITS + 2)
    moves = "".join(
        f"action go_{i}() by kernel\n  when here: n = {i}\n  when not_there: n != {i}\n  n := 70\n"
        for i in numbers
    )
    variants = "".join(
        f"variant v{i} of m\n  drop go_{i}.not_there\n  expect violated low\n" for i in numbers
    )
    step = "action step_() by kernel\n  when room: n < 69\n  n += 1\n"
    text = f"module m\nvar n: 0..70\n{moves}{step}invariant low\n  n != 70\n{variants}"
    for setting, family in settings_of(text, {}):
        number = None if setting.variant is None else family.index(setting.variant)
        if number in (None, 0, MASK_BITS - 1, MASK_BITS, MASK_BITS + 1):
            result = explore(setting, evaluator_states=0, family=family)
            (verdict,) = (v for v in result.verdicts if v.property == "m.low")
            steps = None if verdict.trace is None else verdict.trace.length
            assert steps == (None if number is None else number + 1)
