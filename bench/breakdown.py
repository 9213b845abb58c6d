"""Rows of where the time of a search goes, from what `profile_search.py` prints.

The profile sweeps the stored states with loops that do ever more of a search's work, so a part is
the difference of two lines. The differences are of separate sweeps; small ones are noise.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from plan import Plan, say
from processes import run_well
from rates import sized
from searched import FAULTING, MEMORY, REMAPPING
from table import Row

PROFILE = Path(__file__).with_name("profile_search.py")
LINE = re.compile(r"^(\S.*?) +(\d+\.\d+) +(\d+\.\d+) +(\d+\.\d+)$", re.MULTILINE)
PARTS = (
    ("kernel: guards and successors", "successors", None),
    ("hash", "+ hash", "successors"),
    ("probe: fetch and read the line", "+ representative, fetch, read line", "+ hash"),
    ("compare", "+ compare tags and states", "+ representative, fetch, read line"),
    ("properties, all of them on every state", "all properties of states", None),
)


def breakdown(plan: Plan) -> Iterator[Row]:
    """Yield nanoseconds a transition, by what they are for."""
    for model in (REMAPPING,) if plan.quick else (REMAPPING, FAULTING, MEMORY):
        model = sized(model, plan)
        say(f"where the time goes: {model.name}")
        command = (sys.executable, str(PROFILE), model.name, "--given", model.given)
        output = run_well(command, folder=model.folder).output
        times = {name: float(last) for name, _, _, last in LINE.findall(output)}
        yield from _parts(model.name, times)


def _parts(model: str, times: Mapping[str, float]) -> Iterator[Row]:
    total = times["search"]
    costs = {part: times[end] - (times[begin] if begin else 0) for part, end, begin in PARTS}
    costs["copy, insert, grow, first touch of memory"] = total - sum(costs.values())
    for part, cost in costs.items():
        yield Row("breakdown", f"{model}: {part}", cost, "ns", None, f"{cost / total:.0%}")
    yield Row("breakdown", f"{model}: the search", total, "ns", None, "a transition")
