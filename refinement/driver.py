"""Make calls of the specification on an implementation, and compare what happens.

A driver holds one implementation and the state of the specification that it should be in. It knows
which calls there are, which of them the specification allows in a state, and what each may lead to.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import Value
from splitspec.model.scope import State
from splitspec.model.transition import Transition
from splitspec.refinement.divergence import Call, DivergenceKind, Tried
from splitspec.refinement.fitting import Performer, completions, performers, reasons, skipped
from splitspec.refinement.mapping import FAILURES, Implementation, InexpressibleError
from splitspec.refinement.observation import Observer, UnreadableError
from splitspec.refinement.session_log import SessionLog

NONE: frozenset[str] = frozenset()

Binding = tuple[Value, ...]
"""The values of the parameters that a caller chooses, in order."""


@dataclass(frozen=True, slots=True)
class Found:
    """What went wrong with one call."""

    kind: DivergenceKind
    guards: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()


class Driver:
    """Calls and comparisons for one mapping over one evaluator."""

    def __init__(
        self,
        mapping: Implementation[Any],
        evaluator: Evaluator,
        log: SessionLog | None = None,
    ) -> None:
        self.mapping, self.evaluator, self.log = mapping, evaluator, log
        self.observer = Observer(evaluator, mapping.elements, mapping.compared)
        self.performers = tuple(performers(mapping, evaluator))
        self.tried = Tried()
        self._reasons = reasons(mapping, self.performers)
        self._skipped = skipped(mapping, self.performers)
        self._arguments: dict[tuple[str, Binding], tuple[object, ...]] = {}
        self._domains = {
            p.path: tuple(product(*(evaluator.universe.values(q.type) for q in p.chosen)))
            for p in self.performers
        }
        self._completions = {p.path: completions(p, evaluator) for p in self.performers}

    # What the specification says

    def key(self, state: State) -> State:
        """Return what tells the state from others: what the run reads, and what is compared."""
        kept = self.evaluator.kept(state)
        return (*kept, *self.observer.part(state)) if self.mapping.compared else kept

    def allowed(self, state: State) -> Iterator[tuple[Performer, dict[Binding, list[State]]]]:
        """Iterate over the actions with the calls that are enabled, and what each may lead to."""
        for performer in self.performers:
            calls: dict[Binding, list[State]] = {}
            for step in self.evaluator.steps_of(performer.path, state):
                if step.successor is not None:
                    calls.setdefault(_chosen(performer, step), []).append(step.successor)
            yield performer, calls

    def domain(self, performer: Performer) -> tuple[Binding, ...]:
        """Return all calls of an action."""
        return self._domains[performer.path]

    def refusing(self, state: State, performer: Performer, values: Binding) -> tuple[str, ...]:
        """Return the false guards of a call that is not enabled.

        Where the implementation chooses parameters, any choice may be the one that it looked at,
        unless another choice has fewer guards against it: all of that one's, and more."""
        ((_, guards),) = self._refused(state, performer, (values,))
        return guards

    def refused(
        self, state: State, performer: Performer, allowed: Collection[Binding]
    ) -> Iterator[tuple[Binding, tuple[str, ...]]]:
        """Iterate over the calls of an action that are not allowed, with the guards as `refusing`
        has them, but for those that the mapping leaves out."""
        skipped = self._skipped.get(performer.path, NONE)
        asked = (values for values in self._domains[performer.path] if values not in allowed)
        for values, guards in self._refused(state, performer, asked):
            if not skipped.issuperset(guards):
                yield values, guards

    def _refused(
        self, state: State, performer: Performer, calls: Iterable[Binding]
    ) -> Iterator[tuple[Binding, tuple[str, ...]]]:
        refusing = self.evaluator.refusing(performer.path).guards
        names = [parameter.name for parameter in performer.chosen]
        completions = self._completions[performer.path]
        for values in calls:
            binding: dict[str, Value] = dict(zip(names, values, strict=True))
            if len(completions) == 1:
                binding.update(completions[0])
                yield values, refusing(state, binding)
            else:
                yield values, _nearest([refusing(state, {**binding, **own}) for own in completions])

    def is_skipped(self, performer: Performer, guards: Sequence[str]) -> bool:
        """Whether the mapping leaves out all the guards that refuse."""
        return self._skipped.get(performer.path, NONE).issuperset(guards)

    def call(self, performer: Performer, values: Binding) -> Call:
        """Return a call as it is shown."""
        scope = self.evaluator.places.scope
        pairs = zip(performer.chosen, values, strict=True)
        return Call(performer.path, tuple((p.name, scope.show(v, p.type)) for p, v in pairs))

    def binding(self, performer: Performer, arguments: Mapping[str, str]) -> Binding:
        """Return the call that is shown by these arguments; raise `ValueError` for other ones."""
        scope, values = self.evaluator.places.scope, []
        for parameter in performer.chosen:
            shown = {scope.show(v, parameter.type): v for v in scope.values(parameter.type)}
            text = arguments.get(parameter.name, "")
            if text not in shown:
                raise ValueError(f"{parameter.name} is {text!r}; there is: {', '.join(shown)}")
            values.append(shown[text])
        return tuple(values)

    # What the implementation does

    def create(self) -> Any:
        """Return a fresh implementation, or `Found` if there is none, which `begin` hands on."""
        try:
            return self.mapping.create()
        except FAILURES as error:
            return Found(DivergenceKind.CRASHED, (), (f"in create: {_words(error)}",))

    def begin(self, subject: Any) -> State | Found:
        """Return the initial state that the implementation is in."""
        if isinstance(subject, Found):
            return subject
        if self.log is not None:
            self.log.begin()
        found: Found | None = None
        for state in self.evaluator.initial_states():
            differs = self.disagreement(subject, state)
            if differs is None:
                return state
            found = found or differs
        assert found is not None, "the scope has no initial state"
        is_elsewhere = found.kind is DivergenceKind.OTHER_STATE
        return replace(found, kind=DivergenceKind.BEGINS_ELSEWHERE) if is_elsewhere else found

    def perform(
        self, subject: Any, performer: Performer, values: Binding, successors: list[State]
    ) -> State | Found | None:
        """Make a call that is enabled. Return the state that was reached, what went wrong, or None
        if nothing was done, because it cannot be said or is refused for an admitted reason.
        """
        mapping, path = self.mapping, performer.path
        mark = mapping.undo.mark(subject)
        try:
            performer.function(subject, *self._concrete(performer, values))
        except InexpressibleError:
            _count(self.tried.inexpressible, path)
            return self._unchanged(subject, mark, ())
        except mapping.refusal as refusal:
            reason = mapping.reason(refusal)
            self._tell_refusal(subject, performer, values, reason)
            if (path, reason) in self._reasons.stricter:
                _count(self.tried.stricter, f"{path}.{reason}")
                return self._unchanged(subject, mark, ())
            return Found(DivergenceKind.REFUSED, (), (f"it says: {refusal}",))
        except FAILURES as error:
            return Found(DivergenceKind.CRASHED, (), (_words(error),))
        _count(self.tried.performed, path)
        self._tell_step(subject, performer, values)
        return self._arrived(subject, successors)

    def refuse(
        self,
        subject: Any,
        performer: Performer,
        values: Binding,
        guards: tuple[str, ...],
        mark: object = None,
    ) -> Found | None:
        """Make a call that no instance enables; return what went wrong, if anything. `mark` is a
        note of the present state, if there is one."""
        mapping, path = self.mapping, performer.path
        mark = mapping.undo.mark(subject) if mark is None else mark
        try:
            performer.function(subject, *self._concrete(performer, values))
        except InexpressibleError:
            _count(self.tried.inexpressible, path)
            return self._unchanged(subject, mark, guards)
        except mapping.refusal as refusal:
            reason = mapping.reason(refusal)
            if self.log is not None:
                self._tell_refusal(subject, performer, values, reason)
            half = self._unchanged(subject, mark, guards)
            if half is not None:
                return half
            meant = self._reasons.meaning(path, reason)
            right = [guard for guard in meant if guard in guards]
            if not right and (path, reason) not in self._reasons.stricter:
                facts = (f"it says: {refusal}", f"which means: {', '.join(meant)}")
                return Found(DivergenceKind.OTHER_GUARD, guards, facts)
            for guard in right[:1]:
                _count(self.tried.refused, f"{path}.{guard}")
            return None
        except FAILURES as error:
            return Found(DivergenceKind.CRASHED, guards, (_words(error),))
        self._tell_step(subject, performer, values)
        return Found(DivergenceKind.ACCEPTED, guards, ())

    def disagreement(self, subject: Any, state: State) -> Found | None:
        """Return how the implementation differs from a state of the specification."""
        try:
            seen = self.observer.read(self.mapping.observe(subject))
        except UnreadableError as error:
            return Found(DivergenceKind.UNREADABLE, (), (str(error),))
        except FAILURES as error:
            return Found(DivergenceKind.CRASHED, (), (f"in observe: {_words(error)}",))
        if seen == self.observer.part(state):
            return None
        return Found(DivergenceKind.OTHER_STATE, (), self.observer.differences(seen, state))

    def _arrived(self, subject: Any, successors: list[State]) -> State | Found:
        """Return which of the possible successors the implementation is in."""
        try:
            seen = self.observer.read(self.mapping.observe(subject))
        except UnreadableError as error:
            return Found(DivergenceKind.UNREADABLE, (), (str(error),))
        except FAILURES as error:
            return Found(DivergenceKind.CRASHED, (), (f"in observe: {_words(error)}",))
        for successor in successors:
            if seen == self.observer.part(successor):
                return successor
        facts = min((self.observer.differences(seen, s) for s in successors), key=len)
        return Found(DivergenceKind.OTHER_STATE, (), facts)

    def _tell_step(self, subject: Any, performer: Performer, values: Binding) -> None:
        if self.log is not None:
            self.log.step(self.call(performer, values), self._shown(subject))

    def _tell_refusal(
        self, subject: Any, performer: Performer, values: Binding, reason: str
    ) -> None:
        if self.log is None:
            return
        known = {guard.name for guard in performer.action.guards}
        meant = [g for g in self._reasons.meaning(performer.path, reason) if g in known]
        if (performer.path, reason) in self._reasons.stricter:
            self.log.look(self._shown(subject), f"{performer.path} was declined: {reason}")
        else:
            self.log.refusal(self.call(performer, values), meant, self._shown(subject))

    def _shown(self, subject: Any) -> dict[str, str]:
        """Return what the implementation shows, as places are written; nothing if it cannot be."""
        try:
            return self.observer.shown(self.observer.read(self.mapping.observe(subject)))
        except FAILURES:  # Whoever compares the state says so.
            return {}

    def _unchanged(self, subject: Any, mark: object, guards: tuple[str, ...]) -> Found | None:
        changes = tuple(self.mapping.undo.changes(subject, mark))
        if not changes:
            return None
        return Found(DivergenceKind.HALF_WRITTEN, guards, tuple(f"it wrote {c}" for c in changes))

    def _concrete(self, performer: Performer, values: Binding) -> tuple[object, ...]:
        """Return the arguments of a call in the terms of the implementation."""
        key = performer.path, values
        known = self._arguments.get(key)
        if known is None:
            pairs = zip(performer.chosen, values, strict=True)
            known = tuple(self.observer.element(parameter.type, v) for parameter, v in pairs)
            self._arguments[key] = known
        return known


def _nearest(found: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the guards against the choices that no other one is nearer than."""
    sets = {each: frozenset(each) for each in found}
    if not all(sets.values()):
        return ()  # Some choice is allowed.
    nearest = (each for each, own in sets.items() if not any(o < own for o in sets.values()))
    return tuple(dict.fromkeys(name for each in nearest for name in each))


def _chosen(performer: Performer, step: Transition) -> Binding:
    values = dict(step.binding)
    return tuple(values[parameter.name] for parameter in performer.chosen)


def _count(counts: dict[str, int], key: str) -> None:
    counts[key] = counts.get(key, 0) + 1


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
