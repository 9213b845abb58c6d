"""Whether `init` says of every run how it begins: at every size, and for all values of the
constants, it gives no place two values, nor one that the place cannot have.

Whoever made the scope of a setting has looked there. A proof speaks of other sizes, too, and of
other constants than those that are pinned.

Soundness: `init` is like a step without guards that reads constants alone. What is shown, from the
assumptions on constants, is that such a step breaks no obligation of its own.
"""

from __future__ import annotations

from splitspec.checker.proof import ObligationKind
from splitspec.checker.symbolic.calculus import Calculus, Facts
from splitspec.checker.symbolic.condition import Query
from splitspec.checker.symbolic.response import Posed
from splitspec.checker.symbolic.share import why_open
from splitspec.checker.symbolic.theory import Claim
from splitspec.checker.symbolic.unbounded_calculus import UnboundedCalculus
from splitspec.checker.symbolic.z3_solver import Reply
from splitspec.model.ir import Actor, ActorKind, FlatAction, PropertyKind, System
from splitspec.model.passes.oblige import overflows, overlaps

NAME = "init"


def begins_well(calculus: Calculus, system: System, *, confirmed: bool) -> bool:
    """Whether `init` is shown to say how every run begins, by the second solver, too, if it must be
    `confirmed`."""
    beginning = _beginning(system)
    if beginning is None or not isinstance(calculus, UnboundedCalculus):
        return True
    calculus.turn_to(NAME)
    step = calculus.conditions.step(beginning)
    claim = Claim(NAME, 0, PropertyKind.RANGE, None, "")
    query = Query(ObligationKind.INITIATION, "", claim, 0, (), step.exists)
    outcome = calculus.climb((query,), Facts(), (), {})
    if outcome.reply is not Reply.PROVED or not confirmed:
        return outcome.reply is Reply.PROVED
    return not why_open(calculus.recheck_posed(Posed(query), outcome), NAME, "")


def _beginning(system: System) -> FlatAction | None:
    """Return what `init` does as a step, None if that breaks no obligation by its text."""
    if not system.initial:
        return None
    beginning = FlatAction(
        path=NAME,
        parameters=(),
        actor=Actor(ActorKind.ASSUMPTION, None),
        hostile=False,
        fairness=(),
        guards=(),
        updates=system.initial,
        absent_for=frozenset(),
        only_for=None,
        text="",
        span=system.initial[0].span,
    )
    is_open = overlaps(beginning) or overflows(system, beginning)
    return beginning if is_open else None
