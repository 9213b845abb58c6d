"""From the names of models to models, or to what is wrong with them.

Who names no model means every one of the nearest `models.toml`.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from splitspec.checker.report.diagnostics import render
from splitspec.cli.exitcode import ExitCode
from splitspec.cli.terminal import Choice, painter
from splitspec.model import syntax
from splitspec.model.diagnostic import Diagnostic, Severity
from splitspec.model.frozen import frozen
from splitspec.model.ir import Program, Variant
from splitspec.model.loader import Library, load_entry, load_variants
from splitspec.model.manifest import (
    FILE_NAME,
    Manifest,
    entry_for_module,
    find_manifest,
    load_manifest,
    nearest_manifest,
)
from splitspec.model.manifest_entry import ModelEntry
from splitspec.model.manifest_scope import check_entry
from splitspec.spec import folder as shipped_folder


@frozen
class Problems:
    """Why a selection cannot be run: wrong words on the command line, and wrong specifications."""

    sentences: tuple[str, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.sentences or self.diagnostics)


@frozen
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
        print(render(problems.diagnostics, painter(color, sys.stderr)), file=sys.stderr)
    for sentence in problems.sentences:
        print(f"error: {sentence}", file=sys.stderr)
    return ExitCode.USAGE


def read_models(names: tuple[str, ...], path: Path | None = None) -> Iterator[Model]:
    """Iterate over the named models, all of the manifest if none is named; raise `RefusedError`.

    Without the path of a `models.toml`, the nearest is read, else the shipped one, which is said.
    """
    library = Library()
    paths = [name for name in names if name.endswith(".split")]
    is_needed = not names or len(paths) < len(names)
    manifest = _loaded(path or _trial_path()) if is_needed else None
    if not names:
        assert manifest is not None
        for entry in manifest.models.values():
            yield _read(entry, manifest.folder, library, manifest.models)
    for name in names:
        if name in paths:
            yield _read_path(Path(name), library)
        else:
            assert manifest is not None
            entry = _entry(name, manifest)
            yield _read(entry, manifest.folder, library, manifest.models, is_alone=True)


def models_of(path: Path) -> Iterator[Model]:
    """Iterate over all models of one `models.toml`; raise `RefusedError`."""
    manifest, library = _loaded(path), Library()
    for entry in manifest.models.values():
        yield _read(entry, manifest.folder, library, manifest.models)


def manifest_path() -> Path:
    """Return the nearest `models.toml`: of a folder above, of its `spec`, else the shipped one."""
    return nearest_manifest(Path.cwd()) or shipped_folder() / FILE_NAME


def own_manifest(start: Path) -> Path:
    """Return the nearest `models.toml`; raise `RefusedError` if there is none.

    What passes without one would have passed on another specification than the user's.
    """
    if not start.is_dir():
        raise wrong(f"there is no folder {start}")
    near = nearest_manifest(start.absolute())
    if near is None:
        message = f"there is no {FILE_NAME} in {start.absolute()}, its `spec`, or a folder above"
        help_ = "Go to the folder of the specification, or name it: `--folder design`."
        raise RefusedError(Problems(diagnostics=(Diagnostic("SS520", message, None, help=help_),)))
    return near


def _trial_path() -> Path:
    """Return the nearest `models.toml`, or the shipped one, by which the tool can be tried."""
    path = manifest_path()
    if nearest_manifest(Path.cwd()) is None:
        say_shipped()
    return path


def say_shipped() -> None:
    """Say on stderr that what follows is of the shipped specification, and of nobody's own."""
    text = f"there is no {FILE_NAME} here or above: this is the shipped specification"
    print(f"note: {text}, {shipped_folder()}", file=sys.stderr)


def is_shipped(manifest: Path) -> bool:
    """Whether a `models.toml` is the one that comes with the program."""
    return manifest.parent.resolve() == shipped_folder().resolve()


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


def _read(
    entry: ModelEntry,
    folder: Path,
    library: Library,
    models: Collection[str],
    *,
    is_alone: bool = False,
) -> Model:
    """Return a model with its variants. Of one that is read `is_alone`, without all others, no file
    is read in which its name does not stand: no variant of it is there."""
    folder = _near(folder)
    loaded = load_entry(entry, folder, library)
    refuse_errors(loaded.diagnostics)
    assert loaded.program is not None
    beside = sorted((folder / "variants").rglob("*.split"))
    if is_alone:
        name = entry.name.encode()
        beside = [path for path in beside if name in path.read_bytes()]
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
