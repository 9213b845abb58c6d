"""From the end of an execution to the reason why it refutes its claim.

The claim is narrowed as far as its truth is that of one part: to the first false line, under the
first binding that makes it false, down to a part without quantifiers and conjunctions. The places
that this part reads, with their values, are the facts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from splitspec.checker.evidence.causes import causes_of, location
from splitspec.checker.evidence.execution import Execution
from splitspec.checker.evidence.facts import Facts
from splitspec.checker.evidence.remedy import neighbour_of, restored, strengthening_of
from splitspec.checker.evidence.separation import separation
from splitspec.checker.evidence.truth import truth_of
from splitspec.model.evaluator import Evaluator
from splitspec.model.frozen import frozen
from splitspec.model.initial import counted
from splitspec.model.ir import (
    And,
    Call,
    Expression,
    Implies,
    Line,
    Not,
    Parameter,
    Property,
    PropertyKind,
    Quantifier,
    Value,
)
from splitspec.model.trace import Explanation
from splitspec.model.transition import Fault
from splitspec.model.valuation import Environment, Moment


@frozen
class Narrowed:
    """A false part, the names bound on the way to it, and the expressions that decide it."""

    part: Expression
    names: tuple[tuple[Parameter, Value], ...]
    deciding: tuple[tuple[Expression, Environment], ...]

    def under(self, names: Iterable[tuple[Parameter, Value]]) -> Narrowed:
        """Return the same with names that were bound before."""
        return Narrowed(self.part, (*names, *self.names), self.deciding)


def explain(evaluator: Evaluator, claim: Property, execution: Execution) -> Explanation | None:
    """Return why the end of the execution refutes the claim; None if it is a witness for it."""
    reason = _reason(evaluator, claim, execution)
    return None if reason is None else replace(reason, truth=truth_of(evaluator, claim, execution))


def analyse(evaluator: Evaluator, claim: Property, execution: Execution) -> Explanation | None:
    """Return the same, with what let it happen and what would not have.

    Where the design itself refuses a step, that is what would have prevented it; nothing else is
    proposed.
    """
    explanation = explain(evaluator, claim, execution)
    if explanation is None or claim.kind is PropertyKind.DEADLOCK:
        return explanation
    causes = causes_of(evaluator, execution)
    varied = any(cause.varied for cause in causes)
    propose = partial(restored, causes=causes) if varied else strengthening_of
    return replace(
        explanation,
        causes=causes,
        strengthening=propose(evaluator, claim, execution),
        neighbour=neighbour_of(evaluator, claim, execution),
    )


def _reason(evaluator: Evaluator, claim: Property, execution: Execution) -> Explanation | None:
    match claim.kind:
        case PropertyKind.WITNESS:
            return None
        case PropertyKind.OVERLAP | PropertyKind.RANGE:
            assert execution.fault is not None
            return _explain_fault(evaluator, execution.fault, execution)
        case PropertyKind.EXACT:
            return _explain_counter(evaluator, claim.path.removesuffix(".exact"), execution)
        case PropertyKind.DEADLOCK:
            return _explain_deadlock(evaluator, claim, execution)
        case PropertyKind.STEP:
            step = execution.steps[-1]
            moment = evaluator.moment(execution.states[-2], step)
            return _explain_lines(evaluator, claim.lines, moment)
        case PropertyKind.RECOVERABLE:
            remark = "no state that can be reached from here makes it true"
            moment = evaluator.moment(execution.last)
            return _explain_lines(evaluator, claim.lines, moment, remark)
        case _:
            return _explain_lines(evaluator, claim.lines, evaluator.moment(execution.last))


def narrow(expression: Expression, env: Environment, moment: Moment) -> Narrowed:
    """Return the first part that makes a false expression false."""
    universe = moment.universe
    match expression:
        case Quantifier("all", binders, body):
            for inner in universe.bindings(binders, env):
                if not moment.holds(body, inner):
                    names = [(binder, inner[binder.name]) for binder in binders]
                    return narrow(body, dict(inner), moment).under(names)
        case Not(Quantifier("some", binders, body)):
            for inner in universe.bindings(binders, env):
                if moment.holds(body, inner):
                    found = tuple((binder, inner[binder.name]) for binder in binders)
                    return Narrowed(expression, found, ((body, dict(inner)),))
        case And(operands):
            return narrow(next(o for o in operands if not moment.holds(o, env)), env, moment)
        case Implies(premise, conclusion):
            inner_part = narrow(conclusion, env, moment)
            deciding = ((premise, env), *inner_part.deciding)
            return Narrowed(expression, inner_part.names, deciding)
        case Call(definition, arguments):
            called = universe.definitions[definition]
            inside = moment.bound(called.parameters, arguments, env)
            names = [(parameter, inside[parameter.name]) for parameter in called.parameters]
            return narrow(called.body, inside, moment).under(names)
        case _:
            return Narrowed(expression, (), ((expression, env),))
    raise AssertionError("only a false expression can be narrowed")


def _explain_lines(
    evaluator: Evaluator, lines: Iterable[Line], moment: Moment, remark: str = ""
) -> Explanation:
    line = next(line for line in lines if not moment.holds(line.expression, {}))
    narrowed = narrow(line.expression, {}, moment)
    facts = Facts(evaluator.places)
    for expression, env in narrowed.deciding:
        facts.collect(expression, env, moment)
    scope = evaluator.places.scope
    binding = {name.name: scope.show(value, name.type) for name, value in narrowed.names}
    return Explanation(
        label=line.label,
        line=narrowed.part.span.text,
        location=location(narrowed.part.span),
        binding=tuple(binding.items()),
        facts=facts.found,
        remark=remark,
    )


def _explain_counter(evaluator: Evaluator, path: str, execution: Execution) -> Explanation:
    counter = evaluator.program.variables[path]
    assert counter.counted is not None
    moment = evaluator.moment(execution.last)
    scope, names = evaluator.places.scope, evaluator.places.names
    keys = (dict(env) for env in evaluator.universe.bindings(counter.counted.keys, {}))
    env, (place, number) = next(
        (env, found)
        for env, found in zip(keys, counted(counter, moment), strict=True)
        if execution.last[found[0]] != found[1]
    )
    facts = Facts(evaluator.places)
    facts.read(place, moment)
    for inner in evaluator.universe.bindings(counter.counted.binders, env):
        facts.collect(counter.counted.condition, inner, moment)
    return Explanation(
        label="",
        line=counter.span.text,
        location=location(counter.span),
        binding=tuple((k.name, scope.show(env[k.name], k.type)) for k in counter.counted.keys),
        facts=facts.found,
        remark=f"{names[place]} is {execution.last[place]}, and what it counts is {number}",
    )


def _explain_fault(evaluator: Evaluator, fault: Fault, execution: Execution) -> Explanation:
    step = execution.steps[-1]
    action = evaluator.actions[fault.action]
    update = fault.updates[-1].update
    remark = fault.text
    if fault.kind is PropertyKind.OVERLAP:
        first, second = fault.updates[:2]
        both = (f"`{u.update.span.text}` ({location(u.update.span)})" for u in (first, second))
        remark = f"{fault.text}: {' and '.join(both)}; {separation(first, second)}"
    facts = Facts(evaluator.places)
    facts.read(fault.place, evaluator.moment(execution.last))
    scope = evaluator.places.scope
    pairs = zip(step.binding, action.parameters, strict=True)
    return Explanation(
        label=fault.updates[-1].name,
        line=update.span.text,
        location=location(update.span),
        binding=tuple((name, scope.show(value, p.type)) for (name, value), p in pairs),
        facts=facts.found,
        remark=remark,
    )


def _explain_deadlock(evaluator: Evaluator, claim: Property, execution: Execution) -> Explanation:
    if evaluator.program.finals:
        remark = "no step changes this state, and it is not final"
        moment = evaluator.moment(execution.last)
        return _explain_lines(evaluator, evaluator.program.finals, moment, remark)
    remark = "no step changes this state, and the model has no `final` states"
    return Explanation("", "", location(claim.span), (), (), remark)
