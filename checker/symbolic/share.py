"""Decide a share of what a theory owes: some actions, each with some of its claims.

What is owed is divided by action, into one share or two, so that two can be decided side by side. A
share has solvers of its own, and is told nothing of what another one finds.

Soundness: all shares assume the same facts before a step, and no answer of one is part of a
question of another. How much is owed decides on the division, and not how many processes there are:
what is proved, its cores, and what a budget of steps leaves unknown are the same for any number of
them, as long as memory and time suffice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sized
from dataclasses import dataclass, field, replace
from typing import TypeVar

from splitspec.checker.interruption import Interruption
from splitspec.checker.proof import NO_MODEL, Method, ProofLimits, Status
from splitspec.checker.symbolic.calculus import Calculus, Facts, Outcome
from splitspec.checker.symbolic.finite_calculus import FiniteCalculus
from splitspec.checker.symbolic.induction import DisagreementError, InductionSearch, Instances
from splitspec.checker.symbolic.journal import Journal
from splitspec.checker.symbolic.theory import Claim, Theory
from splitspec.checker.symbolic.z3_solver import Answer, Reply
from splitspec.model import ir
from splitspec.model.frozen import frozen
from splitspec.model.induction import InductionCounterexample
from splitspec.model.setting import Setting
from splitspec.model.trace import Trace

DIVIDED_LEAST = 100
"""So many obligations are worth a second set of solvers, which have to be told all facts as well:
that costs what some ten obligations cost."""

ALWAYS = "*"
"""Stands for an action where no step is followed: a claim follows from others in every state."""

Key = tuple[str, str]
"""A claim and an action, or "" for the initial states, or `ALWAYS`."""

Owed = tuple[tuple[ir.FlatAction | None, tuple[Claim, ...]], ...]
"""Actions with the claims of which something is to be shown; None for the initial states."""

T = TypeVar("T")


@frozen
class Decision:
    """An outcome with the counterexample that was found for it, if one was."""

    outcome: Outcome
    status: Status
    reason: str = ""
    counterexample: InductionCounterexample | None = None
    violation: Trace | None = None  # an initial state in which the claim is false
    rechecked: bool = False
    needs: tuple[str, ...] = ()  # properties that are not proved, for want of which it is not


class OverError(Exception):
    """Raised between two obligations: nothing more is to be decided."""

    def __init__(self, is_out_of_time: bool) -> None:
        super().__init__(is_out_of_time)
        self.is_out_of_time = is_out_of_time


@frozen
class Decided:
    """What solvers said of a share and what it means, and what ended it before all was decided, if
    something did."""

    decisions: Mapping[Key, tuple[Outcome, Decision]]
    end: KeyboardInterrupt | OverError | None = None


def divide(owed: Owed) -> tuple[Owed, ...]:
    """Return shares of what is owed, about as much in each, their actions in the given order."""
    if sum(len(claims) for _, claims in owed) < DIVIDED_LEAST:
        return (owed,)
    sizes, places = [0, 0], {}
    weights = [_weight(action, claims) for action, claims in owed]
    for number in sorted(range(len(owed)), key=lambda number: -weights[number]):
        share = sizes.index(min(sizes))
        places[number] = share
        sizes[share] += weights[number]
    return tuple(
        tuple(each for number, each in enumerate(owed) if places[number] == share)
        for share in range(len(sizes))
    )


def _weight(action: ir.FlatAction | None, claims: Sized) -> int:
    """Return about how long what is owed of an action takes, in no unit: a claim after a step has a
    case for each update, and all guards may be needed for it."""
    cases = 0 if action is None else len(action.guards) * len(action.updates)
    return len(claims) * (1 + cases)


def why_needed(names: Iterable[str]) -> str:
    """Return in words that a proof fails for want of some facts."""
    return f"its proof needs {' and '.join(sorted(names))}, not proved"


def why_open(answer: Answer, name: str, path: str) -> str:
    """Return in words what the second solver leaves open of a proved obligation, or nothing; raise
    `DisagreementError` if it refutes it."""
    where = {"": "initially", ALWAYS: "in every state"}.get(path, f"after {path}")
    words = f"{name} {where}"
    if answer.reply is Reply.REFUTED:
        raise DisagreementError(f"one solver proves {words}, and the other refutes it")
    if answer.reply is Reply.PROVED:
        return ""
    return f"{words}, by cvc5: {answer.reason or 'unknown'}"


def go_on(journal: Journal, limits: ProofLimits, interruption: Interruption) -> None:
    """Raise `OverError` if the user asked for the end, or there is no time left; never before what
    was decided once."""
    if journal.is_known:
        return
    passed = time.perf_counter() - journal.started
    is_out_of_time = limits.time is not None and passed > limits.time
    if is_out_of_time or interruption.requested:
        raise OverError(is_out_of_time)


@dataclass
class Decider:
    """Decides obligations from the facts that are `live`. `missed` names, for obligations that were
    proved once, the facts of those proofs that have failed since. Who `confirms` has the second
    solver prove at once what was proved, while it is written down."""

    setting: Setting
    theory: Theory
    calculus: Calculus
    journal: Journal
    limits: ProofLimits
    interruption: Interruption
    live: Facts
    missed: Mapping[Key, Facts]
    confirms: bool = False
    instances: Instances = field(default_factory=dict)

    def decide(self, owed: Owed, tell: Callable[[int, str], None]) -> Decided:
        """Decide what is owed, action by action, and tell how much is done."""
        found: dict[Key, tuple[Outcome, Decision]] = {}
        try:
            for action, claims in owed:
                if action is None:
                    for claim in claims:
                        outcome = self.calculus.initially(claim)
                        found[(claim.name, "")] = outcome, self._judged(claim, None, outcome)
                    if self.confirms:
                        self._confirm(None, claims, found)
                    continue
                with self.calculus.step(action) as step:
                    for claim in claims:
                        outcome = step.decide(claim, self.live)
                        judged = self._judged(claim, action, outcome)
                        found[(claim.name, action.path)] = outcome, judged
                        tell(len(found), f"{action.path} {claim.name}")
                        go_on(self.journal, self.limits, self.interruption)
                if self.confirms:
                    self._confirm(action, claims, found)
        except (KeyboardInterrupt, OverError) as end:
            return Decided(found, end)
        return Decided(found)

    def _confirm(
        self,
        action: ir.FlatAction | None,
        claims: Iterable[Claim],
        found: dict[Key, tuple[Outcome, Decision]],
    ) -> None:
        """Mark the proofs of an action that the second solver makes, too."""
        path = "" if action is None else action.path
        for claim in claims:
            outcome, decision = found[(claim.name, path)]
            if outcome.reply is not Reply.PROVED:
                continue
            go_on(self.journal, self.limits, self.interruption)
            if not why_open(self.calculus.recheck(claim, action, outcome), claim.name, path):
                outcome = replace(outcome, confirmed=True)
                found[(claim.name, path)] = outcome, replace(decision, outcome=outcome)

    def _judged(self, claim: Claim, action: ir.FlatAction | None, outcome: Outcome) -> Decision:
        """Return what an outcome means, with a counterexample where there is one."""
        key = (claim.name, "" if action is None else action.path)
        if outcome.reply is Reply.PROVED:
            return Decision(outcome, Status.PROVED)
        if key in self.missed:
            missed = self.missed[key]
            needs = tuple(sorted({c.path for c in self.theory.facts if c.name in missed}))
            return Decision(outcome, Status.UNKNOWN, reason=why_needed(missed), needs=needs)
        if action is None:
            return self._searched_initially(outcome, claim)
        return self._searched(outcome, action, claim)

    def _searched(self, outcome: Outcome, action: ir.FlatAction, claim: Claim) -> Decision:
        """Look for a counterexample to induction; without one, try the scope of the model."""
        search, ask = self._search, self.journal.ask
        about = f"{claim.name} after {action.path}"
        found, why = self._sought(lambda: search.counterexample(action, claim), about)
        if found is not None:
            return Decision(outcome, Status.REFUTED, "counterexample to induction", found)
        if not search.exact and ask(
            lambda: search.is_inductive(action, claim), lambda _: False, about
        ):
            guards = {f"{action.path}.{guard.name}" for guard in action.guards}
            return self._proved_here(outcome, self.live | guards, why)
        return Decision(outcome, Status.UNKNOWN, outcome.reason or why or NO_MODEL)

    def _proved_here(self, outcome: Outcome, used: Facts, why: str) -> Decision:
        """Return what is proved at the scope of the model only. Which facts, guards and assumptions
        were used is not known, so all count."""
        core = used | {assumption.path for assumption in self.theory.system.assumptions}
        finite = replace(outcome, reply=Reply.PROVED, method=Method.FINITE, core=core)
        return Decision(finite, Status.PROVED, outcome.reason or why or NO_MODEL)

    def _searched_initially(self, outcome: Outcome, claim: Claim) -> Decision:
        """Look for an initial state in which the claim is false; without one, try the scope of the
        model."""
        search, ask = self._search, self.journal.ask
        found, why = self._sought(lambda: search.initial_violation(claim), claim.name)
        if found is not None:
            return Decision(outcome, Status.REFUTED, "it is false initially", violation=found)
        if not search.exact and ask(
            lambda: search.holds_initially(claim), lambda _: False, claim.name
        ):
            return self._proved_here(outcome, Facts(), why)
        return Decision(outcome, Status.UNKNOWN, outcome.reason or why or NO_MODEL)

    def _sought(self, search: Callable[[], T | None], about: str) -> tuple[T | None, str]:
        """Return what a search finds, or why it came to no end."""

        def made() -> tuple[T | None, str]:
            return search(), ""

        def lost(reason: str) -> tuple[T | None, str]:
            return None, f"the search for a counterexample: {reason}"

        return self.journal.ask(made, lost, about)

    @property
    def _search(self) -> InductionSearch:
        exact = isinstance(self.calculus, FiniteCalculus)
        return InductionSearch(
            self.setting,
            self.theory,
            self.live,
            self.limits.scope_max,
            exact,
            self.instances,
            self.limits.steps,
        )
