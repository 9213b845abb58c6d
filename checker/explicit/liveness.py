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
from splitspec.checker.evidence.lasso import Group, groups_of
from splitspec.checker.explicit.graph import Graph
from splitspec.model.evaluator import Evaluator
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


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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
    execution = space.graph.execution(into[0])
    waits = len(execution.steps)
    execution = _follow(space, execution, into)
    begins = len(execution.steps)
    execution = _round(space, execution, entry, _part_of(way, entry))
    names = {p.name: p for p in claim.parameters}
    scope = space.evaluator.places.scope
    shown = tuple((name, scope.show(value, names[name].type)) for name, value in binding.items())
    line = claim.lines[1]
    after = f"after step {begins}" if begins else "from the start"
    remark = STOPS if len(execution.steps) == begins else ROUND.format(after)
    since = f"It waits from state {waits} on."
    explanation = Explanation(
        "", line.span.text, location(line.span), shown, (), f"{since} {remark}"
    )
    return trace(space.evaluator, claim, execution, explanation)


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
    """Return the execution once round: through what makes it fair, and back."""
    inside = networkx.DiGraph()
    inside.add_nodes_from(fair)
    inside.add_edges_from((n, e.target) for n in fair for e in space.edges[n] if e.target in fair)
    at = entry
    groups = {group for number in fair for group in space.enabled(number)}
    for group in sorted(groups, key=repr):
        without = [n for n in fair if group not in space.enabled(n)]
        if without and not group[2]:
            path = _shortest(inside, at, without)
            execution, at = _follow(space, execution, path), path[-1]
            continue
        takes = [(n, e) for n in fair for e in space.edges[n] if e.target in fair]
        happening = [(n, e) for n, e in takes if group in e.groups]
        path = _shortest(inside, at, [n for n, _ in happening])
        execution = _follow(space, execution, path)
        edge = next(e for n, e in happening if n == path[-1])
        execution, at = execution.then(edge.step), edge.target
    return _follow(space, execution, networkx.shortest_path(inside, at, entry))


def _shortest(graph: networkx.DiGraph, start: int, goals: list[int]) -> list[int]:
    paths = networkx.single_source_shortest_path(graph, start)
    path: list[int] = min((paths[goal] for goal in goals if goal in paths), key=len)
    return path
