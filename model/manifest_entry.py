"""What `models.toml` says of one model: its sizes, and what is expected of its runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from splitspec.model.frozen import frozen
from splitspec.model.ir import ActorKind
from splitspec.model.manifest_lines import Positions
from splitspec.model.source import Span
from splitspec.model.tier import Tier

Pin = str | int | bool


@frozen
class Walks:
    """How many random walks are made of a model that is not explored, and of how many steps."""

    runs: int
    steps: int


@frozen
class ExpectedRun:
    """What is recorded of the run under one adversary; None is not recorded.

    `bounded` is the number of steps to which this run is explored, if not as far as the model's;
    `forgets` are places whose values it need not keep, as variable or `variable where definition`.
    """

    given: frozenset[ActorKind]
    states: int | None
    transitions: int | None
    depth: int | None
    orbits: int | None
    bounded: int | None
    forgets: tuple[str, ...]
    span: Span | None = field(compare=False, repr=False)


@frozen
class ExpectedVariant:
    """The sizes at which a variant fails (missing ones as in the model), and the exact length."""

    name: str
    scope: Mapping[str, int]
    bounds: Mapping[str, int]
    pins: Mapping[str, Pin]
    steps: int | None
    keys: tuple[str, ...] = field(compare=False, repr=False)


@frozen
class ExpectedRefinement:
    """The sizes at which the model is held to an abstract module, and what its runs should give.

    `proof_tier` is the tier at which the proof for every size is due; `unproved`, why none is
    demanded, "" where one is.
    """

    abstract: str
    layer: ExpectedVariant
    idle: Mapping[str, str]
    runs: tuple[ExpectedRun, ...]
    proof_tier: Tier
    unproved: str


@frozen
class RandomCalls:
    """How many calls are made of an implementation that is too large for all of them."""

    number: int
    seed: int


@frozen
class ExpectedConformance:
    """An implementation that is held to the model by a mapping, and what is recorded of the walk.

    `mapping` is `module:NAME`, or the name of a shipped one; it has the sizes and the adversary.
    `sources` are files and folders, from the folder of `models.toml`, of which the implementation
    is made besides what the mapping imports. Without `calls`, every call is tried in every state.
    """

    mapping: str
    tier: Tier
    sources: tuple[str, ...]
    calls: RandomCalls | None
    states: int | None
    transitions: int | None
    span: Span | None = field(compare=False, repr=False)


@frozen
class ModelEntry:
    """One model. Sorts, variables and constants are named as the author wrote them.

    `bounded` is the number of steps to which a space is explored that is too large for more;
    `simulated`, the walks of one that is not explored at all; `unproved`, why no proof of it is
    demanded, and `proved_once`, why none under other seeds and by a second solver, "" where one is;
    `unrefined`, why it is not held to what its module refines, "" where it is; `undecided`, why no
    run of any model decides a property.
    """

    name: str
    module: str
    tier: Tier
    bounded: int | None
    simulated: Walks | None
    unproved: str
    proved_once: str
    unrefined: str
    scope: Mapping[str, int]
    bounds: Mapping[str, int]
    pins: Mapping[str, Pin]
    substitutions: Mapping[str, str]
    idle: Mapping[str, str]
    undecided: Mapping[str, str]
    runs: tuple[ExpectedRun, ...]
    variants: Mapping[str, ExpectedVariant]
    refinements: Mapping[str, ExpectedRefinement]
    conformance: tuple[ExpectedConformance, ...]
    positions: Positions = field(compare=False, repr=False)

    def expected(self, given: frozenset[ActorKind]) -> ExpectedRun | None:
        """Return what is recorded of the run under an adversary."""
        return next((run for run in self.runs if run.given == given), None)

    def span(self, *keys: str) -> Span | None:
        """Return where a key of this entry stands."""
        return self.positions.span(self.name, *keys)
