"""Prove the claims of a setting by induction, and say on what each proof rests.

All facts are assumed before a step, and each is to be shown after it. A fact that cannot be shown
is given up: proofs that used it are made again without it, until nothing that was used is left
unproved.

Soundness: when this ends, let S be the claims that are reported as proved together with all facts
in their cores. Each fact of S holds initially, and each step from a state in which the facts of S
hold leads to one in which they hold, with proofs that use facts of S alone. So they hold in every
reachable state, by induction on its distance.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from splitspec.checker.interruption import Interruption
from splitspec.checker.proof import (
    Method,
    Moment,
    ProofLimits,
    Status,
)
from splitspec.checker.symbolic.archive import Archive
from splitspec.checker.symbolic.calculus import Calculus, Facts, Outcome
from splitspec.checker.symbolic.finite_calculus import FiniteCalculus
from splitspec.checker.symbolic.induction import InductionSearch, Instances
from splitspec.checker.symbolic.journal import Journal
from splitspec.checker.symbolic.theory import INDUCTIVE, Claim, Theory, is_framed
from splitspec.checker.symbolic.z3_solver import Reply
from splitspec.model import ir
from splitspec.model.induction import InductionCounterexample
from splitspec.model.ir import PropertyKind
from splitspec.model.setting import Setting
from splitspec.model.trace import Trace

NO_MODEL = "refuted by a model, and by none of the sizes that were tried"

Key = tuple[str, str]
"""A claim and an action, or "" for the initial states."""


@dataclass(frozen=True, slots=True)
class Decision:
    """An outcome with the counterexample that was found for it, if one was."""

    outcome: Outcome
    status: Status
    reason: str = ""
    counterexample: InductionCounterexample | None = None
    violation: Trace | None = None  # an initial state in which the claim is false
    rechecked: bool = False


class OverError(Exception):
    """Raised between two obligations: nothing more is to be decided."""


T = TypeVar("T")


class Proof:
    """A proof under way: decisions so far, and the facts that are still believed. What was proved
    elsewhere is granted, and has no obligations here."""

    def __init__(
        self,
        setting: Setting,
        theory: Theory,
        calculus: Calculus,
        limits: ProofLimits,
        report: Callable[[Moment], None] | None = None,
        journal: Journal | None = None,
        archive: Archive | None = None,
        interruption: Interruption | None = None,
        granted: Facts = frozenset(),
    ) -> None:
        self.granted = granted
        self.setting, self.theory = setting, theory
        self.archive = archive
        self.interruption = interruption or Interruption()
        self.journal = journal or Journal()
        self.limits, self.report = limits, report
        self.started = self.journal.started
        self.calculus = calculus
        self.claims = {claim.name: claim for claim in theory.claims}
        self.live: Facts = frozenset(claim.name for claim in theory.facts)
        self.decisions: dict[Key, Decision] = {}
        self.failed: Facts = frozenset()
        self.framed: set[Key] = set()
        self.missed: dict[Key, Facts] = {}
        self.done = self.kept = 0
        self.unwritten = ""
        self._instances: Instances = {}
        self._keys: dict[str, tuple[Key, ...]] = {}
        self.is_out_of_time = False

    def proceed(self) -> None:
        """Raise `OverError` if the user asked for the end, or there is no time left; never before
        what was decided once."""
        if self.journal.is_known:
            return
        self.is_out_of_time = (
            self.limits.time is not None and time.perf_counter() - self.started > self.limits.time
        )
        if self.is_out_of_time or self.interruption.requested:
            raise OverError

    def settle(self, targets: Iterable[str]) -> None:
        """Decide the targets, and every fact on which a proof of theirs rests."""
        wanted = tuple(targets)
        while True:
            needed = self.basis_of(wanted)
            pending = [claim for name in needed for claim in self._pending(self.claims[name])]
            if not pending:
                return
            self._decide(pending, len(needed))
            self._give_up()

    def basis_of(self, names: Iterable[str]) -> list[str]:
        """Return claims with all facts on which their proofs rest, as far as they are known."""
        found: dict[str, None] = {}
        todo = list(names)
        while todo:
            name = todo.pop()
            if name not in found:
                found[name] = None
                todo += sorted(fact for fact in self._used_by(name) if fact in self.claims)
        return list(found)

    def _used_by(self, name: str) -> set[str]:
        """Return what the proofs of a claim used, as far as there are any."""
        found = (self.decisions.get(key) for key in self.keys_of(self.claims[name]))
        proved = (d for d in found if d is not None and d.status is Status.PROVED)
        return set().union(*(decision.outcome.core for decision in proved))

    def keys_of(self, claim: Claim) -> tuple[Key, ...]:
        """Return the obligations of a claim."""
        if claim.name not in self._keys:
            self._keys[claim.name] = tuple(self._owed(claim))
        return self._keys[claim.name]

    def _owed(self, claim: Claim) -> Iterator[Key]:
        if claim.name in self.granted:
            return
        if claim.kind in INDUCTIVE:
            yield (claim.name, "")
        for action in self.theory.system.actions:
            owner = claim.path.rpartition(".")[0]
            if claim.kind not in (PropertyKind.OVERLAP, PropertyKind.RANGE) or owner == action.path:
                yield (claim.name, action.path)

    def is_proved(self, name: str) -> bool:
        """Whether all obligations of a claim are met, given what their cores name."""
        keys = [key for key in self.keys_of(self.claims[name]) if key not in self.framed]
        return all(
            key in self.decisions and self.decisions[key].status is Status.PROVED for key in keys
        )

    def _pending(self, claim: Claim) -> Iterator[Key]:
        for key in self.keys_of(claim):
            if key not in self.framed and key not in self.decisions:
                yield key

    def _decide(self, keys: list[Key], total: int) -> None:
        """Decide obligations, action by action."""
        self.proceed()
        owed: dict[str, list[Claim]] = {}
        for name, path in keys:
            owed.setdefault(path, []).append(self.claims[name])
        for action in (None, *self.theory.system.actions):
            path = "" if action is None else action.path
            claims = owed.get(path, [])
            left = [claim for claim in claims if not self._is_known(claim, action)]
            if action is None:
                for claim in left:
                    self._decided(claim, None, self.calculus.initially(claim))
            elif left:
                with self.calculus.step(action) as step:
                    for claim in left:
                        self._decided(claim, action, step.decide(claim, self.live))
                        self._tell(f"{path} {claim.name}", total)
                        self.proceed()
        self.write()

    def write(self) -> None:
        """Keep what was proved; where that cannot be, go on without."""
        if self.archive is not None:
            try:
                self.archive.write()
            except OSError as problem:
                self.unwritten = f"proofs could not be kept: {problem.strerror}"

    def _is_known(self, claim: Claim, action: ir.FlatAction | None) -> bool:
        """Whether an obligation is met by the frame rule, or by a proof that was kept."""
        if action is not None and is_framed(self.theory, action, claim):
            self.framed.add((claim.name, action.path))
            return True
        if self.archive is None or self.archive.is_audit:
            return False
        found = self.archive.find(claim, action, self.live)
        if found is None:
            return False
        self.kept += 1
        self._note((claim.name, "" if action is None else action.path), found, action)
        return True

    def _decided(self, claim: Claim, action: ir.FlatAction | None, outcome: Outcome) -> None:
        if self.archive is not None:
            self.archive.keep(claim, action, self.live, outcome)
        self._note((claim.name, "" if action is None else action.path), outcome, action)

    def _note(self, key: Key, outcome: Outcome, action: ir.FlatAction | None) -> None:
        self.done += 1
        if outcome.reply is Reply.PROVED:
            self.decisions[key] = Decision(outcome, Status.PROVED)
        elif key in self.missed:
            names = " and ".join(sorted(self.missed[key]))
            reason = f"its proof needs {names}, not proved"
            self.decisions[key] = Decision(outcome, Status.UNKNOWN, reason=reason)
        elif action is None:
            self.decisions[key] = self._searched_initially(outcome, self.claims[key[0]])
        else:
            self.decisions[key] = self._searched(outcome, action, self.claims[key[0]])

    def _searched(self, outcome: Outcome, action: ir.FlatAction, claim: Claim) -> Decision:
        """Look for a counterexample to induction; without one, try the scope of the model."""
        search, ask = self._search, self.journal.ask
        found, why = self._sought(lambda: search.counterexample(action, claim))
        if found is not None:
            return Decision(outcome, Status.REFUTED, "counterexample to induction", found)
        if not search.exact and ask(lambda: search.is_inductive(action, claim), lambda _: False):
            assumed = {assumption.path for assumption in self.theory.system.assumptions}
            core = self.live | assumed
            finite = replace(outcome, reply=Reply.PROVED, method=Method.FINITE, core=core)
            return Decision(finite, Status.PROVED)
        return Decision(outcome, Status.UNKNOWN, outcome.reason or why or NO_MODEL)

    def _searched_initially(self, outcome: Outcome, claim: Claim) -> Decision:
        """Look for an initial state in which the claim is false."""
        search = self._search
        found, why = self._sought(lambda: search.initial_violation(claim))
        if found is not None:
            return Decision(outcome, Status.REFUTED, "it is false initially", violation=found)
        return Decision(outcome, Status.UNKNOWN, outcome.reason or why or NO_MODEL)

    def _sought(self, search: Callable[[], T | None]) -> tuple[T | None, str]:
        """Return what a search finds, or why it came to no end."""

        def made() -> tuple[T | None, str]:
            return search(), ""

        def lost(reason: str) -> tuple[T | None, str]:
            return None, f"the search for a counterexample: {reason}"

        return self.journal.ask(made, lost)

    @property
    def _search(self) -> InductionSearch:
        exact = isinstance(self.calculus, FiniteCalculus)
        return InductionSearch(
            self.setting, self.theory, self.live, self.limits.scope_max, exact, self._instances
        )

    def _give_up(self) -> None:
        """Stop believing facts that are not proved, and forget the proofs that used them."""
        failed = frozenset(
            name
            for (name, _), decision in self.decisions.items()
            if name in self.live and decision.status is not Status.PROVED
        )
        self.live -= failed
        self.failed |= failed
        for key, decision in list(self.decisions.items()):
            used = decision.outcome.core & failed
            # Nobody rests on a claim that has failed, so what it used does not matter.
            if decision.status is Status.PROVED and used and key[0] not in self.failed:
                self.missed[key] = self.missed.get(key, Facts()) | used
                del self.decisions[key]

    def _tell(self, current: str, total: int) -> None:
        if self.report is not None:
            seconds = time.perf_counter() - self.started
            self.report(Moment(self.done, total, current, seconds))
