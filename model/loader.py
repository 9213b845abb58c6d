"""Read a module file with everything that it imports, and type the whole.

Imports are looked up beside the file of the model, then beside `models.toml`, then among the
shipped modules: a file beside takes the place of a shipped one for all that import it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import field, replace
from pathlib import Path

from splitspec import spec
from splitspec.model import ir, syntax
from splitspec.model.diagnostic import Diagnostic
from splitspec.model.frozen import frozen
from splitspec.model.ir import Program
from splitspec.model.manifest_entry import ModelEntry
from splitspec.model.parser import Parsed, parse
from splitspec.model.resolver import Unit, did_you_mean
from splitspec.model.source import Source, Span
from splitspec.model.substitution import check_substitutions
from splitspec.model.typechecker import Checked, type_variants, typecheck


@frozen
class Library:
    """What was read so far: pass one to several loads, and each file is parsed once, and each
    program typed once."""

    parsed: dict[Path, Parsed] = field(default_factory=dict)
    typed: dict[tuple[object, ...], Loaded] = field(default_factory=dict)
    """By file, places for imports, and substitutions."""

    def read(self, path: Path) -> Parsed:
        """Return a parsed file; what cannot be read is reported and has no module."""
        if path not in self.parsed:
            self.parsed[path] = _parse(path)
        return self.parsed[path]


@frozen
class Loaded:
    """A program, unless there are errors. `sources` are the texts that were read.

    `modules` are those of the program, in import order; `checked` is what variants are typed with.
    """

    program: Program | None
    diagnostics: tuple[Diagnostic, ...]
    sources: tuple[Source, ...]
    modules: tuple[syntax.Module, ...]
    checked: Checked


@frozen
class _Reading:
    """One load under way: modules in import order by name, and what is wrong with them."""

    library: Library
    folders: tuple[Path, ...]
    substitutions: Mapping[str, str]
    units: dict[str, Unit]
    failed: set[str]
    diagnostics: list[Diagnostic]


def load(
    path: Path,
    substitutions: Mapping[str, str] | None = None,
    library: Library | None = None,
    folder: Path | None = None,
) -> Loaded:
    """Load the model of a file. `substitutions` say which module each import really means;
    `folder`, where `models.toml` stands, is the next place for imports after the file's own.
    """
    replaced = dict(substitutions or {})
    folders = tuple(dict.fromkeys((path.parent, folder or path.parent, spec.folder())))
    library = library or Library()
    key = (path, folders, frozenset(replaced.items()))
    if key not in library.typed:
        library.typed[key] = _load(_Reading(library, folders, replaced, {}, set(), []), path)
    return library.typed[key]


def _load(reading: _Reading, path: Path) -> Loaded:
    _read(reading, path, path.stem, ())
    replaced = reading.substitutions
    units = tuple(reading.units.values())
    checked = typecheck(units, replaced, complete=not reading.diagnostics)
    misfits = tuple(check_substitutions([unit.module for unit in units], replaced))
    # Names that an unfit module does not declare are no mistakes of those who use them.
    diagnostics = (*reading.diagnostics, *(misfits or checked.diagnostics))
    program = checked.program if not diagnostics else None
    kept = set(program.modules) if program is not None else set()
    modules = tuple(unit.module for unit in units if str(unit.module.name) in kept)
    sources = tuple(unit.module.source for unit in units)
    return Loaded(program, diagnostics, sources, modules, checked)


def load_entry(entry: ModelEntry, folder: Path, library: Library | None = None) -> Loaded:
    """Load the module of an entry of the `models.toml` in `folder`; it may stand in a subfolder."""
    path = folder / f"{entry.module}.split"
    if not path.is_file():
        return Loaded(None, (_no_module(entry, folder),), (), (), Checked(None, (), {}))
    return load(path, entry.substitutions, library, folder)


def load_variants(
    loaded: Loaded,
    model: str,
    beside: Iterable[Path],
    library: Library | None = None,
    models: Collection[str] = (),
) -> tuple[tuple[ir.Variant, ...], tuple[Diagnostic, ...]]:
    """Return the variants `of model` in the program's modules and in the files `beside`.

    `loaded` must have a program. The variants see all of it, the names of its own module first.
    A variant of what is none of `models` (by default the program's modules) would never be checked,
    and is an error.
    """
    assert loaded.program is not None
    library = library or Library()
    diagnostics: list[Diagnostic] = []
    modules = list(loaded.modules)
    for path in beside:
        parsed = library.read(path)
        diagnostics.extend(parsed.diagnostics)
        modules += [] if parsed.module is None else [parsed.module]
    known = {model, *(models or loaded.program.modules)}
    declared = []
    for variant in (one for module in modules for one in module.declarations):
        if not isinstance(variant, syntax.Variant):
            continue
        if str(variant.model) not in known:
            diagnostics.append(_stray(variant, known))
        elif str(variant.model) == model:
            declared.append(variant)
    env = loaded.checked.environments[""]
    variants, problems = type_variants(loaded.program, env, declared)
    return variants, (*diagnostics, *problems)


def _stray(variant: syntax.Variant, models: Collection[str]) -> Diagnostic:
    return Diagnostic(
        "SS432",
        f"there is no model `{variant.model}`",
        variant.model.span,
        label="expected the name of a model",
        help=did_you_mean(str(variant.model), models)
        or "a model has an entry in models.toml; without one, it is a module",
    )


def _parse(path: Path) -> Parsed:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        message = f"`{path}` cannot be read: {(error.strerror or 'unknown reason').lower()}"
        return Parsed(None, (Diagnostic("SS205", message, None),), frozenset())
    except UnicodeDecodeError as error:
        message = f"`{path}` is no text: byte {error.start + 1} is not UTF-8"
        help_ = "save the file as UTF-8"
        return Parsed(None, (Diagnostic("SS205", message, None, help=help_),), frozenset())
    return parse(Source(str(path), text))


def _read(reading: _Reading, path: Path, name: str, importing: tuple[str, ...]) -> None:
    """Read a module after those that it imports or refines."""
    parsed = reading.library.read(path)
    reading.diagnostics.extend(parsed.diagnostics)
    if parsed.module is None:
        reading.failed.add(name)
        return
    module = parsed.module
    if str(module.name) != name:
        reading.diagnostics.append(_misnamed(module, path))
        # Under the name that the imports use, its declarations are still found.
        module = replace(module, name=syntax.Name((name,), module.name.span))
    importing = (*importing, name)
    for declared in module.declarations:
        if isinstance(declared, syntax.Import):
            written = str(declared.module)
            wanted = reading.substitutions.get(written, written)
            _require(reading, wanted, declared.module.span, importing)
        elif isinstance(declared, syntax.Refinement):
            _require(reading, str(declared.abstract), declared.abstract.span, importing)
    lines = _broken_lines(parsed)
    # Where a keyword is misspelled, any word near it may be a declared name.
    words = frozenset(word for line in lines for word in re.findall(r"\w+", line))
    lacks_import = any(line.startswith("import") for line in lines)
    reading.units[name] = Unit(module, parsed.broken | words, lacks_import)


def _broken_lines(parsed: Parsed) -> list[str]:
    spans = [diagnostic.span for diagnostic in parsed.diagnostics]
    return [span.source.line(span.line) for span in spans if span is not None]


def _require(reading: _Reading, name: str, span: Span, importing: tuple[str, ...]) -> None:
    """Read a module that another one names, once."""
    if name in reading.units or name in reading.failed:
        return
    if name in importing:
        reading.diagnostics.append(_cycle(name, span, importing))
        return
    for folder in reading.folders:
        path = folder / f"{name}.split"
        if path.is_file():
            _read(reading, path, name, importing)
            return
    reading.failed.add(name)
    reading.diagnostics.append(_no_file(reading, span, name))


def _cycle(name: str, span: Span, importing: tuple[str, ...]) -> Diagnostic:
    chain = (*importing[importing.index(name) :], name)
    return Diagnostic(
        "SS206",
        f"module `{name}` imports itself",
        span,
        label=" -> ".join(f"`{module}`" for module in chain),
        help="move what both need into a module that both import",
    )


def _no_file(reading: _Reading, span: Span, name: str) -> Diagnostic:
    known = [path.stem for folder in reading.folders for path in sorted(folder.glob("*.split"))]
    return Diagnostic(
        "SS205",
        f"there is no module `{name}`",
        span,
        label=f"expected a file `{name}.split` beside that of the model",
        help=did_you_mean(name, known),
    )


def _no_module(entry: ModelEntry, folder: Path) -> Diagnostic:
    files = sorted(folder.rglob("*.split"))
    known = [path.relative_to(folder).with_suffix("").as_posix() for path in files]
    same = [name for name in known if name.rpartition("/")[2] == entry.module.rpartition("/")[2]]
    return Diagnostic(
        "SS514",
        f"model `{entry.name}` has no module `{entry.module}`",
        entry.span("module"),
        label=f"expected a file `{entry.module}.split` beside `models.toml`",
        help=f"Did you mean `{same[0]}`?" if same else did_you_mean(entry.module, known),
    )


def _misnamed(module: syntax.Module, path: Path) -> Diagnostic:
    return Diagnostic(
        "SS207",
        f"module `{module.name}` stands in a file of another name",
        module.name.span,
        label=f"expected `{path.stem}`",
        help=f"write `module {path.stem}`, or rename the file to `{module.name}.split`",
    )
