"""Measure the engines, the gate and the pages, and hold every figure to its goal, in one table.

    python bench/run.py [--quick] [--only NAME …] [--without-peers] [--format text|json]

First the machine, then the figures. Whatever is measured runs in a process of its own. Exit code: 0
if everything was measured and every count is right, 1 if not. A goal that is missed is shown, and
is no failure: it may be the machine's.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterator

import machine
from breakdown import breakdown
from conformance import conformance
from gating import gate, pages
from latency import latency
from peers import peers
from plan import Plan
from processes import FailedError
from proofs import proofs
from provers import install, provers
from rates import firing, memory, threads
from symmetry import symmetry
from table import Row, as_data, as_text

SECTIONS: dict[str, Callable[[Plan], Iterator[Row]]] = {
    "firing": firing,
    "breakdown": breakdown,
    "memory": memory,
    "threads": threads,
    "peers": peers,
    "provers": provers,
    "symmetry": symmetry,
    "latency": latency,
    "proofs": proofs,
    "conformance": conformance,
    "gate": gate,
    "pages": pages,
}
INSTALL = ("apt-get", "install", "--yes", "spin", "rumur", "gcc")


def main() -> int:
    """Print the machine and the table, a section when it is measured; return the exit code."""
    arguments = parser().parse_args()
    if arguments.install_peers:
        print(f"==> {' '.join(INSTALL)}", file=sys.stderr, flush=True)
        subprocess.run(INSTALL, check=True, stdout=sys.stderr)
        install()
    is_text = arguments.format == "text"
    facts = machine.facts()
    if is_text:
        print("\n".join(f"{name:12}{value}" for name, value in facts.items()), flush=True)
    plan = Plan(quick=arguments.quick, peers=not arguments.without_peers)
    rows: list[Row] = []
    for section in arguments.only or SECTIONS:
        measured = list(_measured(section, plan))
        rows += measured
        if is_text and measured:
            print(f"\n{as_text(section, measured)}", flush=True)
    facts["load at the end"] = machine.load()
    if is_text:
        print(f"\n{_summary(rows)}; load {facts['load at the end']}")
    else:
        print(json.dumps({"machine": facts, "rows": as_data(rows)}, indent=2))
    return 0 if rows and all(row.is_right for row in rows) else 1


def _measured(section: str, plan: Plan) -> Iterator[Row]:
    """Yield the rows of a section; what fails costs the rest of the section, not of the run."""
    try:
        yield from SECTIONS[section](plan)
    except FailedError as failure:
        print(failure, file=sys.stderr)
        first = str(failure).partition("\n")[0]
        yield Row(section, "the rest of this section", None, "", None, first, is_right=False)


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    made = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    made.add_argument("--quick", action="store_true", help="small models, few repeats, no goals")
    sections = ", ".join(SECTIONS)
    made.add_argument(
        "--only",
        action="append",
        choices=tuple(SECTIONS),
        metavar="NAME",
        help=f"only this part; repeatable: {sections}",
    )
    made.add_argument("--without-peers", action="store_true", help="leave all peers out")
    made.add_argument("--install-peers", action="store_true", help="by apt-get and git, first")
    made.add_argument("--format", choices=("text", "json"), default="text")
    return made


def _summary(rows: list[Row]) -> str:
    judged = [row for row in rows if row.is_met is not None]
    wrong = sum(not row.is_right for row in rows)
    met = sum(row.is_met is True for row in judged)
    return f"{met} of {len(judged)} goals met, {wrong} of {len(rows)} figures wrong"


if __name__ == "__main__":
    sys.exit(main())
