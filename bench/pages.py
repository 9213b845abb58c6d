"""How long the page of a picture takes for a step, in a real browser: from the key to the layout.

`python bench/pages.py PAGE.html…` prints the longest step of each page. It needs the driver of
`make browser`, and a Chromium (`CHROMIUM`, or that of the system).
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

ROUNDS = 5
STEP_MILLISECONDS_MAX = 100

SCRIPT = """rounds => {
  // The least of some rounds: what else the machine does is not the page's.
  const least = [];
  for (let round = 0; round < rounds; round += 1) {
    for (let number = 0; number <= window.page.take.steps.length; number += 1) {
      const start = performance.now();
      window.page.select(number);
      document.body.getBoundingClientRect();
      least[number] = Math.min(least[number] ?? Infinity, performance.now() - start);
    }
  }
  return least;
}"""


def step_milliseconds(page: Path, chromium: str | None = None) -> list[float]:
    """Return what each step of a page takes to be drawn and laid out, the least of five times."""
    from playwright.sync_api import sync_playwright

    path = chromium or os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        opened = browser.new_page(viewport={"width": 1440, "height": 900})
        opened.goto(page.resolve().as_uri())
        found: list[float] = opened.evaluate(SCRIPT, ROUNDS)
        browser.close()
    return found


def main() -> None:
    """Print a line for each page."""
    for name in sys.argv[1:]:
        times = step_milliseconds(Path(name))
        size = Path(name).stat().st_size
        print(f"{name}: {len(times)} states, longest {max(times):.1f} ms, {size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
