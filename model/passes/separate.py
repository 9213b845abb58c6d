"""Show, from the text alone, that two places of a variable are different whenever a step happens.

Assume that they are one place: unify the indices, and look for two conditions of the step that then
contradict each other (`z != d`; `phase[z] = sealed` and `phase[d] = absent`). The answer errs on
one side: False says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from splitspec.model.ir import (
    And,
    Equal,
    Expression,
    FlatAction,
    FlatUpdate,
    Literal,
    Local,
    Not,
    Parameter,
    Read,
)
from splitspec.model.passes.fold import fold_term, is_false
from splitspec.model.passes.substitute import Substitution, substitute


def always_differ(
    action: FlatAction, first: FlatUpdate, second: FlatUpdate, read: Sequence[Expression] = ()
) -> bool:
    """Whether two updates are shown to write different places in every step of every variant.

    With `read`, the second place is the one at these indices, which the value of `second` reads.
    """
    one, other = _rename_apart(first.binders, "'"), _rename_apart(second.binders, '"')
    left = tuple(substitute(index, one) for index in first.indices)
    right = tuple(substitute(index, other) for index in tuple(read) or second.indices)
    facts = [*_facts(action), *_condition(first, one), *_condition(second, other)]
    movable = {local.name for local in (*one.values(), *other.values())}
    for position in range(len(left)):
        values = _unifier(left[position], right[position], movable)
        facts = [substitute(fact, values) for fact in facts]
        left = tuple(substitute(index, values) for index in left)
        right = tuple(substitute(index, values) for index in right)
    differ = any(_are_distinct(a, b) for a, b in zip(left, right, strict=True))
    return differ or is_contradictory(facts)


def is_contradictory(facts: Iterable[Expression]) -> bool:
    """Whether the conjunction of the facts is plainly false."""
    known: dict[Expression, object] = {}
    for fact in facts:
        folded = fold_term(fact)
        if is_false(folded):
            return True
        for term, value in _valuations(folded):
            if term in known and known[term] != value:
                return True
            known[term] = value
    return False


def conjuncts(term: Expression) -> Iterator[Expression]:
    """Iterate over the conditions that an expression joins by `and`."""
    if isinstance(term, And):
        for operand in term.operands:
            yield from conjuncts(operand)
    else:
        yield term


def _facts(action: FlatAction) -> Iterator[Expression]:
    """What holds whenever the action happens; a guard that some variant drops does not count."""
    for guard in action.guards:
        if not guard.dropped_by:
            for line in guard.lines:
                yield from conjuncts(line.expression)


def _condition(update: FlatUpdate, renaming: Substitution) -> Iterator[Expression]:
    """What holds whenever the update writes."""
    if update.condition is not None:
        yield from conjuncts(substitute(update.condition, renaming))


def _rename_apart(binders: Iterable[Parameter], mark: str) -> dict[str, Local]:
    # No name of the language has such a mark, so this captures nothing. Both updates need one: the
    # binder of a part's update may have the name of a parameter of the action that does the part.
    return {b.name: Local(f"{b.name}{mark}", b.type, b.span) for b in binders}


def _unifier(a: Expression, b: Expression, movable: set[str]) -> Substitution:
    """Return what makes two indices one: a bound name, else a parameter, becomes the other."""
    if a == b:
        return {}
    for one, other in ((a, b), (b, a)):
        if isinstance(one, Local) and one.name in movable:
            return {one.name: other}
    for one, other in ((a, b), (b, a)):
        if isinstance(one, Local):
            return {one.name: other}
    return {}


def _are_distinct(a: Expression, b: Expression) -> bool:
    return isinstance(a, Literal) and isinstance(b, Literal) and a.value != b.value


def _valuations(fact: Expression) -> Iterator[tuple[Expression, object]]:
    """Iterate over the expressions to which a fact gives a literal value."""
    match fact:
        case Equal(left, Literal(value)):
            yield left, value
        case Equal(Literal(value), right):
            yield right, value
        case Read() | Local():
            yield fact, True
        case Not(Read() | Local() as operand):
            yield operand, False
        case _:
            pass
