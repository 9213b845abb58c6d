"""Rows of how fast the machine of `impl/` is held to its models: what is done, and what is refused.

Every transition is done on the machine, read back and compared; between them every call that the
state refuses is tried, about eight for each. The rates are of processor seconds: once of the
transitions alone, and once with the refusals, whose time counts for both.
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
"""Transitions that are replayed in a second, by one core, for all walks together."""


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
    for unit, time, label in (
        ("transitions", "replaying", "transitions alone"),
        ("transitions", "seconds", "transitions, with refusals"),
        ("refused", "seconds", "refused calls between them"),
        ("calls", "seconds", "calls"),
    ):
        count, seconds = (sum(walk[each] for walk in walks) for each in (unit, time))
        held = at_least(GOAL) if time == "replaying" and not plan.quick else None
        remark = f"{count:,} in {seconds:.1f} s of CPU"
        yield Row("conformance", f"all walks: {label}", count / seconds, "1/s", held, remark, right)
