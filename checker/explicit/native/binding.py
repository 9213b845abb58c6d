"""In which order bound variables and parameters get their values, and which of them need not be
enumerated.

A binder that an equality fixes (`npt[g] = f` fixes `f` once `g` is known) is computed. The plan
enumerates as few bindings as possible.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from splitspec.model.frozen import frozen
from splitspec.model.ir import (
    And,
    Count,
    Equal,
    Expression,
    Implies,
    Local,
    Not,
    Parameter,
    Quantifier,
)
from splitspec.model.terms import conjuncts, free_locals, operands


@frozen
class Equation:
    """`binder` equals the value of `source`, or is absent with it."""

    binder: str
    source: Expression
    needs: frozenset[str]


@frozen
class Binding:
    """One step of a plan: the parameter is computed from `source`, else enumerated."""

    parameter: Parameter
    source: Expression | None


def plan(
    binders: Sequence[Parameter], sizes: Sequence[int], equations: Sequence[Equation]
) -> tuple[Binding, ...]:
    """Return the order that enumerates the fewest bindings; ties go to the earlier binder."""
    number = dict(zip((b.name for b in binders), sizes, strict=True))
    unknown = {b.name: b for b in binders}
    return _best(unknown, number, equations)[1]


def _best(
    unknown: dict[str, Parameter], sizes: dict[str, int], equations: Sequence[Equation]
) -> tuple[int, tuple[Binding, ...]]:
    computed: list[Binding] = []
    unknown = dict(unknown)
    progress = True
    while progress:
        progress = False
        for equation in equations:
            name = equation.binder
            # What has one value is a constant, which folds better than anything computed.
            if name in unknown and sizes[name] > 1 and not equation.needs & unknown.keys():
                computed.append(Binding(unknown.pop(name), equation.source))
                progress = True
    if not unknown:
        return 1, tuple(computed)
    best: tuple[int, tuple[Binding, ...]] | None = None
    for name, parameter in unknown.items():
        rest = {other: p for other, p in unknown.items() if other != name}
        cost, steps = _best(rest, sizes, equations)
        if best is None or cost * sizes[name] < best[0]:
            best = (cost * sizes[name], (Binding(parameter, None), *steps))
        if sizes[name] == 1:
            break
    assert best is not None
    return best[0], (*computed, *best[1])


def equations(binders: Iterable[Parameter], conditions: Iterable[Expression]) -> Iterator[Equation]:
    """Iterate over the equations among conditions that all hold."""
    names = {binder.name for binder in binders}
    for condition in conditions:
        for conjunct in conjuncts(condition):
            if not isinstance(conjunct, Equal):
                continue
            for target, source in (
                (conjunct.right, conjunct.left),
                (conjunct.left, conjunct.right),
            ):
                if isinstance(target, Local) and target.name in names:
                    needs = free_locals(source)
                    if target.name not in needs:
                        yield Equation(target.name, source, needs)


def premises(kind: str, body: Expression) -> tuple[Expression, ...]:
    """Return conditions without which a binding does not matter to a quantifier."""
    if kind == "some":
        return (body,)
    match body:
        case Implies(premise, conclusion):
            return (premise, *premises(kind, conclusion))
        case Not(operand):
            return (operand,)
        case _:
            return ()


def interchangeable(quantifier: Quantifier) -> dict[str, str]:
    """Return pairs of binders, the later first, that can be swapped without changing the body."""
    pairs: dict[str, str] = {}
    for i, later in enumerate(quantifier.binders):
        for earlier in quantifier.binders[:i]:
            if later.type == earlier.type and _is_symmetric(quantifier.body, earlier, later):
                pairs[later.name] = earlier.name
    return pairs


def _is_symmetric(body: Expression, first: Parameter, second: Parameter) -> bool:
    swap = {first.name: second.name, second.name: first.name}
    return _shape(body, swap) == _shape(body, {})


def _shape(expression: Expression, renaming: dict[str, str]) -> object:
    """Return a key that is equal for expressions that differ in the order of conjuncts and equals
    alone.
    """
    match expression:
        case Local(name):
            return ("local", renaming.get(name, name))
        case And(parts):
            return ("and", frozenset(_shape(part, renaming) for part in _flat(parts)))
        case Equal(left, right):
            return ("equal", frozenset((_shape(left, renaming), _shape(right, renaming))))
        case Implies(premise, Implies(middle, conclusion)):
            whole = frozenset(
                _shape(part, renaming) for part in (*conjuncts(premise), *conjuncts(middle))
            )
            return ("implies", whole, _shape(conclusion, renaming))
        case Implies(premise, conclusion):
            whole = frozenset(_shape(part, renaming) for part in conjuncts(premise))
            return ("implies", whole, _shape(conclusion, renaming))
        case Quantifier(_, binders, _) | Count(binders, _) if any(
            b.name in renaming for b in binders
        ):
            # A definition's body may bind a name of the text that calls it.
            return object()
        case _:
            inner = tuple(_shape(operand, renaming) for operand in operands(expression))
            return (_head(expression), inner)


def _flat(parts: tuple[Expression, ...]) -> Iterator[Expression]:
    for part in parts:
        yield from conjuncts(part)


def _head(expression: Expression) -> object:
    """Return what tells an expression from others, apart from its operands."""
    fields = type(expression).__match_args__
    kept = [
        getattr(expression, name)
        for name in fields
        if name in ("value", "variable", "kind", "operator", "binders", "name", "definition")
    ]
    return (type(expression).__name__, *kept)
