"""Which states of an explored graph cannot reach a goal: one sweep against the direction of the
steps.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence


def unable_to_reach(goals: Collection[int], successors: Sequence[Collection[int]]) -> list[int]:
    """Return the numbers of the states from which no path leads to a goal, in order."""
    predecessors: list[list[int]] = [[] for _ in successors]
    for number, following in enumerate(successors):
        for successor in following:
            predecessors[successor].append(number)
    able = set(goals)
    todo = list(goals)
    while todo:
        for predecessor in predecessors[todo.pop()]:
            if predecessor not in able:
                able.add(predecessor)
                todo.append(predecessor)
    return [number for number in range(len(successors)) if number not in able]
