"""From the links that a search stored to an execution of the evaluator.

The store says by which action each state was first reached, and from which. The evaluator takes
these steps again, from an initial state, and only what it can follow is shown to anyone.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from splitspec.checker.evidence.execution import Execution
from splitspec.checker.evidence.replay import Link, begin, end, follow, go_on
from splitspec.checker.explicit.native.kernel import Kernel
from splitspec.checker.explicit.native.store import Store
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import Property
from splitspec.model.scope import State

Words = tuple[int, ...]


@dataclass(frozen=True)
class Translation:
    """Between the evaluator's states and the words by which a kernel knows them."""

    evaluator: Evaluator
    kernel: Kernel

    def packed(self, state: State) -> Words:
        """Return the words of a full state, of which the kernel may know a part only."""
        positions = self.kernel.layout.positions(self.evaluator.places)
        return self.kernel.layout.pack(tuple(state[i] for i in positions))

    def representative(self, state: State) -> Words:
        """Return the words under which a search stores a state."""
        words = self.packed(state)
        if self.kernel.addresses.canonical == 0:
            return words
        block = (ctypes.c_uint64 * len(words))(*words)
        ctypes.CFUNCTYPE(None, ctypes.c_void_p)(self.kernel.addresses.canonical)(block)
        return tuple(block)


@dataclass(frozen=True)
class Retracer:
    """Retraces the ways to stored states. Many claims show on the branches of one tree, so a way
    goes on where another has passed: `known` are the executions so far, by index.
    """

    translation: Translation
    store: Store
    known: dict[int, Execution] = field(default_factory=dict)

    def execution_to(self, claim: Property, index: int) -> Execution:
        """Return an execution to a stored state; for a claim on steps, with the one that breaks
        it.
        """
        return end(self.translation.evaluator, claim, self._way(index))

    def _way(self, index: int) -> Execution:
        ahead, parent = [], self.store.parent(index)
        while index not in self.known and parent is not None:
            ahead.append(index)
            index, parent = parent, self.store.parent(parent)
        if index not in self.known:
            meant = _stands_for(self.translation, self.store.state(index))
            self.known[index] = begin(self.translation.evaluator, meant)
        execution = self.known[index]
        for number in reversed(ahead):
            link = _link(self.translation, self.store.action(number), self.store.state(number))
            execution = go_on(self.translation.evaluator, execution, link)
            self.known[number] = execution
        return execution


def execution_along(
    translation: Translation, claim: Property, states: Sequence[Words], actions: Sequence[int]
) -> Execution:
    """Return the execution through states that were stored, by actions given as numbers."""
    steps = zip(actions, states[1:], strict=True)
    links = [_link(translation, action, words) for action, words in steps]
    return follow(translation.evaluator, claim, _stands_for(translation, states[0]), links)


def _link(translation: Translation, action: int, words: Words) -> Link:
    return Link(translation.kernel.actions[action], _stands_for(translation, words))


def _stands_for(translation: Translation, words: Words) -> Callable[[State], bool]:
    return lambda state: translation.representative(state) == words
