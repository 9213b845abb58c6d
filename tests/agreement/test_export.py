"""What is exported means what the evaluator says, on systems that nobody chose.

The text is read by a reader of its own (`mypyvy_reader`). In every state that was reached: a claim
is true in the one iff in the other; a transition is enabled iff the action is, with the same
successor; the initial formulas hold iff the state is initial.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from hypothesis import HealthCheck, given, note, settings
from tests.agreement.comparison import settings_of
from tests.agreement.mypyvy_reader import INTEGERS, File, Meaning, Structure, Value, read
from tests.agreement.random_systems import RandomSystem, random_systems

from splitspec.checker.export.mypyvy import write
from splitspec.checker.export.uncounted import Part, Uncounted, Unsayable
from splitspec.checker.export.uncounting import uncount
from splitspec.model import ir
from splitspec.model.evaluator import Evaluator
from splitspec.model.scope import State
from splitspec.model.setting import Setting
from splitspec.model.types import Boolean, Enumeration, IndexType, Option, Range, Type

EXAMPLES = max(settings().max_examples // 8, 1)
STATES_MAX = 25
INSTANCES_MAX = 200


class Exported:
    """A setting beside its export."""

    def __init__(self, setting: Setting, made: Uncounted, text: str) -> None:
        self.made, self.file = made, read(text)
        self.evaluator = Evaluator(setting)
        self.meaning = Meaning(dict(_domains(self.file, setting)))
        self.omitted = {(o.part, o.path) for o in made.omissions}
        self.variables = made.system.variables

    def structure(self, state: State) -> Structure:
        """Return a state as a structure; values of options that are absent are arbitrary."""
        found: dict[str, dict[tuple[Value, ...], Value]] = {}
        for members in self.file.members.values():
            found |= {name: {(): name} for name in members}
        for value, (variable, indices) in zip(state, self.evaluator.places, strict=True):
            if variable.path in self.variables:
                place = tuple(map(_index, indices, variable.indices))
                name = _last(variable.path)
                if isinstance(variable.type, Option):
                    found.setdefault(f"{name}_is_there", {})[place] = value is not None
                inner = variable.type.of if isinstance(variable.type, Option) else variable.type
                any_value = self.meaning.domains[self.file.symbols[name][1]][0]
                shown = any_value if value is None else _value(value, inner)
                found.setdefault(name, {})[place] = shown
        return found

    def same(self, one: Structure, other: Structure) -> bool:
        """Whether two structures differ in values of absent options at most."""
        return all(
            one[name][place] == other[name][place]
            for name in one
            for place in one[name]
            if one.get(f"{name}_is_there", {}).get(place, True)
        )

    def is_whole(self, action: str) -> bool:
        """Whether no guard of an action was left out."""
        return not any(
            part is Part.GUARD and path.startswith(f"{action}.") for part, path in self.omitted
        )


def _domains(file: File, setting: Setting) -> Iterator[tuple[str, list[Value]]]:
    sizes = {_last(path): size for path, size in setting.scope.sizes.items()}
    for sort in file.sorts:
        is_sort = sort in sizes
        yield sort, list(range(sizes[sort])) if is_sort else list(file.members[sort])
    yield "bool", [False, True]
    yield "int", list(INTEGERS)


def _last(path: str) -> str:
    return path.rpartition(".")[2]


def _value(value: ir.Value, type_: Type) -> Value:
    assert value is not None
    return type_.members[value] if isinstance(type_, Enumeration) else value


def _index(value: ir.Value, type_: IndexType) -> Value:
    match type_:
        case Boolean():
            return "yes" if value else "no"
        case Range(high):
            return f"upto{high}_{value}"
        case _:
            return _value(value, type_)


def _reached(evaluator: Evaluator) -> Iterator[State]:
    """Iterate over reachable states in which the counters are exact."""
    todo = list(dict.fromkeys(islice(evaluator.initial_states(), STATES_MAX)))
    seen = set(todo)
    while todo:
        state = todo.pop(0)
        if all(evaluator.counter_is_exact(path, state) for path in evaluator.claimed):
            yield state
        for step in evaluator.steps(state):
            if step.successor is not None and step.successor not in seen and len(seen) < STATES_MAX:
                seen.add(step.successor)
                todo.append(step.successor)


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=EXAMPLES)
@given(random_systems())
def test_what_is_exported_is_what_the_evaluator_says(system: RandomSystem) -> None:
    note(system.text)
    for setting, _ in settings_of(system.text, system.sizes, system.bounds):
        made = uncount(setting.program, setting.given, setting.variant)
        text = made if isinstance(made, Unsayable) else write(made, "random")
        if isinstance(made, Unsayable) or isinstance(text, Unsayable):
            continue
        note(text)
        exported = Exported(setting, made, text)
        firsts = [exported.structure(s) for s in exported.evaluator.initial_states()]
        for state in _reached(exported.evaluator):
            here = exported.structure(state)
            _starts_alike(exported, here, firsts)
            _claims_alike(exported, state, here)
            _steps_alike(exported, state, here)


def _starts_alike(exported: Exported, here: Structure, firsts: list[Structure]) -> None:
    file, meaning = exported.file, exported.meaning
    assert all(meaning.value(axiom, here, {}) for axiom in file.axioms)
    is_initial = any(exported.same(first, here) for first in firsts)
    assert all(meaning.value(formula, here, {}) for formula in file.inits) == is_initial


def _claims_alike(exported: Exported, state: State, here: Structure) -> None:
    moment = exported.evaluator.moment(state)
    named = {name: formula for name, (_, formula) in exported.file.claims.items()}
    for claim in exported.made.claims:
        program = exported.evaluator.program.properties[claim.path]
        names = [_last(claim.path)]
        if len(claim.lines) > 1:
            names = [f"{names[0]}_{number + 1}" for number, _ in enumerate(claim.lines)]
        if len(claim.lines) == len(program.lines):
            for name, line in zip(names, program.lines, strict=True):
                held = exported.meaning.value(named[name], here, {})
                assert held == moment.holds(line.expression, {}), name


def _steps_alike(exported: Exported, state: State, here: Structure) -> None:
    evaluator, meaning = exported.evaluator, exported.meaning
    for action in exported.made.system.actions:
        step = exported.file.transitions[_last(action.path)]
        bindings = evaluator.universe.bindings(action.parameters, {})
        for binding in islice(bindings, INSTANCES_MAX):
            types = {p.name: p.type for p in action.parameters}
            env = {name: _value(value, types[name]) for name, value in binding.items()}
            after = meaning.successor(step, here, env)
            taken = evaluator.step(state, action.path, binding)
            if taken is None:
                assert after is None or not exported.is_whole(action.path), action.path
            elif taken.successor is not None:
                assert after is not None, action.path
                assert exported.same(exported.structure(taken.successor), after), action.path
