"""Rows of how fast the machine of `impl/` is held to its models: what is done, and what is refused.

Every transition is done on the machine, read back and compared; between them every call that the
state refuses is tried. The rates are of processor seconds, and all of them count: those of a
transition include the refusals, about seven for each.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from plan import Plan, say
from processes import run_well
from table import Row, at_least

from splitspec.model.tier import Tier
from splitspec.refinement.machine.shipped import due

PROGRAM = Path(__file__).with_name("conform.py")
QUICK = ("lifecycle-sev-hostile", "granting-tdx-hostile")
GOAL = 2_000
"""Transitions a second and core, for all walks together."""


def conformance(plan: Plan) -> Iterator[Row]:
    """Yield the rates of each walk of the tier of changes, and of all of them."""
    walks: list[dict[str, Any]] = []
    for name in QUICK if plan.quick else due(Tier.PR):
        say(f"the machine against {name}")
        walk: dict[str, Any] = json.loads(run_well((sys.executable, str(PROGRAM), name)).output)
        walks.append(walk)
        remark = f"{walk['states']:,} states, {walk['transitions']:,} transitions"
        rate, right = walk["transitions"] / walk["seconds"], walk["conforms"]
        yield Row("conformance", name, rate, "trans./s", None, remark, right)
    right = all(walk["conforms"] for walk in walks)
    seconds = sum(walk["seconds"] for walk in walks)
    for unit, goal in (("transitions", GOAL), ("calls", None), ("refused", None)):
        count = sum(walk[unit] for walk in walks)
        held = None if goal is None or plan.quick else at_least(goal)
        remark = f"{count:,} in {seconds:.1f} s of CPU"
        yield Row("conformance", f"all walks: {unit}", count / seconds, "1/s", held, remark, right)
