"""Turn the surface trees of a module and its import closure into a typed program.

All independent errors are reported in one pass; what depends on something ill-typed is left alone.
Declarations are typed in the order in which they need one another: types, variables, definitions,
what counters count, signatures, then all bodies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from splitspec.model import ir, syntax
from splitspec.model.diagnostic import Diagnostic, Note
from splitspec.model.frozen import frozen
from splitspec.model.ir import Program
from splitspec.model.resolver import Names, Symbol, SymbolKind, Unit, resolve
from splitspec.model.typechecker import actions, properties
from splitspec.model.typechecker.declarations import counted, named_type, variable
from splitspec.model.typechecker.definitions import type_definitions
from splitspec.model.typechecker.environment import Environment, Place, Typed
from splitspec.model.typechecker.refinements import refinement
from splitspec.model.typechecker.variants import type_variants
from splitspec.model.typechecker.views import view
from splitspec.model.typechecker.wholes import (
    recursive_parts,
    repeated_labels,
    without_first_value,
)
from splitspec.model.types import Enumeration


@frozen
class Checked:
    """What the type checker made of the modules.

    `program` is None iff there are errors. `environments` hold what each module sees, for what is
    typed against the program later.
    """

    program: Program | None
    diagnostics: tuple[Diagnostic, ...]
    environments: Mapping[str, Environment]


@frozen
class _Bodies:
    """The typed declarations, as far as they are sound."""

    parts: dict[str, ir.Part]
    actions: dict[str, ir.Action]
    extensions: list[ir.Extension]
    initial: list[ir.Update]
    assumptions: list[ir.Assumption]
    finals: list[ir.Line]
    properties: dict[str, ir.Property]
    refinements: list[ir.Refinement]
    views: list[ir.View]


def typecheck(
    units: Sequence[Unit], substitutions: Mapping[str, str], *, complete: bool
) -> Checked:
    """Type modules that stand in import order; the last one is the model's own.

    Modules that only refinements name are typed, too, but are no part of the program. Unless the
    modules are `complete`, nothing is said of what they lack.
    """
    names, diagnostics = resolve(units, substitutions)
    typed = Typed({}, {}, {}, {}, set())
    environments = {
        module: Environment(module, names, typed, diagnostics, Place.PROPERTY, {})
        for module in ("", *names.tables)
    }
    _type_declarations(environments, names)
    bodies, others = _no_bodies(), _no_bodies()
    for unit in units:
        module = str(unit.module.name)
        kept = bodies if module in names.closures[""] else others
        _type_bodies(environments, environments[module], unit.module, kept)
    diagnostics += recursive_parts(bodies.parts | others.parts)
    program = None
    if complete and not diagnostics:
        program = _program(names, typed, bodies)
        diagnostics += repeated_labels(program)
        diagnostics += without_first_value(program)
    order = {id(unit.module.source): number for number, unit in enumerate(units)}
    diagnostics.sort(key=lambda d: _position(d, order))
    program = program if not diagnostics else None
    return Checked(program, tuple(_folded(diagnostics)), environments)


def _no_bodies() -> _Bodies:
    return _Bodies({}, {}, [], [], [], [], {}, [], [])


def _symbols(names: Names, kind: SymbolKind) -> list[Symbol]:
    tables = names.tables.values()
    return [symbol for table in tables for symbol in table.values() if symbol.kind is kind]


def _type_declarations(environments: Mapping[str, Environment], names: Names) -> None:
    """Fill the tables of `Typed`."""
    for symbol in (*_symbols(names, SymbolKind.SORT), *_symbols(names, SymbolKind.ENUM)):
        env = environments[symbol.module]
        env.typed.types[symbol.path] = named_type(env, symbol)
    for symbol in _symbols(names, SymbolKind.VARIABLE):
        env = environments[symbol.module]
        env.typed.variables[symbol.path] = variable(env, symbol)
    type_definitions(environments, _symbols(names, SymbolKind.DEFINITION))
    for symbol in _symbols(names, SymbolKind.VARIABLE):
        env = environments[symbol.module]
        if isinstance(symbol.declaration, syntax.CounterDeclaration):
            env.typed.variables[symbol.path] = counted(env, symbol)
    for symbol in (*_symbols(names, SymbolKind.PART), *_symbols(names, SymbolKind.ACTION)):
        env = environments[symbol.module]
        assert isinstance(symbol.declaration, syntax.Part | syntax.Action)
        env.typed.signatures[symbol.path] = actions.signature(env, symbol.declaration)


def _type_bodies(
    environments: Mapping[str, Environment],
    env: Environment,
    module: syntax.Module,
    bodies: _Bodies,
) -> None:
    table = env.names.tables[env.module]
    for declared in module.declarations:
        match declared:
            case syntax.Init():
                bodies.initial.extend(properties.initial(env, declared))
            case syntax.Final():
                bodies.finals.extend(properties.final(env, declared))
            case syntax.Extension():
                extension = actions.extension(env, declared)
                bodies.extensions.extend([extension] if extension is not None else [])
            case syntax.Refinement():
                refined = refinement(env, declared, environments)
                bodies.refinements.extend([refined] if refined is not None else [])
            case syntax.View():
                shown = view(env, declared, bodies.views)
                bodies.views.extend([shown] if shown is not None else [])
            case (
                syntax.Part()
                | syntax.Action()
                | syntax.Assume()
                | syntax.Property()
                | syntax.Progress()
            ):
                symbol = table[str(declared.name)]
                # A second declaration of a name was reported, and is no declaration of anything.
                if symbol.declaration is declared:
                    _type_body(env, symbol, bodies)
            case _:
                pass


def _type_body(env: Environment, symbol: Symbol, bodies: _Bodies) -> None:
    match symbol.declaration:
        case syntax.Part():
            part = actions.part(env, symbol)
            if part is not None:
                bodies.parts[symbol.path] = part
        case syntax.Action() as declared:
            signature = env.typed.signatures[symbol.path]
            action = actions.action(env, symbol.path, signature, declared)
            if action is not None:
                bodies.actions[symbol.path] = action
        case syntax.Assume():
            assumption = properties.assumption(env, symbol)
            bodies.assumptions.extend([assumption] if assumption is not None else [])
        case _:
            claim = properties.typed_property(env, symbol)
            if claim is not None:
                bodies.properties[symbol.path] = claim


def _program(names: Names, typed: Typed, bodies: _Bodies) -> Program:
    modules = tuple(module for module in names.tables if module in names.closures[""])
    types = {path: type_ for path, type_ in typed.types.items() if _module(path) in modules}
    enums = {path: t.members for path, t in types.items() if isinstance(t, Enumeration)}
    variables = typed.variables.items()
    definitions = typed.definitions.items()
    return Program(
        name=modules[-1],
        modules=modules,
        sorts=tuple(path for path in types if path not in enums),
        enums=enums,
        ends=frozenset(path for path in typed.ends if _module(path) in modules),
        variables={path: v for path, v in variables if v and _module(path) in modules},
        definitions={
            path: facts.definition
            for path, facts in definitions
            if facts and _module(path) in modules
        },
        parts=bodies.parts,
        actions=bodies.actions,
        extensions=tuple(bodies.extensions),
        initial=tuple(bodies.initial),
        assumptions=tuple(bodies.assumptions),
        finals=tuple(bodies.finals),
        properties=bodies.properties,
        refinements=tuple(bodies.refinements),
        views=tuple(bodies.views),
    )


def _module(path: str) -> str:
    return path.rpartition(".")[0]


def _folded(diagnostics: list[Diagnostic]) -> Iterator[Diagnostic]:
    """Iterate over sorted diagnostics; of a name unknown many times in a module, over the first."""
    uses: dict[tuple[int, str], list[Diagnostic]] = {}
    for diagnostic in diagnostics:
        if diagnostic.code == "SS201" and diagnostic.span is not None:
            key = (id(diagnostic.span.source), diagnostic.message)
            uses.setdefault(key, []).append(diagnostic)
    more = {id(first): len(rest) for first, *rest in uses.values()}
    for diagnostic in diagnostics:
        if diagnostic.code != "SS201" or diagnostic.span is None:
            yield diagnostic
        elif id(diagnostic) in more:
            number = more[id(diagnostic)]
            note = Note(
                f"{number} more uses of it in this module"
                if number > 1
                else "one more use in this module"
            )
            yield replace(diagnostic, notes=(note,)) if number else diagnostic


def _position(diagnostic: Diagnostic, order: Mapping[int, int]) -> tuple[int, int, int]:
    span = diagnostic.span
    if span is None:
        return (-1, 0, 0)
    return (order.get(id(span.source), -1), span.line, span.column)


__all__ = ["Checked", "type_variants", "typecheck"]
