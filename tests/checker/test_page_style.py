"""Colours of the page: what is read stands out from what is behind it, light and dark (WCAG 2.2:
4.5 for texts, 3 for what only has to be seen), and is computed from the style itself."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

STYLE = files("splitspec.checker.report.page").joinpath("style.css").read_text(encoding="utf-8")
TEXTS = ("ink", "soft", "faint", "bad", "good", "accent", "warn")
GROUNDS = ("panel", "paper", "tint")
TINTED = [("bad", "bad-tint"), ("good", "good-tint"), ("accent", "accent-tint"), ("panel", "bad")]
PRINCIPALS = range(6)
Colours = dict[str, str]


def _colours(selector: str) -> Colours:
    block = STYLE.partition(selector)[2].partition("}")[0]
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})\b", block))


LIGHT = _colours(":root {")
DARK = _colours(':root[data-theme="dark"] {')
SCHEMES = pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    first, second = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (first + 0.05) / (second + 0.05)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)  # A known near miss.


def test_both_schemes_have_the_same_names() -> None:
    assert LIGHT.keys() == DARK.keys() > {*TEXTS, *GROUNDS}
    assert _colours(':root:not([data-theme="light"]) {') == DARK


@SCHEMES
def test_texts_stand_out(colours: Colours) -> None:
    for text in TEXTS:
        for ground in GROUNDS:
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    for text, ground in TINTED:
        assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    for number in PRINCIPALS:
        assert contrast(colours["ink"], colours[f"t{number}"]) >= 4.5, number


@SCHEMES
def test_signs_of_principals_are_seen(colours: Colours) -> None:
    for number in PRINCIPALS:
        for ground in ("panel", f"t{number}"):
            assert contrast(colours[f"p{number}"], colours[ground]) >= 3, (number, ground)
