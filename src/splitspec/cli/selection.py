"""From what was named on the command line to the runs to make, or to what is wrong with it."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path

from splitspec.checker.expectation import Expectation
from splitspec.cli.diagnostics import render
from splitspec.cli.exitcode import ExitCode
from splitspec.cli.terminal import Choice, uses_color
from splitspec.model import syntax
from splitspec.model.diagnostic import Diagnostic, Severity
from splitspec.model.ir import ActorKind, Program, SetConstant, Variant
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
MASK_BITS = 64
"""The variants that one kernel can tell apart."""


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
        jobs = tuple(job for model in read_models(request.models) for job in _jobs(model, request))
        _require_variant(request, jobs)
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


def _jobs(model: Model, request: Request) -> Iterator[Job]:
    if request.variants or request.variant is not None:
        families = _families(model, request)
        for variant in model.variants:
            if request.variant in (None, variant.name):
                yield from _variant_jobs(model, variant, request, families)
        return
    scope = _scope(model, None, _sizes(model, request))
    for given in _adversaries(model.program, request.given):
        properties = _properties(model.program, given, request.properties)
        if request.properties and not properties:
            continue
        expectation = _expectation(model.entry, given, recorded=not request.sizes)
        setting = Setting(model.entry.name, model.program, scope, given, None, properties)
        yield Job(_title(model, given), setting, expectation, sentences=_sentences(model.program))


def _families(model: Model, request: Request) -> dict[tuple[str, Given], tuple[Variant, ...]]:
    """Return, by the name and the adversary of each run of a variant, the variants that can share
    its kernel: those with the same adversary, sizes, bounds and constants.

    All of the model are among them, also those that were not asked for, so that one kernel serves
    every command.
    """
    sizes = dict(request.sizes)
    groups: dict[object, list[Variant]] = {}
    keys: dict[tuple[str, Given], object] = {}
    for variant in model.variants:
        scope = _scope(model, variant.name, sizes)
        constants = tuple(d for d in variant.differences if isinstance(d, SetConstant))
        for given in _variant_adversaries(model.program, variant, request.given):
            parts = (scope.sizes, scope.bounds, scope.pins)
            key = (given, *(tuple(part.items()) for part in parts), constants)
            keys[variant.name, given] = key
            groups.setdefault(key, []).append(variant)
    return {run: _together(groups[key], run[0]) for run, key in keys.items()}


def _together(group: list[Variant], name: str) -> tuple[Variant, ...]:
    """Return those of a group that fit into one mask with the named one."""
    place = next(i for i, variant in enumerate(group) if variant.name == name)
    start = place - place % MASK_BITS
    return tuple(group[start : start + MASK_BITS])


def _sizes(model: Model, request: Request) -> dict[str, int]:
    """Return the sizes of the command line, and the general one where the manifest has none."""
    sizes = dict(request.sizes)
    if request.size is not None:
        known = {name.rpartition(".")[2] for name in (*model.entry.scope, *sizes)}
        missing = (s for s in model.program.sorts if s.rpartition(".")[2] not in known)
        sizes.update(dict.fromkeys(missing, request.size))
    return sizes


def _variant_jobs(
    model: Model,
    variant: Variant,
    request: Request,
    families: Mapping[tuple[str, Given], tuple[Variant, ...]],
) -> Iterator[Job]:
    recorded = model.entry.variants.get(variant.name)
    sizes = dict(request.sizes)
    scope = _scope(model, variant.name, sizes)
    steps = recorded.steps if recorded is not None and not sizes else None
    expectation = Expectation(variant=variant, steps=steps)
    for given in _variant_adversaries(model.program, variant, request.given):
        properties = properties_under(model.program, given)
        setting = Setting(model.entry.name, model.program, scope, given, variant, properties)
        title = f"{model.entry.name} with {variant.name}"
        family = families[variant.name, given]
        yield Job(title, setting, expectation, variant.violated, family, _sentences(model.program))


def _scope(model: Model, variant: str | None, sizes: Mapping[str, int]) -> Scope:
    recorded = None if variant is None else model.entry.variants.get(variant)
    scoped = scope_of(model.entry, model.program, recorded, sizes)
    _refuse_errors(scoped.diagnostics)
    assert scoped.scope is not None
    return scoped.scope


def _variant_adversaries(
    program: Program, variant: Variant, asked: tuple[str, ...] | None
) -> tuple[Given, ...]:
    """Return the adversary of the property that must break; of a redundant variant, all."""
    if variant.violated is None:
        return _adversaries(program, asked)
    if variant.violated in program.properties:
        return (program.properties[variant.violated].given,)
    counter = program.variables.get(variant.violated.rpartition(".")[0])
    if counter is not None and counter.counted is not None:
        return (counter.counted.given,)
    return (frozenset(),) if asked is None else _adversaries(program, asked)


def _adversaries(program: Program, asked: tuple[str, ...] | None) -> tuple[Given, ...]:
    known = adversaries(program)
    if asked is None:
        return known
    names = {name.removeprefix("honest ").strip() for text in asked for name in text.split(",")}
    wanted = frozenset(kind for kind in ActorKind if kind.value in names)
    unknown = names - {kind.value for kind in wanted} - {"none"}
    if unknown:
        raise _wrong(f"--given {', '.join(sorted(unknown))}: name host, container or none")
    return tuple(given for given in known if given == wanted)


def _properties(program: Program, given: Given, globs: tuple[str, ...]) -> tuple[str, ...]:
    """Return the declared properties of an adversary that a glob names, by path or by last part."""
    for glob in globs:
        if not any(_matches(path, glob) for path in program.properties):
            near = get_close_matches(
                glob, [path.rpartition(".")[2] for path in program.properties], n=1
            )
            hint = f"; did you mean {near[0]}?" if near else ""
            raise _wrong(f"no property is named {glob}{hint}")
    paths = properties_under(program, given)
    return tuple(p for p in paths if not globs or any(_matches(p, glob) for glob in globs))


def _matches(path: str, glob: str) -> bool:
    return fnmatchcase(path, glob) or fnmatchcase(path.rpartition(".")[2], glob)


def _expectation(entry: ModelEntry, given: Given, *, recorded: bool) -> Expectation:
    """Return what the manifest expects; recorded counts are of the manifest's own sizes."""
    run = entry.expected(given) if recorded else None
    if run is None:
        return Expectation(idle=entry.idle if recorded else {})
    return Expectation(run.states, run.transitions, run.depth, run.orbits, idle=entry.idle)


def _require_variant(request: Request, jobs: tuple[Job, ...]) -> None:
    if request.variant is not None and not jobs:
        names = ", ".join(request.models) or "models.toml"
        raise _wrong(f"no variant {request.variant} of {names}")


def _title(model: Model, given: Given) -> str:
    honest = " and ".join(sorted(kind.value for kind in given))
    return f"{model.entry.name} given honest {honest}" if honest else model.entry.name


def _sentences(program: Program) -> dict[str, str]:
    return {path: p.text for path, p in program.properties.items()}
