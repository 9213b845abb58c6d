"""What an engine returns for one run: the run's own figures, and a verdict for each property."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from splitspec.model.verdict import Verdict


class Engine(Enum):
    EVALUATOR = "evaluator"  # The oracle explored it: small, or no native kernel could be had.
    NATIVE = "native"
    SIMULATION = "simulation"


class Stop(Enum):
    """Why a search ended before it had seen every reachable state."""

    DECIDED = "every selected property is decided"
    STATES = "limit of states"
    MEMORY = "limit of memory"
    TIME = "limit of time"
    DEPTH = "limit of depth"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Limits:
    """Budgets of a search; None is no limit. `memory` is in bytes, `time` in seconds."""

    states: int | None = None
    memory: int | None = None
    time: float | None = None
    depth: int | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """A moment of a search, for the progress line: states are distinct ones, `frontier` those
    still to expand."""

    depth: int
    states: int
    transitions: int
    frontier: int
    memory: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a run never did, by path: each entry makes a pass worth less, and is looked for in
    every complete run."""

    never_enabled: tuple[str, ...] = ()  # actions
    never_refused: tuple[str, ...] = ()  # guards, as action.guard
    never_met: tuple[str, ...] = ()  # properties whose antecedent never held


@dataclass(frozen=True, slots=True)
class Run:
    """The figures of one run. `states` are distinct ones: orbits where symmetry is reduced.

    `transitions` are enabled action instances summed over the visited states; `depth` is the number
    of the last level that has a state, the initial states being level 0.
    """

    id: str
    model: str
    given: tuple[str, ...]
    variant: str | None
    scope: tuple[tuple[str, int], ...]
    engine: Engine
    complete: bool
    stop: Stop | None
    seconds: float
    states: int
    transitions: int
    depth: int
    symmetry: bool
    seed: int | None = None
    workers: int = 1
    sliced: tuple[str, ...] = ()
    coverage: Coverage = Coverage()
    cut: tuple[str, ...] = ()  # bounds of `nat` variables that cut the run
    remark: str = ""  # "native kernel unavailable: …", and the like


@dataclass(frozen=True, slots=True)
class RunResult:
    run: Run
    verdicts: tuple[Verdict, ...]
