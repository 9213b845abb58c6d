"""Rows of the gate, from an empty cache and from a warm one, and of pages in a real browser.

A gate that does not pass is measured and marked wrong: what it left out costs nothing.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib import invalidate_caches
from pathlib import Path
from typing import Any

from latency import SPLITSPEC
from plan import Plan, say
from processes import FailedError, run, run_well, spread
from searched import ROOT
from table import Row, at_most

PAGES = (("fork", "zygote_not_frozen"), ("platform", "remapped_read"), ("launch", "halves_spliced"))
"""Variants whose counterexamples are drawn."""
LARGEST_BYTES = 200_000
WARM_RUNS = 3
# The least of five: what else the machine does is not the page's.
STEPPING = """() => {
  const least = [];
  for (let round = 0; round < 5; round += 1) {
    for (let number = 0; number <= window.page.take.steps.length; number += 1) {
      const start = performance.now();
      window.page.select(number);
      document.body.getBoundingClientRect();
      least[number] = Math.min(least[number] ?? Infinity, performance.now() - start);
    }
  }
  return Math.max(...least);
}"""


def gate(plan: Plan) -> Iterator[Row]:
    """Yield seconds of wall time of `splitspec gate`, the warm ones each a median."""
    models = ("lifecycle",) if plan.quick else ()
    with tempfile.TemporaryDirectory() as cache:
        for row in _gates(models, cache):
            yield replace(row, goal=None) if plan.quick else row


def _gates(models: Sequence[str], cache: str) -> Iterator[Row]:
    yield _gate("pr, cold", "pr", models, cache, 1, 12 * 60)
    yield _gate("pr, warm", "pr", models, cache, WARM_RUNS, 2 * 60)
    yield _gate("commit, warm", "commit", models, cache, WARM_RUNS, 15)


def _gate(what: str, tier: str, models: Sequence[str], cache: str, runs: int, bound: float) -> Row:
    command = (*SPLITSPEC, "gate", *models, "--tier", tier)
    say(f"gate {' '.join(models)} {what}")
    ended = [run(command, folder=ROOT, variables={"XDG_CACHE_HOME": cache}) for _ in range(runs)]
    walls = spread(each.wall for each in ended)
    verdict = ended[-1].output.strip().rpartition("\n")[2]
    cpu = spread(each.cpu for each in ended)
    remark = f"{walls}; {cpu.median:.1f} s of CPU in the first process; {verdict}"
    is_right = all(each.code == 0 for each in ended)
    return Row("gate", what, walls.median, "s", at_most(bound), remark, is_right=is_right)


def pages(plan: Plan) -> Iterator[Row]:
    """Yield bytes of pages, and milliseconds to open one and to step in it, in Chromium."""
    chromium = _chromium()
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for model, variant in PAGES[:1] if plan.quick else PAGES:
            for row in _page(browser, Path(folder), model, variant):
                yield replace(row, goal=None) if plan.quick else row
        browser.close()


def _chromium() -> str:
    """Return a Chromium; it is installed with its driver if need be, as `make browser` does."""
    script = ("sh", str(ROOT / "requirements" / "browser.sh"))
    done = subprocess.run(script, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise FailedError("no browser: requirements/browser.sh failed, and says why above")
    invalidate_caches()  # The driver may have been installed just now.
    return done.stdout.strip().splitlines()[-1]


def _page(browser: Any, folder: Path, model: str, variant: str) -> Iterator[Row]:
    path = folder / f"{variant}.html"
    say(f"the page of {variant}")
    run_well(
        (*SPLITSPEC, "check", model, "--variant", variant, "--report", f"html={path}"), folder=ROOT
    )
    size = path.stat().st_size
    yield Row("pages", f"{variant}, size", size / 1000, "kB", at_most(LARGEST_BYTES / 1000))
    page = browser.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(path.as_uri(), wait_until="load")
    timing = page.evaluate("() => performance.getEntriesByType('navigation')[0].loadEventEnd")
    steps = page.evaluate("() => window.page.take.steps.length")
    yield _milliseconds(f"{variant}, opens", timing, None, complaints)
    slowest = page.evaluate(STEPPING)
    yield _milliseconds(f"{variant}, slowest of {steps} steps", slowest, 100, complaints)
    page.close()


def _milliseconds(what: str, value: float, bound: float | None, complaints: Sequence[str]) -> Row:
    goal = None if bound is None else at_most(bound)
    return Row("pages", what, value, "ms", goal, "; ".join(complaints), is_right=not complaints)
