"""What decides obligations, one after the other: at any size, or at one scope."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from splitspec.checker.proof import Method
from splitspec.checker.symbolic.theory import Claim
from splitspec.checker.symbolic.z3_solver import Answer, Reply
from splitspec.model import ir
from splitspec.model.frozen import frozen

Facts = frozenset[str]
"""Names of claims on states, of guards, and of assumptions."""


@frozen
class Outcome:
    """What a calculus says of one obligation. `attempt` is the way to prove it that was taken.

    Without a method nobody answered. `confirmed` says that the second solver proved it, too.
    """

    reply: Reply
    method: Method | None
    core: Facts = frozenset()
    steps: int = 0
    seconds: float = 0.0
    reason: str = ""
    attempt: int = 0
    confirmed: bool = False


class StepCalculus(Protocol):
    """Decides what one action owes."""

    def decide(self, claim: Claim, live: Facts, without: str = "") -> Outcome:
        """Decide an obligation from the facts that are believed, and the action's guards.

        What holds without one of the guards is asked of the first solver only.
        """
        ...


class Calculus(Protocol):
    """Decides what a theory owes."""

    @property
    def solvers(self) -> tuple[str, ...]:
        """The solvers with their versions."""
        ...

    def initially(self, claim: Claim) -> Outcome:
        """Decide whether a claim holds in all initial states."""
        ...

    def step(self, action: ir.FlatAction) -> AbstractContextManager[StepCalculus]:
        """Enter the scope of an action."""
        ...

    def contradicts_itself(self, live: Facts) -> bool:
        """Whether the facts are found to contradict one another: then every proof is void."""
        ...

    def recheck(self, claim: Claim, action: ir.FlatAction | None, outcome: Outcome) -> Answer:
        """Ask cvc5 alone about what was proved, without an action for the initial states."""
        ...
