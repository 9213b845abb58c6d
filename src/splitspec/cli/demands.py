"""What a specification demands to be shown: every run, proof, variant, refinement and conformance,
each with the tier at which it is due, and the name under which its result is kept.

A refinement is held by its product, which is explored and proved as a model is; an implementation,
by a walk with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace

from splitspec.checker.content import ENGINES
from splitspec.checker.evidence.execution import run_id
from splitspec.checker.expectation import Expectation
from splitspec.checker.gate.fingerprint import REFINEMENT, content_key
from splitspec.checker.gate.lock import Activity, Key
from splitspec.cli.conformances import ConformanceJob, UnusableError, conformance_of
from splitspec.cli.models import Model
from splitspec.cli.refinements import RefinementJob, refinements_of
from splitspec.cli.selection import Job, Request, jobs_of
from splitspec.model.frozen import frozen
from splitspec.model.manifest_entry import ExpectedConformance
from splitspec.model.setting import forgotten_places
from splitspec.model.tier import Tier
from splitspec.refinement.refining import STEPS as PRODUCT_STEPS
from splitspec.refinement.sources import SourceReader

DUE = {
    Activity.EXPLORED: Tier.COMMIT,
    Activity.PROVED: Tier.COMMIT,
    Activity.VARIANT: Tier.PR,
    Activity.REFINED: Tier.PR,
}
"""The first tier at which each activity is asked for; a model's own may be a later one. An
implementation has a tier of its own."""

PROOF_SEEDS = {Tier.COMMIT: 1, Tier.PR: 1, Tier.NIGHTLY: 3}
SOLVER_STEPS = 3_000_000


@frozen
class Demand:
    """One thing to be shown, of one model. `product` is the model beside what it refines, where it
    is about that. `held` is the implementation that the entry names, `conformance` the walk with it
    when it is readied, `problem` why it cannot be made."""

    activity: Activity
    job: Job
    tier: Tier
    model: Model
    product: RefinementJob | None = None
    held: ExpectedConformance | None = None
    conformance: ConformanceJob | None = None
    problem: str = ""

    @property
    def key(self) -> Key:
        """The name of its block in the lock."""
        is_own = self.held is None
        return Key(self.activity.value, run_id(self.job.setting) if is_own else self.job.title)

    @property
    def steps(self) -> int:
        """The solver's steps for one query of its proof."""
        return SOLVER_STEPS if self.product is None else PRODUCT_STEPS

    @property
    def is_proved_once(self) -> bool:
        """Whether it is proved under one seed and by one solver at every tier."""
        return bool(self.model.entry.proved_once)

    @property
    def seeds_at_most(self) -> int:
        """Under how many seeds the last tier proves it."""
        return 1 if self.is_proved_once else max(PROOF_SEEDS.values())

    @property
    def is_of_the_text(self) -> bool:
        """Whether it decides what the text of its model claims, as no variant, product or
        implementation does."""
        is_shown = self.activity in (Activity.EXPLORED, Activity.PROVED)
        return is_shown and self.product is None

    @property
    def is_large(self) -> bool:
        """Whether it is worth all threads of the machine at once."""
        return self.activity is Activity.EXPLORED and self.job.tier is not Tier.COMMIT


def demands(models: Iterable[Model], *, implementations: bool = True) -> tuple[Demand, ...]:
    """Return everything that models demand, at any tier, in the order of the manifest; without
    `implementations`, of their texts alone."""
    found: list[Demand] = []
    for model in models:
        found += _demands(model)
        if implementations:
            found += _held(model)
    return tuple(found)


def _held(model: Model) -> Iterator[Demand]:
    """Iterate over the implementations to hold: what the mapping says is not known yet."""
    for declared in model.entry.conformance:
        setting = next(jobs_of(model, Request())).setting
        expectation = Expectation(declared.states, declared.transitions)
        title = f"{model.entry.name} by {declared.mapping}"
        yield Demand(
            Activity.CONFORMED,
            Job(title, setting, expectation),
            declared.tier,
            model,
            held=declared,
        )


def readied(demand: Demand, reader: SourceReader) -> Demand:
    """Return a demand that can be met, or with the reason why it cannot: a mapping is imported only
    for what is due."""
    if demand.held is None:
        return demand
    try:
        found = conformance_of(demand.model, demand.held, reader)
    except UnusableError as error:
        return replace(demand, problem=str(error))
    return replace(demand, conformance=found, job=replace(demand.job, setting=found.setting))


def _demands(model: Model) -> Iterator[Demand]:
    runs = tuple(jobs_of(model, Request()))
    for job in runs:
        yield _demand(Activity.EXPLORED, job, model)
    if not model.entry.unproved:
        for job in runs:
            yield _demand(Activity.PROVED, job, model)
    for job in jobs_of(model, Request(variants=True)):
        yield _demand(Activity.VARIANT, job, model)
    for product in () if model.entry.unrefined else refinements_of(model, Request()):
        yield from _product_demands(product, model)


def _product_demands(product: RefinementJob, model: Model) -> Iterator[Demand]:
    """Iterate over the exploration of a product at its sizes, and its proof for every size."""
    job = Job(product.title, product.setting, product.expectation, sentences=product.sentences)
    explored = replace(_demand(Activity.REFINED, job, model), product=product)
    yield explored
    expected = product.expected
    if model.entry.unproved or (expected is not None and expected.unproved):
        return
    tier = Tier.PR if expected is None else expected.proof_tier
    later = tier if tier.includes(explored.tier) else explored.tier
    yield replace(explored, activity=Activity.PROVED, tier=later)


def _demand(activity: Activity, job: Job, model: Model) -> Demand:
    own, due = model.entry.tier, DUE[activity]
    return Demand(activity, job, own if own.includes(due) else due, model)


def content_of(demand: Demand, seeds: int, *, recheck: bool) -> str:
    """Return the name under which a result is kept: all that it depends on, in one digest.

    Of the specification that is the text of every module, and not what the passes make of it, so
    that a mistake in a pass cannot hide behind a result, and nothing has to be prepared to
    find one. `seeds` counts those of a proof, and with `recheck` a second solver is asked.
    """
    setting, job = demand.job.setting, demand.job
    scope = setting.scope
    variant = setting.variant
    calls = None if demand.held is None else demand.held.calls
    facts = {
        "activity": demand.activity.value,
        "name": demand.key.run,
        "model": setting.model,
        "given": sorted(kind.value for kind in setting.given),
        "variant": None if variant is None else variant.name,
        "scope": [list(part.items()) for part in (scope.sizes, scope.bounds, scope.pins)],
        "with": sorted(demand.model.entry.substitutions.items()),
        "properties": setting.properties,
        "until": job.until,
        "bounded": job.expectation.bounded,
        "forgotten": forgotten_places(setting),
        "walks": None if job.walks is None else [job.walks.runs, job.walks.steps],
        "calls": None if calls is None else [calls.number, calls.seed],
        "seeds": seeds if demand.activity is Activity.PROVED else 0,
        "recheck": recheck and demand.activity is Activity.PROVED,
        "steps": demand.steps,
    }
    product = demand.product
    beside = () if product is None else product.sources
    sources = [*(module.source for module in demand.model.modules), *beside]
    if variant is not None:
        sources.append(variant.span.source)
    texts = [part for source in sources for part in (source.name, source.text)]
    if demand.conformance is not None:
        texts += demand.conformance.texts()
    needs_refinement = product is not None or demand.activity is Activity.CONFORMED
    folders = (*ENGINES, REFINEMENT) if needs_refinement else ENGINES
    return content_key([json.dumps(facts), *texts], folders)
