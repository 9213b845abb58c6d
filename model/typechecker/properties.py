"""Turn properties, assumptions, `final` and `init` into typed ones."""

from __future__ import annotations

from splitspec.model import ir, syntax
from splitspec.model.ir import PropertyKind
from splitspec.model.resolver import Symbol
from splitspec.model.typechecker.actions import text_of
from splitspec.model.typechecker.declarations import honest
from splitspec.model.typechecker.environment import Environment, Place
from splitspec.model.typechecker.expressions import lines, truth
from splitspec.model.typechecker.fragment import check_hypothesis
from splitspec.model.typechecker.items import type_update
from splitspec.model.typechecker.type_expressions import read_binders


def typed_property(env: Environment, symbol: Symbol) -> ir.Property | None:
    """Return the property that a symbol declares."""
    declared = symbol.declaration
    if isinstance(declared, syntax.Progress):
        return _progress(env.at(Place.PROPERTY), symbol, declared)
    assert isinstance(declared, syntax.Property)
    given = honest(env, declared.given)
    place = Place.STEP if declared.kind == "step" else Place.PROPERTY
    claim = lines(env.at(place), declared.block)
    if given is None or claim is None:
        return None
    if declared.kind in ("invariant", "lemma"):
        article = "an" if declared.kind == "invariant" else "a"
        check_hypothesis(env, claim, f"{article} {declared.kind}")
    return ir.Property(
        symbol.path,
        PropertyKind(declared.kind),
        given,
        (),
        claim,
        text_of(declared.text),
        tuple(source.value for source in declared.asked_by),
        declared.span,
    )


def _progress(env: Environment, symbol: Symbol, declared: syntax.Progress) -> ir.Property | None:
    given = honest(env, declared.given)
    parameters, inner = read_binders(env, declared.parameters, "a parameter")
    premise, conclusion = truth(inner, declared.premise), truth(inner, declared.conclusion)
    if given is None or parameters is None or premise is None or conclusion is None:
        return None
    return ir.Property(
        symbol.path,
        PropertyKind.PROGRESS,
        given,
        parameters,
        (ir.Line("", premise, premise.span), ir.Line("", conclusion, conclusion.span)),
        text_of(declared.text),
        tuple(source.value for source in declared.asked_by),
        declared.span,
    )


def assumption(env: Environment, symbol: Symbol) -> ir.Assumption | None:
    """Return the assumption that a symbol declares."""
    declared = symbol.declaration
    assert isinstance(declared, syntax.Assume)
    claim = lines(env.at(Place.RIGID), declared.block)
    if claim is None:
        return None
    check_hypothesis(env, claim, "an assumption")
    return ir.Assumption(symbol.path, claim, text_of(declared.text), declared.span)


def final(env: Environment, declared: syntax.Final) -> tuple[ir.Line, ...]:
    """Return the lines of a `final` block."""
    return lines(env.at(Place.PROPERTY), declared.block) or ()


def initial(env: Environment, declared: syntax.Init) -> list[ir.Update]:
    """Return the updates of an `init` block."""
    typed = [type_update(env.at(Place.INITIAL), update) for update in declared.updates]
    return [update for update in typed if update is not None]
