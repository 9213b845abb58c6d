"""Which literals become which when the two variables of a sort change their names.

A clause says the same under every such renaming, so that one of its forms is enough.
"""

from __future__ import annotations

from splitspec.checker.symbolic.strengthening.vocabulary import Vocabulary
from splitspec.model import ir
from splitspec.model.ir import Expression, Parameter
from splitspec.model.passes.substitute import substitute


def renamings(vocabulary: Vocabulary) -> list[list[int]]:
    """Return, for each renaming, the image of every literal; the first one changes nothing."""
    numbers = {atom.inlined: number for number, atom in enumerate(vocabulary.atoms)}
    found = [list(range(2 * len(vocabulary.atoms)))]
    for one, other in _pairs(vocabulary):
        swap = _swap(vocabulary, numbers, one, other)
        if swap is not None:
            found += [[swap[literal] for literal in renaming] for renaming in found]
    return found


def _pairs(vocabulary: Vocabulary) -> list[tuple[Parameter, Parameter]]:
    by_sort: dict[object, list[Parameter]] = {}
    for parameter in vocabulary.variables:
        by_sort.setdefault(parameter.type, []).append(parameter)
    return [(found[0], found[1]) for found in by_sort.values()]


def _swap(
    vocabulary: Vocabulary, numbers: dict[Expression, int], one: Parameter, other: Parameter
) -> list[int] | None:
    """Return the image of every literal when two names are exchanged; None if one has none."""
    values: dict[str, Expression] = {
        one.name: ir.Local(other.name, other.type, other.span),
        other.name: ir.Local(one.name, one.type, one.span),
    }
    images: list[int] = []
    for atom in vocabulary.atoms:
        renamed = substitute(atom.inlined, values)
        if renamed not in numbers and isinstance(renamed, ir.Equal):
            renamed = ir.Equal(renamed.right, renamed.left, renamed.type, renamed.span)
        if renamed not in numbers:
            return None
        images += [2 * numbers[renamed], 2 * numbers[renamed] + 1]
    return images
