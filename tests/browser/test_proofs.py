"""What a proof leaves behind, as pages: a counterexample to induction is two states side by side, a
counterexample to progress a run that goes round."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.browser.conftest import SHOTS, copy_modules, splitspec

Open = Callable[..., Any]
Drawn = tuple[Path, str]


@pytest.fixture(scope="module")
def induction(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    """A clone's table is copied while an entry of it is writable: without its lemmas, nothing says
    that there is no such entry."""
    path = tmp_path_factory.mktemp("induction") / "page.html"
    words = ("--without-lemmas", "--given", "none", "--report", f"html={path}")
    done = splitspec("prove", "fork", *words)
    assert done.returncode == 3, done.stderr
    return path, done.stdout


@pytest.fixture(scope="module")
def progress(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    """A thread that is moved between two vCPUs, each time when the other is free, never runs."""
    folder = tmp_path_factory.mktemp("progress")
    answer = "home[t] = none or seat[t] != v or runs[v] = t"
    moved = "home[t] = none or (some w: Vcpu: runs[w] = t)"
    copy_modules(folder, ("threads", "lifecycle", "container"), answer, moved)
    sizes = [f"--scope={size}" for size in ("Container=1", "Vcpu=2", "Thread=3")]
    words = ("--reach", "--given", "host", "-p", "runnable_threads_run", *sizes)
    done = splitspec("prove", "threads.split", *words, "--report", "html=page.html", cwd=folder)
    assert done.returncode == 1, done.stderr
    return folder / "page.html", done.stdout


def test_a_counterexample_to_induction_is_two_states(induction: Drawn, visit: Open) -> None:
    page = visit(induction[0]).page
    assert page.locator(".verdict").inner_text().lower() == "not proved"
    assert "nobody says that a run leads there" in page.locator(".banner").inner_text()
    assert page.locator("h1").inner_text() == "tables.writers_are_alone"
    # Both states stand side by side. Before, one address leads to the page; after it, both do.
    assert page.locator(".canvas").count() == 2
    wires = [canvas.locator("path.wire").count() for canvas in page.locator(".canvas").all()]
    assert wires == [1, 2]
    assert page.locator(".canvas").nth(1).locator(".evidence path.wire").count() == 2
    titles = page.locator(".moment h3").all_inner_texts()
    assert [title.lower() for title in titles] == ["before the step", "after it"]
    assert page.locator("table.time .index").all_inner_texts() == ["before", "after"]
    # The lemma that was left out is false before the step: that is what the proof lacks.
    row = page.locator("table.time tr", has_text="only_mappings_are_writable")
    assert "✕" in row.locator("td").first.inner_text()


def test_both_states_are_reached_by_the_keyboard(induction: Drawn, visit: Open) -> None:
    page = visit(induction[0]).page
    options = page.locator("[role=option]")
    assert options.count() == 2
    page.keyboard.press("Home")
    assert options.nth(0).get_attribute("aria-selected") == "true"
    assert "some state" in options.nth(0).inner_text()
    page.keyboard.press("ArrowRight")
    assert options.nth(1).get_attribute("aria-selected") == "true"
    assert "copy_space(c2)" in page.locator("#step").inner_text()


@pytest.mark.parametrize("kind", ["induction", "progress"])
def test_the_page_says_what_the_proof_printed(
    kind: str, request: pytest.FixtureRequest, visit: Open
) -> None:
    path, printed = request.getfixturevalue(kind)
    text = visit(path).page.locator("#text").text_content()
    assert len(text.splitlines()) > 10
    assert text in printed


def test_a_run_against_progress_shows_its_round_and_who_waits(progress: Drawn, visit: Open) -> None:
    page = visit(progress[0]).page
    assert page.locator(".verdict").inner_text().lower() == "violated"
    assert "need never happen" in page.locator(".why").inner_text()
    begin = page.locator(".tag.round").all_inner_texts()
    assert len(begin) == 2
    assert "the round begins" in begin[0]
    # The round is all between the two tags, and the last state is the one before it.
    rows = page.locator("table.time tr")
    in_round = rows.filter(has_text="the round").locator("td.round").count()
    steps = page.locator("[role=option]").count() - 1
    first = page.evaluate("() => window.page.take.round.start")
    assert in_round == steps - first + 1
    # The thread waits in every state of the round, and some time before it.
    waits = rows.filter(has_text="runnable_threads_run").locator("td.false").count()
    assert waits >= in_round
    page.keyboard.press("End")
    # What the claim asks for is marked: the thread's cell, and whom the vCPU runs instead.
    assert page.locator(".canvas .evidence path.wire").count() == 1


def test_a_round_has_a_ledger_of_what_is_fair(progress: Drawn, visit: Open) -> None:
    """Each fair action is taken in the round, or not enabled somewhere in it, as the text says."""
    path, printed = progress
    page = visit(path).page
    rows = page.locator("table.fairness tr:has(td)").all()
    fair = [
        line for line in printed.splitlines() if line.startswith(("    fair   ", "    strong "))
    ]
    assert len(rows) == len(fair) > 0
    for row, line in zip(rows, fair, strict=True):
        name, kind, enabled, why = (cell.inner_text() for cell in row.locator("td").all())
        assert name.partition("(")[0].split()[0] == line.split()[1].partition("(")[0].strip(",:")
        assert kind == ("strongly fair" if line.startswith("    strong ") else "fair")
        assert f"enabled in {enabled.replace(' states', '')}" in line
        assert why.startswith("✓")
        assert ("taken at step" in why) == (", taken at step" in line)
    # What it names is one click, or one key, away.
    jump = page.locator("table.fairness button").first
    wanted = int(re.findall(r"\d+", jump.inner_text())[0])
    jump.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("() => window.page.index") == wanted


def test_every_step_of_a_round_is_reached_by_the_keyboard(progress: Drawn, visit: Open) -> None:
    page = visit(progress[0]).page
    steps = page.evaluate("() => window.page.take.steps.map((step) => step.call)")
    page.keyboard.press("Home")
    for call in steps:
        page.keyboard.press("ArrowRight")
        assert page.locator("#step code").first.inner_text() == call


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["induction", "progress"])
def test_pages_of_proofs_are_kept_to_be_looked_at(
    kind: str, scheme: str, request: pytest.FixtureRequest, visit: Open
) -> None:
    path, _ = request.getfixturevalue(kind)
    page = visit(path, color_scheme=scheme, reduced_motion="reduce").page
    SHOTS.mkdir(parents=True, exist_ok=True)
    shot = SHOTS / f"{kind}-{scheme}.png"
    page.screenshot(path=shot, full_page=True)
    assert shot.stat().st_size > 30_000


def test_what_a_saved_proof_draws_is_the_same_page(
    induction: Drawn, tmp_path: Path, visit: Open
) -> None:
    """The document has all that the page has; what finds it again names no option of the proof."""
    saved = tmp_path / "proof.json"
    words = ("--without-lemmas", "--given", "none", "--report", f"json={saved}")
    assert splitspec("prove", "fork", *words).returncode == 3
    assert splitspec("view", str(saved)).returncode == 0
    texts = []
    for path in (induction[0], saved.with_suffix(".html")):
        texts.append(visit(path).page.locator("#text").text_content())
    assert texts[0] == texts[1]
    assert json.loads(saved.read_text())["schema"].startswith("splitspec")
