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
from splitspec.model.expressions import free_locals
from splitspec.model.frozen import frozen
from splitspec.model.ir import Expression
from splitspec.model.scope import Scope, State
from splitspec.model.types import Boolean
from splitspec.model.valuation import Moment

Truths = list[int]
"""For each literal, the bindings for which it is true. Literal 2 n is atom n, 2 n + 1 denies it."""


Binding = dict[str, ir.Value]

FEW_BITS = 8192
"""So many bits of each addition are the few."""


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
        self._questions = list(self._asked(scope))

    def _asked(self, scope: Scope) -> Iterator[_Question]:
        """Iterate over what is asked of a state, once for all atoms about one place."""
        asked: dict[Expression, list[tuple[int, Expression]]] = {}
        for number, atom in enumerate(self._vocabulary.atoms):
            match atom.inlined:
                case ir.Equal(ir.Read() as left, right):
                    asked.setdefault(left, []).append((number, right))
                case whole:
                    literal = ir.Literal(True, Boolean(), whole.span)
                    asked.setdefault(whole, []).append((number, literal))
        for expression, sides in asked.items():
            cases = tuple(self._grouped(free_locals(expression), scope))
            yield _Question(expression, cases, tuple(sides))

    def _grouped(self, names: frozenset[str], scope: Scope) -> Iterator[tuple[Binding, int]]:
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
        found: Truths = [0] * (2 * len(self._vocabulary.atoms))
        for question in self._questions:
            seen: dict[ir.Value, int] = {}
            for binding, mask in question.cases:
                value = moment.value(question.expression, binding)
                seen[value] = seen.get(value, 0) | mask
            for number, side in question.sides:
                bits = self._where_equal(seen, side, moment)
                found[2 * number], found[2 * number + 1] = bits, self.full ^ bits
        return found

    def _where_equal(self, seen: dict[ir.Value, int], side: Expression, moment: Moment) -> int:
        """Return the bindings for which a place has the value of the other side."""
        if isinstance(side, ir.Local):
            return sum(m & self._masks.get((side.name, value), 0) for value, m in seen.items())
        return seen.get(moment.value(side, {}), 0)


@frozen
class _Question:
    """What is asked of a state for each of some bindings, and the atoms that it decides: each says
    that the answer equals one side, a variable or a constant."""

    expression: Expression
    cases: tuple[tuple[Binding, int], ...]
    sides: tuple[tuple[int, Expression], ...]


class Sample:
    """The truths of literals in all states that were added; `few` are those in some of them, in
    which most clauses that are false anywhere are false."""

    def __init__(self, literals: int) -> None:
        self.bits: Truths = [0] * literals
        self.few: Truths = [0] * literals
        self.full = self.few_full = 0
        self._size = self._few_size = 0

    def add(self, judge: Judge, states: Iterable[State]) -> None:
        """Add states, in one go: integers are copied whole."""
        columns = [judge.truths(state) for state in states]
        if not columns:
            return
        few = columns[:: max(1, len(columns) * judge.size // FEW_BITS)]
        self._size = _extend(self.bits, self._size, judge, columns)
        self._few_size = _extend(self.few, self._few_size, judge, few)
        self.full, self.few_full = (1 << self._size) - 1, (1 << self._few_size) - 1

    def satisfies(self, clause: Iterable[int]) -> bool:
        """Return whether a clause is true everywhere."""
        bits = 0
        for literal in clause:
            bits |= self.bits[literal]
        return bits == self.full


def _extend(bits: Truths, size: int, judge: Judge, columns: list[Truths]) -> int:
    """Put the truths of states behind what is there, and return how many bits there are then."""
    width = -(-judge.size // 8)
    pad = ((1 << (width * 8)) - 1) ^ judge.full  # bits that stand for no binding: true
    for literal, old in enumerate(bits):
        new = b"".join((c[literal] | pad).to_bytes(width, "little") for c in columns)
        bits[literal] = old | (int.from_bytes(new, "little") << size)
    return size + len(columns) * width * 8


def scope_of_size(scope: Scope, sorts: Iterable[str], size: int) -> Scope:
    """Return a scope with so many elements of each sort."""
    return Scope(dict.fromkeys(sorts, size), scope.bounds, scope.pins)
