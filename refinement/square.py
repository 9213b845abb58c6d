"""A square that does not commute, with the run that leads to it in both systems.

Everything in it is text, as in a trace: it can be shown without a specification or an engine.
"""

from __future__ import annotations

from dataclasses import dataclass

from splitspec.model.trace import Step, Trace


@dataclass(frozen=True, slots=True)
class Lane:
    """What the refinement sees of a concrete run: one abstract state for each concrete one, and
    one abstract step for each concrete one, or None for stuttering."""

    places: tuple[str, ...]
    states: tuple[tuple[str, ...], ...]
    steps: tuple[Step | None, ...]

    def changes(self, number: int) -> tuple[tuple[str, str, str], ...]:
        """Return (place, before, after) for what step `number` changed, counted from 0."""
        before, after = self.states[number], self.states[number + 1]
        triples = zip(self.places, before, after, strict=True)
        return tuple((place, old, new) for place, old, new in triples if old != new)


@dataclass(frozen=True, slots=True)
class Refused:
    """A guard of the abstract action that forbids the step."""

    guard: str
    line: str
    location: str


@dataclass(frozen=True, slots=True)
class Difference:
    """An abstract place after the last step: what the abstract step makes of it, and what the
    refinement sees in the concrete state."""

    place: str
    made: str
    seen: str


@dataclass(frozen=True, slots=True)
class Square:
    """The last step of `concrete` does what the abstract system does not allow.

    Either guards of the abstract step refuse it, or it leads elsewhere. Without a step, no initial
    state of the abstract system is what the refinement sees in the concrete one.
    """

    name: str  # "sev of platform"
    concrete: Trace
    abstract: Lane
    refusals: tuple[Refused, ...]
    differences: tuple[Difference, ...]
