"""In which states, and for which elements, atoms are true: a bit for each state and binding.

A clause is refuted by the sample iff one bit is 0 in all its literals, so that one disjunction of
integers tests it everywhere at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

from splitspec.checker.symbolic.strengthening.vocabulary import Vocabulary
from splitspec.model import ir
from splitspec.model.evaluator import Evaluator
from splitspec.model.scope import Scope, State

Truths = list[int]
"""For each literal, the bindings for which it is true. Literal 2 n is atom n, 2 n + 1 denies it."""


class Judge:
    """Tells the truth of literals in states of one scope."""

    def __init__(self, vocabulary: Vocabulary, evaluator: Evaluator) -> None:
        self._vocabulary, self.evaluator = vocabulary, evaluator
        scope = evaluator.places.scope
        names = [p.name for p in vocabulary.variables]
        values = [scope.values(p.type) for p in vocabulary.variables]
        bindings = list(product(*values))
        self.size = len(bindings)
        self.full = (1 << self.size) - 1
        self._masks: dict[tuple[str, ir.Value], int] = {}
        for bit, binding in enumerate(bindings):
            for named in zip(names, binding, strict=True):
                self._masks[named] = self._masks.get(named, 0) | (1 << bit)
        self._cases = {
            kept: list(self._grouped(kept, scope))
            for kept in dict.fromkeys(atom.names for atom in vocabulary.atoms)
        }

    def _grouped(
        self, names: frozenset[str], scope: Scope
    ) -> Iterator[tuple[dict[str, ir.Value], int]]:
        """Iterate over the bindings of some names, with the bits of those that extend each."""
        kept = [p for p in self._vocabulary.variables if p.name in names]
        for values in product(*(scope.values(p.type) for p in kept)):
            binding = {p.name: value for p, value in zip(kept, values, strict=True)}
            mask = self.full
            for named in binding.items():
                mask &= self._masks[named]
            yield binding, mask

    def truths(self, state: State) -> Truths:
        """Return the bindings for which each literal is true in a state."""
        moment = self.evaluator.moment(state)
        found: Truths = []
        for atom in self._vocabulary.atoms:
            bits = 0
            for binding, mask in self._cases[atom.names]:
                if moment.holds(atom.expression, binding):
                    bits |= mask
            found += [bits, self.full ^ bits]
        return found


class Sample:
    """The truths of literals in all states that were added."""

    def __init__(self, literals: int) -> None:
        self.bits: Truths = [0] * literals
        self.size = 0

    @property
    def full(self) -> int:
        return (1 << self.size) - 1

    def add(self, judge: Judge, states: Iterable[State]) -> None:
        """Add states, in one go: integers are copied whole."""
        columns = [judge.truths(state) for state in states]
        if not columns:
            return
        width = -(-judge.size // 8)
        self.size += len(columns) * width * 8
        pad = ((1 << (width * 8)) - 1) ^ judge.full  # bits that stand for no binding: true
        for literal, old in enumerate(self.bits):
            new = b"".join((c[literal] | pad).to_bytes(width, "little") for c in columns)
            added = int.from_bytes(new, "little")
            self.bits[literal] = old | (added << (self.size - len(columns) * width * 8))

    def satisfies(self, clause: Iterable[int]) -> bool:
        """Return whether a clause is true everywhere."""
        bits = 0
        for literal in clause:
            bits |= self.bits[literal]
        return bits == self.full


def scope_of_size(scope: Scope, sorts: Iterable[str], size: int) -> Scope:
    """Return a scope with so many elements of each sort."""
    return Scope(dict.fromkeys(sorts, size), scope.bounds, scope.pins)
