"""Rows of symmetry reduction: the exact number of orbits, and the time that it saves."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
from plan import Plan, say
from processes import run_well
from searched import GRANTING, MEMORY, THREE, Counted, Model, searched
from table import Row, at_least

ORBITS = Path(__file__).with_name("orbits.py")
RUNS = 5


def symmetry(plan: Plan) -> Iterator[Row]:
    """Yield the number of orbits, and what reduction gives at three by three by four."""
    yield from _orbits(GRANTING if plan.quick else MEMORY, "--burnside")
    if not plan.quick:
        yield from _orbits(THREE)
        yield from _saved(THREE)


def _orbits(model: Model, *options: str) -> Iterator[Row]:
    say(f"orbits of {model.name}")
    command = (sys.executable, str(ORBITS), model.name, "--given", model.given, *options)
    counted = msgspec.json.decode(run_well(command, folder=model.folder).output, type=Counted)
    for way, orbits in (
        ("canonicalising every state", counted.canonicalised),
        ("reduced search", counted.reduced),
        ("Burnside's lemma", counted.burnside),
    ):
        if orbits is not None:
            remark = f"of {counted.states:,} states, {counted.renamings} renamings"
            what = f"{model.name}: {way}"
            yield Row("symmetry", what, orbits, "orbits", None, remark, counted.is_right)


def _saved(model: Model) -> Iterator[Row]:
    say(f"{model.name}, with symmetry and without")
    full = searched(model, repeats=RUNS)
    reduced = searched(model, repeats=RUNS, symmetry=True)
    right = full.is_right and reduced.is_right
    ratio = full.least(lambda one: one.wall) / reduced.least(lambda one: one.wall)
    remark = f"{full.states:,} states, {reduced.states:,} orbits"
    what = f"{model.name}: the search"
    yield Row("symmetry", what, ratio, "x wall", at_least(10), remark, right)
    walls = {}
    for choice in ("on", "off"):
        command = (sys.executable, "-m", "splitspec", "check", model.name, "--symmetry", choice)
        run_well(command, folder=model.folder)
        walls[choice] = min(run_well(command, folder=model.folder).wall for _ in range(RUNS))
    remark = f"{walls['off']:.2f} s and {walls['on']:.2f} s, whole processes"
    what = f"{model.name}: all of check"
    yield Row("symmetry", what, walls["off"] / walls["on"], "x wall", None, remark, right)
