"""Find names that nothing uses: what is declared and not used is forgotten, or misspelt where it
was meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from splitspec.model import ir, syntax
from splitspec.model.diagnostic import Diagnostic, Severity
from splitspec.model.expressions import subterms
from splitspec.model.frozen import frozen
from splitspec.model.ir import Expression, Item, Parameter, Program, Variable, VariableKind, Variant
from splitspec.model.passes.slice import cone
from splitspec.model.pipeline import flatten
from splitspec.model.setting import adversaries
from splitspec.model.source import Span
from splitspec.model.types import Enumeration, Option, Range, Sort, Type


@frozen
class Used:
    """The paths that a program uses; members are written `enum.member`."""

    types: frozenset[str]
    members: frozenset[str]
    names: frozenset[str]


def warn_of_usage(
    program: Program,
    modules: Iterable[syntax.Module],
    variants: tuple[Variant, ...],
    named: frozenset[str],
) -> Iterator[Diagnostic]:
    """Iterate over warnings of unused types, members, definitions, parts and variables.

    `named` are paths that something other than a module uses.
    """
    used = _used(program, variants)
    for module in modules:
        yield from _unused_types(module, program, used)
    # What a refining module offers in place of the abstract one need not be used yet.
    refining = {refinement.path.rpartition(".")[0] for refinement in program.refinements}
    for definition in program.definitions.values():
        if definition.path in named or _module(definition.path) in refining:
            continue
        if definition.path not in used.names:
            yield _unused("definition", definition.path, definition.span)
    for part in program.parts.values():
        if part.path not in used.names and _module(part.path) not in refining:
            yield _unused("part", part.path, part.span)
    yield from _idle_variables(program, variants, used)


def _unused_types(module: syntax.Module, program: Program, used: Used) -> Iterator[Diagnostic]:
    for declared in module.declarations:
        if not isinstance(declared, syntax.SortDeclaration | syntax.EnumDeclaration):
            continue
        path = f"{module.name}.{declared.name}"
        is_sort = isinstance(declared, syntax.SortDeclaration)
        if path not in used.types and (path in program.sorts or path in program.enums):
            yield _unused("sort" if is_sort else "enum", path, declared.name.span)
        elif isinstance(declared, syntax.EnumDeclaration):
            # The first member is the initial value, and so needs no mention.
            for member in declared.members[1:]:
                if f"{path}.{member}" not in used.members:
                    message = f"no line mentions the member `{member}`"
                    help_ = "Take it out, or use it."
                    yield _warning("SS602", message, member.span, help_)


def _idle_variables(
    program: Program, variants: tuple[Variant, ...], used: Used
) -> Iterator[Diagnostic]:
    read = _read_in_some_run(program, variants)
    written = _written(program, variants)
    for variable in program.variables.values():
        name = variable.path.rpartition(".")[2]
        if variable.kind is VariableKind.CONSTANT:
            if variable.path not in used.names:
                yield _unused("constant", variable.path, variable.span)
        elif variable.path not in read:
            message = f"no run reads `{name}`: no guard or property depends on it"
            help_ = "Take it out, or state what is claimed of it."
            yield _warning("SS604", message, variable.span, help_)
        elif variable.path not in written:
            message = f"no step changes `{name}`"
            help_ = "Make it a `const`, or write the update that is missing."
            yield _warning("SS603", message, variable.span, help_)


def _read_in_some_run(program: Program, variants: tuple[Variant, ...]) -> frozenset[str]:
    read: set[str] = set()
    for given in adversaries(program):
        read |= cone(flatten(program, given, variants))
    for refinement in program.refinements:
        for term in _refined(refinement):
            read |= {t.variable for t in subterms(term) if isinstance(t, ir.Read)}
    return frozenset(read)


def _written(program: Program, variants: tuple[Variant, ...]) -> frozenset[str]:
    items = [item for item, _ in _items(program, variants)]
    return frozenset(item.variable for item in items if isinstance(item, ir.Update))


def _used(program: Program, variants: tuple[Variant, ...]) -> Used:
    names: set[str] = set()
    types: set[str] = set()
    members: set[str] = set()
    for item, parameters in _items(program, variants):
        if isinstance(item, ir.Do):
            names.add(item.part)
        if isinstance(item, ir.Update):
            _add_parameters(item.binders, types)
        _add_parameters(parameters, types)
    for variable in program.variables.values():
        for type_ in _types(variable):
            _add_type(type_, types, names)
    for definition in program.definitions.values():
        _add_parameters(definition.parameters, types)
    for term in _terms(program, variants):
        for part in subterms(term):
            _add_term(part, names, types, members)
    return Used(frozenset(types), frozenset(members), frozenset(names))


def _add_term(term: Expression, names: set[str], types: set[str], members: set[str]) -> None:
    match term:
        case ir.Read(variable):
            names.add(variable)
        case ir.Call(definition):
            names.add(definition)
        case ir.Quantifier(_, binders, _) | ir.Count(binders, _):
            _add_parameters(binders, types)
        case ir.Literal(value, type_):
            inner = type_.of if isinstance(type_, Option) else type_
            if isinstance(inner, Enumeration) and value is not None:
                members.add(f"{inner.path}.{inner.members[value]}")
        case _:
            pass


def _add_parameters(parameters: Iterable[Parameter], types: set[str]) -> None:
    for parameter in parameters:
        _add_type(parameter.type, types, set())


def _add_type(type_: Type, types: set[str], names: set[str]) -> None:
    match type_.of if isinstance(type_, Option) else type_:
        case Sort(path) | Enumeration(path, _):
            types.add(path)
        case Range(str(constant)):
            names.add(constant)
        case _:
            pass


def _types(variable: Variable) -> Iterator[Type]:
    yield from variable.indices
    yield variable.type
    if variable.counted is not None:
        yield from (parameter.type for parameter in variable.counted.keys)
        yield from (parameter.type for parameter in variable.counted.binders)


def _items(
    program: Program, variants: tuple[Variant, ...]
) -> Iterator[tuple[Item, tuple[Parameter, ...]]]:
    """Iterate over all items with the parameters of what they stand in."""
    owners: list[ir.Action | ir.Part | ir.Extension] = [*program.actions.values()]
    for owner in (*owners, *program.parts.values(), *program.extensions):
        yield from ((item, owner.parameters) for item in owner.items)
    for variant in variants:
        for difference in variant.differences:
            if isinstance(difference, ir.Change):
                yield from ((item, difference.parameters) for item in difference.items)
            elif isinstance(difference, ir.Add):
                added = difference.action
                yield from ((item, added.parameters) for item in added.items)


def _terms(program: Program, variants: tuple[Variant, ...]) -> Iterator[Expression]:
    """Iterate over all expressions of a program and its variants."""
    for item, _ in _items(program, variants):
        yield from item_terms(item)
    for update in program.initial:
        yield from item_terms(update)
    for definition in program.definitions.values():
        yield definition.body
    for variable in program.variables.values():
        if variable.counted is not None:
            yield variable.counted.condition
    blocks: list[ir.Assumption | ir.Property] = [*program.assumptions]
    for block in (*blocks, *program.properties.values()):
        yield from (line.expression for line in block.lines)
    yield from (line.expression for line in program.finals)
    for refinement in program.refinements:
        yield from _refined(refinement)
    for drawing in (item for view in program.views for item in view.items):
        if isinstance(drawing, ir.Drawing):
            yield from (term for term in (drawing.value, drawing.whole) if term is not None)


def _refined(refinement: ir.Refinement) -> Iterator[Expression]:
    for abstraction in refinement.abstractions:
        yield abstraction.value
    for realisation in refinement.realisations:
        yield from realisation.arguments


def item_terms(item: Item) -> Iterator[Expression]:
    """Iterate over the expressions of a guard, an update or a part's arguments."""
    match item:
        case ir.Guard():
            yield from (line.expression for line in item.lines)
        case ir.Update():
            yield from item.indices
            yield item.value
            if item.condition is not None:
                yield item.condition
        case ir.Do():
            yield from item.arguments


def _module(path: str) -> str:
    return path.rpartition(".")[0]


def _unused(what: str, path: str, span: Span) -> Diagnostic:
    message = f"nothing uses the {what} `{path.rpartition('.')[2]}`"
    return _warning("SS601", message, span, "Take it out, or use it.")


def _warning(code: str, message: str, span: Span, help_: str) -> Diagnostic:
    return Diagnostic(code, message, span, help=help_, severity=Severity.WARNING)
