"""Measure what reading the shipped specification costs: process, import, tables, parsing.

Prints milliseconds of CPU time, the least of several processes each.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
REPEATS = 7
PROBE = """
import sys, time
start = time.process_time()
from splitspec.model.parser import parse
from splitspec.model.source import Source
imported = time.process_time()
parse(Source("empty", "module empty"))
loaded = time.process_time()
texts = [open(path, encoding="utf-8").read() for path in sys.argv[1:]]
begin = time.process_time()
for text in texts:
    parse(Source("bench", text))
end = time.process_time()
print(1e3 * (imported - start), 1e3 * (loaded - imported), 1e3 * (end - begin))
"""


def main() -> None:
    """Print one line a stage."""
    paths = sorted(str(path) for path in (ROOT / "spec").rglob("*.split"))
    lines = sum(len(Path(path).read_text(encoding="utf-8").splitlines()) for path in paths)
    runs = []
    for _ in range(REPEATS):
        command = [sys.executable, "-c", PROBE, *paths]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        runs.append([float(word) for word in output.split()])
    best = [min(column) for column in zip(*runs, strict=True)]
    labels = ("import", "grammar tables from the cache", f"{len(paths)} files, {lines} lines")
    for label, milliseconds in zip(labels, best, strict=True):
        print(f"{milliseconds:8.1f} ms  {label}")


if __name__ == "__main__":
    main()
