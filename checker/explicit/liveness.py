"""Look for a fair run in which something that should happen does not.

The claim is `a leads to b` for each value of its parameters. A counterexample is a *lasso*: a run
to a state where a holds, and from there a way on which b never holds, into a round that can go on
for ever, or to a state where the run may stop. It is fair: every instance of a fair action is taken
in the round, or is not enabled somewhere in it (if it is strongly fair: nowhere).

Soundness: states and steps are the evaluator's; a lasso is a run of it that ends where the round
began. That there is none is said of a whole state space only. (Emerson and Lei, Modalities for
model checking, 1987: fair components, strong fairness by leaving out states where it is enabled.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import networkx

from splitspec.checker.evidence.causes import location
from splitspec.checker.evidence.execution import Execution, trace
from splitspec.checker.evidence.facts import Facts
from splitspec.checker.evidence.lasso import Group, groups_of, ledger
from splitspec.checker.explicit.graph import Graph
from splitspec.model.evaluator import Evaluator
from splitspec.model.frozen import frozen
from splitspec.model.ir import Expression, Property, Value
from splitspec.model.scope import State
from splitspec.model.setting import Setting
from splitspec.model.trace import Explanation, Trace
from splitspec.model.transition import Transition

STATES_MAX = 20_000
ROUND = (
    "The run goes round: the last state is the one {}, and every fair action happens in the round "
    "or is not enabled somewhere in it."
)
STOPS = "It may stay here for ever: no fair action is enabled."


@frozen
class Edge:
    """A step to a state, and the fair groups that it belongs to."""

    target: int
    step: Transition
    groups: tuple[Group, ...]


@dataclass
class Space:
    """The reachable states with their steps. In `open` states more can happen than is known."""

    evaluator: Evaluator
    graph: Graph = field(default_factory=Graph)
    edges: list[list[Edge]] = field(default_factory=list)
    open: set[int] = field(default_factory=set)
    complete: bool = True

    def enabled(self, number: int) -> set[Group]:
        """Return the fair groups of which an instance is enabled in a state."""
        return {group for edge in self.edges[number] for group in edge.groups}


@frozen
class Liveness:
    """A counterexample, or None; `complete` says whether all states were looked at."""

    trace: Trace | None
    complete: bool
    states: int


def refute(setting: Setting, path: str, *, states_max: int = STATES_MAX) -> Liveness:
    """Look for a counterexample to a claim of progress at the setting's scope."""
    space = _explore(Evaluator(setting), states_max)
    claim = setting.program.properties[path]
    for binding in space.evaluator.universe.bindings(claim.parameters, {}):
        found = _lasso(space, claim, dict(binding))
        if found is not None:
            return Liveness(found, space.complete, len(space.graph.states))
    return Liveness(None, space.complete, len(space.graph.states))


def _explore(evaluator: Evaluator, states_max: int) -> Space:
    space = Space(evaluator)
    graph = space.graph
    for state in evaluator.initial_states():
        if state not in graph.numbers:
            graph.add(state, state, None)
    number = 0
    while number < len(graph.states):
        if len(graph.states) > states_max:
            space.complete = False
            space.open.update(range(number, len(graph.states)))
            space.edges += [[] for _ in range(number, len(graph.states))]
            break
        space.edges.append(list(_edges(space, number)))
        number += 1
    return space


def _edges(space: Space, number: int) -> Iterator[Edge]:
    state, graph = space.graph.states[number], space.graph
    for step in space.evaluator.steps(state):
        after = step.successor
        if after is None:
            space.open.add(number)  # It is cut, or a fault of its own: nothing is said of it.
            continue
        target = graph.numbers.get(after)
        if target is None:
            target = graph.add(after, after, (number, step))
        yield Edge(target, step, tuple(groups_of(space.evaluator, step)))


# Fair rounds


def _lasso(space: Space, claim: Property, binding: dict[str, Value]) -> Trace | None:
    premise, conclusion = (line.expression for line in claim.lines)

    def holds(expression: Expression, state: State) -> bool:
        return space.evaluator.moment(state).holds(expression, binding)

    states = space.graph.states
    waiting = {n for n, s in enumerate(states) if not holds(conclusion, s)} - space.open
    sources = [n for n in sorted(waiting) if holds(premise, states[n])]
    graph = networkx.DiGraph()
    graph.add_nodes_from(waiting)
    graph.add_edges_from(
        (n, edge.target) for n in waiting for edge in space.edges[n] if edge.target in waiting
    )
    reached: set[int] = set()
    for source in sources:
        if source not in reached:
            reached |= {source} | networkx.descendants(graph, source)
    components = networkx.strongly_connected_components(graph.subgraph(reached))
    parts = (_fair_part(space, graph, component) for component in components)
    fair = set[int]().union(*parts)
    return _trace(space, claim, binding, _Way(graph, sources, fair)) if fair else None


def _fair_part(space: Space, graph: networkx.DiGraph, component: set[int]) -> set[int]:
    """Return the states of a fair round in a component, none if there is none."""
    taken = _taken(space, component)
    enabled = [space.enabled(number) for number in component]
    always = set.intersection(*enabled) if enabled else set()
    if any(group not in taken for group in always):
        return set()
    denied = {g for found in enabled for g in found if g[2]} - taken
    if not denied:
        return component
    rest = {number for number in component if not space.enabled(number) & denied}
    for smaller in networkx.strongly_connected_components(graph.subgraph(rest)):
        fair = _fair_part(space, graph, smaller)
        if fair:
            return fair
    return set()


def _taken(space: Space, component: set[int]) -> set[Group]:
    return {
        group
        for number in component
        for edge in space.edges[number]
        if edge.target in component
        for group in edge.groups
    }


# The trace


@dataclass(frozen=True)
class _Way:
    """Where a lasso may run: the states that wait, where waiting begins, and fair rounds."""

    graph: networkx.DiGraph
    sources: list[int]
    fair: set[int]


def _trace(space: Space, claim: Property, binding: dict[str, Value], way: _Way) -> Trace:
    lengths = networkx.multi_source_dijkstra_path(way.graph, set(way.sources))
    entry = min((n for n in way.fair), key=lambda n: (len(lengths[n]), n))
    into = lengths[entry]
    execution = _follow(space, space.graph.execution(into[0]), into)
    begins = len(execution.steps)
    execution = _round(space, execution, entry, _part_of(way, entry))
    names = {p.name: p for p in claim.parameters}
    scope = space.evaluator.places.scope
    shown = tuple((name, scope.show(value, names[name].type)) for name, value in binding.items())
    line = claim.lines[1]
    after = f"after step {begins}" if begins else "from the start"
    remark = STOPS if len(execution.steps) == begins else ROUND.format(after)
    waits = f"It waits from state {_waits_since(space, claim, binding, execution)} on."
    facts = Facts(space.evaluator.places)
    facts.collect(line.expression, binding, space.evaluator.moment(execution.last))
    explanation = Explanation(
        "",
        line.span.text,
        location(line.span),
        shown,
        facts.found,
        f"{waits} {remark}",
        fairness=ledger(space.evaluator, execution, begins),
    )
    return trace(space.evaluator, claim, execution, explanation)


def _waits_since(
    space: Space, claim: Property, binding: dict[str, Value], execution: Execution
) -> int:
    """Return the first state from which the answer is due, and does not come any more."""
    premise, conclusion = (line.expression for line in claim.lines)
    moments = [space.evaluator.moment(state) for state in execution.states]
    answered = [n for n, moment in enumerate(moments) if moment.holds(conclusion, binding)]
    after = range(answered[-1] + 1 if answered else 0, len(moments))
    return next(n for n in after if moments[n].holds(premise, binding))


def _part_of(way: _Way, entry: int) -> set[int]:
    """Return the fair round to which a state belongs."""
    components = networkx.strongly_connected_components(way.graph.subgraph(way.fair))
    return next(component for component in components if entry in component)


def _follow(space: Space, execution: Execution, path: Iterable[int]) -> Execution:
    for one, other in pairwise(path):
        edge = next(e for e in space.edges[one] if e.target == other)
        execution = execution.then(edge.step)
    return execution


def _round(space: Space, execution: Execution, entry: int, fair: set[int]) -> Execution:
    """Return the execution once round: through what makes it fair, and back. It goes to what is
    nearest of all that is still owed, and owes nothing twice."""
    inside = networkx.DiGraph()
    inside.add_nodes_from(fair)
    inside.add_edges_from((n, e.target) for n in fair for e in space.edges[n] if e.target in fair)
    owed = {group for number in fair for group in space.enabled(number)}
    owed -= _excused(space, entry, owed)
    at = entry
    while owed:
        path, last = _nearest(space, inside, at, owed)
        for one, other in pairwise(path):
            edge = _step_to(space, one, other, owed)
            execution, owed = execution.then(edge.step), owed - set(edge.groups)
            owed -= _excused(space, other, owed)
        at = path[-1]
        if last is not None:
            execution, at = execution.then(last.step), last.target
            owed = owed - set(last.groups)
            owed -= _excused(space, at, owed)
    return _follow(space, execution, networkx.shortest_path(inside, at, entry))


def _excused(space: Space, number: int, owed: set[Group]) -> set[Group]:
    """Return the weakly fair groups that need not happen, as they are not enabled in a state."""
    enabled = space.enabled(number)
    return {group for group in owed if not group[2] and group not in enabled}


def _nearest(
    space: Space, inside: networkx.DiGraph, at: int, owed: set[Group]
) -> tuple[list[int], Edge | None]:
    """Return the shortest way to a state that excuses something owed, or to a step that does some
    of it, which is the second."""
    paths: dict[int, list[int]] = networkx.single_source_shortest_path(inside, at)
    best: tuple[int, list[int], Edge | None] | None = None
    for number, path in paths.items():
        if _excused(space, number, owed) and (best is None or len(path) < best[0]):
            best = len(path), path, None
        for edge in space.edges[number]:
            is_due = edge.target in inside and owed.intersection(edge.groups)
            if is_due and (best is None or len(path) + 1 < best[0]):
                best = len(path) + 1, path, edge
    assert best is not None, "a fair part has what is owed"
    return best[1], best[2]


def _step_to(space: Space, number: int, target: int, owed: set[Group]) -> Edge:
    """Return a step from a state to the next, one that does most of what is owed."""
    edges = [edge for edge in space.edges[number] if edge.target == target]
    return max(edges, key=lambda edge: len(owed.intersection(edge.groups)))
