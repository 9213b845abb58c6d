"""Rows against mypyvy: both prove the same model, which is exported for it, for any size.

A process each, reading included, in turns. mypyvy proves what stands in the export: invariants and
lemmas. `splitspec prove` proves these, and what the export leaves out: exact counters, steps, that
nothing overlaps or leaves its range; and it says on what each proof rests.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from plan import Plan, say
from processes import FailedError, run, run_well
from searched import ROOT
from table import Row, at_least

FOLDER = Path(__file__).with_name(".peers") / "mypyvy"
PROGRAM = FOLDER / "src" / "mypyvy.py"
SOURCE = "https://github.com/wilcoxjay/mypyvy"
COMMIT = "cd80557ae11f5958c7c81dbecf3b24f7a3b16c1f"

TIMES = 3.0
LIMIT = 120
"""Seconds that mypyvy is given for a model."""
OVER = 124
"""What `timeout` says of a program that it ended."""
PAIRS = 3
MODELS = (("granting", "host"), ("fork", "none"), ("memory", "none"), ("cofunc", "none"))
QUICK = (("lifecycle", "none"),)
SPLITSPEC = (sys.executable, "-m", "splitspec")


def install() -> None:
    """Fetch mypyvy at the commit that was measured; it takes z3 and networkx of this Python."""
    if not PROGRAM.is_file():
        _git("clone", "--quiet", SOURCE, str(FOLDER))
    _git("-C", str(FOLDER), "checkout", "--quiet", COMMIT)


def _git(*words: str) -> None:
    print(f"==> git {' '.join(words)}", file=sys.stderr, flush=True)
    subprocess.run(("git", *words), check=True, stdout=sys.stderr)


def provers(plan: Plan) -> Iterator[Row]:
    """Yield CPU seconds of each, and how many times ours mypyvy takes."""
    if not plan.peers:
        return
    if not PROGRAM.is_file():
        remark = "not installed: mypyvy; see --install-peers"
        yield Row("provers", "mypyvy", None, "", None, remark, is_right=False)
        return
    for model, given in QUICK if plan.quick else MODELS:
        yield from _compared(model, given, plan)


def _compared(model: str, given: str, plan: Plan) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        exported = Path(folder) / f"{model}.pyv"
        command = (*SPLITSPEC, "export", model, "--given", given)
        exported.write_text(run_well(command, folder=ROOT).output)
        # The first run writes the tables of its parser beside it, which the others read.
        theirs = ("timeout", str(LIMIT), sys.executable, str(PROGRAM), "verify", str(exported))
        # Nothing may be left of the run before. A second worker costs CPU to save wall time.
        words = ("--given", given, "--cache", "off", "--workers", "1")
        ours = (*SPLITSPEC, "prove", model, *words)
        both = [(run(theirs), run_well(ours, folder=ROOT))]
        is_over = both[0][0].code == OVER
        for _ in range(1 if plan.quick or is_over else PAIRS):
            say(f"{model}, by mypyvy and by us")
            both.append((both[0][0] if is_over else run(theirs), run_well(ours, folder=ROOT)))
    first = both[0][0].output
    if not is_over and not first.rstrip().endswith("all ok!"):
        raise FailedError(f"mypyvy did not prove {model}:\n{first[-2000:]}")
    other, mine = (min(ended.cpu for ended in side) for side in zip(*both[1:], strict=True))
    title = f"{model} given {given}"
    checks, load = first.count("ok."), os.getloadavg()[0]
    end = f", and no end in {LIMIT} s" if is_over else ""
    told = both[0][1].output.rstrip().splitlines()[-1]
    yield Row("provers", f"{title}: mypyvy", other, "s CPU", None, f"{checks} checks{end}")
    yield Row("provers", f"{title}: splitspec in the same minutes", mine, "s CPU", None, told)
    goal = None if plan.quick else at_least(TIMES)
    remark = f"load {load:.1f}"
    yield Row("provers", f"{title}: against mypyvy", other / mine, "x CPU", goal, remark)
