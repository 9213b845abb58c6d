"""Find the model that a mapping or a log names, and make the evaluator that judges it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from splitspec.model.diagnostic import Diagnostic
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import ActorKind, Program
from splitspec.model.loader import load_entry
from splitspec.model.manifest import (
    FILE_NAME,
    Manifest,
    entry_for_module,
    find_manifest,
    load_manifest,
    nearest_manifest,
)
from splitspec.model.manifest_entry import ModelEntry, Pin
from splitspec.model.manifest_scope import scope_of
from splitspec.model.pipeline import prepare
from splitspec.model.setting import Setting, properties_under
from splitspec.spec import folder as shipped_folder

SHIPPED = "splitspec:"
"""Before the name of a model, it says that the one of the shipped specification is meant."""


class TargetError(Exception):
    """There is no such model at such sizes; the message says why, the diagnostics where."""

    def __init__(self, message: str, diagnostics: tuple[Diagnostic, ...] = ()) -> None:
        super().__init__(message)
        self.diagnostics = diagnostics


def evaluator_of(
    model: str,
    *,
    sizes: Mapping[str, int] | None = None,
    pins: Mapping[str, Pin] | None = None,
    given: Iterable[str] = (),
    folder: Path | None = None,
    evaluations: int | None = None,
) -> Evaluator:
    """Return the evaluator of a model at a scope, under an adversary; raise `TargetError`.

    `model` is a name of the nearest models.toml (of `folder`, or of one above it), the path of a
    .split file, or a name of the shipped specification as `splitspec:NAME`: none that stands alone
    is taken for that. `sizes` and `pins` go before what is recorded there. Sizes at which
    it takes more than so many `evaluations` to find how a run begins are refused.
    """
    entry, where = _entry(model, folder or Path.cwd())
    loaded = load_entry(entry, where)
    if loaded.program is None:
        raise TargetError(_first(loaded.diagnostics), loaded.diagnostics)
    return evaluator_at(
        entry, loaded.program, sizes=sizes, pins=pins, given=given, evaluations=evaluations
    )


def evaluator_at(
    entry: ModelEntry,
    program: Program,
    *,
    sizes: Mapping[str, int] | None = None,
    pins: Mapping[str, Pin] | None = None,
    given: Iterable[str] = (),
    evaluations: int | None = None,
) -> Evaluator:
    """Return the evaluator of a program that was read, at a scope; raise `TargetError`."""
    entry = replace(entry, pins={**entry.pins, **(pins or {})})
    scoped = scope_of(entry, program, None, sizes or {}, evaluations=evaluations)
    if scoped.scope is None:
        raise TargetError(_first(scoped.diagnostics), scoped.diagnostics)
    honest = frozenset(_actor(name) for name in given)
    claims = properties_under(program, honest)
    setting = Setting(entry.name, program, scoped.scope, honest, None, claims)
    sliced = prepare(program, honest, (), setting.properties).sliced
    return Evaluator(setting, frozenset(sliced))


def _entry(model: str, folder: Path) -> tuple[ModelEntry, Path]:
    if model.endswith(".split"):
        path = folder / model
        if not path.is_file():
            raise TargetError(f"there is no file {path}")
        near = find_manifest(path.absolute().parent)
        known = {} if near is None else load_manifest(near).models
        return known.get(path.stem, entry_for_module(path.stem, {})), path.parent
    name = model.removeprefix(SHIPPED)
    manifest = _manifest(folder, name, is_shipped=name != model)
    if name not in manifest.models:
        raise TargetError(f"{manifest.path} has no model {name}")
    return manifest.models[name], manifest.folder


def _manifest(folder: Path, model: str, *, is_shipped: bool) -> Manifest:
    path = shipped_folder() / FILE_NAME if is_shipped else nearest_manifest(folder.absolute())
    if path is None:
        message = f"there is no {FILE_NAME} in {folder.absolute()}, its `spec`, or a folder above"
        help_ = f"The {model} of the shipped specification is named `{SHIPPED}{model}`."
        raise TargetError(message, (Diagnostic("SS520", message, None, help=help_),))
    manifest = load_manifest(path)
    if manifest.diagnostics:
        raise TargetError(_first(manifest.diagnostics), manifest.diagnostics)
    return manifest


def _actor(name: str) -> ActorKind:
    known = {kind.value: kind for kind in ActorKind if kind.is_untrusted}
    if name not in known:
        raise TargetError(f"`{name}` is no actor that may be given honest; name {', '.join(known)}")
    return known[name]


def _first(diagnostics: tuple[Diagnostic, ...]) -> str:
    return diagnostics[0].message if diagnostics else "the specification cannot be read"
