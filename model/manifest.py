"""Read `models.toml`: which models there are, at which sizes, and what is expected of their runs.

Only the form is checked here. `splitspec.model.manifest_scope` holds an entry to a program.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from splitspec.model.diagnostic import Diagnostic
from splitspec.model.ir import ActorKind
from splitspec.model.manifest_entry import (
    ExpectedConformance,
    ExpectedRefinement,
    ExpectedRun,
    ExpectedVariant,
    ModelEntry,
    Pin,
    Walks,
)
from splitspec.model.manifest_lines import Positions, find_positions
from splitspec.model.source import Source, Span
from splitspec.model.tier import Tier

FILE_NAME = "models.toml"
# The names of folders below that of `models.toml`, and the name of the module.
MODULE = re.compile(r"[A-Za-z_]\w*(/[A-Za-z_]\w*)*")
KEYS = (
    "module",
    "tier",
    "bounded",
    "simulated",
    "unproved",
    "proved_once",
    "scope",
    "bounds",
    "pins",
    "with",
    "idle",
    "runs",
    "variants",
    "refinements",
    "conformance",
)


@dataclass(frozen=True, slots=True)
class Manifest:
    """A `models.toml`. Entries with an error of form are left out of `models`."""

    path: Path
    models: Mapping[str, ModelEntry]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def folder(self) -> Path:
        """Where the modules are."""
        return self.path.parent


def find_manifest(start: Path) -> Path | None:
    """Return the `models.toml` of a folder, or of the nearest folder above it that has one."""
    for folder in (start, *start.parents):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
    return None


def load_manifest(path: Path) -> Manifest:
    """Read the models of a file; what is wrong with it is in the diagnostics."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8 text"
        message = f"cannot read {path}: {reason}"
        return Manifest(path, {}, (Diagnostic("SS501", message, None),))
    return read_manifest(Source(str(path), text), path)


def read_manifest(source: Source, path: Path) -> Manifest:
    """Read the models of a text."""
    try:
        tables = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as problem:
        diagnostic = Diagnostic(
            "SS501",
            f"not TOML: {_reason(problem)}",
            _place(source, problem),
            help="Strings stand in quotes, tables in brackets, and each key once.",
        )
        return Manifest(path, {}, (diagnostic,))
    models: dict[str, ModelEntry] = {}
    diagnostics: list[Diagnostic] = []
    positions = find_positions(source)
    for name, table in tables.items():
        reader = _Reader(name, positions)
        entry = reader.entry(table)
        diagnostics += reader.diagnostics
        if entry is not None and not reader.diagnostics:
            models[name] = entry
    return Manifest(path, models, tuple(diagnostics))


def entry_for_module(module: str, scope: Mapping[str, int]) -> ModelEntry:
    """Return the entry of a module that is checked without a `models.toml`."""
    return ModelEntry(
        name=module,
        module=module,
        tier=Tier.COMMIT,
        bounded=None,
        simulated=None,
        unproved="",
        proved_once="",
        scope=scope,
        bounds={},
        pins={},
        substitutions={},
        idle={},
        runs=(),
        variants={},
        refinements={},
        conformance=(),
        positions=Positions(Source("command line", ""), {}),
    )


class _Reader:
    """Reads one model's table and collects what is wrong with its form."""

    def __init__(self, name: str, positions: Positions) -> None:
        self._name = name
        self._positions = positions
        self.diagnostics: list[Diagnostic] = []

    def entry(self, table: Any) -> ModelEntry | None:
        if not isinstance(table, dict):
            self._refuse("SS502", f"`{self._name}` is not the table of a model", ())
            return None
        self._refuse_unknown(table, KEYS, ())
        if "module" not in table:
            help_ = f'Write `module = "{self._name}"`, the name of a .split file beside this one.'
            self._refuse("SS504", f"model `{self._name}` has no module", (), help_)
        variants = self._table(table, "variants", ())
        refinements = self._table(table, "refinements", ())
        return ModelEntry(
            name=self._name,
            module=self._module(table.get("module", self._name)),
            tier=self._tier(table.get("tier", Tier.COMMIT.value), ("tier",)),
            bounded=self._positive(table, "bounded", ()),
            simulated=self._walks(table),
            unproved=self._text(table.get("unproved", ""), ("unproved",)),
            proved_once=self._text(table.get("proved_once", ""), ("proved_once",)),
            scope=self._sizes(table, ()),
            bounds=self._numbers(table, "bounds", ()),
            pins=self._pins(table, ()),
            substitutions=self._texts(table, "with", ()),
            idle=self._texts(table, "idle", ()),
            runs=self._runs(table.get("runs", []), ()),
            variants={name: self._variant(name, value) for name, value in variants.items()},
            refinements={n: self._refinement(n, value) for n, value in refinements.items()},
            conformance=self._conformance(table.get("conformance", [])),
            positions=self._positions,
        )

    def _module(self, value: Any) -> str:
        module = self._text(value, ("module",))
        if isinstance(value, str) and MODULE.fullmatch(module) is None:
            message = f"`{module}` is no module beside this file or in a folder below it"
            help_ = "Write `module`, or `folder/module`: no `.split`, no `..`, no `/` in front."
            self._refuse("SS514", message, ("module",), help_)
        return module

    def _tier(self, value: Any, keys: tuple[str, ...]) -> Tier:
        tiers = {tier.value: tier for tier in Tier}
        if value in list(tiers):
            return tiers[value]
        message = f"`{value}` is no tier"
        self._refuse("SS515", message, keys, f"Write one of {', '.join(tiers)}.")
        return Tier.COMMIT

    def _walks(self, table: Mapping[str, Any]) -> Walks | None:
        if "simulated" not in table:
            return None
        if "bounded" in table:
            message = "`bounded` explores, and `simulated` does not: a model has one of them"
            self._refuse("SS516", message, ("simulated",), "Take out one of the two.")
        walks = self._table(table, "simulated", ())
        self._refuse_unknown(walks, ("runs", "steps"), ("simulated",))
        runs, steps = (self._positive(walks, key, ("simulated",)) for key in ("runs", "steps"))
        if runs is None or steps is None:
            help_ = "Write `simulated = { runs = 10000, steps = 100 }`."
            self._refuse("SS516", "walks need `runs` and `steps`", ("simulated",), help_)
            return None
        return Walks(runs, steps)

    def _positive(self, table: Mapping[str, Any], key: str, keys: tuple[str, ...]) -> int | None:
        number = self._count(table, key, keys)
        if number is not None and number < 1:
            self._refuse("SS503", f"`{key}` is below 1", (*keys, key))
        return number

    def _variant(self, name: str, table: Any) -> ExpectedVariant:
        keys = ("variants", name)
        if not isinstance(table, dict):
            self._refuse("SS503", f"`{name}` is not a table", keys)
            table = {}
        self._refuse_unknown(table, ("scope", "bounds", "pins", "steps"), keys)
        return self._layer(name, table, keys)

    def _layer(self, name: str, table: Mapping[str, Any], keys: tuple[str, ...]) -> ExpectedVariant:
        return ExpectedVariant(
            name,
            self._sizes(table, keys),
            self._numbers(table, "bounds", keys),
            self._pins(table, keys),
            self._count(table, "steps", keys),
            keys,
        )

    def _refinement(self, name: str, table: Any) -> ExpectedRefinement:
        keys = ("refinements", name)
        if not isinstance(table, dict):
            self._refuse("SS503", f"`{name}` is not a table", keys)
            table = {}
        self._refuse_unknown(table, ("scope", "bounds", "pins", "idle", "runs"), keys)
        layer = self._layer(name, table, keys)
        idle, runs = self._texts(table, "idle", keys), self._runs(table.get("runs", []), keys)
        for number, run in enumerate(runs):
            if run.forgets:
                where = (*keys, "runs", str(number))
                self._refuse("SS517", "a run of a refinement forgets nothing", where)
        return ExpectedRefinement(name, layer, idle, runs)

    def _runs(self, rows: Any, keys: tuple[str, ...]) -> tuple[ExpectedRun, ...]:
        if not isinstance(rows, list):
            self._refuse("SS503", "`runs` is not a list of tables", (*keys, "runs"))
            return ()
        return tuple(self._run(row, (*keys, "runs", str(i))) for i, row in enumerate(rows))

    def _run(self, table: Any, keys: tuple[str, ...]) -> ExpectedRun:
        if not isinstance(table, dict):
            self._refuse("SS503", "a run is not a table", keys)
            table = {}
        known = ("given", "states", "transitions", "depth", "orbits", "bounded", "forgets")
        self._refuse_unknown(table, known, keys)
        return ExpectedRun(
            self._given(table.get("given", []), (*keys, "given")),
            self._count(table, "states", keys),
            self._count(table, "transitions", keys),
            self._count(table, "depth", keys),
            self._count(table, "orbits", keys),
            self._positive(table, "bounded", keys),
            self._listed(table.get("forgets", []), (*keys, "forgets")),
            self._positions.span(self._name, *keys),
        )

    def _listed(self, texts: Any, keys: tuple[str, ...]) -> tuple[str, ...]:
        if not isinstance(texts, list):
            self._refuse("SS503", f"`{keys[-1]}` is not a list", keys)
            return ()
        return tuple(self._text(text, keys) for text in texts)

    def _conformance(self, rows: Any) -> tuple[ExpectedConformance, ...]:
        if not isinstance(rows, list):
            self._refuse("SS503", "`conformance` is not a list of tables", ("conformance",))
            return ()
        found = [self._held(row, ("conformance", str(i))) for i, row in enumerate(rows)]
        for number, each in enumerate(found):
            if any(other.mapping == each.mapping for other in found[:number]):
                keys = ("conformance", str(number), "mapping")
                self._refuse("SS518", f"`{each.mapping}` is held twice", keys)
        return tuple(found)

    def _held(self, table: Any, keys: tuple[str, ...]) -> ExpectedConformance:
        if not isinstance(table, dict):
            self._refuse("SS503", "a conformance is not a table", keys)
            table = {}
        known = ("mapping", "tier", "sources", "states", "transitions")
        self._refuse_unknown(table, known, keys)
        if not table.get("mapping"):
            help_ = 'Write `mapping = "module:NAME"`, or the name of a shipped one.'
            self._refuse("SS518", "an implementation is held by a mapping", keys, help_)
        return ExpectedConformance(
            self._text(table.get("mapping", ""), (*keys, "mapping")),
            self._tier(table.get("tier", Tier.PR.value), (*keys, "tier")),
            self._listed(table.get("sources", []), (*keys, "sources")),
            self._count(table, "states", keys),
            self._count(table, "transitions", keys),
            self._positions.span(self._name, *keys),
        )

    def _given(self, names: Any, keys: tuple[str, ...]) -> frozenset[ActorKind]:
        untrusted = {kind.value: kind for kind in ActorKind if kind.is_untrusted}
        known = " or ".join(f"`{name}`" for name in untrusted)
        if not isinstance(names, list):
            self._refuse("SS503", "`given` is not a list of actors", keys)
            return frozenset()
        for name in names:
            if name not in untrusted:
                message = f"`{name}` is no actor that may be given honest"
                self._refuse("SS510", message, keys, f"Name {known}; the others are trusted.")
        return frozenset(untrusted[name] for name in names if name in untrusted)

    def _sizes(self, table: Mapping[str, Any], keys: tuple[str, ...]) -> Mapping[str, int]:
        sizes = self._numbers(table, "scope", keys)
        for sort, size in sizes.items():
            if size < 1:
                message = f"the size of `{sort}` is {size}, less than 1"
                help_ = "A sort has at least one element."
                self._refuse("SS507", message, (*keys, "scope", sort), help_)
        return sizes

    def _numbers(
        self, table: Mapping[str, Any], key: str, keys: tuple[str, ...]
    ) -> Mapping[str, int]:
        numbers = self._table(table, key, keys)
        for name, value in numbers.items():
            if not isinstance(value, int) or isinstance(value, bool):
                self._refuse("SS503", f"`{name}` is not a number", (*keys, key, name))
            elif value < 0:
                self._refuse("SS503", f"`{name}` is below 0", (*keys, key, name))
        return {n: v for n, v in numbers.items() if isinstance(v, int)}

    def _pins(self, table: Mapping[str, Any], keys: tuple[str, ...]) -> Mapping[str, Pin]:
        pins = self._table(table, "pins", keys)
        for name, value in pins.items():
            if not isinstance(value, str | int):
                self._refuse("SS503", f"`{name}` is not a value", (*keys, "pins", name))
        return {n: v for n, v in pins.items() if isinstance(v, str | int)}

    def _texts(
        self, table: Mapping[str, Any], key: str, keys: tuple[str, ...]
    ) -> Mapping[str, str]:
        texts = self._table(table, key, keys)
        return {name: self._text(value, (*keys, key, name)) for name, value in texts.items()}

    def _text(self, value: Any, keys: tuple[str, ...]) -> str:
        if not isinstance(value, str):
            self._refuse("SS503", f"`{keys[-1]}` is not a string", keys)
        return str(value)

    def _count(self, table: Mapping[str, Any], key: str, keys: tuple[str, ...]) -> int | None:
        value = table.get(key)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            self._refuse("SS503", f"`{key}` is not a number", (*keys, key))
            return None
        return value

    def _table(
        self, table: Mapping[str, Any], key: str, keys: tuple[str, ...]
    ) -> Mapping[str, Any]:
        value = table.get(key, {})
        if not isinstance(value, dict):
            self._refuse("SS503", f"`{key}` is not a table", (*keys, key))
            return {}
        return value

    def _refuse_unknown(
        self, table: Mapping[str, Any], known: Collection[str], keys: tuple[str, ...]
    ) -> None:
        for key in table:
            if key not in known:
                help_ = f"Here may stand: {', '.join(known)}."
                self._refuse("SS502", f"unknown key `{key}`", (*keys, key), help_)

    def _refuse(self, code: str, message: str, keys: tuple[str, ...], help_: str = "") -> None:
        span = self._positions.span(self._name, *keys)
        self.diagnostics.append(Diagnostic(code, message, span, help=help_))


def _reason(problem: tomllib.TOMLDecodeError) -> str:
    reason = str(problem).partition(" (at ")[0]
    return reason[:1].lower() + reason[1:]


def _place(source: Source, problem: tomllib.TOMLDecodeError) -> Span:
    found = re.search(r"at line (\d+), column (\d+)", str(problem))
    if found is None:
        line = source.text.count("\n") + 1
        return Span(source, line, 1, line, 2)
    line, column = int(found[1]), int(found[2])
    return Span(source, line, column, line, column + 1)
