"""Steps are chosen and taken along; colours are seen; nothing is said by colour alone."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.browser.conftest import splitspec

Draw = Callable[[str, str], tuple[Path, str]]
Open = Callable[..., Any]

DRAWN = ("threads", "stale_descriptor")
CONTRAST = (Path(__file__).parent / "contrast.js").read_text()


def _paste(page: Any) -> str:
    return str(page.evaluate("() => navigator.clipboard.readText()"))


@pytest.fixture
def opened(drawn: Draw, visit: Open) -> tuple[Any, str]:
    """Return a page that may read what was copied, and what the command line prints."""
    path, printed = drawn(*DRAWN)
    permissions = ["clipboard-read", "clipboard-write"]
    return visit(path, permissions=permissions).page, printed


def test_what_is_copied_is_what_the_command_line_has(
    opened: tuple[Any, str], tmp_path: Path
) -> None:
    page, printed = opened
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("y")
    first, *changes = _paste(page).splitlines()
    assert first == "1  create(c1) by host"
    assert changes
    assert all(change.strip() in printed for change in changes)
    page.keyboard.press("Y")
    assert _paste(page) == page.locator("#text").text_content()
    assert "Copied all as text" in page.locator("#live").text_content()
    # The trace is a file that `view` reads, and draws the same page of.
    page.keyboard.press("J")
    saved = tmp_path / "copied.json"
    saved.write_text(_paste(page))
    done = splitspec("view", str(saved))
    assert done.returncode == 0, done.stderr
    again = json.loads(_data(tmp_path / "copied.html"))["takes"][0]
    here = page.evaluate("() => JSON.parse(document.getElementById('data').textContent)")
    assert again == here["takes"][0]
    # The line finds the violation again.
    page.keyboard.press("c")
    name, *words = shlex.split(_paste(page))
    assert name == "splitspec"
    found = splitspec(*words)
    assert page.locator("#text").text_content() in found.stdout


def _data(path: Path) -> str:
    return path.read_text().partition('id="data">')[2].partition("</script>")[0]


def test_steps_are_chosen_by_who_acts_and_by_what_they_name(opened: tuple[Any, str]) -> None:
    page, _ = opened
    actors = page.evaluate("() => window.page.take.steps.map((step) => step.actor)")
    page.keyboard.press("/")
    assert page.evaluate("() => document.activeElement.id") == "filter"
    page.locator("#filter").select_option(label="kernel")
    shown = [int(row.get_attribute("data-step")) for row in _rows(page) if row.is_visible()]
    assert shown == [0, *(n for n, actor in enumerate(actors, start=1) if actor == "kernel")]
    # Keys pass over what is hidden, and the number of these is said.
    page.locator("h1").click()
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert page.locator("[aria-selected=true][role=option]").get_attribute("data-step") == str(
        shown[1]
    )
    hidden = len(actors) + 1 - len(shown)
    assert page.locator("#hidden").inner_text() == f"{hidden} steps hidden"
    page.locator("#filter").select_option(label="all steps")
    assert all(row.is_visible() for row in _rows(page))


def _rows(page: Any) -> list[Any]:
    return list(page.locator("[role=option]").all())


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("model", "variant"),
    [DRAWN, ("memory", "given_back_while_mapped"), ("granting", "limit_unchecked")],
)
def test_every_text_stands_out_from_what_is_behind_it(
    model: str, variant: str, scheme: str, drawn: Draw, visit: Open
) -> None:
    """WCAG 2.2 AA, computed of every text as it is drawn, with what lies over what."""
    page = visit(drawn(model, variant)[0], color_scheme=scheme, reduced_motion="reduce").page
    for key in ("", "ArrowLeft", "d"):
        if key:
            page.keyboard.press(key)
        found = page.evaluate(CONTRAST)
        assert found["seen"] > 100
        assert found["bad"] == []


def test_the_contrast_of_texts_is_really_looked_at(drawn: Draw, visit: Open) -> None:
    page = visit(drawn(*DRAWN)[0]).page
    page.evaluate("() => document.documentElement.style.setProperty('--soft', '#9a9a9a')")
    assert len(page.evaluate(CONTRAST)["bad"]) > 10


def test_nothing_is_said_by_colour_alone(drawn: Draw, visit: Open) -> None:
    """Every principal has a shape of its own; true and false have signs, and so has what is new."""
    page = visit(drawn(*DRAWN)[0]).page
    shapes = page.evaluate(
        "() => [...document.querySelectorAll('.legend > span > svg:first-child > path')]"
        ".map((path) => path.getAttribute('d'))"
    )
    assert len(shapes) == len(set(shapes)) == 2
    for truth, sign in (("true", "✓"), ("false", "✕")):
        for cell in page.locator(f".time td.{truth}").all():
            assert cell.inner_text() == sign
    for sign in page.locator(".sign.true, .sign.false").all():
        assert sign.inner_text() in "✓✕"
    assert "✕" in page.locator(".why .false").inner_text()


def test_paper_has_every_step_and_no_buttons(opened: tuple[Any, str]) -> None:
    page, _ = opened
    page.emulate_media(media="print")
    assert not page.locator(".tools").is_visible()
    assert not page.locator("#scrub").is_visible()
    assert all(row.is_visible() for row in _rows(page))
