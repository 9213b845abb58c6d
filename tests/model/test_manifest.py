"""Every mistake in `models.toml` has its code and its place; what is right becomes a scope."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from splitspec.model.codes_manifest import MODELS
from splitspec.model.diagnostic import Diagnostic
from splitspec.model.ir import ActorKind, Program
from splitspec.model.loader import load
from splitspec.model.manifest import (
    Manifest,
    entry_for_module,
    find_manifest,
    load_manifest,
    nearest_manifest,
    read_manifest,
)
from splitspec.model.manifest_entry import RandomCalls, Walks
from splitspec.model.manifest_scope import check_entry, scope_of
from splitspec.model.source import Source
from splitspec.model.tier import Tier

ROOT = Path(__file__).parents[2]
INVALID = sorted((ROOT / "tests" / "corpus" / "invalid").glob("SS5*.toml"))
WHOLE = """[sizes]
module = "sizes"
tier   = "pr"
simulated = { runs = 1000, steps = 20 }
scope  = { Page = 2 }
bounds = { tick = 3 }                        # a comment with key = value
pins   = { last = 2, first_page = "p2", strict = true }
with   = { lower = "concrete" }
idle   = { "sizes.run" = "never low" }

[[sizes.runs]]
given = []
states = 12
transitions = 34
depth = 5

[[sizes.runs]]
given = ["host"]
orbits = 6

[sizes.variants.faster]
scope = { "sizes.Page" = 1 }
pins  = { first_page = "p1" }
steps = 3
"""


@pytest.fixture(scope="module")
def program() -> Program:
    program = load(ROOT / "tests" / "corpus" / "valid" / "sizes.split").program
    assert program is not None
    return program


def _read(text: str) -> Manifest:
    return read_manifest(Source("models.toml", text), Path("models.toml"))


def _diagnose(text: str, program: Program) -> list[Diagnostic]:
    """Return the diagnostics of a text whose models are all the module `sizes`."""
    manifest = _read(text)
    found = list(manifest.diagnostics)
    for entry in manifest.models.values():
        found += scope_of(entry, program).diagnostics
        found += check_entry(entry, program, {"faster"})
    return found


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_each_text_has_its_diagnostic_at_its_place(path: Path, program: Program) -> None:
    text = path.read_text()
    expected = re.match(r"# expect: (SS\d+) at (\d+):(\d+)\n", text)
    assert expected is not None
    if expected[1] == "SS512":
        program = replace(program, sorts=(*program.sorts, "here.Twin", "there.Twin"))
    first = _diagnose(text, program)[0]
    assert first.span is not None
    found = (first.code, str(first.span.line), str(first.span.column))
    assert found == expected.groups()
    # One mistake, one diagnostic, except that an ambiguous sort has no size either.
    assert {d.code for d in _diagnose(text, program)} <= {expected[1], "SS506"}


def test_every_code_has_a_text_in_the_corpus() -> None:
    assert {path.name[:5] for path in INVALID} == {code.code for code in MODELS}


@pytest.mark.parametrize("code", MODELS, ids=lambda code: code.code)
def test_the_example_of_each_code_is_toml_where_it_can_be(code: object) -> None:
    text = getattr(code, "example", "")
    is_toml = not any(d.code == "SS501" for d in _read(text).diagnostics)
    assert is_toml == (getattr(code, "code", "") != "SS501")


def test_everything_that_is_written_is_read() -> None:
    manifest = _read(WHOLE)
    assert manifest.diagnostics == ()
    entry = manifest.models["sizes"]
    assert (entry.module, entry.substitutions) == ("sizes", {"lower": "concrete"})
    assert entry.idle == {"sizes.run": "never low"}
    hostile = entry.expected(frozenset())
    assert hostile is not None
    assert (hostile.states, hostile.transitions, hostile.depth, hostile.orbits) == (12, 34, 5, None)
    honest = entry.expected(frozenset({ActorKind.HOST}))
    assert honest is not None
    assert (honest.states, honest.orbits) == (None, 6)
    assert entry.expected(frozenset({ActorKind.CONTAINER})) is None
    assert entry.variants["faster"].steps == 3
    assert (entry.tier, entry.simulated, entry.bounded) == (Tier.PR, Walks(1000, 20), None)


def test_without_a_tier_a_model_is_run_every_time() -> None:
    entry = _read('[m]\nmodule = "m"\nbounded = 7\n').models["m"]
    assert (entry.tier, entry.simulated, entry.bounded) == (Tier.COMMIT, None, 7)


def test_an_entry_becomes_a_scope(program: Program) -> None:
    """Elements are numbered from 0: `p2` is 1. A pinned number is its own bound."""
    scope = scope_of(_read(WHOLE).models["sizes"], program).scope
    assert scope is not None
    assert scope.sizes == {"sizes.Page": 2}
    assert scope.bounds == {"sizes.tick": 3, "sizes.last": 2}
    assert scope.pins == {"sizes.last": 2, "sizes.first_page": 1, "sizes.strict": True}


def test_a_variant_takes_what_it_does_not_say_from_its_model(program: Program) -> None:
    entry = _read(WHOLE).models["sizes"]
    scope = scope_of(entry, program, entry.variants["faster"]).scope
    assert scope is not None
    assert scope.sizes == {"sizes.Page": 1}
    assert scope.bounds["sizes.tick"] == 3
    assert scope.pins["sizes.first_page"] == 0


@pytest.mark.parametrize("written", ["p2", "pa2", "page2"])
def test_any_prefix_of_its_sort_names_an_element(written: str, program: Program) -> None:
    """In a model with sorts Page and Part, traces write `pag2`: what was written stays right."""
    entry = _read(WHOLE.replace("p2", written)).models["sizes"]
    scope = scope_of(entry, program).scope
    assert scope is not None
    assert scope.pins["sizes.first_page"] == 1


def test_the_command_line_wins_over_the_file(program: Program) -> None:
    entry = _read(WHOLE).models["sizes"]
    scope = scope_of(entry, program, entry.variants["faster"], {"Page": 4}).scope
    assert scope is not None
    assert scope.sizes == {"sizes.Page": 4}


def test_a_module_without_a_manifest_needs_sizes_from_the_command_line() -> None:
    program = load(ROOT / "tests" / "systems" / "transaction_commit.split").program
    assert program is not None
    (missing,) = scope_of(entry_for_module("transaction_commit", {}), program).diagnostics
    assert (missing.code, "--scope Manager=2" in missing.help) == ("SS506", True)
    assert "models.toml, below `[transaction_commit]`" in missing.help, "there is no table yet"
    scope = scope_of(entry_for_module("transaction_commit", {"Manager": 2}), program).scope
    assert scope is not None
    assert scope.sizes == {"transaction_commit.Manager": 2}


def test_what_the_command_line_says_has_no_place_in_a_file(program: Program) -> None:
    (missing,) = scope_of(entry_for_module("sizes", {}), program).diagnostics[:1]
    (unknown,) = scope_of(_read(WHOLE).models["sizes"], program, None, {"Pag": 2}).diagnostics
    assert (missing.code, missing.span) == ("SS506", None)
    (known,) = scope_of(_read(WHOLE.replace("Page = 2", "")).models["sizes"], program).diagnostics
    assert "models.toml" not in known.help, "the diagnostic shows the table"
    assert (unknown.code, unknown.span, unknown.help) == ("SS505", None, "Did you mean `Page`?")


def test_the_end_of_a_range_is_pinned_wherever_the_range_stands(tmp_path: Path) -> None:
    """A bound would be no end: a type has one set of values."""
    path = tmp_path / "ends.split"
    path.write_text(
        "module ends\nconst most: nat\nconst last: nat\nvar x: 0..3\n"
        "action take(n: 0..most) by host\n  x := 1\n"
        "invariant low\n  all n: 0..last: x != n or n < 3\n"
    )
    program = load(path).program
    assert program is not None
    text = '[ends]\nmodule = "ends"\nscope = {}\nbounds = { most = 2, last = 2 }\n'
    found = scope_of(_read(text).models["ends"], program).diagnostics
    assert [d.code for d in found] == ["SS509", "SS509"]


def test_an_entry_with_a_mistake_does_not_hide_the_others() -> None:
    manifest = _read('[a]\nmodule = 1\n[b]\nmodule = "b"\n')
    assert [d.code for d in manifest.diagnostics] == ["SS503"]
    assert list(manifest.models) == ["b"]


def test_a_file_that_cannot_be_read_is_a_diagnostic(tmp_path: Path) -> None:
    (missing,) = load_manifest(tmp_path / "models.toml").diagnostics
    assert (missing.code, missing.span) == ("SS501", None)
    (tmp_path / "models.toml").write_bytes(b"\xff")
    (binary,) = load_manifest(tmp_path / "models.toml").diagnostics
    assert "UTF-8" in binary.message


def test_the_nearest_manifest_is_found_upward(tmp_path: Path) -> None:
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    (tmp_path / "models.toml").touch()
    assert find_manifest(below) == tmp_path / "models.toml"
    (below / "models.toml").touch()
    assert find_manifest(below) == below / "models.toml"


def test_where_one_comes_from_is_not_above(tmp_path: Path) -> None:
    """The path `here/../other` has `here` among its parents, and is not below it."""
    here, other = tmp_path / "here", tmp_path / "other"
    here.mkdir()
    other.mkdir()
    (here / "models.toml").write_text("")
    for find in (find_manifest, nearest_manifest):
        assert find(here) == here / "models.toml"
        assert find(here / ".." / "other") == find(other) != here / "models.toml"


def test_an_implementation_is_held_by_one_mapping_at_a_tier() -> None:
    text = 'mapping = "m:A"\ntier = "nightly"\nsources = ["src"]\nstates = 3'
    entry = _read(f'[a]\nmodule = "a"\n[[a.conformance]]\n{text}\n[[a.conformance]]\nmapping = "b"')
    first, second = entry.models["a"].conformance
    assert (first.mapping, first.tier.value, first.sources) == ("m:A", "nightly", ("src",))
    assert (first.states, first.transitions, first.calls) == (3, None, None)
    assert (second.mapping, second.tier.value, second.sources) == ("b", "pr", ())
    assert second.span is not None
    assert second.span.line == 8


def test_an_implementation_is_held_by_random_calls_with_a_seed() -> None:
    text = 'mapping = "m:A"\ncalls = 500\n[[a.conformance]]\nmapping = "b"\ncalls = 7\nseed = 3'
    first, second = _read(f'[a]\nmodule = "a"\n[[a.conformance]]\n{text}').models["a"].conformance
    assert (first.calls, second.calls) == (RandomCalls(500, 0), RandomCalls(7, 3))


def test_a_refinement_is_proved_at_a_tier_unless_there_is_a_reason() -> None:
    table = '[a.refinements.b]\nproof_tier = "nightly"\n[a.refinements.c]\nunproved = "too hard"'
    manifest = _read(f'[a]\nmodule = "a"\n{table}\n[a.refinements.d]\nscope = {{ C = 1 }}')
    found = manifest.models["a"].refinements
    said = {name: (each.proof_tier.value, each.unproved) for name, each in found.items()}
    assert said == {"b": ("nightly", ""), "c": ("pr", "too hard"), "d": ("pr", "")}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('tier = "pr"', "SS518"),
        ('mapping = "b"\n[[a.conformance]]\nmapping = "b"', "SS518"),
        ('mapping = "b"\nscope = { C = 1 }', "SS502"),
        ('mapping = "b"\nsources = "src"', "SS503"),
        ('mapping = "b"\ntier = "weekly"', "SS515"),
        ('mapping = "b"\ncalls = 0', "SS503"),
        ('mapping = "b"\nseed = 1', "SS518"),
    ],
)
def test_a_conformance_that_is_not_said_whole_is_refused(text: str, code: str) -> None:
    manifest = _read(f'[a]\nmodule = "a"\n[[a.conformance]]\n{text}')
    assert [d.code for d in manifest.diagnostics] == [code]
    assert all(d.span is not None and d.span.line >= 3 for d in manifest.diagnostics)


@pytest.mark.parametrize(
    ("value", "reason", "line"),
    [
        ("9" * 5000, "an integer has more than 64 bits", 4),
        ("0x" + "f" * 5000, "an integer has more than 64 bits", 4),
        ("9223372036854775808", "an integer has more than 64 bits", 4),
        ("[" * 3000 + "]" * 3000, "arrays or tables are nested too deep", 4),
        ("{a=" * 3000 + "1" + "}" * 3000, "arrays or tables are nested too deep", 4),
    ],
    ids=["digits", "hexadecimal", "65 bits", "arrays", "tables"],
)
def test_a_value_that_no_program_can_hold_is_refused_at_its_line(
    value: str, reason: str, line: int
) -> None:
    (found,) = _read(f'[m]\nmodule = "m"\n\nscope = {value}\n').diagnostics
    assert (found.code, found.message) == ("SS501", f"not TOML: {reason}")
    assert found.span is not None
    assert found.span.line == line


def test_the_largest_integer_of_toml_is_one() -> None:
    assert _read('[m]\nmodule = "m"\nscope = { S = 9223372036854775807 }\n').diagnostics == ()
