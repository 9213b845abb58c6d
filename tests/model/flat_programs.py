"""Flat systems as programs again, so that the evaluator can judge what the passes made."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from splitspec.model import ir
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import ActorKind, Program, System, Variant
from splitspec.model.scope import Scope, State
from splitspec.model.setting import Setting, properties_under


def unflatten(system: System, program: Program) -> Program:
    """Return a program whose text is the flat system, so that the evaluator can judge it.

    The system must have no variants in it.
    """

    def action(flat: ir.FlatAction) -> ir.Action:
        guards = (ir.Guard(g.name, g.lines, g.kind, g.span) for g in flat.guards)
        return ir.Action(
            flat.path,
            flat.parameters,
            flat.actor,
            flat.hostile,
            flat.fairness,
            (*guards, *(_unflattened_update(u) for u in flat.updates)),
            flat.text,
            flat.span,
        )

    return replace(
        program,
        variables=system.variables,
        definitions={},
        parts={},
        extensions=(),
        actions={flat.path: action(flat) for flat in system.actions},
        initial=tuple(_unflattened_update(u) for u in system.initial),
        assumptions=system.assumptions,
        finals=system.finals,
        properties=system.properties,
    )


def _unflattened_update(u: ir.FlatUpdate) -> ir.Update:
    return ir.Update(
        u.name, u.variable, u.indices, u.operator, u.value, u.binders, u.condition, u.span
    )


Edge = tuple[State, str, object]


def explore(
    program: Program, scope: Scope, given: frozenset[ActorKind], variant: Variant | None = None
) -> tuple[Evaluator, set[State], list[Edge]]:
    """Return all reachable states, and all transitions with their outcomes."""
    claims = properties_under(program, given)
    evaluator = Evaluator(Setting("m", program, scope, given, variant, claims))
    todo = list(evaluator.initial_states())
    seen, edges = set(todo), []
    while todo:
        state = todo.pop()
        for step in evaluator.steps(state):
            fault = getattr(step.outcome, "obligation", None)
            outcome = fault if step.successor is None else step.successor
            edges.append((state, step.action, outcome))
            if step.successor is not None and step.successor not in seen:
                seen.add(step.successor)
                todo.append(step.successor)
    return evaluator, seen, edges


def sorted_edges(edges: Collection[Edge]) -> list[str]:
    return sorted(map(repr, edges))


def kept_places(whole: Program, sliced: System, scope: Scope) -> list[int]:
    """Return the numbers of the places that the slice keeps."""
    places = Setting("m", whole, scope).places
    return [n for n, (variable, _) in enumerate(places) if variable.path in sliced.variables]
