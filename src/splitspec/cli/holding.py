"""Hold implementations to their models, in copies of this process, several at once; what was found
comes in the order in which they were asked for, whatever was finished first.

One alone is held in a copy, too: what it runs is a user's program, which can end its process with
any exit code, and an end with 0 is no verdict.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from splitspec.checker.interruption import Interruption
from splitspec.cli.copies import LostCopyError, make_all
from splitspec.model.diagnostic import Diagnostic
from splitspec.model.evaluator import Evaluator
from splitspec.model.frozen import frozen
from splitspec.refinement.conformance import Bounds, conform
from splitspec.refinement.divergence import Conformance
from splitspec.refinement.fitting import MappingError
from splitspec.refinement.mapping import Implementation, UncopiableError
from splitspec.refinement.naming import UnknownMappingError, mapping_of
from splitspec.refinement.observation import UnreadableError
from splitspec.refinement.session_log import SessionLog
from splitspec.refinement.target import SHIPPED, TargetError, evaluator_of
from splitspec.refinement.walking import run

UNUSABLE = (UnknownMappingError, MappingError, UnreadableError, UncopiableError)
Result = TypeVar("Result")


@frozen
class Holding:
    """How implementations are held: by a walk of all states, unless programs or calls are asked
    for. `states` and `time`, in seconds, bound each by itself."""

    programs: int | None  # random programs
    calls: int | None  # of one random run
    logs: Path | None  # the folder to which such a run is written
    steps: int
    seed: int
    states: int | None
    time: float | None


@frozen
class Unheld:
    """Why an implementation cannot be held."""

    sentence: str
    diagnostics: tuple[Diagnostic, ...] = ()


def hold_all(
    names: Sequence[str], how: Holding, workers: int, interruption: Interruption
) -> Generator[tuple[str, Conformance | Unheld], None, None]:
    """Iterate over the names with what was found; an interruption leaves out what was not begun.

    Raises `LostCopyError` if a process died, or a name is left out that nobody interrupted.
    """

    def make(number: int, relayed: Interruption) -> Conformance | Unheld:
        return _held(names[number], how, relayed)

    groups = [[number] for number in range(len(names))]
    made = make_all(groups, make, workers, interruption, _nothing)
    left = set(range(len(names)))
    for number, found in in_order(made):
        left.discard(number)
        yield names[number], found
    if left and not interruption.requested:
        raise LostCopyError(f"nothing was found of {', '.join(names[n] for n in sorted(left))}")


def in_order(made: Iterable[tuple[int, Result]]) -> Iterator[tuple[int, Result]]:
    """Iterate over results by number, each as soon as all before it are there, or will not be: the
    user who gives up what is under way still gets what was finished, and so does who lost a process
    to it. `LostCopyError` is raised behind them."""
    early: dict[int, Result] = {}
    due = 0
    loss: LostCopyError | None = None
    try:
        for number, result in made:
            early[number] = result
            while due in early:
                yield due, early.pop(due)
                due += 1
    except KeyboardInterrupt:
        """What is under way is given up."""
    except LostCopyError as error:
        loss = error
    yield from sorted(early.items(), key=lambda item: item[0])
    if loss is not None:
        raise loss


def mapped(name: str) -> tuple[Implementation[Any], Evaluator]:
    """Return a mapping and its model; a shipped one is to the shipped specification, whatever is
    near."""
    mapping = mapping_of(name)
    mapping = mapping if ":" in name else replace(mapping, model=f"{SHIPPED}{mapping.model}")
    return mapping, evaluator_of(
        mapping.model,
        sizes=mapping.sizes,
        pins=mapping.pins,
        given=mapping.given,
        folder=mapping.folder,
    )


def _held(name: str, how: Holding, interruption: Interruption) -> Conformance | Unheld:
    try:
        return _found(name, *mapped(name), how, interruption)
    except TargetError as error:
        return Unheld(f"{name}: {error}", tuple(error.diagnostics))
    except UNUSABLE as error:
        return Unheld(str(error))


def _found(
    name: str,
    mapping: Implementation[Any],
    evaluator: Evaluator,
    how: Holding,
    interruption: Interruption,
) -> Conformance:
    if how.calls is not None:
        making = partial(run, steps=how.calls, seed=how.seed, interruption=interruption)
        if how.logs is None:
            return making(mapping, evaluator)
        with SessionLog(how.logs, name.rpartition(":")[2].lower(), mapping) as log:
            return making(mapping, evaluator, log=log)
    if how.programs is None:
        bounds = Bounds(states=how.states, time=how.time)
        return conform(mapping, evaluator, bounds, interruption=interruption)
    try:
        from splitspec.refinement.stateful import walk
    except ImportError as missing:
        raise MappingError("random programs need hypothesis: install splitspec[stateful]") from (
            missing
        )
    return walk(mapping, evaluator, programs=how.programs, steps=how.steps, seed_=how.seed)


def _nothing() -> None:
    """Let time pass."""
