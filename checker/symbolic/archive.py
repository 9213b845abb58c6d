"""Proofs of obligations, kept by the content of what they prove.

An obligation of an action has its proof from facts and guards that its core names, and from what is
said without a name: the variables with their types and what counters count, the action's parameters
and updates, and which of these might compete for a place. The latter is the key. The former stand
in the kept proof, each with the digest of what it says: a proof counts if every fact of its core is
believed now and says the same. So a guard that is changed makes anew only the proofs that used it.

A claim of progress is kept as a whole, with its ranking. Its questions speak of all actions, and
say without a name what fair ones do and when: parameters, updates and fairness of every action and
the guards of fair ones are its key, besides the claim. A guard of another action counts if a proof
used it, like a fact.

What is kept of one action, or of one claim of progress, stands in one file. The key names the
solvers with their versions, the source of the engines, the seed and the limits as well. Only proofs
are kept: what is refuted or unknown is asked afresh, every time.

Soundness: what contradicts itself does so whatever is assumed besides. The facts of the core, with
what the key has, imply the goal; that they are believed is all that a proof made now would rest on.
Which ranking a search would find may depend on more, and that it proves the claim does not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TypeVar

import msgspec
from msgspec.json import Decoder

from splitspec.checker.content import canonical, engines
from splitspec.checker.proof import Method, ObligationKind, ProofLimits
from splitspec.checker.store import DamagedEntryError, Mode, Store
from splitspec.checker.symbolic.calculus import Facts, Outcome
from splitspec.checker.symbolic.induction import DisagreementError
from splitspec.checker.symbolic.journal import Journal
from splitspec.checker.symbolic.response import Response
from splitspec.checker.symbolic.theory import Claim, Theory, claimed_counters
from splitspec.checker.symbolic.z3_solver import Reply
from splitspec.model import ir
from splitspec.model.passes.oblige import overlaps
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


class Answer(msgspec.Struct, frozen=True):
    """An obligation of a claim of progress."""

    name: str
    kind: ObligationKind
    action: str
    steps: int
    core: tuple[str, ...]
    confirmed: bool


class Answered(msgspec.Struct, frozen=True):
    """The kept proof of a claim of progress. `core` has the facts of all its obligations, each with
    its digest."""

    ranking: tuple[str, ...]
    obligations: tuple[Answer, ...]
    core: dict[str, str]


Kept = TypeVar("Kept")
Nothing = TypeVar("Nothing")


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
        self._answers: dict[str, Answered] = {}  # to be written, by key
        self._digests: dict[str, str] = {}
        self.damaged = 0

    @property
    def is_audit(self) -> bool:
        return self._store.mode is Mode.AUDIT

    def find(
        self, claim: Claim, action: ir.FlatAction | None, live: Facts, *, always: bool = False
    ) -> Outcome | None:
        """Return a kept proof whose core is believed, None if there is none. Without an action it
        is of the initial states, or that a claim `always` follows from others."""
        kept = self._shelf(action).get(self._claimed(claim, always))
        if kept is None or not self._holds(kept.core, self._said(action), live):
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
        self,
        claim: Claim,
        action: ir.FlatAction | None,
        live: Facts,
        outcome: Outcome,
        *,
        always: bool = False,
    ) -> None:
        """Keep a proof that was made. In an audit, raise `DisagreementError` where there was one
        and none was made."""
        if self._store.mode is Mode.OFF:
            return
        if outcome.reply is not Reply.PROVED:
            was_asked = outcome.method is not None
            found = self.find(claim, action, live, always=always) if self.is_audit else None
            if was_asked and found is not None:
                before = "in every state" if always else "initially"
                after = f"after {action.path}" if action else before
                raise DisagreementError(
                    f"{claim.name} {after}: kept as proved, and now it is {outcome.reply.value}"
                )
            return
        assert outcome.method is not None
        said = self._said(action)
        core = {name: self._once(name, said[name]) for name in sorted(outcome.core)}
        proof = Proved(outcome.method, outcome.attempt, outcome.steps, core, outcome.confirmed)
        self._shelf(action)[self._claimed(claim, always)] = proof
        self._changed[_name(action)] = action

    def find_response(self, claim: ir.Property, live: Facts) -> Response | None:
        """Return the kept proof of a claim of progress whose core is believed, None if there is
        none."""
        key = self._key_of_progress(claim)
        kept = self._read_once(key, Decoder(Answered).decode, None)
        if kept is None or not self._holds(kept.core, self._all_said, live):
            return None
        outcomes = {
            (each.name, each.kind, each.action): Outcome(
                Reply.PROVED,
                Method.Z3,
                frozenset(each.core),
                steps=each.steps,
                confirmed=each.confirmed,
            )
            for each in kept.obligations
        }
        return Response(claim, outcomes, kept.ranking, is_kept=True)

    def keep_response(self, response: Response, live: Facts) -> None:
        """Keep a proof of progress that was made. In an audit, raise `DisagreementError` where
        there was one and none was made."""
        if self._store.mode is Mode.OFF:
            return
        if not response.is_proved:
            found = None
            if self.is_audit and not response.lost:
                found = self.find_response(response.claim, live)
            if found is not None:
                raise DisagreementError(
                    f"{response.claim.path}: kept as proved, and now {response.reason}"
                )
            return
        said = self._all_said
        obligations = tuple(
            Answer(name, kind, action, o.steps, tuple(sorted(o.core)), o.confirmed)
            for (name, kind, action), o in response.outcomes.items()
        )
        core = {name: self._once(name, said[name]) for name in sorted(response.core)}
        key = self._key_of_progress(response.claim)
        self._answers[key] = Answered(response.ranking, obligations, core)

    def write(self) -> None:
        """Write what was kept since this was last done; raise `OSError` where that cannot be."""
        for name, action in self._changed.items():
            self._store.write(self._key(action), msgspec.json.encode(self._shelves[name]))
        self._changed.clear()
        for key, answered in self._answers.items():
            self._store.write(key, msgspec.json.encode(answered))
        self._answers.clear()

    def _holds(self, core: Mapping[str, str], said: Mapping[str, object], live: Facts) -> bool:
        """Whether everything that a proof used is believed, and says what it said."""
        return all(
            name in said
            and self._once(name, said[name]) == digest
            and (name in live or name not in self._facts)
            for name, digest in core.items()
        )

    def _shelf(self, action: ir.FlatAction | None) -> Shelf:
        """Return the proofs of an action; what is damaged is as if it were not there."""
        name = _name(action)
        if name not in self._shelves:
            self._shelves[name] = self._read_once(self._key(action), Decoder(Shelf).decode, {})
        return self._shelves[name]

    def _read_once(
        self, key: str, decode: Callable[[bytes], Kept], nothing: Nothing
    ) -> Kept | Nothing:
        """Return what is kept under a key.

        It is read once for all workers: another one may have written here since, and what is found
        decides which questions are asked.
        """

        def read() -> tuple[Kept | Nothing, int]:
            try:
                content = self._store.read(key)
                return (nothing if content is None else decode(content)), 0
            except (DamagedEntryError, msgspec.MsgspecError):
                return nothing, 1

        kept, damaged = self._journal.ask(read, lambda _: (nothing, 0), key)
        self.damaged += damaged
        return kept

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
        return _digest((self._nature, _stepping(action)))

    def _key_of_progress(self, claim: ir.Property) -> str:
        said = (claim.path, claim.parameters, _expressions(claim.lines))
        return _digest((self._nature, self._fairness, said))

    @cached_property
    def _fairness(self) -> str:
        """The digest of what questions of progress say of actions without a name."""
        return _digest(
            tuple(
                (*_stepping(action), action.fairness, _guards(action) if action.fairness else ())
                for action in self._theory.system.actions
            )
        )

    def _claimed(self, claim: Claim, always: bool = False) -> str:
        said = (claim.name, claim.kind, claim.expression, self._competing.get(claim.path))
        if always:
            return self._once(f"claim {claim.name} always", (*said, "always"))
        return self._once(f"claim {claim.name}", said)

    @cached_property
    def _competing(self) -> Mapping[str, tuple[tuple[ir.FlatUpdate, ir.FlatUpdate], ...]]:
        """The updates of which an obligation says that they do not write one place, by its path.

        Of the others the guards say so by their text, which no core names.
        """
        return {f"{a.path}.overlap": overlaps(a) for a in self._theory.system.actions}

    def _said(self, action: ir.FlatAction | None) -> dict[str, object]:
        """Return what each fact, assumption and guard says, by name."""
        return {**self._known, **({} if action is None else dict(_guards(action)))}

    @cached_property
    def _all_said(self) -> dict[str, object]:
        """What each fact, assumption and guard of any action says, by name."""
        guards = (guard for action in self._theory.system.actions for guard in _guards(action))
        return {**self._known, **dict(guards)}

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


def _stepping(action: ir.FlatAction) -> tuple[object, ...]:
    """Return what an action does, but for when."""
    return (action.path, action.parameters, action.actor, action.updates)


def _guards(action: ir.FlatAction) -> tuple[tuple[str, tuple[ir.Expression, ...]], ...]:
    """Return what the guards of an action say, each with its name."""
    return tuple(
        (f"{action.path}.{guard.name}", _expressions(guard.lines)) for guard in action.guards
    )


def _expressions(lines: Iterable[ir.Line]) -> tuple[ir.Expression, ...]:
    return tuple(line.expression for line in lines)


def _digest(said: object) -> str:
    """Return the digest of a value of the typed program."""
    return hashlib.sha256("\0".join(canonical(said)).encode()).hexdigest()
