"""Proofs of obligations, kept by the content of what they prove.

An obligation of an action has its proof from facts and guards that its core names, and from what is
said without a name: the variables with their types and what counters count, the action's parameters
and updates. The latter is the key. The former stand in the kept proof, each with the digest of what
it says: a proof counts if every fact of its core is believed now and says the same. So a guard that
is changed makes anew only the proofs that used it.

What is kept of one action stands in one file. The key names the solvers with their versions, the
source of the engines, the seed and the limits as well. Only proofs are kept: what is refuted or
unknown is asked afresh, every time.

Soundness: what contradicts itself does so whatever is assumed besides. The facts of the core, with
what the key has, imply the goal; that they are believed is all that a proof made now would rest on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property

import msgspec

from splitspec.checker.content import canonical, engines
from splitspec.checker.proof import Method, ProofLimits
from splitspec.checker.store import DamagedEntryError, Mode, Store
from splitspec.checker.symbolic.calculus import Facts, Outcome
from splitspec.checker.symbolic.induction import DisagreementError
from splitspec.checker.symbolic.journal import Journal
from splitspec.checker.symbolic.theory import Claim, Theory, claimed_counters
from splitspec.checker.symbolic.z3_solver import Reply
from splitspec.model import ir
from splitspec.model.scope import Scope

LABEL = "splitspec proofs 2"


class Proved(msgspec.Struct, frozen=True):
    """A kept proof: the way that was taken, and the facts of its core, each with its digest."""

    method: Method
    attempt: int
    steps: int
    core: dict[str, str]
    confirmed: bool  # by the second solver


Shelf = dict[str, Proved]
"""The proofs of one action, by the digest of the claim."""


class Archive:
    """The kept proofs of one theory."""

    def __init__(
        self,
        theory: Theory,
        store: Store,
        *,
        limits: ProofLimits,
        seed: int,
        solvers: tuple[str, ...],
        scope: Scope | None,
        journal: Journal | None = None,
    ) -> None:
        self._journal = journal or Journal()
        self._theory, self._store = theory, store
        self._circumstances = (
            engines(),
            *solvers,
            f"seed {seed}, {limits.steps} steps, {limits.memory} bytes",
        )
        self._scope = scope
        self._shelves: dict[str, Shelf] = {}
        self._changed: dict[str, ir.FlatAction | None] = {}
        self._digests: dict[str, str] = {}
        self.damaged = 0

    @property
    def is_audit(self) -> bool:
        return self._store.mode is Mode.AUDIT

    def find(self, claim: Claim, action: ir.FlatAction | None, live: Facts) -> Outcome | None:
        """Return a kept proof whose core is believed, None if there is none."""
        kept = self._shelf(action).get(self._claimed(claim))
        if kept is None or not self._holds(kept, action, live):
            return None
        return Outcome(
            Reply.PROVED,
            kept.method,
            frozenset(kept.core),
            steps=kept.steps,
            attempt=kept.attempt,
            confirmed=kept.confirmed,
        )

    def keep(
        self, claim: Claim, action: ir.FlatAction | None, live: Facts, outcome: Outcome
    ) -> None:
        """Keep a proof that was made. In an audit, raise `DisagreementError` where there was one
        and none was made."""
        if self._store.mode is Mode.OFF:
            return
        if outcome.reply is not Reply.PROVED:
            was_asked = outcome.method is not None
            if self.is_audit and was_asked and self.find(claim, action, live) is not None:
                after = f"after {action.path}" if action else "initially"
                raise DisagreementError(
                    f"{claim.name} {after}: kept as proved, and now it is {outcome.reply.value}"
                )
            return
        assert outcome.method is not None
        said = self._said(action)
        core = {name: self._once(name, said[name]) for name in sorted(outcome.core)}
        proof = Proved(outcome.method, outcome.attempt, outcome.steps, core, outcome.confirmed)
        self._shelf(action)[self._claimed(claim)] = proof
        self._changed[_name(action)] = action

    def write(self) -> None:
        """Write what was kept since this was last done; raise `OSError` where that cannot be."""
        for name, action in self._changed.items():
            self._store.write(self._key(action), msgspec.json.encode(self._shelves[name]))
        self._changed.clear()

    def _holds(self, kept: Proved, action: ir.FlatAction | None, live: Facts) -> bool:
        """Whether everything that a proof used is believed, and says what it said."""
        said, facts = self._said(action), self._facts
        return all(
            name in said
            and self._once(name, said[name]) == digest
            and (name in live or name not in facts)
            for name, digest in kept.core.items()
        )

    def _shelf(self, action: ir.FlatAction | None) -> Shelf:
        """Return the proofs of an action; what is damaged is as if it were not there."""
        name = _name(action)
        if name not in self._shelves:
            key = self._key(action)
            # Read once for all workers: another one may have written here since, and what is found
            # decides which questions are asked.
            shelf, damaged = self._journal.ask(lambda: self._read(key), lambda _: ({}, 0), key)
            self._shelves[name], self.damaged = shelf, self.damaged + damaged
        return self._shelves[name]

    def _read(self, key: str) -> tuple[Shelf, int]:
        """Return what is kept under a key, and 1 if it is damaged."""
        try:
            content = self._store.read(key)
            return ({} if content is None else msgspec.json.decode(content, type=Shelf)), 0
        except (DamagedEntryError, msgspec.MsgspecError):
            return {}, 1

    # What things say

    @cached_property
    def _facts(self) -> dict[str, Claim]:
        return {claim.name: claim for claim in self._theory.facts}

    @cached_property
    def _nature(self) -> str:
        """The digest of what is said of states without a name."""
        system = self._theory.system
        variables = tuple(replace(v, comment="") for v in system.variables.values())
        counters = tuple(counter.path for counter in claimed_counters(system))
        scope = (
            None
            if self._scope is None
            else (
                tuple(self._scope.sizes.items()),
                tuple(self._scope.bounds.items()),
                tuple(self._scope.pins.items()),
            )
        )
        return _digest(
            (
                *self._circumstances,
                tuple(sorted(kind.value for kind in system.given)),
                system.sorts,
                system.enums,
                variables,
                counters,
                self._theory.constants,
                scope,
            )
        )

    def _key(self, action: ir.FlatAction | None) -> str:
        if action is None:
            return _digest((self._nature, self._theory.system.initial))
        stepping = (action.path, action.parameters, action.actor, action.updates)
        return _digest((self._nature, stepping))

    def _claimed(self, claim: Claim) -> str:
        return self._once(f"claim {claim.name}", (claim.name, claim.kind, claim.expression))

    def _said(self, action: ir.FlatAction | None) -> dict[str, object]:
        """Return what each fact, assumption and guard says, by name."""
        guards = () if action is None else action.guards
        return {
            **self._known,
            **{f"{_name(action)}.{guard.name}": _expressions(guard.lines) for guard in guards},
        }

    @cached_property
    def _known(self) -> dict[str, object]:
        assumptions = self._theory.system.assumptions
        return {
            **{name: (claim.kind, claim.expression) for name, claim in self._facts.items()},
            **{assumption.path: _expressions(assumption.lines) for assumption in assumptions},
        }

    def _once(self, name: str, said: object) -> str:
        """Return the digest of what has a name, which says the same all the time."""
        if name not in self._digests:
            self._digests[name] = _digest(said)
        return self._digests[name]


def _name(action: ir.FlatAction | None) -> str:
    return "" if action is None else action.path


def _expressions(lines: Iterable[ir.Line]) -> tuple[ir.Expression, ...]:
    return tuple(line.expression for line in lines)


def _digest(said: object) -> str:
    """Return the digest of a value of the typed program."""
    return hashlib.sha256("\0".join(canonical(said)).encode()).hexdigest()
