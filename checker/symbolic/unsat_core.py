"""Make the core of a proof smaller: leave out one name after the other, as long as the rest still
proves the goal.

Soundness: what is returned is the core of an answer of the solver, or the one that came in.
"""

from __future__ import annotations

from splitspec.checker.symbolic.calculus import Facts
from splitspec.checker.symbolic.z3_solver import Answer, Reply, Session

STEPS_MAX = 6_000
STEPS_LEAST = 200
"""A proof from fewer facts takes fewer steps than the first one, most often a tenth: to make a core
smaller, a quarter of them is the budget, and this much besides, up to a limit. More finds nothing
more: cores of three models were as small by a half and up to 60,000, in twice the time."""


def minimised(session: Session, proved: Answer) -> Facts:
    """Return a core of which nothing can be left out, as far as a small budget shows."""
    core = proved.core
    budget = min(STEPS_MAX, proved.steps // 4 + STEPS_LEAST)
    for name in sorted(core):
        rest = core - {name}
        if rest == core:
            continue
        answer = session.check(sorted(rest), budget)
        if answer.reply is Reply.PROVED:
            core = answer.core & rest
    return core
