"""A trace: the one form in which every engine's counterexamples and witnesses are shown, kept and
replayed.

Everything in it is text or plain data, so that a saved trace can be rendered without a
specification or an engine.
"""

from __future__ import annotations

from splitspec.model.frozen import frozen

Scalar = str | int | bool | None


@frozen
class Step:
    """One transition: action path, actor kind, and the parameters by name."""

    action: str
    actor: str
    arguments: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        values = ", ".join(value for _, value in self.arguments)
        return f"{self.action.rpartition('.')[2]}({values})"


@frozen
class Truth:
    """A part of a claim with its value at the end of a trace, down to what decides it."""

    text: str  # as it stands in the source
    value: str
    label: str = ""  # that of the line, where it is one
    names: tuple[tuple[str, str], ...] = ()  # bound here, with their values
    places: tuple[tuple[str, str], ...] = ()  # what a part without parts reads
    since: int | None = None  # it has had this value since the state of that number
    others: int = 0  # so many more bindings give this value
    parts: tuple[Truth, ...] = ()


@frozen
class Cause:
    """Something that the design has, and that would have refused a step or changed it; but a
    variant drops it, or it is a promise that nobody gave."""

    step: int  # number of the step, from 1
    name: str  # `tables.map_page.unmapped`
    text: str
    location: str
    reason: str  # "left out by the variant …", "a promise of …", in words
    varied: bool  # it is the variant's difference, and no promise
    places: tuple[tuple[str, str], ...] = ()  # what it reads in the state before the step


@frozen
class Strengthening:
    """A guard that would have refused the last step.

    Of `instances` of the action that were possible on the way and break nothing, it refuses
    `refused`: the fewest of all guards that were tried.
    """

    action: str
    guard: str
    refused: int
    instances: int


@frozen
class Fairness:
    """What a run that goes round owes to a fair action, and why it owes no more: the states of the
    round in which it is enabled, and its steps that take it. A run that stops has a round of one
    state and no step.

    Instances that are never enabled in the round are one row for each action, without `names`.
    """

    action: str
    names: tuple[tuple[str, str], ...]  # to whom it is fair, with their values
    strong: bool
    enabled: tuple[int, ...]  # numbers of states
    taken: tuple[int, ...]  # numbers of steps, from 1
    states: tuple[int, ...]  # of the round
    instances: int = 1

    @property
    def lacking(self) -> int | None:
        """The first state of the round in which it is not enabled."""
        return next((number for number in self.states if number not in self.enabled), None)


@frozen
class Explanation:
    """Why the last state (or step) of a trace falsifies its property: the first false line and
    a binding that falsifies it; then what let it happen, and what would not have."""

    label: str  # label of the false line, or ""
    line: str  # its source text
    location: str  # file:line
    binding: tuple[tuple[str, str], ...]
    # the places that the false line reads there, with their values
    facts: tuple[tuple[str, str], ...]
    remark: str = ""  # what an obligation or a deadlock has to say in words
    truth: tuple[Truth, ...] = ()  # the lines of the claim that are false
    causes: tuple[Cause, ...] = ()
    strengthening: Strengthening | None = None
    neighbour: Step | None = None  # the step most like the last one that breaks nothing
    fairness: tuple[Fairness, ...] = ()  # of a run against a claim of progress


@frozen
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
