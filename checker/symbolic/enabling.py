"""Find actions that no state enables in which all facts hold: claims about them mean nothing.

A state of all facts may be unreachable, so that an action which this finds enabled may be dead
after all; exploration decides that. An action that it finds dead is dead, at this scope.
"""

from __future__ import annotations

from splitspec.checker.symbolic.calculus import Facts
from splitspec.checker.symbolic.instance import Instance
from splitspec.checker.symbolic.satisfaction import Satisfaction
from splitspec.checker.symbolic.theory import Theory
from splitspec.model.setting import Setting


def never_enabled(setting: Setting, theory: Theory, facts: Facts) -> tuple[str, ...]:
    """Return the actions that cannot happen at the setting's scope in any state of the facts."""
    instance = Instance(theory, setting.scope)
    solver = Satisfaction()
    solver.add(instance.legal(instance.before), *instance.facts(facts).values())
    return tuple(
        action.path
        for action in theory.system.actions
        if solver.check(instance.step(action).exists) is False
    )
