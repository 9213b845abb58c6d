"""What a prover returns for one run: its own figures, its obligations, and a verdict for each
property.

An obligation is one implication: that one action keeps one conjunct of one property, say. A
property holds iff all its obligations are met, and those of everything that their proofs used.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from splitspec.model.frozen import frozen
from splitspec.model.induction import InductionCounterexample
from splitspec.model.ir import ActorKind, Property
from splitspec.model.verdict import AssuranceKind, Outcome, Verdict


class ObligationKind(Enum):
    INITIATION = "initiation"  # The claim holds in every initial state.
    CONSECUTION = "consecution"  # A step from a state of all facts leads to one of the claim.
    CONSEQUENCE = "consequence"  # In every state the claim follows from other facts.
    STEP = "step"  # A step from a state of all facts is as claimed.
    EXACTNESS = "exactness"  # A step moves a counter as what it counts.
    OVERLAP = "overlap"  # No two updates of a step write one place.
    RANGE = "range"  # What a step writes lies in its type.
    RESPONSE = "response"  # A step from a pending state leads to the answer or a pending state.
    RANK = "rank"  # A step from a pending state makes no rank greater.
    HELP = "help"  # A pending state has a fair action to wait for, which lowers the rank.


class Method(Enum):
    """How an obligation was met, in the order in which it is tried."""

    FRAME = "frame"  # The step writes nothing that the claim reads.
    FOLDED = "folded"  # The goal became `true` while it was written down.
    Z3 = "z3"
    Z3_FRESH = "z3-fresh"  # By a new solver, with another seed.
    CVC5 = "cvc5"
    FINITE = "finite"  # At the scope of the model only.


SPENT = "its budget of steps is spent"

NO_MODEL = "refuted by a model, but at none of the sizes that were tried"

ILL_BEGUN = (
    "at another size, or for other constants, `init` may give a place two values or one that it "
    "cannot have"
)


class Status(Enum):
    PROVED = "proved"
    REFUTED = "refuted"  # There is a counterexample to induction.
    UNKNOWN = "unknown"


@frozen
class Obligation:
    """One implication, and what became of it.

    `core` names the assumptions, facts and guards that its proof used. `steps` are those of the
    solver.
    """

    property: str
    claim: str
    kind: ObligationKind
    action: str  # path, or "" for the initial states
    status: Status
    method: Method | None
    core: tuple[str, ...] = ()
    steps: int = 0
    seconds: float = 0.0
    reason: str = ""
    counterexample: InductionCounterexample | None = None
    rechecked: bool = False
    needs: tuple[str, ...] = ()  # properties that are not proved, for want of which it is not


def title_of(obligation: Obligation) -> str:
    """Return the claim, and where it is shown."""
    if obligation.kind is ObligationKind.CONSEQUENCE:
        return f"{obligation.claim} in every state"
    return f"{obligation.claim} after {obligation.action or 'init'}"


@frozen
class Mutant:
    """A design without one guard: the properties whose proof is lost, and those of which the
    solver does not know. `unfinished` are those that are not proved with the guard either, though
    it was used for a part of it."""

    action: str
    guard: str
    kind: ActorKind
    origin: str
    lost: tuple[str, ...]
    undecided: tuple[str, ...]
    unfinished: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.action}.{self.guard}"

    @property
    def is_redundant(self) -> bool:
        """Whether everything that was proved is proved without the guard."""
        return not self.lost and not self.undecided and not self.unfinished


STEPS = 3_000_000
"""The budget of a query of which nobody says one: a hundred times what most proofs take."""


@frozen
class ProofLimits:
    """Budgets. `steps` are those of one query, the solver's own, so that an unknown can be
    repeated; 0 is no limit. `scope_max` is the largest size of a sort at which counterexamples are
    sought; `time` is of the whole proof, in seconds; `memory` is how many bytes a process of
    solvers may grow by.
    """

    steps: int = STEPS
    scope_max: int = 3
    memory: int = 4 * 2**30
    time: float | None = None


@frozen
class ProofRun:
    """The figures of one run. `scope` is empty when the proof is for any size, or there are no
    sorts."""

    id: str
    model: str
    given: tuple[str, ...]
    variant: str | None
    scope: tuple[tuple[str, int], ...]
    solvers: tuple[str, ...]
    seconds: float
    solving: float  # seconds of CPU that the solvers took
    steps: int
    seed: int
    # Obligations of what was asked that the frame rule met; they are not listed. Those of what is
    # `following` do not count.
    framed: int
    following: tuple[str, ...] = ()  # properties that were first tried as consequences of others
    never_enabled: tuple[str, ...] = ()  # actions that no state of all facts enables at the scope
    idle_here: tuple[str, ...] = ()  # those of them that may be enabled at other sizes
    interrupted: bool = False
    out_of_time: bool = False
    rechecked: bool = False  # a second solver was asked about everything
    unconfirmed: tuple[str, ...] = ()  # what is not known besides, in words
    remark: str = ""
    kept: int = 0  # obligations whose proof was found among the kept ones
    damaged: int = 0  # kept proofs that were not whole, and were made again
    is_of_the_scope: bool = False  # it was sought for the sizes of the scope alone
    unbegun: str = ""  # why nothing is claimed of any run: none is known to begin as `init` says


@frozen
class ProofResult:
    """A run with its obligations and verdicts; `basis` gives, for each property that was proved,
    the assumptions and properties on which its proof rests, itself left out."""

    run: ProofRun
    verdicts: tuple[Verdict, ...]
    obligations: tuple[Obligation, ...]
    basis: tuple[tuple[str, tuple[str, ...]], ...]


def unsteady(results: Sequence[ProofResult]) -> tuple[str, ...]:
    """Return the properties that are not found alike in several proofs of the same."""
    found: dict[str, set[tuple[Outcome, AssuranceKind]]] = {}
    for result in results:
        for verdict in result.verdicts:
            alike = found.setdefault(verdict.property, set())
            alike.add((verdict.outcome, verdict.assurance.kind))
    return tuple(path for path, alike in found.items() if len(alike) > 1)


@frozen
class Suggestion:
    """Lemmas as text, each of which is proved together with what it is for, and as `declared`.

    `hopeless` are claims for which nothing that the search can say helps. `atoms`, `candidates` and
    `questions` say what was looked through; `result` is the proof with the lemmas.
    """

    lemmas: tuple[str, ...]
    declared: tuple[Property, ...]
    hopeless: tuple[str, ...]
    atoms: int
    candidates: int
    questions: int
    seconds: float
    result: ProofResult


@frozen
class Moment:
    """A moment of a run, for the progress line."""

    done: int
    total: int
    current: str
    seconds: float
