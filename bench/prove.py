"""Measure what a proof of each shipped model costs, and the second opinion of cvc5.

Prints processor seconds of this process, so that a busy machine changes little.
"""

from __future__ import annotations

import time

from splitspec.checker.symbolic.proving import is_provable, prove
from splitspec.cli.selection import Request, select


def main() -> None:
    """Prove every run of every shipped model, once with Z3 alone and once with cvc5 after it."""
    print(f"{'run':<36} {'goals':>5} {'framed':>7} {'proof s':>8} {'and cvc5':>8} {'steps':>11}")
    for job in select(Request()).jobs:
        if not is_provable(job.setting):
            continue
        seconds = []
        for recheck in (False, True):
            started = time.process_time()
            result = prove(job.setting, recheck=recheck, apart=False)
            seconds.append(time.process_time() - started)
        print(
            f"{job.title:<36} {len(result.obligations):>5} {result.run.framed:>7} "
            f"{seconds[0]:>8.2f} {seconds[1]:>8.2f} {result.run.steps:>11,}",
            flush=True,
        )


if __name__ == "__main__":
    main()
