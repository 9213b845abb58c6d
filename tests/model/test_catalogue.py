"""The attack catalogue is read, found in the texts of variants, and laid out beside them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from splitspec import spec
from splitspec.checker.report.attacks import page, showing
from splitspec.cli.models import read_models
from splitspec.model.catalogue import FILE_NAME, Catalogue, read_catalogue
from splitspec.model.ir import Variant

SMALL = Catalogue({"Memory": {"M01": "one", "M02": "two", "M03": "three"}}, {"Later": {"M03": "x"}})


@pytest.fixture(scope="module")
def variants() -> tuple[Variant, ...]:
    return tuple(variant for model in read_models(()) for variant in model.variants)


def _written(folder: Path, text: str) -> Path:
    path = folder / FILE_NAME
    path.write_text(text, encoding="utf-8")
    return path


def test_a_row_that_stands_twice_is_refused(tmp_path: Path) -> None:
    text = '[rows.a]\nM01 = "x"\n[rows.b]\nM01 = "y"\n[reasons]\n'
    with pytest.raises(ValueError, match="M01"):
        read_catalogue(_written(tmp_path, text))


def test_a_reason_for_an_unknown_row_is_refused(tmp_path: Path) -> None:
    text = '[rows.a]\nM01 = "x"\n[reasons.later]\nM02 = "y"\n'
    with pytest.raises(ValueError, match="M02"):
        read_catalogue(_written(tmp_path, text))


def test_a_variant_shows_the_rows_that_its_text_and_its_sources_name(
    variants: tuple[Variant, ...],
) -> None:
    """`W2` and `A1` name no rows: rows have two digits."""
    named = replace(variants[0], text="M02: as in W2, A1 and X99.", cites=("M01, 2018",))
    assert SMALL.shown_by(named) == ("M01", "M02")


def test_a_row_is_laid_out_with_its_variants_or_its_reason(variants: tuple[Variant, ...]) -> None:
    one = replace(variants[0], name="wrong", model="m", text="M01.", violated="m.p", steps=3)
    other = replace(variants[0], name="harmless", model="m", text="M02.", violated=None)
    text = page(SMALL, (one, other))
    assert "`wrong` of `m`" in text
    assert "breaks `m.p` after 3 steps." in text
    assert text.count("redundant.") == 1
    assert "- Later: x" in text
    assert "Of 3 rows, 2 are shown, by 2 variants" in text


def test_the_shipped_catalogue_has_the_rows_of_the_seven_groups() -> None:
    """The catalogue of section 3: M 29, T 9, C 15, X 14, V 12, R 12, A 13 make 104 rows."""
    catalogue = read_catalogue(spec.folder() / FILE_NAME)
    sizes = [29, 9, 15, 14, 12, 12, 13]
    assert [len(group) for group in catalogue.groups.values()] == sizes
    wanted = [f"{c}{n:02}" for c, m in zip("MTCXVRA", sizes, strict=True) for n in range(1, m + 1)]
    assert list(catalogue.rows) == wanted


def test_every_row_is_shown_by_a_variant_or_has_a_reason_and_never_both(
    variants: tuple[Variant, ...],
) -> None:
    catalogue = read_catalogue(spec.folder() / FILE_NAME)
    shown = showing(catalogue, variants)
    silent = [row for row, found in shown.items() if not found and not catalogue.reason(row)]
    stale = [row for row, found in shown.items() if found and catalogue.reason(row)]
    assert (silent, stale) == ([], [])


FIRST = "M01 M02 M03 M05 M07 M09 M15 C06 C07 A01 A04 V04 V05".split()
WEAKNESSES = ("W2", "W4", "W6", "W7", "W11")


@pytest.mark.parametrize("row", FIRST)
def test_the_rows_to_be_shown_first_each_break_a_property(
    row: str, variants: tuple[Variant, ...]
) -> None:
    shown = showing(read_catalogue(spec.folder() / FILE_NAME), variants)[row]
    assert any(variant.violated is not None for variant in shown)


@pytest.mark.parametrize("weakness", WEAKNESSES)
def test_the_weaknesses_to_be_shown_first_each_break_a_property(
    weakness: str, variants: tuple[Variant, ...]
) -> None:
    pattern = re.compile(rf"\b{weakness}\b")
    artifact = [v for v in variants if "artifact" in str(v.span.source.name)]
    shown = [v for v in artifact if pattern.search(v.text)]
    assert any(variant.violated is not None for variant in shown)
