"""Turn the words of a command line into refinements to hold: which model, of what, against whom."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from splitspec.checker.expectation import Expectation
from splitspec.cli.models import Model, Problems, RefusedError, read_models, wrong
from splitspec.cli.selection import Request, check_sizes, completed, honest, sizes_for
from splitspec.model.frozen import frozen
from splitspec.model.ir import ActorKind, Program, Refinement
from splitspec.model.loader import Library, Loaded, load, load_entry
from splitspec.model.manifest_entry import ExpectedRefinement
from splitspec.model.manifest_scope import scope_of
from splitspec.model.scope import Scope
from splitspec.model.setting import Setting, adversaries
from splitspec.model.source import Source
from splitspec.refinement.correspondence import Correspondence
from splitspec.refinement.matching import match
from splitspec.refinement.refining import setting_of
from splitspec.spec import folder as shipped_folder


@frozen
class RefinementJob:
    """One product to explore or prove; `sources` are the texts of the abstract program, `expected`
    is what models.toml says of the refinement."""

    title: str
    correspondence: Correspondence
    setting: Setting
    expectation: Expectation
    sentences: dict[str, str]
    sources: tuple[Source, ...]
    expected: ExpectedRefinement | None


@frozen
class Chosen:
    jobs: tuple[RefinementJob, ...]
    problems: Problems


def choose(request: Request) -> Chosen:
    """Return the jobs in the order of the manifest, or what is wrong with the request."""
    try:
        asked = None if request.given is None else honest(request.given)
        models = tuple(read_models(tuple(dict.fromkeys(request.models))))
        check_sizes(request, models)
        jobs = tuple(job for model in models for job in refinements_of(model, request, asked))
    except RefusedError as refusal:
        return Chosen((), refusal.problems)
    return Chosen(jobs, Problems())


def refinements_of(
    model: Model, request: Request, asked: frozenset[ActorKind] | None = None
) -> Iterator[RefinementJob]:
    """Iterate over the refinements that a model declares; raise `RefusedError` for wrong ones."""
    for declared in model.program.refinements:
        abstract = _abstract(model, declared)
        if abstract is None:
            continue
        assert abstract.program is not None
        found = match(model.program, abstract.program, declared)
        if isinstance(found, tuple):
            raise RefusedError(Problems(diagnostics=found))
        name = f"{model.entry.name} of {declared.abstract}"
        correspondence = replace(found, name=name, above=_above(abstract.program, model.folder))
        expected = model.entry.refinements.get(declared.abstract)
        scope = _scope(model, expected, request)
        for given in adversaries(abstract.program):
            if asked is not None and given != asked:
                continue
            setting = setting_of(correspondence, scope, given)
            yield RefinementJob(
                _title(correspondence.name, given),
                correspondence,
                setting,
                _expectation(model, expected, given, recorded=not request.sizes),
                {path: setting.program.properties[path].text for path in setting.properties},
                abstract.sources,
                expected,
            )


def abstractions_of(model: Model) -> dict[str, Program]:
    """Return the programs that a model refines, by name; raise `RefusedError` for wrong ones."""
    found = {each.abstract: _abstract(model, each) for each in model.program.refinements}
    return {
        name: loaded.program
        for name, loaded in found.items()
        if loaded is not None and loaded.program is not None
    }


def _abstract(model: Model, declared: Refinement) -> Loaded | None:
    """Return the abstract program: the same modules over the abstract one where the model puts the
    concrete one in its place, or the abstract module alone where the model is the refinement's own.
    """
    library, folder = Library(), model.folder
    if _is_put_in_place(model, declared):
        kept = {o: n for o, n in model.entry.substitutions.items() if o != declared.abstract}
        loaded = load_entry(replace(model.entry, substitutions=kept), folder, library)
    elif is_held(model, declared):
        loaded = load(_abstract_text(declared, folder), None, library, folder)
    else:
        return None
    if loaded.program is None:
        raise RefusedError(Problems(diagnostics=loaded.diagnostics))
    _check_shared(model, loaded)
    return loaded


def _above(program: Program, folder: Path) -> dict[str, Program]:
    """Return what a program refines with a module alone, and what that refines, by name."""
    library, found, todo = Library(), dict[str, Program](), [program]
    while todo:
        below = todo.pop()
        for declared in below.refinements:
            if declared.abstract in found or _module(declared) != below.name:
                continue
            top = load(_abstract_text(declared, folder), None, library, folder).program
            if top is not None:
                found[declared.abstract] = top
                todo.append(top)
    return found


def is_held(model: Model, declared: Refinement) -> bool:
    """Whether a model is held to a refinement that stands in one of its modules: not where that is
    only imported, for then it refines nothing that the model has."""
    return _is_put_in_place(model, declared) or _module(declared) == model.program.name


def _is_put_in_place(model: Model, declared: Refinement) -> bool:
    return model.entry.substitutions.get(declared.abstract) == _module(declared)


def _module(declared: Refinement) -> str:
    return declared.path.rpartition(".")[0]


def _abstract_text(declared: Refinement, folder: Path) -> Path:
    """Return where the abstract module stands, looked up as the refining text's imports are."""
    own = Path(declared.span.source.name).parent
    name = f"{declared.abstract}.split"
    near = next((place / name for place in (own, folder) if (place / name).is_file()), None)
    return near or Path(str(shipped_folder())) / name


def _check_shared(model: Model, abstract: Loaded) -> None:
    """Raise `RefusedError` for modules of one name that both systems have, and are two."""
    own = {str(module.name): module.source for module in model.modules}
    for module in abstract.modules:
        source = own.get(str(module.name), module.source)
        if os.path.abspath(source.name) != os.path.abspath(module.source.name):
            raise wrong(
                f"{model.entry.name} has {source.name}, and what it refines {module.source.name}: "
                "two modules of one name"
            )


def _scope(model: Model, expected: ExpectedRefinement | None, request: Request) -> Scope:
    sizes = sizes_for(model, request)
    layer, entry = None if expected is None else expected.layer, model.entry
    if request.size is not None:
        entry, sizes = completed(model, layer, sizes, request.size)
    scoped = scope_of(entry, model.program, layer, sizes)
    if scoped.scope is None:
        raise RefusedError(Problems(diagnostics=scoped.diagnostics))
    return scoped.scope


def _expectation(
    model: Model,
    expected: ExpectedRefinement | None,
    given: frozenset[ActorKind],
    *,
    recorded: bool,
) -> Expectation:
    """Return what is expected; what never happens in the model never happens in the product."""
    idle = {**model.entry.idle, **({} if expected is None else expected.idle)} if recorded else {}
    runs = () if expected is None or not recorded else expected.runs
    run = next((run for run in runs if run.given == given), None)
    if run is None:
        return Expectation(idle=idle)
    return Expectation(run.states, run.transitions, run.depth, run.orbits, idle=idle)


def _title(name: str, given: frozenset[ActorKind]) -> str:
    honest_ = " and ".join(sorted(kind.value for kind in given))
    return f"{name} given honest {honest_}" if honest_ else name
