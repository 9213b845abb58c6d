"""Turn the modules of a closure into tables that say what each written name stands for.

A name of the own module wins; otherwise it must be declared by one module of the import closure,
or be written with its module (docs/language.md, section 1). Whatever the parser could not read is
known as broken: a use of it is not reported a second time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from enum import Enum

from splitspec.model import syntax
from splitspec.model.diagnostic import Diagnostic, Note
from splitspec.model.frozen import frozen
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


@frozen
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


@frozen
class Unit:
    """A module to resolve, with the names of its declarations that the parser could not read.

    `lacks_import` says that one of these lines was an import.
    """

    module: syntax.Module
    broken: frozenset[str]
    lacks_import: bool = False


@frozen
class Names:
    """Everything that the modules declare, and what of it each module sees.

    `exports[m]` is what others see of `m`: with substitutions, that of the module in its place.
    `visible[m][n]` are the symbols that `n` may stand for in module `m`, the own one first.
    `members[m][n]` are the enums seen in `m` that have a member `n`. In modules that are
    `incomplete`, because an import of their closure is missing, unknown names are no news.

    Under the name "" stands what variants see: everything, names of the model's module first.
    """

    tables: Mapping[str, Mapping[str, Symbol]]
    exports: Mapping[str, Mapping[str, Symbol]]
    closures: Mapping[str, tuple[str, ...]]
    visible: Mapping[str, Mapping[str, tuple[Symbol, ...]]]
    members: Mapping[str, Mapping[str, tuple[Symbol, ...]]]
    broken: Mapping[str, frozenset[str]]
    incomplete: Collection[str]
    substitutions: Mapping[str, str]

    def is_broken(self, module: str, name: syntax.Name) -> bool:
        """Return whether a declaration that could not be read may have declared the name."""
        *qualifier, last = name.parts
        if module in self.incomplete and (not qualifier or qualifier[0] not in self.tables):
            return True
        modules = qualifier or self.closures[module]
        return any(last in self.broken.get(m, ()) for m in modules)


@frozen
class _Tables:
    """The tables of `Names` while they grow."""

    tables: dict[str, dict[str, Symbol]]
    exports: dict[str, dict[str, Symbol]]
    closures: dict[str, tuple[str, ...]]
    visible: dict[str, dict[str, tuple[Symbol, ...]]]
    members: dict[str, dict[str, tuple[Symbol, ...]]]
    broken: dict[str, frozenset[str]]
    incomplete: set[str]
    substitutions: Mapping[str, str]


def resolve(
    units: Iterable[Unit], substitutions: Mapping[str, str]
) -> tuple[Names, list[Diagnostic]]:
    """Build the tables of modules that stand in import order, the model's own one last.

    An import of a module that is a key of `substitutions` means the module that is its value.
    """
    diagnostics: list[Diagnostic] = []
    found = _Tables({}, {}, {}, {}, {}, {}, set(), substitutions)
    module = ""
    for unit in units:
        module = str(unit.module.name)
        found.tables[module] = _declared(unit.module, diagnostics)
        found.exports[module] = _exported(unit.module, found)
        found.broken[module] = unit.broken
        if unit.lacks_import:
            found.incomplete.add(module)
        found.closures[module] = _closure(unit.module, found)
        found.visible[module] = _visible(module, found, found.exports)
        found.members[module] = _members(found.closures[module], found.tables)
    found.closures[""] = found.closures.get(module, ())
    found.visible[""], found.members[""] = {}, {}
    if module:
        found.visible[""] = {
            name: tuple(s for s in symbols if s.module == module) or symbols
            for name, symbols in _visible(module, found, found.tables).items()
        }
        found.members[""] = found.members[module]
    names = Names(
        found.tables,
        found.exports,
        found.closures,
        found.visible,
        found.members,
        found.broken,
        found.incomplete,
        substitutions,
    )
    return names, diagnostics


def _exported(module: syntax.Module, found: _Tables) -> dict[str, Symbol]:
    """Return what others see of a module.

    A module in the place of another one shows its parts, actions and definitions, under the names
    that its refinement gives them; its variables are its own.
    """
    table = found.tables[str(module.name)]
    replaced = [old for old, new in found.substitutions.items() if new == str(module.name)]
    if not replaced:
        return table
    shown = {name: s for name, s in table.items() if s.kind is not SymbolKind.VARIABLE}
    for declared in module.declarations:
        if isinstance(declared, syntax.Refinement) and str(declared.abstract) in replaced:
            for pair in declared.maps:
                if pair.abstract is not None and str(pair.concrete) in table:
                    shown[pair.abstract.parts[-1]] = table[str(pair.concrete)]
    return shown


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


def _closure(module: syntax.Module, found: _Tables) -> tuple[str, ...]:
    """Return the module and all that it imports, itself first; missing imports are left out."""
    name = str(module.name)
    reached = {name: None}
    for declaration in module.declarations:
        if isinstance(declaration, syntax.Import):
            imported = str(declaration.module)
            imported = found.substitutions.get(imported, imported)
            if imported not in found.closures or imported in found.incomplete:
                found.incomplete.add(name)
            reached |= dict.fromkeys(found.closures.get(imported, ()))
    return tuple(reached)


def _visible(
    module: str, found: _Tables, exports: Mapping[str, Mapping[str, Symbol]]
) -> dict[str, tuple[Symbol, ...]]:
    seen: dict[str, tuple[Symbol, ...]] = {}
    for imported in found.closures[module][1:]:
        for name, symbol in exports[imported].items():
            seen[name] = (*seen.get(name, ()), symbol)
    own = found.tables[module]
    return seen | {name: (symbol, *seen.get(name, ())) for name, symbol in own.items()}


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
    hidden = _hidden(names, module, name, name.parts[0])
    if hidden is not None:
        return hidden
    known = [n for n, symbols in names.visible[module].items() if symbols[0].kind in kinds]
    return unknown(name, name.parts[0], known, wanted)


def _find_qualified(
    names: Names, module: str, name: syntax.Name, kinds: Collection[SymbolKind], wanted: str
) -> Symbol | Diagnostic | None:
    qualifier, last = ".".join(name.parts[:-1]), name.parts[-1]
    owner = names.substitutions.get(qualifier, qualifier)
    if owner not in names.closures[module]:
        if names.is_broken(module, name):
            return None
        suggestion = did_you_mean(qualifier, names.closures[module])
        help_ = f"write `import {qualifier}`" if qualifier in names.tables else suggestion
        return Diagnostic(
            "SS209",
            f"module `{qualifier}` is not imported",
            name.span,
            label="expected a module of the import closure",
            help=help_ or f"write `import {qualifier}` below the line of the module",
        )
    table = names.tables[owner] if module in (owner, "") else names.exports[owner]
    symbol = table.get(last)
    if symbol is not None and symbol.kind in kinds:
        return symbol
    if names.is_broken(module, name):
        return None
    if symbol is not None:
        return _other_kind(name, symbol, wanted)
    hidden = _hidden(names, module, name, last)
    if hidden is not None:
        return hidden
    known = [n for n, s in table.items() if s.kind in kinds]
    wanted = wanted.removesuffix(" of an imported module")
    return unknown(name, last, known, f"{wanted} of module `{qualifier}`")


def _hidden(names: Names, module: str, name: syntax.Name, word: str) -> Diagnostic | None:
    """Return the report of a variable of a module in whose place another one stands."""
    for old, new in names.substitutions.items():
        if new not in names.closures[module]:
            continue
        for table in (names.tables.get(old, {}), names.tables[new]):
            symbol = table.get(word)
            if symbol is not None and symbol.kind is SymbolKind.VARIABLE:
                return Diagnostic(
                    "SS212",
                    f"`{word}` is a variable of `{old}`, which the model replaces by `{new}`",
                    name.span,
                    label="expected a part or a definition of it",
                    notes=(Note("it is declared here", symbol.span),),
                    help=f"write a definition in both modules, and call it here: the state of "
                    f"`{new}` is another one",
                )
    return None


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
