"""From what was named on the command line to the runs to make, or to what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase

from splitspec.checker.expectation import Expectation
from splitspec.cli.families import VariantRun, families
from splitspec.cli.models import Model, Problems, RefusedError, read_models, refuse_errors, wrong
from splitspec.model.frozen import frozen
from splitspec.model.ir import ActorKind, Program, VariableKind, Variant
from splitspec.model.manifest_entry import ExpectedVariant, ModelEntry, Walks
from splitspec.model.manifest_forgetting import forgetting_of
from splitspec.model.manifest_scope import scope_of
from splitspec.model.scope import Scope
from splitspec.model.set_constants import unfit
from splitspec.model.setting import Setting, adversaries, progress_under, properties_under
from splitspec.model.tier import Tier
from splitspec.model.types import Natural

Given = frozenset[ActorKind]
UNSAID_BOUND = 3
"""The bound of a number of which nobody says one, where sorts have a size without being said."""

FEW = 12
"""So many names can be listed in a message."""


@frozen
class Request:
    """What was named. `sizes` go before the manifest's; without `given`, every adversary.

    `size` is that of sorts of which nobody says more, and numbers have a bound then, too; None
    makes such a sort or number an error. `tier` chooses among all models of the manifest; those
    that are named are taken whatever theirs is.
    """

    models: tuple[str, ...] = ()
    sizes: tuple[tuple[str, int], ...] = ()
    properties: tuple[str, ...] = ()
    variant: str | None = None
    variants: bool = False
    given: tuple[str, ...] | None = None
    size: int | None = None
    tier: Tier = Tier.COMMIT

    @property
    def narrowing(self) -> str:
        """The options that leave runs out, as they were written."""
        options = (
            ("--given", self.given or ()),
            ("--property", self.properties),
            ("--variant", () if self.variant is None else (self.variant,)),
        )
        words = [f"{option} {value}" for option, values in options for value in values]
        return " ".join([*words, *(["--variants"] if self.variants else [])])

    def includes(self, model: Model) -> bool:
        """Whether a model that was read is to be run: it was named, or its tier is due.

        Variants have sizes of their own, and no tier.
        """
        are_variants = self.variants or self.variant is not None
        return are_variants or bool(self.models) or self.tier.includes(model.entry.tier)

    def chooses(self, path: str) -> bool:
        """Whether a property is asked for: by its path, without its module, or with all."""
        return not self.properties or any(_matches(path, glob) for glob in self.properties)


@frozen
class Job:
    """One run to make; `until` is the property it looks for, `family` shares its kernel.

    With `walks`, it is made of random walks. The depth to which it is explored is expected.
    """

    title: str
    setting: Setting
    expectation: Expectation
    tier: Tier = Tier.COMMIT
    walks: Walks | None = None
    until: str | None = None
    family: tuple[Variant, ...] = ()
    sentences: dict[str, str] = field(default_factory=dict)


@frozen
class Selected:
    """The jobs of a request; `left` names the models of later tiers, of which there are none."""

    jobs: tuple[Job, ...]
    problems: Problems
    left: tuple[str, ...] = ()


def select(request: Request) -> Selected:
    """Return the jobs of a request in the order of the manifest, or what is wrong with it."""
    try:
        models = tuple(read_models(tuple(dict.fromkeys(request.models))))
        _check_words(request, models)
        jobs = tuple(job for m in models if request.includes(m) for job in jobs_of(m, request))
    except RefusedError as refusal:
        return Selected((), refusal.problems)
    left = tuple(model.entry.name for model in models if not request.includes(model))
    return Selected(jobs, Problems(), left)


def _check_words(request: Request, models: Sequence[Model]) -> None:
    """Raise `RefusedError` for a word that fits none of the models."""
    if request.variant is not None and request.variants:
        raise wrong("--variant names one variant, --variants all of them: give one of the two")
    paths = [path for model in models for path in model.program.properties]
    if request.variants or request.variant is not None:
        paths += [v.violated for model in models for v in model.variants if v.violated is not None]
    for glob in request.properties:
        if not any(_matches(path, glob) for path in paths):
            raise _unknown("property", glob, map(_last, paths))
    check_sizes(request, models)
    names = [variant.name for model in models for variant in model.variants]
    if request.variant is not None and request.variant not in names:
        raise _unknown("variant", request.variant, names)
    honest(request.given)


def check_sizes(request: Request, models: Sequence[Model]) -> None:
    """Raise `RefusedError` for the size of a sort that none of the models has."""
    sorts = [sort for model in models for sort in model.program.sorts]
    for name, _ in request.sizes:
        if name not in _names(sorts):
            raise _unknown("sort", name, map(_last, sorts))


def _unknown(what: str, word: str, known: Iterable[str]) -> RefusedError:
    """Return the refusal of a word, with the nearest that is known, or with all if they are few."""
    names = list(dict.fromkeys(known))
    near = get_close_matches(word, names, n=1)
    hint = ""
    if near:
        hint = f"; did you mean {near[0]}?"
    elif 0 < len(names) <= FEW:
        hint = f"; there is: {', '.join(names)}"
    return wrong(f"no {what} is named {word}{hint}")


def _last(path: str) -> str:
    return path.rpartition(".")[2]


def jobs_of(model: Model, request: Request) -> Iterator[Job]:
    """Iterate over the jobs of one model that a request asks for."""
    if request.variants or request.variant is not None:
        yield from _variant_jobs(model, request)
        return
    scope = _scope(model, None, request)
    recorded = not sizes_for(model, request)
    for given in _adversaries(model.program, request.given):
        properties = tuple(p for p in properties_under(model.program, given) if request.chooses(p))
        progress = tuple(p for p in progress_under(model.program, given) if request.chooses(p))
        if request.properties and not properties and not progress:
            continue
        # What is not asked for may be sliced away, so the counts are those of all properties.
        counted = recorded and not request.properties
        expectation = _expectation(model.entry, given, recorded=recorded, counted=counted)
        setting = Setting(
            model.entry.name,
            model.program,
            scope,
            given,
            properties=properties,
            progress=progress,
            forgotten=forgetting_of(model.entry.expected(given), model.program).places,
        )
        yield Job(
            _title(model, given),
            setting,
            expectation,
            model.entry.tier,
            model.entry.simulated if recorded else None,
            sentences=_sentences(model.program),
        )


def _variant_jobs(model: Model, request: Request) -> Iterator[Job]:
    """Iterate over the runs of the variants that were asked for.

    A family has also the others, so that one kernel serves every command.
    """
    runs = tuple(_variant_runs(model, request))
    shared = families(runs)
    for run in runs:
        variant, given = run.variant, run.given
        if request.variant not in (None, variant.name) or not _is_asked_for(run, request):
            continue
        recorded = model.entry.variants.get(variant.name)
        is_resized = bool(sizes_for(model, request))
        steps = None if recorded is None or is_resized else recorded.steps
        properties = properties_under(model.program, given)
        setting = Setting(model.entry.name, model.program, run.scope, given, variant, properties)
        yield Job(
            f"{model.entry.name} with {variant.name}",
            setting,
            Expectation(variant=variant, steps=steps),
            until=variant.violated,
            family=shared[variant.name, given],
            sentences=_sentences(model.program),
        )


def _variant_runs(model: Model, request: Request) -> Iterator[VariantRun]:
    for variant in model.variants:
        scope = _scope(model, variant.name, request)
        refusal = unfit(model.program, scope, variant)
        refuse_errors(() if refusal is None else (refusal,))
        for given in _variant_adversaries(model.program, variant):
            yield VariantRun(variant, scope, given)


def _is_asked_for(run: VariantRun, request: Request) -> bool:
    """Whether the run has the adversary, and breaks one of the properties, that were named."""
    if request.given is not None and run.given != honest(request.given):
        return False
    broken = run.variant.violated
    return not request.properties or (broken is not None and request.chooses(broken))


def sizes_for(model: Model, request: Request) -> dict[str, int]:
    """Return the sizes that were named, of the sorts that the model has."""
    names = _names(model.program.sorts)
    return {sort: size for sort, size in request.sizes if sort in names}


def _names(paths: Iterable[str]) -> set[str]:
    """Return the words by which things may be named: with their module, or without it."""
    return {name for path in paths for name in (path, _last(path))}


def _scope(model: Model, variant: str | None, request: Request) -> Scope:
    recorded = None if variant is None else model.entry.variants.get(variant)
    entry, sizes = model.entry, sizes_for(model, request)
    if request.size is not None:
        entry, sizes = completed(model, recorded, sizes, request.size)
    scoped = scope_of(entry, model.program, recorded, sizes)
    refuse_errors(scoped.diagnostics)
    assert scoped.scope is not None
    return scoped.scope


def completed(
    model: Model, layer: ExpectedVariant | None, sizes: dict[str, int], size: int
) -> tuple[ModelEntry, dict[str, int]]:
    """Return the entry of a model with bounds, and sizes, of that of which nobody says one: neither
    the entry nor what is recorded above it."""
    entry, above = model.entry, {} if layer is None else layer.scope
    known = {*entry.scope, *above, *sizes}
    sorts = (sort for sort in model.program.sorts if known.isdisjoint((sort, _last(sort))))
    unsaid = dict.fromkeys(sorts, size)
    bounds = {**_unbounded(model, layer), **entry.bounds}
    return replace(entry, bounds=bounds), {**sizes, **unsaid}


def _unbounded(model: Model, layer: ExpectedVariant | None) -> dict[str, int]:
    """Return a bound for each `nat` of which nobody says one."""
    said = {_last(name) for name in (*model.entry.bounds, *model.entry.pins)}
    if layer is not None:
        said |= {_last(name) for name in (*layer.bounds, *layer.pins)}
    variables = model.program.variables.items()
    return {
        path: UNSAID_BOUND
        for path, variable in variables
        if isinstance(variable.type, Natural)
        and variable.kind is not VariableKind.COUNTER
        and _last(path) not in said
    }


def _variant_adversaries(program: Program, variant: Variant) -> tuple[Given, ...]:
    """Return the adversary of the property that must break; of a redundant variant, all."""
    if variant.violated is None:
        return adversaries(program)
    if variant.violated in program.properties:
        return (program.properties[variant.violated].given,)
    counter = program.variables.get(variant.violated.rpartition(".")[0])
    if counter is not None and counter.counted is not None:
        return (counter.counted.given,)
    return (frozenset(),)


def _adversaries(program: Program, asked: tuple[str, ...] | None) -> tuple[Given, ...]:
    known = adversaries(program)
    return known if asked is None else tuple(given for given in known if given == honest(asked))


def honest(asked: tuple[str, ...] | None) -> Given:
    """Return the actors that were named as honest; raise `RefusedError` for other words."""
    words = [word for text in asked or () for word in text.split(",")]
    names = [word.strip().removeprefix("honest ").strip() for word in words]
    known = {kind.value: kind for kind in ActorKind if kind.is_untrusted}
    for name in names:
        if name not in known and name != "none":
            raise wrong(f"--given {name!r}: name {', '.join(known)} or none")
    if "none" in names and len(set(names)) > 1:
        raise wrong(f"--given {', '.join(names)}: none stands alone")
    return frozenset(known[name] for name in names if name != "none")


def _matches(path: str, glob: str) -> bool:
    _, _, inside = path.partition(".")
    return any(fnmatchcase(name, glob) for name in (path, inside, _last(path)))


def _expectation(entry: ModelEntry, given: Given, *, recorded: bool, counted: bool) -> Expectation:
    """Return what the manifest expects; what it records is of its own sizes."""
    run = entry.expected(given)
    is_forgetful = run is not None and bool(run.forgets)
    if not recorded:
        return Expectation(is_forgetful=is_forgetful)
    bounded = entry.bounded if run is None or run.bounded is None else run.bounded
    partly = Expectation(
        idle=entry.idle,
        bounded=bounded,
        is_sampled=entry.simulated is not None,
        is_forgetful=is_forgetful,
    )
    if run is None or not counted:
        return partly
    return replace(
        partly,
        states=run.states,
        transitions=run.transitions,
        depth=run.depth,
        orbits=run.orbits,
    )


def _title(model: Model, given: Given) -> str:
    honest = " and ".join(sorted(kind.value for kind in given))
    return f"{model.entry.name} given honest {honest}" if honest else model.entry.name


def _sentences(program: Program) -> dict[str, str]:
    return {path: p.text for path, p in program.properties.items()}
