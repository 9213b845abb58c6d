"""The page of `splitspec view` in a real browser, from a file: no server, no network."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "build" / "screenshots"

Draw = Callable[[str, str], tuple[Path, str]]
Open = Callable[..., Any]

# A violated claim of each kind of mechanism.
DRAWN = [
    ("fork", "zygote_not_frozen"),
    ("platform", "remapped_read"),
    ("launch", "halves_spliced"),
    ("threads", "stale_descriptor"),
    ("memory", "given_back_while_mapped"),
]
ELEMENTS_MAX = 1200


def _data(path: Path) -> Any:
    """Return what the page draws, as the file holds it."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', path.read_text())
    assert found is not None
    return json.loads(found[1])["takes"][0]


def _selected(page: Any) -> int:
    return int(page.locator('[role=option][aria-selected="true"]').get_attribute("data-step"))


@pytest.mark.parametrize(("model", "variant"), DRAWN)
def test_every_step_is_reached_by_the_keyboard(
    model: str, variant: str, drawn: Draw, visit: Open
) -> None:
    path, _ = drawn(model, variant)
    steps = _data(path)["steps"]
    page = visit(path).page
    page.keyboard.press("Home")
    assert _selected(page) == 0
    for number, step in enumerate(steps, start=1):
        page.keyboard.press("ArrowRight")
        assert _selected(page) == number
        assert page.locator("#step code").first.inner_text() == step["call"]
        assert step["call"] in page.locator("#live").text_content()
        assert page.url.endswith(f"#step-{number}")
    page.keyboard.press("ArrowRight")
    assert _selected(page) == len(steps)
    page.keyboard.press("h")
    assert _selected(page) == len(steps) - 1


@pytest.mark.parametrize(("model", "variant"), DRAWN)
def test_the_page_says_what_the_command_line_says(
    model: str, variant: str, drawn: Draw, visit: Open
) -> None:
    path, printed = drawn(model, variant)
    page = visit(path).page
    text = page.locator("#text").text_content()
    assert len(text.splitlines()) > 10
    assert text in printed
    # The changes of every step stand in both, one by one.
    for number in range(1, len(_data(path)["steps"]) + 1):
        page.evaluate("number => window.page.select(number)", number)
        for row in page.locator("#step table").first.locator("tr").all():
            cells = [cell.inner_text() for cell in row.locator("td").all()]
            assert f"{cells[0]}: {cells[1]} → {cells[3]}" in text


@pytest.mark.parametrize(("model", "variant"), DRAWN)
def test_a_step_draws_little_and_leaves_nothing_behind(
    model: str, variant: str, drawn: Draw, visit: Open
) -> None:
    """What a step costs is what it draws; the time that takes is measured in `bench/pages.py`."""
    path, _ = drawn(model, variant)
    assert path.stat().st_size < 130_000
    page = visit(path).page
    rounds = page.evaluate(
        """() => [0, 1, 2].map(() => window.page.take.steps.map((_, number) => {
          window.page.select(number + 1);
          return document.querySelectorAll('*').length;
        }))"""
    )
    assert rounds[0] == rounds[1] == rounds[2]
    assert 100 < max(rounds[0]) < ELEMENTS_MAX


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("model", "variant"), DRAWN)
def test_pages_are_kept_to_be_looked_at(
    model: str, variant: str, scheme: str, drawn: Draw, visit: Open
) -> None:
    path, _ = drawn(model, variant)
    page = visit(path, color_scheme=scheme, reduced_motion="reduce").page
    SHOTS.mkdir(parents=True, exist_ok=True)
    shot = SHOTS / f"{variant}-{scheme}.png"
    page.screenshot(path=shot, full_page=True)
    assert shot.stat().st_size > 30_000


def test_what_is_drawn_is_what_the_state_says(drawn: Draw, visit: Open) -> None:
    """After the clone's table is copied, both containers map the page: two wires, one new."""
    page = visit(drawn("fork", "zygote_not_frozen")[0]).page
    page.keyboard.press("End")
    assert page.locator(".canvas path.wire").count() == 2
    assert page.locator(".canvas .evidence path.wire").count() == 2
    assert page.locator(".canvas .new path.wire").count() == 1
    page.keyboard.press("Home")
    assert page.locator(".canvas path.wire").count() == 0


def test_pointing_at_a_part_of_the_claim_points_at_its_cells(drawn: Draw, visit: Open) -> None:
    page = visit(drawn("fork", "zygote_not_frozen")[0]).page
    page.locator(".node", has_text="table[c2, a1] = p1").first.focus()
    assert page.locator(".canvas .pointed path.wire").count() == 1
    page.locator("h1").click()
    page.keyboard.press("Home")
    assert page.locator(".canvas .pointed").count() == 0


def test_the_mouse_does_what_the_keyboard_does(drawn: Draw, visit: Open) -> None:
    page = visit(drawn("threads", "stale_descriptor")[0]).page
    page.locator("[role=option]").nth(3).click()
    assert _selected(page) == 3
    page.locator("td.index button").nth(5).click()
    assert _selected(page) == 5
    page.locator("[role=tab]").first.click()
    assert page.locator("[role=tab]").first.get_attribute("aria-selected") == "true"
    page.locator("#scrub").fill("2")
    assert _selected(page) == 2


def test_keys_find_the_violation_and_the_steps_of_one_actor(drawn: Draw, visit: Open) -> None:
    path, _ = drawn("threads", "stale_descriptor")
    actors = [step["actor"] for step in _data(path)["steps"]]
    page = visit(path).page
    page.keyboard.press("Home")
    page.keyboard.press("v")
    assert _selected(page) == len(actors)
    page.keyboard.press("[")
    earlier = [n for n, actor in enumerate(actors[:-1], start=1) if actor == actors[-1]]
    assert _selected(page) == earlier[-1]


def test_everything_is_reached_by_tab_and_named(drawn: Draw, visit: Open) -> None:
    page = visit(drawn("memory", "given_back_while_mapped")[0]).page
    names = page.evaluate(
        """() => [...document.querySelectorAll('button, input, [tabindex="0"]')].map((element) =>
          element.getAttribute("aria-label") || element.textContent.trim())"""
    )
    assert len(names) > 10
    assert all(names)
    roles = ("listbox", "option", "tablist", "tab", "status")
    assert [role for role in roles if page.locator(f"[role={role}]").count() == 0] == []
    label = page.locator(".canvas svg").first.get_attribute("aria-label")
    assert "page table" in label
    seen = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("() => document.activeElement.className"))
    assert {"skip", "tool", "node"} <= seen


def test_nothing_moves_for_those_who_asked_for_that(drawn: Draw, visit: Open) -> None:
    path, _ = drawn("fork", "zygote_not_frozen")
    names = []
    for motion in ("reduce", "no-preference"):
        page = visit(path, reduced_motion=motion).page
        wire = page.locator(".canvas .new path.wire").first
        names.append(wire.evaluate("element => getComputedStyle(element).animationName"))
    assert names == ["none", "draw"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_what_is_behind_them(scheme: str, drawn: Draw, visit: Open) -> None:
    """WCAG 2.2 asks for a contrast of 4.5 of small text."""
    page = visit(drawn("memory", "given_back_while_mapped")[0], color_scheme=scheme).page
    colours = page.evaluate(
        """() => {
          const style = getComputedStyle(document.documentElement);
          const names = ["--ink", "--soft", "--bad", "--good", "--accent", "--panel", "--paper"];
          return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(name)]));
        }"""
    )
    for name in ("--ink", "--soft", "--bad", "--good", "--accent"):
        for behind in ("--panel", "--paper"):
            assert _contrast(colours[name], colours[behind]) >= 4.5, (name, behind)


def _contrast(one: str, other: str) -> float:
    first, second = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (first + 0.05) / (second + 0.05)


def _luminance(colour: str) -> float:
    digits = colour.strip().removeprefix("#")
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
