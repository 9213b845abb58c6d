"""Variants are typed against the whole program of their model."""

from __future__ import annotations

from pathlib import Path

import pytest

from splitspec.model import ir
from splitspec.model.loader import Loaded, load, load_variants

BASE = """module base
sort Page
const limit: 0..3
const spare: bool
const most: nat
var used[Page]: bool
counter usage counts p: Page where used[p]
part claim(p: Page)
  when unclaimed: not used[p]
  used[p] := true
  tally: usage += 1
action take(p: Page) by kernel
  when few: usage < limit
  do claim(p)
action give(p: Page) by host
  when taken: used[p] @kernel
  used[p] := false
  usage -= 1
invariant within_limit
  usage <= limit
witness some_are_used
  some p: Page: used[p]
"""

TOP = """module top
import base
var closed: bool
extend take(p)
  when open: not closed
action give(p: Page) by kernel
  closed := false
invariant never_closed
  not closed
"""


def _variant(tmp_path: Path, body: str) -> ir.Variant:
    """The typed variant with these lines; whatever is wrong fails the test."""
    loaded = _write(tmp_path, body)
    variants, diagnostics = load_variants(loaded, "model", [tmp_path / "more.split"])
    assert diagnostics == ()
    (variant,) = variants
    return variant


def _complaints(tmp_path: Path, body: str) -> list[tuple[str, str]]:
    loaded = _write(tmp_path, body)
    variants, diagnostics = load_variants(loaded, "model", [tmp_path / "more.split"])
    assert variants == ()
    return [(d.code, d.span.text if d.span is not None else "") for d in diagnostics]


def _write(tmp_path: Path, body: str) -> Loaded:
    lines = "".join(f"  {line}\n" for line in body.split("\n"))
    (tmp_path / "base.split").write_text(BASE)
    (tmp_path / "top.split").write_text(TOP)
    (tmp_path / "more.split").write_text(f"module more\nvariant v of model\n{lines}")
    loaded = load(tmp_path / "top.split")
    assert loaded.diagnostics == ()
    return loaded


@pytest.mark.parametrize(
    ("path", "owner", "label"),
    [
        ("take.few", "base.take", "few"),  # a guard
        ("base.give.taken", "base.give", "taken"),  # of an action that must be qualified
        ("take.open", "base.take", "open"),  # of an extension
        ("take.unclaimed", "base.take", "unclaimed"),  # of a part, in this action alone
        ("claim.unclaimed", "base.claim", "unclaimed"),  # of a part, wherever it is done
        ("claim.tally", "base.claim", "tally"),  # a labelled update
    ],
)
def test_drop_finds_guards_and_updates_wherever_they_are_written(
    tmp_path: Path, path: str, owner: str, label: str
) -> None:
    (drop,) = _variant(tmp_path, f"drop {path}\nexpect redundant").differences
    assert isinstance(drop, ir.Drop)
    assert (drop.owner, drop.label) == (owner, label)


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("within_limit", "base.within_limit"),
        ("base.within_limit", "base.within_limit"),
        ("never_closed", "top.never_closed"),
        ("deadlock", "deadlock"),
        ("usage.exact", "base.usage.exact"),
        ("base.usage.exact", "base.usage.exact"),
        ("take.overlap", "base.take.overlap"),
        ("base.give.range", "base.give.range"),
        ("give.range", "top.give.range"),
    ],
)
def test_expect_names_properties_and_obligations(tmp_path: Path, written: str, path: str) -> None:
    variant = _variant(tmp_path, f"drop take.few\nexpect violated {written} within 4 steps")
    assert variant.violated == path
    assert variant.steps == 4


@pytest.mark.parametrize(("written", "value"), [("2", 2), ("0", 0)])
def test_set_gives_a_constant_a_value(tmp_path: Path, written: str, value: int) -> None:
    (difference,) = _variant(tmp_path, f"set limit = {written}\nexpect redundant").differences
    assert isinstance(difference, ir.SetConstant)
    assert (difference.variable, difference.value) == ("base.limit", value)


def test_change_has_the_parameters_under_the_given_names(tmp_path: Path) -> None:
    body = 'change take(q)\n  used[q] := true\n  usage += 1\nexpect redundant\ncites "it is said"'
    (change,) = _variant(tmp_path, body).differences
    assert isinstance(change, ir.Change)
    assert change.action == "base.take"
    assert [p.name for p in change.parameters] == ["q"]


def test_an_added_action_belongs_to_the_module_of_the_model(tmp_path: Path) -> None:
    body = (
        "action shut() by host\n  closed := true\nexpect violated shut.range within 1 steps\n"
        'cites "it is said"'
    )
    variant = _variant(tmp_path, body)
    (added,) = variant.differences
    assert isinstance(added, ir.Add)
    assert added.action.path == "top.shut"
    assert variant.violated == "top.shut.range"


@pytest.mark.parametrize(
    ("body", "complaints"),
    [
        ("set limit = 4\nexpect redundant", [("SS305", "4")]),
        ("set spare = 1\nexpect redundant", [("SS425", "1")]),
        ("drop take.few\nexpect violated some_are_used", [("SS426", "some_are_used")]),
        ("drop take.few\nexpect violated take.exact", [("SS204", "take.exact")]),
        ("drop top.take.few\nexpect redundant", [("SS201", "top.take.few")]),
        (
            "change take(p)\n  when odd: all n: 0..most: used[p] or n < 1\n  used[p] := true\n"
            'expect redundant\ncites "x"',
            [("SS309", "v")],
        ),
        ("drop missing.few\nexpect redundant", [("SS201", "missing.few")]),
        ('change take(p, q)\n  usage += 1\nexpect redundant\ncites "x"', [("SS307", "p, q")]),
        (
            "drop take.fw\nexpect violated within_limt",
            [("SS424", "take.fw"), ("SS426", "within_limt")],
        ),
    ],
)
def test_what_does_not_fit_the_program_is_refused(
    tmp_path: Path, body: str, complaints: list[tuple[str, str]]
) -> None:
    assert _complaints(tmp_path, body) == complaints


def test_a_fault_is_reported_of_every_variant_that_has_it(tmp_path: Path) -> None:
    """Also of two models of one module, which share what was typed."""
    loaded = _write(
        tmp_path,
        "change take(p)\n  when odd: all n: 0..most: used[p] or n < 1\n  used[p] := true\n"
        'expect redundant\ncites "x"',
    )
    more, models = tmp_path / "more.split", ("model", "again")
    head, _, lines = more.read_text().partition("variant v of model\n")
    declared = ("v of model", "w of model", "v of again")
    more.write_text(head + "".join(f"variant {each}\n{lines}" for each in declared))
    for model, names in (("model", ["v", "w"]), ("again", ["v"])):
        variants, diagnostics = load_variants(loaded, model, [more], models=models)
        assert variants == ()
        assert [(d.code, d.span.text) for d in diagnostics if d.span] == [
            ("SS309", name) for name in names
        ]


def test_only_variants_of_the_model_are_read(tmp_path: Path) -> None:
    loaded = _write(tmp_path, "drop take.few\nexpect redundant")
    beside, models = [tmp_path / "more.split"], ("another", "model")
    assert load_variants(loaded, "another", beside, models=models) == ((), ())


def test_a_variant_of_no_model_is_an_error_because_nobody_would_check_it(tmp_path: Path) -> None:
    loaded = _write(tmp_path, "drop take.few\nexpect redundant")
    _, (stray,) = load_variants(loaded, "top", [tmp_path / "more.split"], models=("top", "modle"))
    assert (stray.code, stray.span and stray.span.text) == ("SS432", "model")
    assert stray.help == "did you mean `modle`?"


def test_variants_stand_in_modules_of_the_program_too(tmp_path: Path) -> None:
    (tmp_path / "base.split").write_text(
        BASE + "variant own of base\n  drop take.few\n  expect violated within_limit\n"
    )
    variants, diagnostics = load_variants(load(tmp_path / "base.split"), "base", ())
    assert diagnostics == ()
    assert [(v.name, v.violated) for v in variants] == [("own", "base.within_limit")]
