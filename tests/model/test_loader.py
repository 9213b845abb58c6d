"""Loading finds modules, reads each file once, and puts one module in the place of another."""

from __future__ import annotations

from pathlib import Path

import pytest

from splitspec import spec
from splitspec.model.loader import Library, Loaded, load, load_entry, load_variants
from splitspec.model.manifest import entry_for_module, load_manifest
from splitspec.model.manifest_entry import ModelEntry
from splitspec.model.manifest_scope import check_entry, scope_of

SHIPPED = load_manifest(spec.folder() / "models.toml").models.values()

MACHINE = """module machine
import cells
var full[Cell]: bool
def is_full(c: Cell) = full[c]
part fill(c: Cell)
  when vacant: not full[c]
  full[c] := true
action leak(c: Cell) by hardware
  full[c] := false
invariant nothing_is_lost
  all c: Cell: full[c] implies full[c]
"""

ENGINE = """module engine
import cells
enum Level = empty | half | brimming
var level[Cell]: Level
def is_full(c: Cell) = level[c] = brimming
part pour(c: Cell)
  when begun: level[c] = half
  level[c] := brimming
action start(c: Cell) by kernel
  when fresh: level[c] = empty
  level[c] := half
action drip(c: Cell) by hardware
  level[c] := empty
refinement engine of machine
  let full[c] = (level[c] = brimming)
  pour(c) is fill(c)
  start(c) is stutter
  drip(c) is leak(c)
"""

CLIENT = """module client
import machine
action use(c: Cell) by host
  when unused: not is_full(c)
  do machine.fill(c)
extend leak(c)
  when seen: is_full(c)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    texts = {"cells": "module cells\nsort Cell\n", "machine": MACHINE, "engine": ENGINE}
    for name, text in (texts | {"client": CLIENT}).items():
        (tmp_path / f"{name}.split").write_text(text)
    return tmp_path


def _codes(loaded: Loaded) -> list[str]:
    return [diagnostic.code for diagnostic in loaded.diagnostics]


@pytest.mark.parametrize("entry", SHIPPED, ids=lambda entry: entry.name)
def test_every_shipped_model_is_well_typed_and_sized_with_its_variants(entry: ModelEntry) -> None:
    library = Library()
    loaded = load_entry(entry, spec.folder(), library)
    assert loaded.diagnostics == ()
    beside = sorted((spec.folder() / "variants").rglob("*.split"))
    models = [each.name for each in SHIPPED]
    _, problems = load_variants(loaded, entry.name, beside, library, models)
    assert problems == ()
    assert loaded.program is not None
    assert check_entry(entry, loaded.program, entry.variants) == ()
    for variant in (None, *entry.variants.values()):
        assert scope_of(entry, loaded.program, variant).diagnostics == ()


def test_imports_come_before_what_imports_them(folder: Path) -> None:
    program = load(folder / "client.split").program
    assert program is not None
    assert program.modules == ("cells", "machine", "client")
    assert program.name == "client"


def test_a_module_that_is_not_beside_is_looked_up_among_the_shipped_ones(tmp_path: Path) -> None:
    path = tmp_path / "mine.split"
    path.write_text("module mine\nimport container\nvar known[Container]: bool\n")
    program = load(path).program
    assert program is not None
    assert program.modules == ("container", "mine")


def test_a_module_beside_goes_before_the_shipped_one_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "container.split").write_text("module container\nsort Box\n")
    (tmp_path / "mine.split").write_text("module mine\nimport container\n")
    program = load(tmp_path / "mine.split").program
    assert program is not None
    assert program.sorts == ("container.Box",)


def test_a_library_reads_each_file_once(folder: Path) -> None:
    library = Library()
    first = load(folder / "client.split", library=library)
    (folder / "machine.split").unlink()
    (folder / "machine.split").write_text("this is no module any more")
    second = load(folder / "client.split", library=library)
    assert second.diagnostics == ()
    assert second.modules[1] is first.modules[1]


def test_the_abstract_module_of_a_refinement_is_typed_and_no_part_of_the_program(
    folder: Path,
) -> None:
    program = load(folder / "engine.split").program
    assert program is not None
    assert program.modules == ("cells", "engine")
    assert "machine.nothing_is_lost" not in program.properties
    (refinement,) = program.refinements
    assert refinement.abstract == "machine"
    assert [a.variable for a in refinement.abstractions] == ["machine.full"]
    assert [(r.concrete, r.abstract) for r in refinement.realisations] == [
        ("engine.pour", "machine.fill"),
        ("engine.start", None),
        ("engine.drip", "machine.leak"),
    ]


def test_a_substitution_puts_the_concrete_parts_in_the_place_of_the_abstract(folder: Path) -> None:
    program = load(folder / "client.split", {"machine": "engine"}).program
    assert program is not None
    assert program.modules == ("cells", "engine", "client")
    (_, do) = program.actions["client.use"].items
    assert getattr(do, "part", None) == "engine.pour"
    assert [e.action for e in program.extensions] == ["engine.drip"]
    assert "machine.nothing_is_lost" not in program.properties


def test_variants_see_the_state_of_the_module_that_was_put_in(folder: Path) -> None:
    loaded = load(folder / "client.split", {"machine": "engine"})
    (folder / "more.split").write_text(
        "module more\nvariant v of m\n  change start(c)\n    level[c] := brimming\n"
        '  expect redundant\n  cites "it is said"\n'
    )
    variants, problems = load_variants(loaded, "m", [folder / "more.split"])
    assert problems == ()
    assert len(variants) == 1


def test_the_state_of_a_replaced_module_is_out_of_sight(folder: Path) -> None:
    (folder / "client.split").write_text(
        "module client\nimport machine\ninvariant a\n  all c: Cell: not full[c]\n"
    )
    assert load(folder / "client.split").diagnostics == ()
    assert _codes(load(folder / "client.split", {"machine": "engine"})) == ["SS212"]


def test_arguments_in_another_order_are_no_replacement(folder: Path) -> None:
    two = "part join(c: Cell, d: Cell)\n  when apart: c != d\n"
    (folder / "machine.split").write_text(MACHINE + two)
    (folder / "engine.split").write_text(
        ENGINE.replace("refinement", two + "refinement") + "  join(c, d) is join(d, c)\n"
    )
    assert load(folder / "engine.split").diagnostics == ()
    assert _codes(load(folder / "client.split", {"machine": "engine"})) == ["SS213"]


def test_a_cycle_of_imports_is_reported_once(tmp_path: Path) -> None:
    for one, other in (("a", "b"), ("b", "c"), ("c", "a")):
        text = (
            f"module {one}\nimport {other}\nvar {one}_on: bool\ninvariant {one}_is\n  {other}_on\n"
        )
        (tmp_path / f"{one}.split").write_text(text)
    assert _codes(load(tmp_path / "a.split")) == ["SS206"]


def test_names_of_a_missing_module_are_not_reported_as_unknown(tmp_path: Path) -> None:
    (tmp_path / "a.split").write_text(
        "module a\nimport nowhere_at_all\nvar x[Thing]: bool\ninvariant i\n  nowhere_at_all.full\n"
    )
    assert _codes(load(tmp_path / "a.split")) == ["SS205"]


def test_names_that_could_not_be_read_are_not_reported_as_unknown(tmp_path: Path) -> None:
    (tmp_path / "a.split").write_text(
        "module a\nvar x[: bool\nvarr y: bool\nenum E = here there\ninvariant i\n  x and y\n"
        "var z: E\ninvariant j\n  z = here and w\n"
    )
    codes = _codes(load(tmp_path / "a.split"))
    assert [code for code in codes if code >= "SS2"] == ["SS201"]  # w


def test_files_that_cannot_be_read_are_diagnostics(tmp_path: Path) -> None:
    assert _codes(load(tmp_path / "missing.split")) == ["SS205"]
    (tmp_path / "folder.split").mkdir()
    assert _codes(load(tmp_path / "folder.split")) == ["SS205"]
    (tmp_path / "bytes.split").write_bytes(b"module bytes\n\xff\n")
    assert _codes(load(tmp_path / "bytes.split")) == ["SS205"]
    (tmp_path / "empty.split").write_text("")
    assert _codes(load(tmp_path / "empty.split"))[0].startswith("SS1")


def test_a_broken_import_is_the_only_error_of_what_it_would_bring(tmp_path: Path) -> None:
    (tmp_path / "a.split").write_text("module a\nsort S\n")
    (tmp_path / "c.split").write_text("module c\nsort T\n")
    (tmp_path / "b.split").write_text("module b\nimport a import c\nvar x[S]: T?\n")
    assert _codes(load(tmp_path / "b.split")) == ["SS120"]


def test_an_unknown_character_before_a_declaration_does_not_indent_it(tmp_path: Path) -> None:
    (tmp_path / "a.split").write_text("\ufeffmodule a\nsort S\n")
    assert _codes(load(tmp_path / "a.split")) == ["SS101"]


def test_a_module_in_a_subfolder_imports_what_lies_beside_the_manifest(folder: Path) -> None:
    (folder / "attacks").mkdir()
    (folder / "attacks" / "client.split").write_text(CLIENT)
    loaded = load_entry(entry_for_module("attacks/client", {}), folder)
    assert loaded.diagnostics == ()
    assert loaded.program is not None
    assert loaded.program.modules == ("cells", "machine", "client")


def test_a_module_beside_the_file_goes_before_one_beside_the_manifest(folder: Path) -> None:
    (folder / "attacks").mkdir()
    (folder / "attacks" / "client.split").write_text(CLIENT)
    (folder / "attacks" / "cells.split").write_text("module cells\nsort Cell\nsort Extra\n")
    program = load_entry(entry_for_module("attacks/client", {}), folder).program
    assert program is not None
    assert program.sorts == ("cells.Cell", "cells.Extra")


@pytest.mark.parametrize(
    ("module", "help_"),
    [
        ("client", "Did you mean `attacks/client`?"),
        ("attack/client", "Did you mean `attacks/client`?"),
        ("attacks/clint", "did you mean `attacks/client`?"),
        ("nothing_like_it", ""),
    ],
)
def test_a_module_that_is_not_there_is_reported_where_the_manifest_names_it(
    tmp_path: Path, module: str, help_: str
) -> None:
    (tmp_path / "attacks").mkdir()
    (tmp_path / "attacks" / "client.split").write_text(CLIENT)
    (tmp_path / "models.toml").write_text(f'[client]\nmodule = "{module}"\n')
    entry = load_manifest(tmp_path / "models.toml").models["client"]
    (found,) = load_entry(entry, tmp_path).diagnostics
    assert (found.code, found.help) == ("SS514", help_)
    assert found.span is not None
    assert (found.span.line, found.span.column) == (2, 1)
