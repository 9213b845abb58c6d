"""Every safety claim of the shipped specification is proved for any size, hostile actions in; and
nothing that a shipped variant breaks is proved of that variant."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from splitspec.checker.symbolic.proving import is_provable, prove
from splitspec.checker.symbolic.share import DIVIDED_LEAST
from splitspec.cli.selection import Job, Request, select
from splitspec.model.manifest import load_manifest
from splitspec.model.verdict import AssuranceKind, Outcome

SPEC = Path(__file__).parents[2] / "spec"

# A proof is for any size, so a module is proved once, however many models it is explored in. All of
# them are proved by `splitspec gate`, which continuous integration runs, and here at night.
BY_MODULE = {
    (entry.module, tuple(entry.substitutions.items())): entry
    for entry in reversed(tuple(load_manifest(SPEC / "models.toml").models.values()))
    if not entry.unproved
}
QUICK = {"granting", "fork", "attestation", "tables", "chain"}
MODELS = tuple(
    pytest.param(entry.name, marks=() if entry.name in QUICK else pytest.mark.nightly)
    for entry in BY_MODULE.values()
)
MODELS_AT_NIGHT = tuple(
    pytest.param(entry.name, marks=pytest.mark.nightly)
    for entry in BY_MODULE.values()
    if entry.name != "tables"
)


def provable(model: str, *, variants: bool) -> list[Job]:
    selected = select(Request(models=(model,), variants=variants))
    assert not selected.problems
    return [job for job in selected.jobs if is_provable(job.setting)]


@pytest.mark.parametrize("model", MODELS)
def test_every_safety_claim_is_proved_for_any_size(model: str) -> None:
    jobs = provable(model, variants=False)
    assert jobs
    for job in jobs:
        result = prove(job.setting)
        missed = {v.property: v.reason for v in result.verdicts if v.outcome is not Outcome.HOLDS}
        assert missed == {}
        assert {v.assurance.kind for v in result.verdicts} == {AssuranceKind.PROVED}
        assert set(result.run.never_enabled) <= set(job.expectation.idle)


@pytest.mark.parametrize(
    "model",
    [
        "accounting",
        pytest.param("cofunc", marks=pytest.mark.nightly),
        pytest.param("system", marks=pytest.mark.nightly),
    ],
)
def test_two_workers_prove_a_model_as_one_does(model: str) -> None:
    """Cores and the solver's own steps are compared as well: nothing depends on who is asked."""
    job = next(job for job in provable(model, variants=False) if not job.setting.given)
    one, two = (prove(job.setting, workers=workers) for workers in (1, 2))
    assert len(one.obligations) >= DIVIDED_LEAST
    assert [replace(o, seconds=0.0) for o in one.obligations] == [
        replace(o, seconds=0.0) for o in two.obligations
    ]
    assert (one.verdicts, one.basis) == (two.verdicts, two.basis)


@pytest.mark.parametrize("model", [*MODELS_AT_NIGHT, "tables"])
def test_what_a_variant_breaks_is_not_proved(model: str) -> None:
    for job in provable(model, variants=True):
        variant = job.setting.variant
        assert variant is not None
        if variant.violated is None:
            continue  # An equivalent variant breaks nothing.
        result = prove(job.setting, selected=frozenset({variant.violated}))
        proved = [v.property for v in result.verdicts if v.outcome is Outcome.HOLDS]
        assert proved == [], variant.name
