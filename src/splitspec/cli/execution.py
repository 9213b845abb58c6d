"""Make what is demanded, or take it from what was kept of an equal demand.

Kept results are looked up first. What is left is made in copies of this process, one thread each;
an exploration that a later tier asks for is made alone, with all threads.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from time import monotonic

from splitspec.checker.explicit.memory import available_memory
from splitspec.checker.explicit.search import system_of
from splitspec.checker.gate.fingerprint import claim_digest, system_digest
from splitspec.checker.gate.keeping import Keeping, Kept, differences
from splitspec.checker.gate.lock import Activity
from splitspec.checker.interruption import Interruption
from splitspec.checker.proof import ProofLimits, ProofResult, Status, title_of, unsteady
from splitspec.checker.result import Limits
from splitspec.checker.store import DamagedEntryError, Mode, Store
from splitspec.checker.symbolic.proving import is_provable, prove
from splitspec.cli.copies import LostCopyError, make_all
from splitspec.cli.demands import Demand, content_of
from splitspec.cli.making import make_run
from splitspec.cli.terminal import Choice, ProgressLine
from splitspec.model.frozen import frozen
from splitspec.refinement.refining import prove_refinement

Results = dict[int, Kept]
"""By the number of a demand."""


@frozen
class Means:
    """With what, and for how long, runs are made. `seconds` is the budget of all together."""

    keeping: Keeping
    proofs: Store
    workers: int
    seconds: float | None
    seeds: int
    recheck: bool
    progress: Choice

    def content_of(self, demand: Demand) -> str:
        """Return the name under which the result of a demand is kept."""
        return content_of(demand, self.seeds_of(demand), recheck=self.rechecks(demand))

    def seeds_of(self, demand: Demand) -> int:
        """Return under how many seeds a demand is proved."""
        return 1 if demand.is_proved_once else self.seeds

    def rechecks(self, demand: Demand) -> bool:
        """Whether a second solver is asked about every obligation of a demand."""
        return self.recheck and not demand.is_proved_once


@dataclass(slots=True)
class Made:
    """What was made or found, by the number of the demand; demands without a result were skipped.

    `kept` are those that were not made, `damaged` those whose kept result could not be read,
    `unwritten` says why results could not be kept, `disagreeing` how a run differs from what was
    kept of it, `lost` that a process died.
    """

    results: Results = field(default_factory=dict)
    kept: set[int] = field(default_factory=set)
    damaged: list[int] = field(default_factory=list)
    unwritten: str = ""
    disagreeing: list[tuple[int, str]] = field(default_factory=list)
    lost: str = ""


def execute(
    demands: Sequence[Demand],
    means: Means,
    interruption: Interruption,
    is_good: Callable[[Demand, Kept], bool],
) -> Made:
    """Return what is known of each demand; an interruption ends it early.

    What is good is kept as soon as it is made, so that who ends a long work loses little of it.
    """
    made = Made()
    able = [number for number, demand in enumerate(demands) if not demand.problem]
    old: dict[int, Kept] = {}
    for number in able:
        try:
            kept = means.keeping.find(means.content_of(demands[number]))
        except DamagedEntryError:
            made.damaged.append(number)
            continue
        if kept is not None:
            old[number] = kept
    if means.keeping.mode is not Mode.AUDIT:
        made.results |= old
        made.kept |= set(old)
    left = [number for number in able if number not in made.results]
    results = _results(demands, left, means, interruption)
    try:
        with closing(results):
            for number, result in results:
                if result is None:
                    continue
                made.results[number] = result
                changes = differences(old[number], result) if number in old else ()
                made.disagreeing += [(number, text) for text in changes]
                if not changes and is_good(demands[number], result):
                    _keep(demands[number], result, made, means)
    except LostCopyError as lost:
        made.lost = str(lost)
    return made


def _keep(demand: Demand, result: Kept, made: Made, means: Means) -> None:
    """Keep a result; what cannot be written is noted once, and not tried again."""
    if made.unwritten:
        return
    try:
        means.keeping.keep(means.content_of(demand), result)
    except OSError as problem:
        made.unwritten = f"{means.keeping.folder}: {problem.strerror}"


def _results(
    demands: Sequence[Demand], numbers: Sequence[int], means: Means, interruption: Interruption
) -> Generator[tuple[int, Kept | None], None, None]:
    began = monotonic()
    line = ProgressLine(means.progress, title="gate")
    small = [number for number in numbers if not demands[number].is_large]
    memory = available_memory() // means.workers
    made = 0

    def left() -> float | None:
        return None if means.seconds is None else means.seconds - (monotonic() - began)

    def make(number: int, relayed: Interruption) -> Kept | None:
        return _made(demands[number], means, Limits(memory=memory, time=left()), 1, relayed)

    def tick() -> None:
        line.runs(made, len(numbers), monotonic() - began)

    try:
        for item in make_all(_groups(demands, small), make, means.workers, interruption, tick):
            made += 1
            yield item
    finally:
        line.clear()
    for number in numbers:
        if interruption.requested:
            return
        if demands[number].is_large:
            line = ProgressLine(means.progress, title=demands[number].job.title)
            limits = Limits(time=left())
            yield number, _made(demands[number], means, limits, means.workers, interruption, line)
            line.clear()


def _groups(demands: Sequence[Demand], numbers: Sequence[int]) -> list[list[int]]:
    """Return the numbers, those that share a kernel together, the larger models first."""
    groups: dict[object, list[int]] = {}
    for number in numbers:
        job = demands[number].job
        names = tuple(variant.name for variant in job.family)
        key = (job.setting.model, job.setting.given, names) if names else number
        groups.setdefault(key, []).append(number)
    return sorted(groups.values(), key=lambda group: -len(demands[group[0]].model.modules))


def _made(
    demand: Demand,
    means: Means,
    limits: Limits,
    workers: int,
    interruption: Interruption,
    line: Callable[..., None] | None = None,
) -> Kept | None:
    """Return what a demand gives, None if there was no time for it."""
    if limits.time is not None and limits.time <= 0:
        return None
    setting = demand.job.setting
    system = system_of(setting, (), slice=False)
    if demand.conformance is not None:
        result, held = demand.conformance.made(limits.time, interruption)
        return Kept(system_digest(system), run=result, held=held)
    blank = Kept(
        system_digest(system),
        {path: claim_digest(claim) for path, claim in system.properties.items()},
        until=demand.job.until,
    )
    if demand.activity is Activity.PROVED:
        if not is_provable(setting):
            return blank
        return _proved(blank, demand, means, limits, interruption)
    run = make_run(demand.job, limits, workers=workers, on_progress=line, interruption=interruption)
    return replace(blank, run=run)


def _proved(
    blank: Kept, demand: Demand, means: Means, limits: Limits, interruption: Interruption
) -> Kept:
    """Return a proof, and whether it is the same under other seeds, as long as there is time."""
    began, setting = monotonic(), demand.job.setting

    def proof(seed: int) -> ProofResult:
        left = None if limits.time is None else limits.time - (monotonic() - began)
        budget = ProofLimits(steps=demand.steps, time=left)
        recheck = means.rechecks(demand) and seed == 0
        product = demand.product
        make = prove if product is None else partial(prove_refinement, product.correspondence)
        return make(
            setting,
            limits=budget,
            seed=seed,
            recheck=recheck,
            interruption=interruption,
            store=means.proofs,
        )

    results = [proof(0)]
    while len(results) < means.seeds_of(demand) and not _was_cut(results[-1]):
        results.append(proof(len(results)))
    result, last = results[0], results[-1].run
    if _was_cut(results[-1]):
        # What some seeds had no time for is not decided, whatever the first one proved.
        run = replace(result.run, interrupted=last.interrupted, out_of_time=last.out_of_time)
        return replace(blank, proof=replace(result, run=run), seeds=len(results) - 1)
    return replace(blank, proof=result, seeds=len(results), unstable=_unstable(results))


def _was_cut(result: ProofResult) -> bool:
    return result.run.interrupted or result.run.out_of_time


def _unstable(results: Sequence[ProofResult]) -> tuple[str, ...]:
    """Return the obligations that some seeds prove and others do not, and the properties of which
    they say something else: a seed may leave open what another one was never asked."""
    statuses: dict[str, set[Status]] = {}
    for result in results:
        for obligation in result.obligations:
            statuses.setdefault(title_of(obligation), set()).add(obligation.status)
    named = (name for name, found in statuses.items() if len(found) > 1)
    return (*named, *unsteady(results))
