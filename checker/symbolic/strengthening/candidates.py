"""The clauses that no known state refutes: candidates for lemmas.

A clause is a disjunction of at most three literals, and of four where a weaker form of a shorter
one is needed. Candidates are the strongest such clauses that are true of the sample. When a further
state refutes some, the weaker forms of these that are true take their place.

Soundness: a candidate is a guess, and whoever uses one proves it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from splitspec.checker.symbolic.strengthening.renaming import renamings
from splitspec.checker.symbolic.strengthening.sample import Sample, Truths
from splitspec.checker.symbolic.strengthening.vocabulary import Vocabulary

Clause = frozenset[int]
"""Literals: 2 n asserts atom n, 2 n + 1 denies it."""

WEAKENED_MAX = 4
NAMES_MAX = 4
"""So many variables may stand in a clause."""


class Candidates:
    """The strongest clauses of a vocabulary that are true of a sample."""

    def __init__(self, vocabulary: Vocabulary, sample: Sample) -> None:
        self._sample = sample
        names = [parameter.name for parameter in vocabulary.variables]
        self._names = [
            sum(1 << names.index(name) for name in atom.names)
            for atom in vocabulary.atoms
            for _ in range(2)
        ]
        self._places = [atom.place for atom in vocabulary.atoms for _ in range(2)]
        admitted = [kind for atom in vocabulary.atoms for kind in (atom.asserted, atom.denied)]
        self._literals = [literal for literal, known in enumerate(admitted) if known]
        self._renamings = renamings(vocabulary)
        self._leasts: dict[Clause, Clause] = {}
        self._true: dict[Clause, bool] = {}
        self._seen: set[Clause] = set()
        self._clauses: dict[Clause, None] = {}
        for clause in self._strongest():
            least = self._least(clause)
            if least not in self._seen:
                self._seen.add(least)
                self._clauses[least] = None

    def __len__(self) -> int:
        return len(self._clauses)

    # Enumeration

    def _strongest(self) -> Iterator[Clause]:
        """Iterate over the true clauses of which no part is true."""
        few, whole = self._sample.few, self._sample.few_full
        true = {n for n in self._literals if self._sample.bits[n] == self._sample.full}
        yield from (frozenset({literal}) for literal in true)
        open_ = [literal for literal in self._literals if literal not in true]
        pairs: set[tuple[int, int]] = set()
        beside: dict[int, list[int]] = {literal: [] for literal in open_}
        for one, other in combinations(open_, 2):
            if self._conflict(one, other):
                continue
            if few[one] | few[other] == whole and self._is_true((one, other)):
                pairs.add((one, other))
                if self._are_connected((one, other)):
                    yield frozenset({one, other})
            elif one & 1 or other & 1 or self._places[one] == self._places[other]:
                beside[one].append(other)
        for one, others in beside.items():
            for place, other in enumerate(others, start=1):
                both = few[one] | few[other]
                for third in others[place:]:
                    if both | few[third] != whole or (other, third) in pairs:
                        continue
                    clause = (one, other, third)
                    if self._is_sensible(clause) and self._is_true(clause):
                        yield frozenset(clause)

    def _is_true(self, clause: tuple[int, ...]) -> bool:
        """Whether a clause is true of the sample, as then all of its renamings are: the bindings of
        a state are all of them."""
        least = self._least(frozenset(clause))
        if least not in self._true:
            self._true[least] = self._sample.satisfies(least)
        return self._true[least]

    def _conflict(self, one: int, other: int) -> bool:
        """Whether a clause with both says too little: a place has one value at most."""
        return self._places[one] == self._places[other] and bool((one | other) & 1)

    def _is_sensible(self, clause: tuple[int, ...]) -> bool:
        """Whether a clause is connected, has few variables, and at most one conclusion."""
        if any(self._conflict(one, other) for one, other in combinations(clause, 2)):
            return False
        asserted = {self._places[literal] for literal in clause if not literal & 1}
        names = 0
        for literal in clause:
            names |= self._names[literal]
        return len(asserted) <= 1 and names.bit_count() <= NAMES_MAX and self._are_connected(clause)

    def _are_connected(self, clause: tuple[int, ...]) -> bool:
        """Whether the literals speak of one thing: each shares a variable with the rest."""
        groups: list[int] = []
        for literal in clause:
            names = self._names[literal]
            if names:
                joined = [group for group in groups if group & names]
                groups = [group for group in groups if not group & names]
                for group in joined:
                    names |= group
                groups.append(names)
        return len(groups) <= 1

    def _least(self, clause: Clause) -> Clause:
        """Return the clause under the renaming that makes it the first."""
        found = self._leasts.get(clause)
        if found is None:
            first = min(sorted([renaming[n] for n in clause]) for renaming in self._renamings)
            found = self._leasts[clause] = frozenset(first)
        return found

    # Choice

    def refuted_in(self, truths: Truths, full: int) -> list[Clause]:
        """Return the candidates that are false in a state, the simplest first."""
        found = []
        for clause in self._clauses:
            bits = 0
            for literal in clause:
                bits |= truths[literal]
            if bits != full:
                found.append(clause)
        return sorted(found, key=self.complexity)

    def complexity(self, clause: Clause) -> tuple[int, int, int, list[int]]:
        """Return what makes a clause harder to read than another one."""
        names = 0
        for literal in clause:
            names |= self._names[literal]
        asserted = sum(not literal & 1 for literal in clause)
        return len(clause), names.bit_count(), abs(asserted - 1), sorted(clause)

    # Learning

    def learn(self, truths: Truths, full: int) -> frozenset[Clause]:
        """Let a further state refute candidates; return those that are gone."""
        gone = frozenset(self.refuted_in(truths, full))
        for clause in gone:
            del self._clauses[clause]
        for clause in gone:
            for weaker in self._weaker(clause, truths, full):
                self._clauses[weaker] = None
        return gone

    def _weaker(self, clause: Clause, truths: Truths, full: int) -> Iterator[Clause]:
        """Iterate over the clauses of one literal more that are true in the state that refutes this
        one, and of which no candidate is a part. Elsewhere they are true because this one is."""
        if len(clause) >= WEAKENED_MAX:
            return
        missing = full
        for literal in clause:
            missing &= ~truths[literal]
        for literal in self._literals:
            if literal in clause or missing & ~truths[literal]:
                continue
            longer = clause | {literal}
            if not self._is_sensible(tuple(longer)):
                continue
            least = self._least(longer)
            if least in self._seen:
                continue
            if not any(
                self._least(frozenset(part)) in self._clauses
                for size in range(1, len(longer))
                for part in combinations(longer, size)
            ):
                self._seen.add(least)
                yield least
