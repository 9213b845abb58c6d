"""The pages that are made from the sources are what the sources make now."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from splitspec.checker.report.assumptions import unused
from splitspec.checker.report.theorems import digest, digest_line, section
from splitspec.model.ir import PropertyKind

DOCS = Path(__file__).parents[2] / "docs"


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", _generator().PAGES)
def test_a_generated_page_is_up_to_date(name: str) -> None:
    made = _generator().PAGES[name]()
    assert (DOCS / name).read_text(encoding="utf-8") == made, "run make docs"


@pytest.fixture(scope="module")
def theorems() -> str:
    """The page of theorems as it stands."""
    return (DOCS / "theorems.md").read_text(encoding="utf-8")


def test_the_page_of_theorems_was_made_from_the_models_as_they_are(theorems: str) -> None:
    generator = _generator()
    subjects = [generator.subject_of(model) for model in generator.theorem_models()]
    stated = [line.partition("Digest ")[2] for line in theorems.splitlines() if "Digest of" in line]
    digests = [digest_line(subject).removeprefix("Digest ") for subject in subjects]
    assert stated == digests, "run make theorems"


@pytest.mark.parametrize("model", ["lifecycle", "pools", "attestation"])
def test_a_section_of_the_page_of_theorems_is_what_the_prover_says_now(
    theorems: str, model: str
) -> None:
    made = "\n".join(section(_generator().proved(model)))
    assert made in theorems, "run make theorems"


def test_the_page_of_the_artifact_says_what_a_run_of_it_finds_now() -> None:
    generator = _generator()
    page = (DOCS / "as_found.md").read_text(encoding="utf-8")
    rows = {line.split("`")[1]: line for line in page.splitlines() if line.startswith("| `")}
    hostile, _ = generator._as_found("pools")
    broken = {v.property: v for v in hostile.result.verdicts if v.trace and v.property in rows}
    for path, verdict in broken.items():
        steps = f"{verdict.trace.length} step{'' if verdict.trace.length == 1 else 's'}"
        assert f"broken after {steps} (pools)" in rows[path]
    # W6: the host answers with a size of two strides, and the second is another one's pool.
    assert "pools.pools_are_disjoint" in broken


def test_the_page_of_the_artifact_has_every_property() -> None:
    page = (DOCS / "as_found.md").read_text(encoding="utf-8")
    (system,) = (m for m in _generator().read_models(("system",)))
    kinds = (PropertyKind.INVARIANT, PropertyKind.STEP, PropertyKind.RECOVERABLE)
    claims = [path for path, claim in system.program.properties.items() if claim.kind in kinds]
    assert [path for path in claims if f"| `{path}` |" not in page] == []


def test_a_digest_changes_with_a_guard_and_with_a_sentence() -> None:
    generator = _generator()
    subject = generator.subject_of(next(m for m in generator.theorem_models()))
    system = subject.systems[0]
    first, *rest = system.actions
    loose = replace(system, actions=(replace(first, guards=()), *rest))
    path, claim = next(iter(subject.program.properties.items()))
    said = {**subject.program.properties, path: replace(claim, text="Something else.")}
    changed = (
        replace(subject, systems=(loose, *subject.systems[1:])),
        replace(subject, program=replace(subject.program, properties=said)),
    )
    assert first.guards
    assert len({digest(each) for each in (subject, *changed)}) == 1 + len(changed)


def test_what_no_proof_used_is_found_and_what_one_used_is_not() -> None:
    found = {item.name for item in unused([_generator().proved("attestation")])}
    # The verifier may answer a challenge twice, but not accept evidence that nobody signed.
    assert "attestation.release_secret.open" in found
    assert "attestation.release_secret.genuine" not in found
