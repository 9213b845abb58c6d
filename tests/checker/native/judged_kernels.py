"""Hold a kernel to the evaluator, state by state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random

from splitspec.checker.explicit.native.kernel import Kernel, compile_kernel
from splitspec.checker.explicit.native.kernel_calls import expand, holds_goal, violated
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import PropertyKind, Variant
from splitspec.model.pipeline import prepare
from splitspec.model.scope import State
from splitspec.model.setting import Setting
from splitspec.model.transition import Cut, Fault, Transition


class Judge:
    """A kernel and the evaluator of one setting, with the states that either speaks of."""

    def __init__(
        self,
        setting: Setting,
        folder: Path,
        *,
        symmetry: bool = False,
        family: tuple[Variant, ...] = (),
    ) -> None:
        family = family or (() if setting.variant is None else (setting.variant,))
        self.setting = setting
        self.system = prepare(setting.program, setting.given, family, setting.properties)
        self.evaluator = Evaluator(setting, frozenset(self.system.sliced))
        scope = self.evaluator.places.scope
        self.kernel: Kernel = compile_kernel(
            self.system, scope, setting.properties, symmetry, folder=folder
        )
        self.mask = 0 if setting.variant is None else self.kernel.mask(setting.variant.name)
        self._positions = self.kernel.layout.positions(self.evaluator.places)

    def sliced(self, state: State) -> State:
        """Return what of a full state the kernel knows."""
        return tuple(state[i] for i in self._positions)

    def reachable(self, seed: int = 0) -> Iterator[State]:
        """Iterate over reachable full states, near ones and far ones mixed."""
        random = Random(seed)
        frontier = list(self.evaluator.initial_states())
        seen = set(frontier)
        while frontier:
            last = len(frontier) - 1
            chosen = last if random.random() < 0.5 else random.randrange(last + 1)
            state = frontier.pop(chosen)
            yield state
            for step in self.evaluator.steps(state):
                successor = step.successor
                if successor is not None and successor not in seen:
                    seen.add(successor)
                    frontier.append(successor)

    def check(self, states: int) -> int:
        """Assert that kernel and evaluator agree on some reachable states; return on how many."""
        count = 0
        for state in islice(self.reachable(), states):
            self.check_steps(state)
            self.check_claims(state)
            count += 1
        return count

    def check_steps(self, state: State) -> None:
        """Assert equal successors, refusals, and marks."""
        steps = list(self.evaluator.steps(state))
        expansion = expand(self.kernel, self.sliced(state), self.mask)
        native = Counter((self.kernel.actions[a], s) for a, s in expansion.successors)
        expected = Counter(
            (step.action, self.sliced(step.successor)) for step in steps if step.successor
        )
        assert native == expected
        assert expansion.refused == sum(step.successor is None for step in steps)
        assert {bit.path for bit in expansion.marks} == set(self._marks(state, steps))

    def check_claims(self, state: State) -> None:
        """Assert equal truths of properties of states, and of goals."""
        shown = violated(self.kernel, self.sliced(state))
        evaluator = self.evaluator
        for number, bit in enumerate(self.kernel.bits):
            match bit.kind:
                case PropertyKind.INVARIANT | PropertyKind.LEMMA:
                    assert (bit in shown) is not evaluator.holds(bit.path, state)
                case PropertyKind.WITNESS:
                    assert (bit in shown) is evaluator.holds(bit.path, state)
                case PropertyKind.EXACT:
                    counter = bit.path.removesuffix(".exact")
                    assert (bit in shown) is not evaluator.counter_is_exact(counter, state)
                case PropertyKind.RECOVERABLE:
                    goal = holds_goal(self.kernel, self.sliced(state), number)
                    assert goal is evaluator.holds(bit.path, state)
                case PropertyKind.DEADLOCK:
                    goal = holds_goal(self.kernel, self.sliced(state), number)
                    assert goal is evaluator.is_final(state)
                case _:
                    assert bit not in shown

    def _marks(self, state: State, steps: list[Transition]) -> Iterator[str]:
        for step in steps:
            match step.outcome:
                case Fault() as fault:
                    yield fault.obligation
                case Cut(variables):
                    yield from variables
                case _:
                    for claim in self.setting.claims:
                        if claim.kind is PropertyKind.STEP and not self.evaluator.step_holds(
                            claim.path, state, step
                        ):
                            yield claim.path
        if self.evaluator.is_deadlocked(state, steps):
            yield "deadlock"
