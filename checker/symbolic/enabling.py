"""Find actions that no state enables in which all facts hold: claims about them mean nothing.

A state of all facts may be unreachable, so that an action which this finds enabled may be dead
after all; exploration decides that. An action that it finds dead is dead, at this scope.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from splitspec.checker.symbolic.calculus import Facts
from splitspec.checker.symbolic.instance import Instance
from splitspec.checker.symbolic.satisfaction import Satisfaction
from splitspec.checker.symbolic.theory import Theory
from splitspec.model.ir import FlatAction
from splitspec.model.scope import Scope
from splitspec.model.setting import Setting


def starts(setting: Setting, theory: Theory, *, sizes_max: int) -> bool:
    """Whether the assumptions on constants can be met at the setting's scope, or with at most so
    many elements a sort: otherwise there is no run, and everything would be proved of none."""
    sorts, scope = theory.system.sorts, setting.scope
    few = (replace(scope, sizes=dict.fromkeys(sorts, size)) for size in range(1, sizes_max + 1))
    return any(_can_start(theory, each) for each in (*few, scope))  # Few elements are cheap.


def _can_start(theory: Theory, scope: Scope) -> bool:
    instance = Instance(theory, scope)
    solver = Satisfaction()
    solver.add(instance.legal(instance.before))
    return solver.check() is True


class Enabling:
    """Says of actions whether they can happen at the setting's scope in a state of the facts."""

    def __init__(self, setting: Setting, theory: Theory, facts: Facts) -> None:
        self._setting, self._theory, self._facts = setting, theory, facts

    @cached_property
    def _instance(self) -> Instance:
        return Instance(self._theory, self._setting.scope)

    @cached_property
    def _solver(self) -> Satisfaction:
        instance, solver = self._instance, Satisfaction()
        solver.add(instance.legal(instance.before), *instance.facts(self._facts).values())
        return solver

    def is_dead(self, action: FlatAction) -> bool:
        """Whether the action cannot happen."""
        return self._solver.check(self._instance.step(action).enabled) is False
