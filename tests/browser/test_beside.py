"""Refinements, implementations and logs beside what they should be, drawn by the command line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.browser.conftest import ROOT, SHOTS, copy_modules

Open = Callable[..., Any]

# A user's own mapping, over a machine in which one line is wrong.
MAPPING = """
from dataclasses import replace
from tests.refinement.seeded import BUGS, seeded
from splitspec.impl.machine import PlatformKind
from splitspec.refinement.machine.models import granting

SEED = seeded(next(bug for bug in BUGS if bug.name == "the charge goes to who runs"))
SEED.__enter__()
SIZES = {"Container": 2, "Page": 1, "Frame": 1}
MAPPING = replace(
    granting(PlatformKind.SNP, honest=True, sizes=SIZES), model="splitspec:granting"
)
"""
LOG = """{"schema": "splitspec-log/1", "model": "sharing", "unlogged": ["share"]}
{"n": 1, "action": "take", "arguments": {"c": "pr1", "g": "pa1"}}
{"n": 2, "state": {"held[pr2, pa1]": true}}
{"n": 3, "action": "take", "arguments": {"c": "pr2", "g": "pa1"}}
{"end": 3}
"""


MODELS = """
[sev]
module = "pages"
with = { platform = "sev" }
scope = { Container = 1, Page = 1, Frame = 1 }
"""


def _conform(folder: Path) -> list[str]:
    (folder / "wrong.py").write_text(MAPPING)
    return ["conform", "wrong:MAPPING"]


def _refine(folder: Path) -> list[str]:
    """PVALIDATE alone makes a frame live, says a wrong correspondence."""
    right = "validated[f] and (all g: Page: rmp[f] = g implies record[g] = ready)"
    modules = ("sev", "pages", "platform", "container", "address")
    copy_modules(folder, modules, right, "validated[f]")
    (folder / "models.toml").write_text(MODELS)
    return ["refine", "sev", "--given", "none"]


def _replay(folder: Path) -> list[str]:
    for name in ("models.toml", "sharing.split"):
        shutil.copy(ROOT / "tests" / "refinement" / "repository" / name, folder)
    (folder / "run.ndjson").write_text(LOG)
    return ["replay", "run.ndjson"]


KINDS = {
    "conform": (_conform, "diverges", "charged[f1]"),
    "refine": (_refine, "not a refinement", "live[f1]"),
    "replay": (_replay, "no run", "holders[g] = 0"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_both_runs_stand_side_by_side(kind: str, tmp_path: Path, visit: Open) -> None:
    """The text is the command line's; every step has its counterpart, and the last one none."""
    prepare, verdict, telling = KINDS[kind]
    words = [sys.executable, "-m", "splitspec", *prepare(tmp_path), "--report", "html=page.html"]
    places = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        words, cwd=tmp_path, env=places, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 1, done.stderr
    assert "report: page.html" in done.stderr
    page = visit(tmp_path / "page.html").page
    text = page.locator("#text").text_content()
    assert len(text.splitlines()) > 3
    assert text in done.stdout
    assert page.locator(".verdict").inner_text().lower() == verdict
    assert telling in page.locator(".why").inner_text()
    # The two part in the last step and in no other.
    steps = page.locator("[role=option]").count()
    assert page.locator(".other").count() == steps
    assert page.locator(".other.parts").count() == 1
    page.keyboard.press("Home")
    beside = page.locator("#beside")
    for _ in range(steps - 2):
        page.keyboard.press("ArrowRight")
        assert beside.locator(".differs, .refusals").count() == 0
    page.keyboard.press("ArrowRight")
    assert beside.locator(".differs, .refusals").count() > 0
    assert telling in beside.inner_text()
    if kind != "replay":
        assert beside.locator(".canvas .evidence").count() > 0
    for element in page.locator(".differs td:first-child").all():
        assert element.inner_text() in text
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{kind}-light.png", full_page=True)
