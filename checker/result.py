"""What an engine returns for one run: the run's own figures, and a verdict for each property."""

from __future__ import annotations

from enum import Enum

from splitspec.model.frozen import frozen
from splitspec.model.verdict import Verdict

NOTHING_STARTS = "there is no initial state: no values of the constants meet the assumptions"


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


@frozen
class Limits:
    """Budgets of a search; None is no limit. `memory` is in bytes, `time` in seconds."""

    states: int | None = None
    memory: int | None = None
    time: float | None = None
    depth: int | None = None


class Phase(Enum):
    """What a run is doing."""

    EXPLORING = "exploring"
    COMPILING = "compiling"
    RECOVERING = "going back from where it can recover"
    COVERING = "looking for what never happens"
    WALKING = "walking"


@frozen
class Progress:
    """A moment of a run, for the progress line: states are distinct ones, `frontier` those that
    the phase has still to look at; `memory` is in bytes."""

    phase: Phase
    seconds: float
    depth: int = 0
    states: int = 0
    transitions: int = 0
    frontier: int = 0
    memory: int = 0


@frozen
class Coverage:
    """What a run never did, by path: each entry makes a pass worth less."""

    never_enabled: tuple[str, ...] = ()  # actions
    never_refused: tuple[str, ...] = ()  # guards, as action.guard
    never_met: tuple[str, ...] = ()  # properties whose antecedent never held


@frozen
class Run:
    """The figures of one run. `states` are distinct ones: orbits where symmetry is reduced.

    `complete` says that every reachable state was visited; `stop`, why the run ended too early,
    which a complete run can do, too: before all was judged. `coverage` is None where it was not
    judged; of walks it says what none of them did. `transitions` are enabled action instances
    summed over the visited states; `depth` is the number of the last level that has a state, the
    initial states being level 0.
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
    coverage: Coverage | None = None
    cut: tuple[str, ...] = ()  # bounds of `nat` variables that cut the run
    forgotten: tuple[str, ...] = ()  # places whose values the run did not keep, in words
    remark: str = ""  # "native kernel unavailable: …", and the like


@frozen
class RunResult:
    run: Run
    verdicts: tuple[Verdict, ...]


@frozen
class Comparison:
    """What several ways to explore one run say of one another, in words: where they disagree, and
    why what is missing could not be compared."""

    disagreements: tuple[str, ...]
    obstacles: tuple[str, ...]
