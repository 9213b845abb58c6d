"""Look on all stored states for what the evaluator missed on a sample of them.

Soundness: "never" is said after a sweep over every state of a complete search, with the guards and
antecedents as the kernel's compiler lowers them; what was seen on the sample needs no sweep.
"""

from __future__ import annotations

from splitspec.checker.explicit.native import blocks
from splitspec.checker.explicit.native.exploration import Exploration, Explored
from splitspec.checker.explicit.native.observation import seen_bits
from splitspec.checker.explicit.native.observer import (
    Observation,
    Sight,
    compile_observer,
    observations,
)
from splitspec.checker.result import Coverage
from splitspec.model.ir import System
from splitspec.model.scope import Scope

WORD = 64
"""Observations of one sweep: the workers' sets have one word."""


def complete_coverage(
    sampled: Coverage,
    system: System,
    scope: Scope,
    properties: tuple[str, ...],
    exploration: Exploration,
    explored: Explored,
) -> Coverage | None:
    """Return what no stored state shows, of what a sample did not show; None if interrupted."""
    wanted = [o for o in observations(system, properties) if _is_missing(o, sampled)]
    unseen: list[Observation] = []
    for first in range(0, len(wanted), WORD):
        group = wanted[first : first + WORD]
        observer = compile_observer(system, scope, group)
        exploration.control[blocks.OBSERVE] = observer.address
        for worker in exploration.workers:
            worker.seen[0] = 0
        seen = seen_bits(exploration, explored, len(group))
        if seen is None:
            return None
        unseen += [o for bit, o in enumerate(group) if bit not in seen]
    return Coverage(
        never_enabled=_of(sampled.never_enabled, unseen, Sight.ENABLED),
        never_refused=_of(sampled.never_refused, unseen, Sight.REFUSED),
        never_met=_of(sampled.never_met, unseen, Sight.MET),
    )


def _is_missing(observation: Observation, sampled: Coverage) -> bool:
    match observation.sight:
        case Sight.ENABLED:
            return observation.path in sampled.never_enabled
        case Sight.REFUSED:
            return observation.path in sampled.never_refused
        case Sight.MET:
            return observation.path in sampled.never_met


def _of(paths: tuple[str, ...], unseen: list[Observation], sight: Sight) -> tuple[str, ...]:
    """Return those of the paths that were still not seen, in their order."""
    left = {observation.path for observation in unseen if observation.sight is sight}
    return tuple(path for path in paths if path in left)
