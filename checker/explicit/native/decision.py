"""Factor guards that instances share into a decision tree, so that one test decides about many
instances.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

from splitspec.checker.explicit.native.circuit import Predicate
from splitspec.model.frozen import frozen

T = TypeVar("T")


@frozen
class Leaf(Generic[T]):
    """What happens if the conjuncts that remain hold."""

    item: T
    conjuncts: tuple[Predicate, ...]


@frozen
class Branch(Generic[T]):
    """What is decided only where the test holds."""

    test: Predicate
    inner: tuple[Decision[T], ...]


Decision = Leaf[T] | Branch[T]


def factor(items: Sequence[Leaf[T]]) -> Iterator[Decision[T]]:
    """Iterate over decisions that do the same as the items one by one.

    Greedy: the conjunct that most items share is tested first.
    """
    remaining = list(items)
    counts: dict[Predicate, int] = {}
    for item in remaining:
        for conjunct in item.conjuncts:
            counts[conjunct] = counts.get(conjunct, 0) + 1
    while counts:
        best = max(counts, key=counts.__getitem__)
        if counts[best] < 2:
            break
        chosen, others = [], []
        for item in remaining:
            if best in item.conjuncts:
                kept = tuple(part for part in item.conjuncts if part is not best)
                chosen.append(Leaf(item.item, kept))
                for conjunct in item.conjuncts:
                    counts[conjunct] -= 1
            else:
                others.append(item)
        yield Branch(best, tuple(factor(chosen)))
        remaining = others
    yield from remaining
