"""A trace: the one form in which every engine's counterexamples and witnesses are shown, kept and
replayed.

Everything in it is text or plain data, so that a saved trace can be rendered without a
specification or an engine.
"""

from __future__ import annotations

from dataclasses import dataclass

Scalar = str | int | bool | None


@dataclass(frozen=True, slots=True)
class Step:
    """One transition: action path, actor kind, and the parameters by name."""

    action: str
    actor: str
    arguments: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        values = ", ".join(value for _, value in self.arguments)
        return f"{self.action.rpartition('.')[2]}({values})"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why the last state (or step) of a trace falsifies its property: the first false line and
    a binding that falsifies it."""

    label: str  # label of the false line, or ""
    line: str  # its source text
    location: str  # file:line
    binding: tuple[tuple[str, str], ...]
    # the places that the false line reads there, with their values
    facts: tuple[tuple[str, str], ...]
    remark: str = ""  # what an obligation or a deadlock has to say in words


@dataclass(frozen=True, slots=True)
class Trace:
    """A finite run from an initial state.

    `states[0]` is initial; `steps[i]` leads from `states[i]` to `states[i + 1]`. When the claim is
    an obligation of a step that has no successor (overlap, range), `steps` is as long as `states`:
    the last step was tried and has no outcome.
    """

    model: str
    given: tuple[str, ...]
    variant: str | None
    scope: tuple[tuple[str, int], ...]
    claim: str  # path of the property that it refutes or witnesses
    places: tuple[str, ...]
    states: tuple[tuple[str, ...], ...]
    steps: tuple[Step, ...]
    explanation: Explanation | None

    @property
    def length(self) -> int:
        """The number of steps."""
        return len(self.steps)

    def changes(self, number: int) -> tuple[tuple[str, str, str], ...]:
        """Return (place, before, after) for what step `number` changed, counted from 0."""
        if number + 1 >= len(self.states):
            return ()
        before, after = self.states[number], self.states[number + 1]
        return tuple(
            (place, old, new)
            for place, old, new in zip(self.places, before, after, strict=True)
            if old != new
        )
