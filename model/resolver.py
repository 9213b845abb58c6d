"""Turn the modules of a closure into tables that say what each written name stands for.

A name of the own module wins; otherwise it must be declared by one module of the import closure,
or be written with its module (docs/language.md, section 1). Whatever the parser could not read is
known as broken: a use of it is not reported a second time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum

from splitspec.model import syntax
from splitspec.model.diagnostic import Diagnostic, Note
from splitspec.model.source import Span


class SymbolKind(Enum):
    """What a declaration declares, in the words of messages."""

    SORT = "sort"
    ENUM = "enum"
    VARIABLE = "variable"
    DEFINITION = "definition"
    ASSUMPTION = "assumption"
    PART = "part"
    ACTION = "action"
    PROPERTY = "property"

    @property
    def phrase(self) -> str:
        """The kind with its article."""
        return f"an {self.value}" if self.value[0] in "aeiou" else f"a {self.value}"


@dataclass(frozen=True, slots=True)
class Symbol:
    """A declared name. `path` is what the typed core calls it."""

    path: str
    module: str
    kind: SymbolKind
    declaration: syntax.Declaration
    span: Span

    @property
    def name(self) -> str:
        """The name without its module."""
        return self.path.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Unit:
    """A module to resolve, with the names of its declarations that the parser could not read."""

    module: syntax.Module
    broken: frozenset[str]


@dataclass(frozen=True, slots=True)
class Names:
    """Everything that a closure declares, and what of it each module sees.

    `visible[m][n]` are the symbols that `n` may stand for in module `m`, the own one first.
    `members[m][n]` are the enums seen in `m` that have a member `n`.
    """

    tables: Mapping[str, Mapping[str, Symbol]]
    closures: Mapping[str, tuple[str, ...]]
    visible: Mapping[str, Mapping[str, tuple[Symbol, ...]]]
    members: Mapping[str, Mapping[str, tuple[Symbol, ...]]]
    broken: Mapping[str, frozenset[str]]

    def is_broken(self, module: str, name: syntax.Name) -> bool:
        """Return whether a declaration that could not be read may have declared the name."""
        *qualifier, last = name.parts
        modules = qualifier or self.closures[module]
        return any(last in self.broken.get(m, ()) for m in modules)


def resolve(units: Iterable[Unit]) -> tuple[Names, list[Diagnostic]]:
    """Build the tables of modules that stand in import order, imported ones first."""
    diagnostics: list[Diagnostic] = []
    tables: dict[str, dict[str, Symbol]] = {}
    closures: dict[str, tuple[str, ...]] = {}
    visible: dict[str, dict[str, tuple[Symbol, ...]]] = {}
    members: dict[str, dict[str, tuple[Symbol, ...]]] = {}
    broken: dict[str, frozenset[str]] = {}
    for unit in units:
        module = str(unit.module.name)
        tables[module] = _declared(unit.module, diagnostics)
        broken[module] = unit.broken
        closures[module] = _closure(unit.module, closures)
        visible[module] = _visible(module, closures[module], tables)
        members[module] = _members(closures[module], tables)
    return Names(tables, closures, visible, members, broken), diagnostics


def _declared(module: syntax.Module, diagnostics: list[Diagnostic]) -> dict[str, Symbol]:
    table: dict[str, Symbol] = {}
    for declaration in module.declarations:
        kind = _kind(declaration)
        if kind is None:
            continue
        name = declaration.name  # type: ignore[union-attr]
        symbol = Symbol(f"{module.name}.{name}", str(module.name), kind, declaration, name.span)
        first = table.setdefault(str(name), symbol)
        if first is not symbol:
            diagnostics.append(
                Diagnostic(
                    "SS202",
                    f"`{name}` is declared twice in module `{module.name}`",
                    name.span,
                    label=f"already {first.kind.phrase}",
                    notes=(Note("first declared here", first.span),),
                    help="rename one of the two; a name has one meaning in its module",
                )
            )
    return table


def _kind(declaration: syntax.Declaration) -> SymbolKind | None:
    match declaration:
        case syntax.SortDeclaration():
            return SymbolKind.SORT
        case syntax.EnumDeclaration():
            return SymbolKind.ENUM
        case syntax.StateDeclaration() | syntax.CounterDeclaration():
            return SymbolKind.VARIABLE
        case syntax.Definition():
            return SymbolKind.DEFINITION
        case syntax.Assume():
            return SymbolKind.ASSUMPTION
        case syntax.Part():
            return SymbolKind.PART
        case syntax.Action():
            return SymbolKind.ACTION
        case syntax.Property() | syntax.Progress():
            return SymbolKind.PROPERTY
        case _:
            return None


def _closure(module: syntax.Module, closures: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the module and all that it imports, itself first; missing imports are left out."""
    reached = {str(module.name): None}
    for declaration in module.declarations:
        if isinstance(declaration, syntax.Import):
            reached |= dict.fromkeys(closures.get(str(declaration.module), ()))
    return tuple(reached)


def _visible(
    module: str, closure: tuple[str, ...], tables: Mapping[str, Mapping[str, Symbol]]
) -> dict[str, tuple[Symbol, ...]]:
    seen: dict[str, tuple[Symbol, ...]] = {}
    for imported in closure[1:]:
        for name, symbol in tables[imported].items():
            seen[name] = (*seen.get(name, ()), symbol)
    seen |= {name: (symbol, *seen.get(name, ())) for name, symbol in tables[module].items()}
    return seen


def _members(
    closure: tuple[str, ...], tables: Mapping[str, Mapping[str, Symbol]]
) -> dict[str, tuple[Symbol, ...]]:
    seen: dict[str, tuple[Symbol, ...]] = {}
    for module in closure:
        for symbol in tables[module].values():
            if isinstance(symbol.declaration, syntax.EnumDeclaration):
                for member in dict.fromkeys(map(str, symbol.declaration.members)):
                    seen[member] = (*seen.get(member, ()), symbol)
    return seen


def find(
    names: Names, module: str, name: syntax.Name, kinds: Collection[SymbolKind], wanted: str
) -> Symbol | Diagnostic | None:
    """Return the symbol of one of `kinds` that `name` stands for in `module`, or what is wrong.

    None means that the declaration of the name was already reported. `wanted` completes "expected".
    """
    if len(name.parts) > 1:
        return _find_qualified(names, module, name, kinds, wanted)
    candidates = names.visible[module].get(name.parts[0], ())
    fitting = [symbol for symbol in candidates if symbol.kind in kinds]
    if fitting and (len(fitting) == 1 or fitting[0].module == module):
        return fitting[0]
    if fitting:
        return _ambiguous(name, fitting)
    if names.is_broken(module, name):
        return None
    if candidates:
        return _other_kind(name, candidates[0], wanted)
    known = [n for n, symbols in names.visible[module].items() if symbols[0].kind in kinds]
    return unknown(name, name.parts[0], known, wanted)


def _find_qualified(
    names: Names, module: str, name: syntax.Name, kinds: Collection[SymbolKind], wanted: str
) -> Symbol | Diagnostic | None:
    qualifier, last = ".".join(name.parts[:-1]), name.parts[-1]
    if qualifier not in names.closures[module]:
        suggestion = did_you_mean(qualifier, names.closures[module])
        help_ = f"write `import {qualifier}`" if qualifier in names.tables else suggestion
        return Diagnostic(
            "SS209",
            f"module `{qualifier}` is not imported",
            name.span,
            label=f"`{qualifier}` is no module that `{module}` sees",
            help=help_ or f"write `import {qualifier}` below the line of the module",
        )
    symbol = names.tables[qualifier].get(last)
    if symbol is not None and symbol.kind in kinds:
        return symbol
    if names.is_broken(module, name):
        return None
    if symbol is not None:
        return _other_kind(name, symbol, wanted)
    known = [n for n, s in names.tables[qualifier].items() if s.kind in kinds]
    return unknown(name, last, known, f"{wanted} of module `{qualifier}`")


def _ambiguous(name: syntax.Name, symbols: list[Symbol]) -> Diagnostic:
    spelled = " or ".join(f"`{symbol.path}`" for symbol in symbols)
    return Diagnostic(
        "SS203",
        f"`{name}` is declared by several imported modules",
        name.span,
        label="which one is meant?",
        notes=tuple(Note(f"`{s.path}` is declared here", s.span) for s in symbols),
        help=f"write it with its module: {spelled}",
    )


def _other_kind(name: syntax.Name, symbol: Symbol, wanted: str) -> Diagnostic:
    return Diagnostic(
        "SS204",
        f"`{name}` is {symbol.kind.phrase}",
        name.span,
        label=f"expected {wanted}",
        notes=(Note("it is declared here", symbol.span),),
    )


def unknown(name: syntax.Name, word: str, known: Iterable[str], wanted: str) -> Diagnostic:
    """Return the diagnostic of a name that nothing declares; `known` are those that would do."""
    return Diagnostic(
        "SS201",
        f"unknown name `{name}`",
        name.span,
        label=f"expected {wanted}",
        help=did_you_mean(word, known),
    )


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return "did you mean `x`?" for the closest known word, or ""."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else ""
