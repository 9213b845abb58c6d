"""From what was named on the command line to the runs to make, or to what is wrong with it."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path

from splitspec.checker.expectation import Expectation
from splitspec.cli.diagnostics import render
from splitspec.cli.exitcode import ExitCode
from splitspec.cli.families import VariantRun, families
from splitspec.cli.terminal import Choice, uses_color
from splitspec.model import syntax
from splitspec.model.diagnostic import Diagnostic, Severity
from splitspec.model.ir import ActorKind, Program, Variant
from splitspec.model.loader import Library, load_entry, load_variants
from splitspec.model.manifest import (
    Manifest,
    ModelEntry,
    entry_for_module,
    find_manifest,
    load_manifest,
)
from splitspec.model.manifest_scope import check_entry, scope_of
from splitspec.model.scope import Scope
from splitspec.model.setting import Setting, adversaries, properties_under
from splitspec.spec import folder as shipped_folder

Given = frozenset[ActorKind]
FEW = 12
"""So many names can be listed in a message."""


@dataclass(frozen=True, slots=True)
class Request:
    """What was named. `sizes` go before the manifest's; without `given`, every adversary.

    `size` is that of sorts of which nobody says more; None makes such a sort an error.
    """

    models: tuple[str, ...] = ()
    sizes: tuple[tuple[str, int], ...] = ()
    properties: tuple[str, ...] = ()
    variant: str | None = None
    variants: bool = False
    given: tuple[str, ...] | None = None
    size: int | None = None

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

    def chooses(self, path: str) -> bool:
        """Whether a property is asked for: by its path, without its module, or with all."""
        return not self.properties or any(_matches(path, glob) for glob in self.properties)


@dataclass(frozen=True, slots=True)
class Job:
    """One run to make; `until` is the property it looks for, `family` shares its kernel."""

    title: str
    setting: Setting
    expectation: Expectation
    until: str | None = None
    family: tuple[Variant, ...] = ()
    sentences: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Problems:
    """Why a selection cannot be run: wrong words on the command line, and wrong specifications."""

    sentences: tuple[str, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.sentences or self.diagnostics)


@dataclass(frozen=True, slots=True)
class Selected:
    jobs: tuple[Job, ...]
    problems: Problems


@dataclass(frozen=True, slots=True)
class Model:
    """A model as it was read, with its variants."""

    entry: ModelEntry
    program: Program
    variants: tuple[Variant, ...]
    modules: tuple[syntax.Module, ...]


class RefusedError(Exception):
    """Carries the problems that end a selection; it never leaves this module."""

    def __init__(self, problems: Problems) -> None:
        super().__init__(str(problems))
        self.problems = problems


def select(request: Request) -> Selected:
    """Return the jobs of a request in the order of the manifest, or what is wrong with it."""
    try:
        models = tuple(read_models(tuple(dict.fromkeys(request.models))))
        _check_words(request, models)
        jobs = tuple(job for model in models for job in _jobs(model, request))
    except RefusedError as refusal:
        return Selected((), refusal.problems)
    return Selected(jobs, Problems())


def report_problems(problems: Problems, color: Choice) -> ExitCode:
    """Print problems to stderr and return the code of a wrong command or specification."""
    if problems.diagnostics:
        print(render(problems.diagnostics, uses_color(color, sys.stderr)), file=sys.stderr)
    for sentence in problems.sentences:
        print(f"error: {sentence}", file=sys.stderr)
    return ExitCode.USAGE


# Reading models ------------------------------------------------------------------------


def read_models(names: tuple[str, ...]) -> Iterator[Model]:
    """Iterate over the named models, all of the manifest if none is named; raise `RefusedError`."""
    library = Library()
    paths = [name for name in names if name.endswith(".split")]
    manifest = None if names and len(paths) == len(names) else _manifest()
    if not names:
        assert manifest is not None
        for entry in manifest.models.values():
            yield _read(entry, manifest.folder, library, manifest.models)
    for name in names:
        if name in paths:
            yield _read_path(Path(name), library)
        else:
            assert manifest is not None
            yield _read(_entry(name, manifest), manifest.folder, library, manifest.models)


def _manifest() -> Manifest:
    """Return the nearest manifest: of a folder above, of its `spec`, else the shipped one."""
    here = Path.cwd()
    near = find_manifest(here) or find_manifest(here / "spec")
    manifest = load_manifest(near or Path(str(shipped_folder())) / "models.toml")
    if manifest.diagnostics:
        raise RefusedError(Problems(diagnostics=manifest.diagnostics))
    return manifest


def _entry(name: str, manifest: Manifest) -> ModelEntry:
    if name in manifest.models:
        return manifest.models[name]
    near = get_close_matches(name, manifest.models, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there is: {', '.join(manifest.models)}"
    raise _wrong(f"{manifest.path} has no model {name}; {hint}")


def _read_path(path: Path, library: Library) -> Model:
    """Return the model of a file: as its manifest has it, if it has one of the file's name."""
    if not path.is_file():
        raise _wrong(f"there is no file {path}")
    unlisted = entry_for_module(path.stem, {})
    near = find_manifest(path.absolute().parent)
    if near is None:
        beside = [module.stem for module in path.parent.glob("*.split")]
        return _read(unlisted, path.parent, library, beside)
    models = load_manifest(near).models
    module = path.absolute().relative_to(near.parent).with_suffix("").as_posix()
    entry = models.get(path.stem)
    if entry is None or entry.module != module:
        entry = replace(unlisted, module=module)
    return _read(entry, near.parent, library, models)


def _read(entry: ModelEntry, folder: Path, library: Library, models: Collection[str]) -> Model:
    folder = _near(folder)
    loaded = load_entry(entry, folder, library)
    _refuse_errors(loaded.diagnostics)
    assert loaded.program is not None
    beside = sorted((folder / "variants").rglob("*.split"))
    variants, diagnostics = load_variants(loaded, entry.name, beside, library, models)
    _refuse_errors(diagnostics)
    _refuse_errors(check_entry(entry, loaded.program, [variant.name for variant in variants]))
    return Model(entry, loaded.program, variants, loaded.modules)


def _near(folder: Path) -> Path:
    """Return the folder as a reader here would write it: relative where it lies below."""
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def _refuse_errors(diagnostics: Iterable[Diagnostic]) -> None:
    errors = tuple(d for d in diagnostics if d.severity is Severity.ERROR)
    if errors:
        raise RefusedError(Problems(diagnostics=errors))


def _wrong(sentence: str) -> RefusedError:
    return RefusedError(Problems((sentence,)))


# From models to jobs -------------------------------------------------------------------


def _check_words(request: Request, models: Sequence[Model]) -> None:
    """Raise `RefusedError` for a word that fits none of the models."""
    if request.variant is not None and request.variants:
        raise _wrong("--variant names one variant, --variants all of them: give one of the two")
    paths = [path for model in models for path in model.program.properties]
    if request.variants or request.variant is not None:
        paths += [v.violated for model in models for v in model.variants if v.violated is not None]
    for glob in request.properties:
        if not any(_matches(path, glob) for path in paths):
            raise _unknown("property", glob, map(_last, paths))
    sorts = [_last(sort) for model in models for sort in model.program.sorts]
    for name, _ in request.sizes:
        if name not in sorts:
            raise _unknown("sort", name, sorts)
    names = [variant.name for model in models for variant in model.variants]
    if request.variant is not None and request.variant not in names:
        raise _unknown("variant", request.variant, names)
    _honest(request.given)


def _unknown(what: str, word: str, known: Iterable[str]) -> RefusedError:
    """Return the refusal of a word, with the nearest that is known, or with all if they are few."""
    names = list(dict.fromkeys(known))
    near = get_close_matches(word, names, n=1)
    hint = ""
    if near:
        hint = f"; did you mean {near[0]}?"
    elif 0 < len(names) <= FEW:
        hint = f"; there is: {', '.join(names)}"
    return _wrong(f"no {what} is named {word}{hint}")


def _last(path: str) -> str:
    return path.rpartition(".")[2]


def _jobs(model: Model, request: Request) -> Iterator[Job]:
    if request.variants or request.variant is not None:
        yield from _variant_jobs(model, request)
        return
    scope = _scope(model, None, request)
    recorded = not _sizes(model, request)
    for given in _adversaries(model.program, request.given):
        properties = tuple(p for p in properties_under(model.program, given) if request.chooses(p))
        if request.properties and not properties:
            continue
        # What is not asked for may be sliced away, so the counts are those of all properties.
        counted = recorded and not request.properties
        expectation = _expectation(model.entry, given, recorded=recorded, counted=counted)
        setting = Setting(model.entry.name, model.program, scope, given, None, properties)
        yield Job(_title(model, given), setting, expectation, sentences=_sentences(model.program))


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
        is_resized = bool(_sizes(model, request))
        steps = None if recorded is None or is_resized else recorded.steps
        properties = properties_under(model.program, given)
        setting = Setting(model.entry.name, model.program, run.scope, given, variant, properties)
        yield Job(
            f"{model.entry.name} with {variant.name}",
            setting,
            Expectation(variant=variant, steps=steps),
            variant.violated,
            shared[variant.name, given],
            _sentences(model.program),
        )


def _variant_runs(model: Model, request: Request) -> Iterator[VariantRun]:
    for variant in model.variants:
        scope = _scope(model, variant.name, request)
        for given in _variant_adversaries(model.program, variant):
            yield VariantRun(variant, scope, given)


def _is_asked_for(run: VariantRun, request: Request) -> bool:
    """Whether the run has the adversary, and breaks one of the properties, that were named."""
    if request.given is not None and run.given != _honest(request.given):
        return False
    broken = run.variant.violated
    return not request.properties or (broken is not None and request.chooses(broken))


def _sizes(model: Model, request: Request) -> dict[str, int]:
    """Return the sizes that were named, of the sorts that the model has."""
    sorts = {_last(sort) for sort in model.program.sorts}
    return {sort: size for sort, size in request.sizes if sort in sorts}


def _scope(model: Model, variant: str | None, request: Request) -> Scope:
    recorded = None if variant is None else model.entry.variants.get(variant)
    sizes = _sizes(model, request)
    if variant is None and request.size is not None:
        sorts = {_last(sort) for sort in model.program.sorts}
        known = {_last(name) for name in (*model.entry.scope, *sizes)}
        sizes |= dict.fromkeys(sorts - known, request.size)
    scoped = scope_of(model.entry, model.program, recorded, sizes)
    _refuse_errors(scoped.diagnostics)
    assert scoped.scope is not None
    return scoped.scope


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
    return known if asked is None else tuple(given for given in known if given == _honest(asked))


def _honest(asked: tuple[str, ...] | None) -> Given:
    """Return the actors that were named as honest; raise `RefusedError` for other words."""
    words = [word for text in asked or () for word in text.split(",")]
    names = [word.strip().removeprefix("honest ").strip() for word in words]
    known = {kind.value: kind for kind in ActorKind if kind.is_untrusted}
    for name in names:
        if name not in known and name != "none":
            raise _wrong(f"--given {name!r}: name {', '.join(known)} or none")
    if "none" in names and len(set(names)) > 1:
        raise _wrong(f"--given {', '.join(names)}: none stands alone")
    return frozenset(known[name] for name in names if name != "none")


def _matches(path: str, glob: str) -> bool:
    _, _, inside = path.partition(".")
    return any(fnmatchcase(name, glob) for name in (path, inside, _last(path)))


def _expectation(entry: ModelEntry, given: Given, *, recorded: bool, counted: bool) -> Expectation:
    """Return what the manifest expects; what it records is of its own sizes."""
    idle = entry.idle if recorded else {}
    run = entry.expected(given) if counted else None
    if run is None:
        return Expectation(idle=idle)
    return Expectation(run.states, run.transitions, run.depth, run.orbits, idle=idle)


def _title(model: Model, given: Given) -> str:
    honest = " and ".join(sorted(kind.value for kind in given))
    return f"{model.entry.name} given honest {honest}" if honest else model.entry.name


def _sentences(program: Program) -> dict[str, str]:
    return {path: p.text for path, p in program.properties.items()}
