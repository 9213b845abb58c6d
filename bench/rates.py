"""Rows of the search alone: how fast it fires, what a state costs, what a second thread gives."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from statistics import median

import machine
from plan import Plan, say
from searched import FAULTING, MEMORY, REMAPPING, Model, Report, searched
from table import Goal, Row, at_least, at_most

SMALL = {"remapping": "remapping-small", "faulting": "faulting-small"}
PAIRS = 7


def firing(plan: Plan) -> Iterator[Row]:
    """Yield firings and states per CPU second, with all properties on."""
    goals: dict[Model, tuple[Goal | None, Goal | None]]
    goals = {REMAPPING: (at_least(10), None), FAULTING: (None, at_least(5))}
    if not plan.quick:
        goals[MEMORY] = (at_least(3), None)
    for model, (firings, states) in goals.items():
        report = search(model, plan)
        least = report.least(lambda one: one.cpu)
        for unit, count, goal, remark in (
            ("M firings/s", report.transitions, firings, str(report)),
            ("M states/s", report.states, states, f"{report.properties} properties on"),
        ):
            goal = None if plan.quick else goal
            name, rate = sized(model, plan).name, count / least / 1e6
            yield Row("firing", name, rate, unit, goal, remark, report.is_right)


def memory(plan: Plan) -> Iterator[Row]:
    """Yield what a state costs, links included: the arrays, and the growth of the process.

    Tables are sparse, for speed, below ten million states: the goal is for more.
    """
    for model in (REMAPPING,) if plan.quick else (REMAPPING, FAULTING, MEMORY):
        report = search(model, plan)
        goal = at_most(36) if report.words == 2 and report.states >= 10**7 else None
        what = f"{sized(model, plan).name}, {64 * report.words} bits"
        for part, size, remark in (
            ("arrays", report.least(lambda one: one.array_bytes), f"{report.states:,} states"),
            ("resident", report.least(lambda one: one.resident_bytes), "growth of the process"),
        ):
            value = size / report.states
            yield Row("memory", f"{what}: {part}", value, "B/state", goal, remark, report.is_right)


def threads(plan: Plan) -> Iterator[Row]:
    """Yield how much less time two threads take, from searches that take turns."""
    pairs = 1 if plan.quick else PAIRS
    for model in (REMAPPING,) if plan.quick else (REMAPPING, FAULTING):
        name = sized(model, plan).name
        say(f"{name} on one thread and on two, {pairs} times in turn")
        report = searched(sized(model, plan), workers=(1, 2), repeats=pairs)
        walls = {n: [one.wall for one in report.searches if one.workers == n] for n in (1, 2)}
        ratios = [one / two for one, two in zip(walls[1], walls[2], strict=True)]
        remark = f"best of {pairs}; pair by pair {median(ratios):.2f}; load {machine.load()}"
        goal, best = None if plan.quick else at_least(1.5), min(walls[1]) / min(walls[2])
        what, right = f"{name}: two against one", report.is_right
        yield Row("threads", what, best, "x wall", goal, remark, right)
        cpu = report.least(lambda one: one.cpu, 2) / report.least(lambda one: one.cpu)
        yield Row("threads", f"{name}: work of both", cpu, "x CPU", None, "", right)


@cache
def search(model: Model, plan: Plan) -> Report:
    """Search a model on one thread, a smaller one in a quick run."""
    model = sized(model, plan)
    say(f"{model.name}, one thread")
    return searched(model)


def sized(model: Model, plan: Plan) -> Model:
    """Return a model, or the small one of a quick run."""
    return Model(SMALL[model.name], model.given, model.folder) if plan.quick else model
