"""From an execution to the graph of states around it: the whole run where that is small, else the
way alone. Nodes are numbered as they are found; the way's nodes and edges are marked.
"""

from __future__ import annotations

import networkx

from splitspec.checker.evidence.execution import Execution
from splitspec.checker.evidence.remedy import shown_step
from splitspec.model.evaluator import Evaluator
from splitspec.model.scope import State
from splitspec.model.transition import Transition

STATES_MAX = 120
"""A graph with more states than that is not a picture that anyone reads."""


def state_graph(
    evaluator: Evaluator, execution: Execution, most: int = STATES_MAX
) -> networkx.MultiDiGraph:
    """Return the graph. Edges have `step`, and `number` on the way; its nodes have `on_way`."""
    numbers: dict[State, int] = {}
    graph = networkx.MultiDiGraph()
    for state in execution.states:
        _add(graph, numbers, state, on_way=True)
    taken = {}
    for number, step in enumerate(execution.steps, start=1):
        source = numbers[execution.states[number - 1]]
        if step.successor is None:
            target = len(numbers) + 1
            graph.add_node(target, on_way=True, fault=True)
        else:
            target = numbers[step.successor]
        taken[source, step.action, step.binding] = number
        graph.add_edge(source, target, step=shown_step(evaluator, step), number=number)
    rest = _neighbourhood(evaluator, execution, most)
    for before, step, after in rest or ():
        source = _add(graph, numbers, before, on_way=False)
        target = _add(graph, numbers, after, on_way=False)
        if (source, step.action, step.binding) not in taken:
            graph.add_edge(source, target, step=shown_step(evaluator, step), number=0)
    return graph


def _add(
    graph: networkx.MultiDiGraph, numbers: dict[State, int], state: State, *, on_way: bool
) -> int:
    if state not in numbers:
        numbers[state] = len(numbers)
        graph.add_node(numbers[state], on_way=on_way, fault=False)
    return numbers[state]


def _neighbourhood(
    evaluator: Evaluator, execution: Execution, most: int
) -> list[tuple[State, Transition, State]] | None:
    """Return all steps from the first state on, None if there are too many states."""
    seen = {execution.states[0]}
    level = [execution.states[0]]
    steps = []
    while level:
        following = []
        for state in level:
            for step in evaluator.steps(state):
                after = step.successor
                if after is None:
                    continue
                steps.append((state, step, after))
                if after not in seen:
                    seen.add(after)
                    following.append(after)
            if len(seen) > most:
                return None
        level = following
    return steps
