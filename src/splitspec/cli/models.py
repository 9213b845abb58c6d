"""From the names of models to models, or to what is wrong with them.

Who names no model means every one of the nearest `models.toml`.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from splitspec.cli.diagnostics import render
from splitspec.cli.exitcode import ExitCode
from splitspec.cli.terminal import Choice, uses_color
from splitspec.model import syntax
from splitspec.model.diagnostic import Diagnostic, Severity
from splitspec.model.ir import Program, Variant
from splitspec.model.loader import Library, load_entry, load_variants
from splitspec.model.manifest import Manifest, entry_for_module, find_manifest, load_manifest
from splitspec.model.manifest_entry import ModelEntry
from splitspec.model.manifest_scope import check_entry
from splitspec.spec import folder as shipped_folder


@dataclass(frozen=True, slots=True)
class Problems:
    """Why a selection cannot be run: wrong words on the command line, and wrong specifications."""

    sentences: tuple[str, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.sentences or self.diagnostics)


@dataclass(frozen=True, slots=True)
class Model:
    """A model as it was read, with its variants. `folder` is where its modules stand."""

    entry: ModelEntry
    program: Program
    variants: tuple[Variant, ...]
    modules: tuple[syntax.Module, ...]
    folder: Path


class RefusedError(Exception):
    """Carries the problems that end a selection; the command line reports it."""

    def __init__(self, problems: Problems) -> None:
        super().__init__(str(problems))
        self.problems = problems


def report_problems(problems: Problems, color: Choice) -> ExitCode:
    """Print problems to stderr and return the code of a wrong command or specification."""
    if problems.diagnostics:
        print(render(problems.diagnostics, uses_color(color, sys.stderr)), file=sys.stderr)
    for sentence in problems.sentences:
        print(f"error: {sentence}", file=sys.stderr)
    return ExitCode.USAGE


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


def models_of(path: Path) -> Iterator[Model]:
    """Iterate over all models of one `models.toml`; raise `RefusedError`."""
    manifest, library = _loaded(path), Library()
    for entry in manifest.models.values():
        yield _read(entry, manifest.folder, library, manifest.models)


def manifest_path() -> Path:
    """Return the nearest `models.toml`: of a folder above, of its `spec`, else the shipped one."""
    here = Path.cwd()
    near = find_manifest(here) or find_manifest(here / "spec")
    return near or Path(str(shipped_folder())) / "models.toml"


def is_shipped(manifest: Path) -> bool:
    """Whether a `models.toml` is the one that comes with the program."""
    return manifest.parent.resolve() == Path(str(shipped_folder())).resolve()


def _manifest() -> Manifest:
    return _loaded(manifest_path())


def _loaded(path: Path) -> Manifest:
    manifest = load_manifest(path)
    if manifest.diagnostics:
        raise RefusedError(Problems(diagnostics=manifest.diagnostics))
    return manifest


def _entry(name: str, manifest: Manifest) -> ModelEntry:
    if name in manifest.models:
        return manifest.models[name]
    near = get_close_matches(name, manifest.models, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there is: {', '.join(manifest.models)}"
    raise wrong(f"{manifest.path} has no model {name}; {hint}")


def _read_path(path: Path, library: Library) -> Model:
    """Return the model of a file: as its manifest has it, if it has one of the file's name."""
    if not path.is_file():
        raise wrong(f"there is no file {path}")
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
    refuse_errors(loaded.diagnostics)
    assert loaded.program is not None
    beside = sorted((folder / "variants").rglob("*.split"))
    variants, diagnostics = load_variants(loaded, entry.name, beside, library, models)
    refuse_errors(diagnostics)
    refuse_errors(check_entry(entry, loaded.program, [variant.name for variant in variants]))
    return Model(entry, loaded.program, variants, loaded.modules, folder)


def _near(folder: Path) -> Path:
    """Return the folder as a reader here would write it: relative where it lies below."""
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def refuse_errors(diagnostics: Iterable[Diagnostic]) -> None:
    errors = tuple(d for d in diagnostics if d.severity is Severity.ERROR)
    if errors:
        raise RefusedError(Problems(diagnostics=errors))


def wrong(sentence: str) -> RefusedError:
    return RefusedError(Problems((sentence,)))
