"""From the links that a search stored to an execution of the evaluator.

The store says by which action each state was first reached, and from which. The evaluator takes
these steps again, from an initial state, and only what it can follow is shown to anyone.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from splitspec.checker.explicit.execution import Execution
from splitspec.checker.explicit.native.kernel import Kernel
from splitspec.checker.explicit.native.store import Store
from splitspec.checker.explicit.replay import Link, follow
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

    def full(self, words: Words) -> State:
        """Return a state with these words; what the run does not read has its initial value."""
        state = list(next(self.evaluator.initial_states()))
        known = self.kernel.layout.unpack(words)
        positions = self.kernel.layout.positions(self.evaluator.places)
        for position, value in zip(positions, known, strict=True):
            state[position] = value
        return tuple(state)


def execution_to(translation: Translation, claim: Property, store: Store, index: int) -> Execution:
    """Return an execution to a stored state; for a claim on steps, with the step that breaks it."""
    way = [index]
    while (parent := store.parent(way[-1])) is not None:
        way.append(parent)
    way.reverse()
    actions = [store.action(number) for number in way[1:]]
    return execution_along(translation, claim, [store.state(number) for number in way], actions)


def execution_along(
    translation: Translation, claim: Property, states: Sequence[Words], actions: Sequence[int]
) -> Execution:
    """Return the execution through states that were stored, by actions given as numbers."""
    links = [
        Link(translation.kernel.actions[action], _stands_for(translation, words))
        for action, words in zip(actions, states[1:], strict=True)
    ]
    return follow(translation.evaluator, claim, _stands_for(translation, states[0]), links)


def _stands_for(translation: Translation, words: Words) -> Callable[[State], bool]:
    return lambda state: translation.representative(state) == words
