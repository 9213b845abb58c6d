"""The shipped specification as a text: complete against its requirements, and tidy."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from splitspec.cli.lint import linted
from splitspec.cli.models import read_models
from splitspec.model import syntax
from splitspec.model.formatter import format_source
from splitspec.model.lint import lint
from splitspec.model.parser import parse
from splitspec.model.requirements import identifiers_of, read_requirements
from splitspec.model.source import Source

SPEC = Path(__file__).parents[2] / "spec"
ATTACKS = sorted(SPEC.glob("attacks/*.split"))
MODULES = [*sorted(SPEC.glob("*.split")), *ATTACKS]
FILES = sorted(SPEC.rglob("*.split"))

# The requirements of the design's list of invariants: isolation, accounting, structure, liveness.
REQUIRED = [
    *(f"I{n}" for n in range(1, 23)),
    *(f"A{n}" for n in range(1, 10)),
    *(f"S{n}" for n in range(1, 9)),
    *(f"L{n}" for n in range(1, 9)),
]
# The accounting rows of the list of invariants, and those of the attack catalogue; and what a host
# registers at KVM for the pool of a zygote (S7), which nobody else can keep.
ACCOUNTING = re.compile(r"A\d|I27|I28|I29|I30|S7")


@cache
def _module(path: Path) -> syntax.Module:
    parsed = parse(Source(path.name, path.read_text(encoding="utf-8")))
    assert parsed.diagnostics == ()
    assert parsed.module is not None
    return parsed.module


def _declarations(kind: type[Any], files: list[Path]) -> list[Any]:
    return [d for path in files for d in _module(path).declarations if isinstance(d, kind)]


@cache
def _manifest() -> dict[str, Any]:
    return tomllib.loads((SPEC / "models.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_module_reads_in_one_sitting_and_is_formatted(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    assert format_source(Source(path.name, text)).text == text


@pytest.mark.parametrize("path", ATTACKS, ids=lambda path: path.name)
def test_an_attack_module_is_small_and_is_built_into_nothing(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 160
    assert path.stem not in {str(d.module) for d in _declarations(syntax.Import, MODULES)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_module_says_what_it_is_about(path: Path) -> None:
    text = _module(path).text
    assert text is not None
    assert len(text.value.split()) >= 8


def test_lint_has_nothing_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SPEC)
    models = [linted(model) for model in read_models(())]
    assert len(models) == len(_manifest())
    assert [f"{w.code}: {w.message}" for w in lint(models)] == []


def test_every_state_variable_says_what_its_value_is() -> None:
    silent = [
        str(d.name)
        for path in MODULES
        for d in _module(path).declarations
        if isinstance(d, syntax.StateDeclaration | syntax.CounterDeclaration) and not d.comment
    ]
    assert silent == []


@pytest.mark.parametrize("requirement", REQUIRED)
def test_every_requirement_is_answered_by_a_property(requirement: str) -> None:
    answered = {
        source.value.split(",")[0].split()[0]
        for p in _declarations(syntax.Property, MODULES)
        for source in p.asked_by
    }
    assert requirement in answered


@pytest.mark.parametrize("weakness", [f"W{number}" for number in range(1, 29)])
def test_every_weakness_of_the_artifact_is_a_variant(weakness: str) -> None:
    files = sorted((SPEC / "variants" / "artifact").glob("*.split"))
    texts = [v.text.value for v in _declarations(syntax.Variant, files) if v.text is not None]
    assert any(re.match(rf"(The second half of )?{weakness}('| |,)", text) for text in texts)


def test_one_variant_has_all_weaknesses() -> None:
    """Each of its differences stands under the number of a weakness; no number is left out."""
    lines = (SPEC / "variants/artifact/as_found.split").read_text(encoding="utf-8").splitlines()
    start = lines.index("variant as_found of system")
    block = lines[start : lines.index("", start)]
    assert set(re.findall(r"# W(\d+)", "\n".join(block))) == {str(n) for n in range(1, 29)}


def test_variants_of_the_artifact_say_how_certain_they_are() -> None:
    for variant in _declarations(syntax.Variant, sorted((SPEC / "variants/artifact").glob("*"))):
        assert variant.text is not None
        certain = re.search(r"\[[CLS][^]]*\]", variant.text.value)
        right = variant.name.parts == ("as_found",) or "does right" in variant.text.value
        assert certain or right, variant.name


def test_accounting_alone_trusts_the_host() -> None:
    for p in _declarations(syntax.Property, MODULES):
        if p.kind in ("witness", "recoverable") or not p.asked_by:
            continue
        if p.given:
            assert any(ACCOUNTING.match(source.value) for source in p.asked_by), p.name


def test_a_sentence_says_whom_its_claim_trusts() -> None:
    for p in _declarations(syntax.Property, MODULES):
        if p.given and p.kind not in ("witness", "lemma"):
            assert p.text is not None
            assert "honest" in p.text.value, p.name


def test_every_claim_has_a_sentence_and_a_source() -> None:
    """Its adversary is in `given`; the next tests hold the sentence to it."""
    for p in _declarations(syntax.Property, MODULES):
        if p.kind in ("invariant", "step", "recoverable", "progress"):
            assert p.text is not None, p.name
            assert p.asked_by, p.name


def test_every_variant_has_its_line_in_the_manifest_and_the_other_way_round() -> None:
    declared = {(str(v.model), str(v.name)) for v in _declarations(syntax.Variant, FILES)}
    listed = {
        (model, variant)
        for model, entry in _manifest().items()
        for variant in entry.get("variants", {})
    }
    assert declared == listed


def test_the_manifest_repeats_the_length_that_a_variant_promises() -> None:
    for variant in _declarations(syntax.Variant, FILES):
        entry = _manifest()[str(variant.model)]["variants"][str(variant.name)]
        assert variant.expectation is not None
        assert entry.get("steps") == variant.expectation.steps, variant.name


def test_a_variant_differs_in_one_place_or_says_why() -> None:
    for variant in _declarations(syntax.Variant, FILES):
        one = len(variant.differences) == 1 and isinstance(variant.differences[0], syntax.Drop)
        assert one or variant.cites, variant.name


def test_the_index_lists_every_module() -> None:
    index = (SPEC / "README.md").read_text(encoding="utf-8")
    assert [path.stem for path in MODULES if f"| `{path.stem}` |" not in index] == []


def test_every_requirement_has_a_property_or_a_reason_and_never_both() -> None:
    requirements = read_requirements(SPEC / "requirements.toml")
    known = set(requirements.identifiers)
    named = {
        identifier
        for declared in _declarations(syntax.Property, FILES)
        for source in declared.asked_by
        for identifier in identifiers_of(source.value, known)
    }
    assert sorted(known - named) == sorted(requirements.absent)


def test_every_counter_that_a_requirement_names_is_declared() -> None:
    counts = read_requirements(SPEC / "requirements.toml").counts
    named = {path for paths in counts.values() for path in paths}
    declared = {
        f"{path.stem}.{declared.name}"
        for path in MODULES
        for declared in _declarations(syntax.CounterDeclaration, [path])
    }
    assert named
    assert sorted(named - declared) == []


def test_every_requirement_has_a_source_and_every_module_a_mechanism() -> None:
    requirements = read_requirements(SPEC / "requirements.toml")
    listed = {m for mechanism in requirements.mechanisms.values() for m in mechanism.modules}
    assert set(requirements.sources) == set(requirements.identifiers)
    assert listed == {path.stem for path in MODULES}
