"""Prove the claims of a setting by induction, and say on what each proof rests.

All facts are assumed before a step, and each is to be shown after it. A fact that cannot be shown
is given up: proofs that used it are made again without it, until nothing that was used is left
unproved.

A claim that is likely to follow from others in one state is tried so first: it then owes nothing
after a step.

Soundness: when this ends, let S be the claims that are reported as proved together with all facts
in their cores. Each fact of S holds initially, and each step from a state in which the facts of S
hold leads to one in which they hold, with proofs that use facts of S alone; or it follows, in any
state, from facts of S that are not shown in this way. So they hold in every reachable state, by
induction on its distance.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from splitspec.checker.interruption import Interruption
from splitspec.checker.proof import Method, Moment, ProofLimits, Status
from splitspec.checker.symbolic.archive import Archive
from splitspec.checker.symbolic.calculus import Calculus, Facts
from splitspec.checker.symbolic.consequence import follow
from splitspec.checker.symbolic.induction import Instances
from splitspec.checker.symbolic.journal import Journal
from splitspec.checker.symbolic.share import (
    ALWAYS,
    Decided,
    Decider,
    Decision,
    Key,
    OverError,
    Owed,
    divide,
    go_on,
)
from splitspec.checker.symbolic.theory import INDUCTIVE, Claim, Theory, is_framed
from splitspec.checker.symbolic.z3_solver import Reply
from splitspec.model import ir
from splitspec.model.ir import PropertyKind
from splitspec.model.setting import Setting


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
        another: Callable[[Journal], Calculus] | None = None,
        following: Mapping[str, str] | None = None,
    ) -> None:
        self.granted = granted
        # What is tried as a consequence, by name; of a counter, of which other one.
        self.like = {name: like for name, like in (following or {}).items() if name not in granted}
        self.following: Facts = frozenset(self.like)
        self._unfollowed: set[str] = set()  # Fewer facts do not prove what more did not.
        self._another = another  # makes a calculus for a share of the obligations
        self.setting, self.theory = setting, theory
        self.archive = archive
        self.interruption = interruption or Interruption()
        self.journal = journal or Journal()
        self.limits, self.report = limits, report
        self.started = self.journal.started
        self.calculus = calculus
        self.claims = {claim.name: claim for claim in theory.claims}
        self.confirms = False  # by the second solver, what is proved from now on
        self.live: Facts = frozenset(claim.name for claim in theory.facts)
        self.decisions: dict[Key, Decision] = {}
        self.failed: Facts = frozenset()
        self.framed: set[Key] = set()
        self.missed: dict[Key, Facts] = {}
        self.done = 0
        self.kept: set[Key] = set()  # whose proof was found among the kept ones, and counts
        self.unwritten = ""
        self._instances: Instances = {}
        self._keys: dict[str, tuple[Key, ...]] = {}
        self.is_out_of_time = False

    def proceed(self) -> None:
        """Raise `OverError` if the user asked for the end, or there is no time left; never before
        what was decided once."""
        try:
            go_on(self.journal, self.limits, self.interruption)
        except OverError as over:
            self.is_out_of_time = over.is_out_of_time
            raise

    def calculus_of_its_own(self) -> Calculus:
        """Return solvers that were asked nothing yet."""
        return self.calculus if self._another is None else self._another(self.journal)

    def settle(self, targets: Iterable[str]) -> None:
        """Decide the targets, and every fact on which a proof of theirs rests."""
        wanted = tuple(targets)
        while True:
            needed = self.basis_of(wanted)
            for name in needed:
                self._follow(name)
            needed = self.basis_of(wanted)
            pending = [claim for name in needed for claim in self._pending(self.claims[name])]
            if not pending:
                return
            self._decide(pending, len(needed))
            self._give_up()

    def _follow(self, name: str) -> None:
        """Try whether a claim that is likely to follow from others in every state does so."""
        key, claim = (name, ALWAYS), self.claims[name]
        if name not in self.following - self._unfollowed or key in self.decisions:
            return
        self.proceed()
        facts, archive, like = self.live - self.following, self.archive, self.like[name]
        if like and f"{like}.exact" not in facts:
            self._unfollowed.add(name)
            return
        found = archive.find(claim, None, facts, always=True) if archive is not None else None
        if found is not None and archive is not None and not archive.is_audit:
            self.kept.add(key)
        else:
            found = follow(self.calculus, claim, facts, like)
            if archive is not None:
                archive.keep(claim, None, facts, found, always=True)
        if found.reply is Reply.PROVED:
            self.done += 1
            self.decisions[key] = Decision(found, Status.PROVED)
        else:
            self._unfollowed.add(name)

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
        if (claim.name, ALWAYS) in self.decisions:
            return ((claim.name, ALWAYS),)
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

    def is_settled(self, name: str) -> bool:
        """Whether a claim is proved with all on which it rests: a fact that nothing needs any more
        may rest on what was never tried."""
        return all(self.is_proved(each) for each in self.basis_of([name]))

    def _pending(self, claim: Claim) -> Iterator[Key]:
        for key in self.keys_of(claim):
            if key not in self.framed and key not in self.decisions:
                yield key

    def _decide(self, keys: list[Key], total: int) -> None:
        """Decide obligations, action by action; shares of them beside one another."""
        self.proceed()
        first, *others = self._shares(self._left(keys))
        under_way = [self.journal.beside(partial(self._decide_share, share)) for share in others]
        own = self._decider(self.calculus, self.journal, self._instances)
        found = [own.decide(first, partial(self._tell, total))]
        found += [result() for result in under_way]
        actions = {action.path: action for action in self.theory.system.actions}
        for decided in found:
            for (name, path), (outcome, decision) in decided.decisions.items():
                if self.archive is not None:
                    self.archive.keep(self.claims[name], actions.get(path), self.live, outcome)
                self.decisions[(name, path)] = decision
                self.done += 1
        for decided in found:
            if isinstance(decided.end, OverError):
                self.is_out_of_time = decided.end.is_out_of_time
            if decided.end is not None:
                raise decided.end
        self.write()

    def _shares(self, owed: Owed) -> tuple[Owed, ...]:
        return (owed,) if self._another is None else divide(owed)

    def _decide_share(self, owed: Owed, journal: Journal) -> Decided:
        """Decide a share with solvers of its own."""
        assert self._another is not None
        return self._decider(self._another(journal), journal, {}).decide(owed, lambda *_: None)

    def _decider(self, calculus: Calculus, journal: Journal, instances: Instances) -> Decider:
        return Decider(
            self.setting,
            self.theory,
            calculus,
            journal,
            self.limits,
            self.interruption,
            self.live,
            self.missed,
            self.confirms,
            instances,
        )

    def _left(self, keys: Iterable[Key]) -> Owed:
        """Return what no frame rule and no kept proof has decided, by action."""
        owed: dict[str, list[Claim]] = {}
        for name, path in keys:
            owed.setdefault(path, []).append(self.claims[name])
        return tuple(
            (action, left)
            for action in (None, *self.theory.system.actions)
            if (left := self._unknown(owed.get("" if action is None else action.path, ()), action))
        )

    def _unknown(self, claims: Iterable[Claim], action: ir.FlatAction | None) -> tuple[Claim, ...]:
        return tuple(claim for claim in claims if not self._is_known(claim, action))

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
        if self.archive is None:
            return False
        found = self.archive.find(claim, action, self.live)
        if found is None or self.archive.is_audit:
            return False
        key = (claim.name, "" if action is None else action.path)
        self.kept.add(key)
        self.done += 1
        self.decisions[key] = Decision(found, Status.PROVED)
        return True

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
                if decision.outcome.method is not Method.FINITE:  # Its core names all facts.
                    self.missed[key] = self.missed.get(key, Facts()) | used
                self.kept.discard(key)
                del self.decisions[key]

    def _tell(self, total: int, decided: int, current: str) -> None:
        if self.report is not None:
            seconds = time.perf_counter() - self.started
            self.report(Moment(self.done + decided, total, current, seconds))
