"""Hold an entry of `models.toml` to its program: give every sort a size, every `nat` a bound, pins
their values.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from math import prod

from splitspec.model.diagnostic import Diagnostic
from splitspec.model.effort import evaluations_at_start
from splitspec.model.frozen import frozen
from splitspec.model.initial import ill_begun
from splitspec.model.ir import Program, Value, Variable, VariableKind
from splitspec.model.manifest_entry import ExpectedVariant, ModelEntry, Pin
from splitspec.model.manifest_forgetting import forgetting_of
from splitspec.model.manifest_lines import Keys
from splitspec.model.scope import Places, Scope
from splitspec.model.setting import adversaries
from splitspec.model.types import Boolean, Natural, Option, Range, Sort, Type
from splitspec.model.valuation import Universe

PLACES_MAX = 1_000_000
"""More values than this in one state are a slip of a size, and would fill the memory."""

Layer = tuple[Mapping[str, int], Keys]
COMMAND_LINE: Keys = ("--scope",)


@frozen
class Scoped:
    """The scope of a run; None if the diagnostics say why there is none."""

    scope: Scope | None
    diagnostics: tuple[Diagnostic, ...]


def scope_of(
    entry: ModelEntry,
    program: Program,
    variant: ExpectedVariant | None = None,
    sizes: Mapping[str, int] | None = None,
    *,
    evaluations: int | None = None,
) -> Scoped:
    """Return the sizes of a model, or of its variant; `sizes` of the command line win.

    Sizes at which finding how a run begins takes more than so many `evaluations` are refused.
    """
    return _Resolution(entry, program, variant, evaluations).scoped(sizes or {})


def check_entry(
    entry: ModelEntry, program: Program, variants: Collection[str]
) -> tuple[Diagnostic, ...]:
    """Return what an entry names that its program does not have: variants, adversaries, paths."""
    found: list[Diagnostic] = []
    known = {name: f"variant `{name}`" for name in variants}
    for name in entry.variants:
        if name not in known:
            span = entry.span("variants", name)
            message = f"model `{entry.name}` has no variant `{name}`"
            found.append(Diagnostic("SS511", message, span, help=_meant(name, known)))
    refined = {r.abstract: f"refinement of `{r.abstract}`" for r in program.refinements}
    for name in entry.refinements:
        if name not in refined:
            span = entry.span("refinements", name)
            message = f"model `{entry.name}` has no refinement of `{name}`"
            found.append(Diagnostic("SS511", message, span, help=_meant(name, refined)))
    if entry.unrefined and not refined:
        message = f"`{entry.module}` refines nothing that it could be left unheld to"
        span = entry.span("unrefined")
        found.append(Diagnostic("SS521", message, span, help="Take `unrefined` out."))
    for number, run in enumerate(entry.runs):
        if run.given not in adversaries(program):
            given = " and ".join(sorted(kind.value for kind in run.given))
            message = f"nothing is claimed given honest {given}"
            help_ = "Take the run out, or write a property with that `given`."
            span = entry.span("runs", str(number), "given")
            found.append(Diagnostic("SS510", message, span, help=help_))
        found += forgetting_of(run, program).diagnostics
    claims = [*program.actions, *program.properties]
    for path in entry.idle:
        if path not in claims:
            message = f"`{path}` is no action or property of `{entry.module}`"
            span = entry.span("idle", path)
            found.append(Diagnostic("SS511", message, span, help=_meant(path, claims)))
    for path in entry.undecided:
        if path not in program.properties:
            message = f"`{path}` is no property of `{entry.module}`"
            span = entry.span("undecided", path)
            help_ = _meant(path, program.properties)
            found.append(Diagnostic("SS511", message, span, help=help_))
    return tuple(found)


class _Resolution:
    """Matches the names of an entry with those of a program, and collects what does not fit."""

    def __init__(
        self,
        entry: ModelEntry,
        program: Program,
        variant: ExpectedVariant | None,
        evaluations: int | None,
    ) -> None:
        self._entry = entry
        self._program = program
        self._variant = variant
        self._evaluations = evaluations
        self._diagnostics: list[Diagnostic] = []

    def scoped(self, overriding: Mapping[str, int]) -> Scoped:
        sizes, bounds = self._sizes(overriding), self._bounds()
        if self._diagnostics:
            return Scoped(None, tuple(self._diagnostics))
        unpinned = Scope(sizes, bounds, {})
        pins = self._pins(unpinned)
        self._require_pins(pins)
        scope = Scope(sizes, {**bounds, **self._bounds_of(pins)}, pins)
        if not self._diagnostics:
            self._refuse_vast(scope)
        if not self._diagnostics:
            self._refuse_costly(scope)
        if not self._diagnostics:
            self._refuse_beginning(scope)
        if self._diagnostics:
            return Scoped(None, tuple(self._diagnostics))
        return Scoped(scope, ())

    def _refuse_vast(self, scope: Scope) -> None:
        """Refuse sizes at which one state would fill the memory."""
        places = {
            path: prod(scope.count(type_) for type_ in variable.indices)
            for path, variable in self._program.variables.items()
        }
        largest = max(places, key=lambda path: places[path], default=None)
        if largest is not None and places[largest] > PLACES_MAX:
            message = f"`{_short(largest)}` has {places[largest]:,} places at these sizes"
            help_ = f"Choose sizes with which it has at most {PLACES_MAX:,}."
            self._refuse("SS507", message, ("scope",), help_)

    def _refuse_costly(self, scope: Scope) -> None:
        """Refuse sizes at which a run could not begin in the time that its caller has."""
        limit = self._evaluations
        if limit is not None and evaluations_at_start(self._program, scope) > limit:
            message = f"more than {limit:,} values decide how a run begins"
            help_ = "Choose smaller sizes, or pin constants."
            self._refuse("SS507", message, ("scope",), help_)

    def _refuse_beginning(self, scope: Scope) -> None:
        """Refuse an `init` that leaves open how a run of this scope begins."""
        places = Places(tuple(self._program.variables.values()), scope)
        found = ill_begun(self._program, Universe(self._program.definitions, places))
        if found is not None:
            update, message = found
            help_ = "Narrow the constants by `assume`, or write one line for each place."
            self._diagnostics.append(Diagnostic("SS513", message, update.span, help=help_))

    def _sizes(self, overriding: Mapping[str, int]) -> Mapping[str, int]:
        layers: list[Layer] = [(self._entry.scope, ("scope",)), (overriding, COMMAND_LINE)]
        if self._variant is not None:
            layers.insert(1, (self._variant.scope, (*self._variant.keys, "scope")))
        sizes = self._matched(layers, self._program.sorts, "SS505", "sort")
        for sort, size in sizes.items():
            if size < 1:
                message = f"the size of `{_short(sort)}` is {size}, less than 1"
                self._refuse("SS507", message, ("scope",), "A sort has at least one element.")
        missing = [sort for sort in self._program.sorts if sort not in sizes]
        if missing:
            names = ", ".join(f"`{_short(sort)}`" for sort in missing)
            example = ", ".join(f"{_short(sort)} = 2" for sort in missing)
            message = f"model `{self._entry.name}` has no size for {names}"
            help_ = (
                f"{self._write(f'scope = {{ {example} }}')}, or `--scope {_short(missing[0])}=2`."
            )
            self._refuse("SS506", message, ("scope",), help_)
        return sizes

    def _bounds(self) -> Mapping[str, int]:
        layers: list[Layer] = [(self._entry.bounds, ("bounds",))]
        if self._variant is not None:
            layers.append((self._variant.bounds, (*self._variant.keys, "bounds")))
        numbers = {
            path: variable
            for path, variable in self._program.variables.items()
            if isinstance(variable.type, Natural) and variable.kind is not VariableKind.COUNTER
        }
        bounds = self._matched(layers, tuple(numbers), "SS508", "variable of type `nat`")
        pinned = self._pinned_paths()
        for path in numbers:
            if path not in bounds and path not in pinned:
                self._refuse_unbounded(path, numbers[path])
        return bounds

    def _refuse_unbounded(self, path: str, variable: Variable) -> None:
        name = _short(path)
        help_ = f"{self._write(f'bounds = {{ {name} = 3 }}')}."
        if variable.kind is VariableKind.CONSTANT:
            help_ = f"{self._write(f'pins = {{ {name} = 3 }}')}, or a bound for all its values."
        message = f"model `{self._entry.name}` has no bound for `{name}`, which is a `nat`"
        self._refuse("SS508", message, ("bounds",), help_)

    def _pins(self, scope: Scope) -> Mapping[str, Value]:
        """Return the pinned values; numbers come first, because types may name them."""
        constants = self._constants()
        written = self._written_pins()
        pins: dict[str, Value] = {}
        for path in sorted(written, key=lambda p: not isinstance(constants[p].type, Natural)):
            pin, keys = written[path]
            name, variable = keys[-1], constants[path]
            if variable.indices:
                message = f"`{name}` has arguments; only a constant without can be pinned"
                self._refuse("SS509", message, keys)
                continue
            values = _values(variable.type, Scope(scope.sizes, scope.bounds, pins))
            if values is None and isinstance(pin, int) and not isinstance(pin, bool) and pin >= 0:
                pins[path] = pin
            elif values is not None and (type(pin), pin) in values:
                pins[path] = values[type(pin), pin]
            elif (element := _element(pin, variable.type, scope)) is not None:
                pins[path] = element
            else:
                shown = ", ".join(str(pin) for _, pin in list(values or ())[:8])
                message = f"`{pin}` is no value of `{name}`"
                help_ = f"Its values are: {shown or 'the numbers from 0'}."
                self._refuse("SS509", message, keys, help_)
        return pins

    def _written_pins(self) -> Mapping[str, tuple[Pin, Keys]]:
        """Return what is written for each constant, and where; a variant's own pin wins."""
        constants = self._constants()
        layers: list[tuple[Mapping[str, Pin], Keys]] = [(self._entry.pins, ("pins",))]
        if self._variant is not None:
            layers.append((self._variant.pins, (*self._variant.keys, "pins")))
        written: dict[str, tuple[Pin, Keys]] = {}
        for pins, keys in layers:
            for name, pin in pins.items():
                path = self._match(name, constants, "SS509", "constant", (*keys, name))
                if path is not None:
                    written[path] = pin, (*keys, name)
        return written

    def _bounds_of(self, pins: Mapping[str, Value]) -> Mapping[str, int]:
        """A pinned number is its own bound."""
        numbers = {path for path, v in self._constants().items() if isinstance(v.type, Natural)}
        return {path: pin for path, pin in pins.items() if path in numbers and pin is not None}

    def _require_pins(self, pins: Mapping[str, Value]) -> None:
        """Ranges must have an end: the constants that types name are pinned."""
        for path in sorted(self._program.ends - set(pins)):
            message = f"`{_short(path)}` is the end of a range and has no value"
            help_ = f"{self._write(f'pins = {{ {_short(path)} = 2 }}')}."
            self._refuse("SS509", message, ("pins",), help_)
        for path in sorted(self._program.ends & set(pins)):
            if int(pins[path] or 0) > PLACES_MAX:
                message = f"a range up to `{_short(path)}` has more than {PLACES_MAX:,} values"
                self._refuse("SS509", message, ("pins",), "Write a smaller number.")

    def _write(self, line: str) -> str:
        """Return what to write; and where, if the model has no table of its own yet."""
        if self._entry.span() is not None:
            return f"Write `{line}`"
        name = self._entry.name
        return f'Write `{line}` into models.toml, below `[{name}]` and `module = "{name}"`'

    def _constants(self) -> Mapping[str, Variable]:
        return {
            path: variable
            for path, variable in self._program.variables.items()
            if variable.kind is VariableKind.CONSTANT
        }

    def _pinned_paths(self) -> frozenset[str]:
        names = [*self._entry.pins, *(self._variant.pins if self._variant else ())]
        return frozenset(path for name in names for path in self._constants() if _names(name, path))

    def _matched(
        self,
        layers: list[Layer],
        paths: Collection[str],
        code: str,
        what: str,
    ) -> dict[str, int]:
        """Return the numbers by path; a later layer wins over an earlier one."""
        numbers: dict[str, int] = {}
        for layer, keys in layers:
            for name, number in layer.items():
                path = self._match(name, paths, code, what, (*keys, name))
                if path is not None:
                    numbers[path] = number
        return numbers

    def _match(
        self, name: str, paths: Collection[str], code: str, what: str, keys: Keys
    ) -> str | None:
        """Return the one path that a name means, whole or by its last part."""
        if name in paths:
            return name
        matching = [path for path in paths if _names(name, path)]
        if len(matching) == 1:
            return matching[0]
        if matching:
            help_ = f"Write one of: {', '.join(sorted(matching))}."
            self._refuse("SS512", f"{what} `{name}` stands in several modules", keys, help_)
        else:
            message = f"`{self._entry.module}` has no {what} `{name}`"
            self._refuse(code, message, keys, _meant(name, [_short(p) for p in paths]))
        return None

    def _refuse(self, code: str, message: str, keys: Keys, help_: str = "") -> None:
        span = None if keys[:1] == COMMAND_LINE else self._entry.span(*keys)
        self._diagnostics.append(Diagnostic(code, message, span, help=help_))


def _values(type_: Type, scope: Scope) -> Mapping[tuple[type, Pin], Value] | None:
    """Return the values of a type by how they are written in TOML; None for all numbers."""
    if isinstance(type_, Natural):
        return None
    inner = type_.of if isinstance(type_, Option) else type_
    if isinstance(inner, Range) and isinstance(inner.high, str) and inner.high not in scope.pins:
        return {}
    bare = isinstance(inner, Boolean | Range)
    written: dict[tuple[type, Pin], Value] = {}
    for value in scope.values(type_):
        pin: Pin = value if bare and value is not None else scope.show(value, type_)
        written[type(pin), pin] = value
    return written


def _element(pin: Pin, type_: Type, scope: Scope) -> int | None:
    """Return the element that is meant; traces may need a longer prefix in a larger model."""
    inner = type_.of if isinstance(type_, Option) else type_
    written = re.fullmatch(r"([a-z_]+)([1-9][0-9]*)", str(pin))
    if not isinstance(inner, Sort) or written is None:
        return None
    number = int(written[2])
    named = str(inner).lower().startswith(written[1])
    return number - 1 if named and number <= scope.sizes[inner.path] else None


def _names(name: str, path: str) -> bool:
    return name in (path, _short(path))


def _short(path: str) -> str:
    return path.rpartition(".")[2]


def _meant(name: str, known: Collection[str]) -> str:
    """Return a proposal: the nearest name, else what there is."""
    near = get_close_matches(name, known, n=1)
    if near:
        return f"Did you mean `{near[0]}`?"
    listed = ", ".join(sorted(known)[:8])
    return f"There is: {listed}." if listed else ""
