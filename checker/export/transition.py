"""Say what a step does: each variable that it may write, after the step, by the state before.

Updates are folded in their order, as in `splitspec.checker.symbolic.successor`. A step that would
break an obligation of its own (overlap, range) does not exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from splitspec.checker.export import phrase as p
from splitspec.checker.export.formula import Environment, Maybe, Speaker
from splitspec.checker.export.naming import present_path
from splitspec.checker.export.phrase import FALSE, TRUE, Phrase
from splitspec.model import ir
from splitspec.model.frozen import frozen
from splitspec.model.passes.oblige import overflows, overlaps
from splitspec.model.types import Boolean, Option, Sort, Type


@frozen
class Transition:
    """The symbols that a step may change, and its conjuncts."""

    modified: tuple[str, ...]
    conjuncts: tuple[Phrase, ...]


@dataclass(frozen=True)
class Narrator:
    """Says the steps and the initial states of one system."""

    speaker: Speaker
    system: ir.System

    def transition(self, action: ir.FlatAction) -> Transition:
        """Return an action as a formula over two states."""
        say = self.speaker
        conjuncts = [say.bound_limits(action.parameters)]
        lines = (line for guard in action.guards for line in guard.lines)
        conjuncts += [say.truth(line.expression, {}) for line in lines]
        conjuncts += [self._apart(*pair) for pair in overlaps(action)]
        modified: list[str] = []
        risky = {update.variable for update in overflows(self.system, action)}
        for path in dict.fromkeys(update.variable for update in action.updates):
            updates = [update for update in action.updates if update.variable == path]
            variable = self.system.variables[path]
            old = self._old(variable)
            new = self._written(variable, old, updates)
            for symbol, was, value in _changed(variable, old, new):
                modified.append(say.names.path(symbol))
                conjuncts.append(self._everywhere(variable, self._is(variable, symbol, was, value)))
            if path in risky and new.value is not None:
                hits = p.disjunction(self._hit(variable, update)[0] for update in updates)
                # A value that is absent may be any, also one that the option cannot have.
                written = p.conjunction((hits, new.present))
                inside = say.limits(new.value, variable.type)
                conjuncts.append(self._everywhere(variable, p.implication(written, inside)))
        return Transition(tuple(modified), tuple(c for c in conjuncts if c != TRUE))

    def initially(self, variable: ir.Variable) -> Iterator[Phrase]:
        """Iterate over what holds of a variable at first."""
        updates = [u for u in self.system.initial if u.variable == variable.path]
        old = self._old(variable)
        first = self._written(variable, self._first(variable, old), updates)
        present = p.equivalence(old.present, first.present)
        if isinstance(variable.type, Option):
            yield self._everywhere(variable, present)
        if first.value is not None and first.value != old.value:
            assert old.value is not None
            equal = self.speaker.equal(old.value, first.value, variable.type)
            yield self._everywhere(variable, p.implication(first.present, equal))

    def legal(self, variable: ir.Variable) -> Phrase:
        """Return that the values of a variable lie in its type."""
        old = self._old(variable)
        assert old.value is not None
        inside = self.speaker.limits(old.value, variable.type)
        return self._everywhere(variable, p.implication(old.present, inside))

    # Places

    def _indices(self, variable: ir.Variable) -> list[Phrase]:
        return [Phrase(f"X{number}") for number, _ in enumerate(variable.indices)]

    def _everywhere(self, variable: ir.Variable, body: Phrase) -> Phrase:
        sorts = (self.speaker.index_sort(type_) for type_ in variable.indices)
        names = (str(index) for index in self._indices(variable))
        return p.quantified("forall", list(zip(names, sorts, strict=True)), body)

    def _old(self, variable: ir.Variable) -> Maybe:
        names, indices = self.speaker.names, self._indices(variable)
        value = p.applied(names.path(variable.path), indices)
        if not isinstance(variable.type, Option):
            return Maybe(TRUE, value)
        return Maybe(p.applied(names.path(present_path(variable.path)), indices), value)

    def _is(self, variable: ir.Variable, symbol: str, was: Phrase, value: Phrase) -> Phrase:
        """Return that a symbol has a value after the step."""
        is_truth = symbol != variable.path or isinstance(_of(variable), Boolean)
        if not is_truth:
            return p.relation(p.after(was), "=", value)
        return p.equivalence(p.after(was), value)

    # Updates

    def _hit(self, variable: ir.Variable, update: ir.FlatUpdate) -> tuple[Phrase, Environment]:
        """Return whether an update writes a place, and the bindings with which it does."""
        say, env, fixed = self.speaker, dict[str, Phrase](), list[Phrase]()
        binders = {binder.name: binder.type for binder in update.binders}
        places = zip(update.indices, self._indices(variable), variable.indices, strict=True)
        for index, place, type_ in places:
            if isinstance(index, ir.Local) and index.name in binders:
                env[index.name] = say.decoded(place, type_)
                if binders[index.name] != type_:  # It is a shorter range.
                    fixed.append(say.limits(env[index.name], binders[index.name]))
            else:
                coded = say.coded(say.value(index, {}), type_)
                fixed.append(p.relation(place, "=", coded))
        if update.condition is not None:
            fixed.append(say.truth(update.condition, env))
        return p.conjunction(fixed), env

    def _written(self, variable: ir.Variable, old: Maybe, updates: list[ir.FlatUpdate]) -> Maybe:
        say, value = self.speaker, old
        for update in updates:
            hit, env = self._hit(variable, update)
            value = say.choice(hit, self._value(update, value, env), value, _of(variable))
        return value

    def _value(self, update: ir.FlatUpdate, old: Maybe, env: Environment) -> Maybe:
        match update.operator:
            case ":=":
                return self.speaker.maybe(update.value, env)
            case "+=" | "-=" as operator:
                assert old.value is not None
                change = self.speaker.value(update.value, env)
                return Maybe(TRUE, p.arithmetic(old.value, operator[0], change))

    def _first(self, variable: ir.Variable, old: Maybe) -> Maybe:
        match variable.type:
            case Option():
                return Maybe(FALSE, None)
            case Boolean():
                return Maybe(TRUE, FALSE)
            case Sort():
                return old  # A sort has no first element: `init` gives one.
            case _:
                zero = ir.Literal(0, variable.type, variable.span)
                return Maybe(TRUE, self.speaker.value(zero, {}))

    def _apart(self, first: ir.FlatUpdate, second: ir.FlatUpdate) -> Phrase:
        """Return that two updates of one variable write no place both."""
        variable = self.system.variables[first.variable]
        both = (self._hit(variable, update)[0] for update in (first, second))
        return self._everywhere(variable, p.negation(p.conjunction(both)))


def _of(variable: ir.Variable) -> Type:
    return variable.type.of if isinstance(variable.type, Option) else variable.type


def _changed(variable: ir.Variable, old: Maybe, new: Maybe) -> Iterator[tuple[str, Phrase, Phrase]]:
    """Iterate over the symbols of a variable that a step may change, as they were and become."""
    if new.present != old.present:
        yield present_path(variable.path), old.present, new.present
    if new.value is not None and new.value != old.value:
        assert old.value is not None
        yield variable.path, old.value, new.value
