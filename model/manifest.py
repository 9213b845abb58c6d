"""Read `models.toml`: which models there are, at which sizes, and what is expected of their runs.

Only the form is checked here. `splitspec.model.manifest_scope` holds an entry to a program.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from splitspec.model.diagnostic import Diagnostic
from splitspec.model.frozen import frozen
from splitspec.model.ir import ActorKind
from splitspec.model.manifest_entry import (
    ExpectedConformance,
    ExpectedRefinement,
    ExpectedRun,
    ExpectedVariant,
    ModelEntry,
    RandomCalls,
    Walks,
)
from splitspec.model.manifest_form import Form
from splitspec.model.manifest_lines import Positions, find_positions
from splitspec.model.source import Source, Span
from splitspec.model.tier import Tier
from splitspec.model.toml import TomlError, read_toml

FILE_NAME = "models.toml"
LOCK_NAME = "splitspec.lock"
"""Stands beside a `models.toml`, and says what was accepted of it."""
# The names of folders below that of `models.toml`, and the name of the module.
MODULE = re.compile(r"[A-Za-z_]\w*(/[A-Za-z_]\w*)*")
NAME = re.compile(r"\w[\w.-]*")
KEYS = (
    "module",
    "tier",
    "bounded",
    "simulated",
    "unproved",
    "proved_once",
    "unrefined",
    "scope",
    "bounds",
    "pins",
    "with",
    "idle",
    "undecided",
    "runs",
    "variants",
    "refinements",
    "conformance",
)


@frozen
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
    """Return the `models.toml` of a folder, or of the nearest folder above it that has one.

    One that cannot be read is found too, and so is one that is gone while its lock is there: those
    who read it say so, where one of a folder further above would be another specification's.
    """
    whole = start.resolve()
    return next((path for each in (whole, *whole.parents) for path in _manifests_in(each)), None)


def nearest_manifest(start: Path) -> Path | None:
    """Return the `models.toml` of a folder or of its `spec`, or of the nearest above with one.

    What is above is known of a path without links and `..` alone.
    """
    whole = start.resolve()
    places = (place for each in (whole, *whole.parents) for place in (each, each / "spec"))
    return next((path for place in places for path in _manifests_in(place)), None)


def _manifests_in(folder: Path) -> tuple[Path, ...]:
    is_there = any(os.path.lexists(folder / name) for name in (FILE_NAME, LOCK_NAME))
    return (folder / FILE_NAME,) if is_there else ()


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
        tables = read_toml(source.text)
    except TomlError as problem:
        diagnostic = Diagnostic(
            "SS501",
            f"not TOML: {problem}",
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
        unrefined="",
        scope=scope,
        bounds={},
        pins={},
        substitutions={},
        idle={},
        undecided={},
        runs=(),
        variants={},
        refinements={},
        conformance=(),
        positions=Positions(Source("command line", ""), {}),
    )


class _Reader(Form):
    """Reads one model's table."""

    def entry(self, table: Any) -> ModelEntry | None:
        if not isinstance(table, dict):
            self.refuse("SS502", f"`{self.name}` is not the table of a model", ())
            return None
        if NAME.fullmatch(self.name) is None:
            help_ = 'Runs have names of several words: "desk with two_each" is one of `desk`.'
            self.refuse("SS502", f"`{self.name}` is no name of a model", (), help_)
        self.refuse_unknown(table, KEYS, ())
        if "module" not in table:
            help_ = f'Write `module = "{self.name}"`, the name of a .split file beside this one.'
            self.refuse("SS504", f"model `{self.name}` has no module", (), help_)
        variants = self.table(table, "variants", ())
        refinements = self.table(table, "refinements", ())
        if table.get("unrefined") and refinements:
            message = "what is `unrefined` is held to nothing, whatever `refinements` says"
            self.refuse("SS521", message, ("unrefined",), "Take out one of the two.")
        return ModelEntry(
            name=self.name,
            module=self._module(table.get("module", self.name)),
            tier=self.tier(table.get("tier", Tier.COMMIT.value), ("tier",)),
            bounded=self.positive(table, "bounded", ()),
            simulated=self._walks(table),
            unproved=self.text(table.get("unproved", ""), ("unproved",)),
            proved_once=self.text(table.get("proved_once", ""), ("proved_once",)),
            unrefined=self.text(table.get("unrefined", ""), ("unrefined",)),
            scope=self.sizes(table, ()),
            bounds=self.numbers(table, "bounds", ()),
            pins=self.pins(table, ()),
            substitutions=self.texts(table, "with", ()),
            idle=self.reasons(table, "idle", ()),
            undecided=self.reasons(table, "undecided", ()),
            runs=self._runs(table.get("runs", []), ()),
            variants={name: self._variant(name, value) for name, value in variants.items()},
            refinements={n: self._refinement(n, value) for n, value in refinements.items()},
            conformance=self._conformance(table.get("conformance", [])),
            positions=self.positions,
        )

    def _module(self, value: Any) -> str:
        module = self.text(value, ("module",))
        if isinstance(value, str) and MODULE.fullmatch(module) is None:
            message = f"`{module}` is no module beside this file or in a folder below it"
            help_ = "Write `module`, or `folder/module`: no `.split`, no `..`, no `/` in front."
            self.refuse("SS514", message, ("module",), help_)
        return module

    def _walks(self, table: Mapping[str, Any]) -> Walks | None:
        if "simulated" not in table:
            return None
        if "bounded" in table:
            message = "`bounded` explores, and `simulated` does not: a model has one of them"
            self.refuse("SS516", message, ("simulated",), "Take out one of the two.")
        walks = self.table(table, "simulated", ())
        self.refuse_unknown(walks, ("runs", "steps"), ("simulated",))
        runs, steps = (self.positive(walks, key, ("simulated",)) for key in ("runs", "steps"))
        if runs is None or steps is None:
            help_ = "Write `simulated = { runs = 10000, steps = 100 }`."
            self.refuse("SS516", "walks need `runs` and `steps`", ("simulated",), help_)
            return None
        return Walks(runs, steps)

    def _variant(self, name: str, table: Any) -> ExpectedVariant:
        keys = ("variants", name)
        if not isinstance(table, dict):
            self.refuse("SS503", f"`{name}` is not a table", keys)
            table = {}
        self.refuse_unknown(table, ("scope", "bounds", "pins", "steps"), keys)
        return self._layer(name, table, keys)

    def _layer(self, name: str, table: Mapping[str, Any], keys: tuple[str, ...]) -> ExpectedVariant:
        return ExpectedVariant(
            name,
            self.sizes(table, keys),
            self.numbers(table, "bounds", keys),
            self.pins(table, keys),
            self.count(table, "steps", keys),
            keys,
        )

    def _refinement(self, name: str, table: Any) -> ExpectedRefinement:
        keys = ("refinements", name)
        if not isinstance(table, dict):
            self.refuse("SS503", f"`{name}` is not a table", keys)
            table = {}
        known = ("scope", "bounds", "pins", "idle", "runs", "proof_tier", "unproved")
        self.refuse_unknown(table, known, keys)
        layer = self._layer(name, table, keys)
        idle, runs = self.reasons(table, "idle", keys), self._runs(table.get("runs", []), keys)
        for number, run in enumerate(runs):
            if run.forgets:
                where = (*keys, "runs", str(number))
                self.refuse("SS517", "a run of a refinement forgets nothing", where)
        return ExpectedRefinement(
            name,
            layer,
            idle,
            runs,
            self.tier(table.get("proof_tier", Tier.PR.value), (*keys, "proof_tier")),
            self.text(table.get("unproved", ""), (*keys, "unproved")),
        )

    def _runs(self, rows: Any, keys: tuple[str, ...]) -> tuple[ExpectedRun, ...]:
        if not isinstance(rows, list):
            self.refuse("SS503", "`runs` is not a list of tables", (*keys, "runs"))
            return ()
        found = tuple(self._run(row, (*keys, "runs", str(i))) for i, row in enumerate(rows))
        for number, run in enumerate(found):
            if any(other.given == run.given for other in found[:number]):
                names = " and ".join(sorted(kind.value for kind in run.given)) or "nobody"
                message = f"two runs are given {names} honest: only one can be expected"
                self.refuse("SS519", message, (*keys, "runs", str(number)))
        return found

    def _run(self, table: Any, keys: tuple[str, ...]) -> ExpectedRun:
        if not isinstance(table, dict):
            self.refuse("SS503", "a run is not a table", keys)
            table = {}
        known = ("given", "states", "transitions", "depth", "orbits", "bounded", "forgets")
        self.refuse_unknown(table, known, keys)
        return ExpectedRun(
            self._given(table.get("given", []), (*keys, "given")),
            self.count(table, "states", keys),
            self.count(table, "transitions", keys),
            self.count(table, "depth", keys),
            self.count(table, "orbits", keys),
            self.positive(table, "bounded", keys),
            self.listed(table.get("forgets", []), (*keys, "forgets")),
            self.positions.span(self.name, *keys),
        )

    def _conformance(self, rows: Any) -> tuple[ExpectedConformance, ...]:
        if not isinstance(rows, list):
            self.refuse("SS503", "`conformance` is not a list of tables", ("conformance",))
            return ()
        found = [self._held(row, ("conformance", str(i))) for i, row in enumerate(rows)]
        for number, each in enumerate(found):
            if any(other.mapping == each.mapping for other in found[:number]):
                keys = ("conformance", str(number), "mapping")
                self.refuse("SS518", f"`{each.mapping}` is held twice", keys)
        return tuple(found)

    def _held(self, table: Any, keys: tuple[str, ...]) -> ExpectedConformance:
        if not isinstance(table, dict):
            self.refuse("SS503", "a conformance is not a table", keys)
            table = {}
        known = ("mapping", "tier", "sources", "calls", "seed", "states", "transitions")
        self.refuse_unknown(table, known, keys)
        if not table.get("mapping"):
            help_ = 'Write `mapping = "module:NAME"`, or the name of a shipped one.'
            self.refuse("SS518", "an implementation is held by a mapping", keys, help_)
        calls, seed = self.positive(table, "calls", keys), self.count(table, "seed", keys)
        if calls is None and seed is not None:
            message = "`seed` is that of random `calls`, of which there are none"
            self.refuse("SS518", message, (*keys, "seed"), "Write `calls = 10000` beside it.")
        return ExpectedConformance(
            self.text(table.get("mapping", ""), (*keys, "mapping")),
            self.tier(table.get("tier", Tier.PR.value), (*keys, "tier")),
            self.listed(table.get("sources", []), (*keys, "sources")),
            None if calls is None else RandomCalls(calls, seed or 0),
            self.count(table, "states", keys),
            self.count(table, "transitions", keys),
            self.positions.span(self.name, *keys),
        )

    def _given(self, names: Any, keys: tuple[str, ...]) -> frozenset[ActorKind]:
        untrusted = {kind.value: kind for kind in ActorKind if kind.is_untrusted}
        known = " or ".join(f"`{name}`" for name in untrusted)
        if not isinstance(names, list):
            self.refuse("SS503", "`given` is not a list of actors", keys)
            return frozenset()
        for name in names:
            if name not in untrusted:
                message = f"`{name}` is no actor that may be given honest"
                self.refuse("SS510", message, keys, f"Name {known}; the others are trusted.")
        return frozenset(untrusted[name] for name in names if name in untrusted)


def _place(source: Source, problem: TomlError) -> Span | None:
    line, column = problem.line, problem.column
    if not line:
        return find_positions(source).span(*problem.keys)
    return Span(source, line, column, line, column + 1)
