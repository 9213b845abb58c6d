"""Substitution and folding keep the value of every expression."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from splitspec.model.expressions import free_locals
from splitspec.model.ir import (
    And,
    Equal,
    Expression,
    Implies,
    Literal,
    Local,
    Not,
    Or,
    Parameter,
    Quantifier,
    Read,
)
from splitspec.model.passes.fold import fold_term
from splitspec.model.passes.substitute import fresh_name, substitute
from splitspec.model.source import Source, Span
from splitspec.model.types import Boolean, Sort

HERE = Span(Source("here", ""), 1, 1, 1, 1)
SORT = Sort("m.S")
SIZE = 2
NAMES = ("a", "b", "c", "a_2")
# m.next[S]: S, so that arguments are more than names; m.likes[S, S]: bool.
NEXT = {0: 1, 1: 0}
LIKES = {(0, 0): True, (0, 1): False, (1, 0): True, (1, 1): True}

elements: st.SearchStrategy[Expression] = st.recursive(
    st.sampled_from(NAMES).map(lambda name: Local(name, SORT, HERE)),
    lambda inner: inner.map(lambda index: Read("m.next", (index,), SORT, HERE)),
    max_leaves=2,
)
atoms: st.SearchStrategy[Expression] = st.one_of(
    st.booleans().map(lambda value: Literal(value, Boolean(), HERE)),
    st.builds(lambda a, b: Equal(a, b, Boolean(), HERE), elements, elements),
    st.builds(lambda a, b: Read("m.likes", (a, b), Boolean(), HERE), elements, elements),
)
formulas: st.SearchStrategy[Expression] = st.recursive(
    atoms,
    lambda inner: st.one_of(
        inner.map(lambda p: Not(p, Boolean(), HERE)),
        st.lists(inner, max_size=3).map(lambda ps: And(tuple(ps), Boolean(), HERE)),
        st.lists(inner, max_size=3).map(lambda ps: Or(tuple(ps), Boolean(), HERE)),
        st.builds(lambda p, q: Implies(p, q, Boolean(), HERE), inner, inner),
        st.builds(
            lambda kind, names, body: _quantify(kind, names, body),
            st.sampled_from(("all", "some")),
            st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True),
            inner,
        ),
    ),
    max_leaves=12,
)


def _quantify(kind: str, names: list[str], body: Expression) -> Expression:
    binders = tuple(Parameter(name, SORT, HERE) for name in names)
    return Quantifier("all" if kind == "all" else "some", binders, body, Boolean(), HERE)


def _value(term: Expression, names: Mapping[str, int]) -> int | bool:
    """What the expression is worth, computed the plain way."""
    match term:
        case Literal(value):
            assert value is not None
            return value
        case Local(name):
            return names[name]
        case Read("m.next", (index,)):
            return NEXT[int(_value(index, names))]
        case Read(_, (a, b)):
            return LIKES[int(_value(a, names)), int(_value(b, names))]
        case Not(operand):
            return not _value(operand, names)
        case And(operands):
            return all(_value(operand, names) for operand in operands)
        case Or(operands):
            return any(_value(operand, names) for operand in operands)
        case Implies(premise, conclusion):
            return not _value(premise, names) or bool(_value(conclusion, names))
        case Equal(left, right):
            return _value(left, names) == _value(right, names)
        case Quantifier(kind, binders, body):
            bindings = product(range(SIZE), repeat=len(binders))
            extended = (
                {**names, **dict(zip((b.name for b in binders), values, strict=True))}
                for values in bindings
            )
            truths = [_value(body, inner) for inner in extended]
            return all(truths) if kind == "all" else any(truths)
        case _:
            raise AssertionError(term)


def _bindings() -> list[dict[str, int]]:
    values = product(range(SIZE), repeat=len(NAMES))
    return [dict(zip(NAMES, row, strict=True)) for row in values]


@given(formulas, st.dictionaries(st.sampled_from(NAMES), elements, max_size=3))
def test_substitution_is_capture_free(formula: Expression, values: dict[str, Expression]) -> None:
    """The substituted formula is worth what the formula is when its names have the values."""
    substituted = substitute(formula, values)
    for names in _bindings():
        meant = {**names, **{name: int(_value(v, names)) for name, v in values.items()}}
        assert _value(substituted, names) == _value(formula, meant)


@given(formulas, st.dictionaries(st.sampled_from(NAMES), elements, max_size=3))
def test_substitution_frees_no_other_names(
    formula: Expression, values: dict[str, Expression]
) -> None:
    used = free_locals(formula)
    expected = used - set(values)
    for name in used & set(values):
        expected |= free_locals(values[name])
    assert free_locals(substitute(formula, values)) == expected


@given(formulas)
def test_folding_changes_no_value(formula: Expression) -> None:
    folded = fold_term(formula)
    for names in _bindings():
        assert _value(folded, names) == _value(formula, names)


@given(formulas)
def test_folding_settles(formula: Expression) -> None:
    assert fold_term(fold_term(formula)) == fold_term(formula)


def test_a_binder_that_would_capture_is_renamed() -> None:
    """`some a: likes[a, b]` with b := a is not `some a: likes[a, a]`."""
    a, b = Local("a", SORT, HERE), Local("b", SORT, HERE)
    formula = _quantify("some", ["a"], Read("m.likes", (a, b), Boolean(), HERE))
    renamed = Local("a_2", SORT, HERE)
    expected = _quantify("some", ["a_2"], Read("m.likes", (renamed, a), Boolean(), HERE))
    assert substitute(formula, {"b": a}) == expected


def test_a_fresh_name_is_the_first_that_is_free() -> None:
    assert fresh_name("a", {"b"}) == "a"
    assert fresh_name("a", {"a", "a_2"}) == "a_3"
