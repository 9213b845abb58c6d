"""Type definitions in the order in which they call one another; recursion is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import assert_never

from splitspec.model import ir, syntax
from splitspec.model.ir import VariableKind
from splitspec.model.resolver import Symbol, SymbolKind, find
from splitspec.model.terms import operands
from splitspec.model.typechecker.environment import DefinitionFacts, Environment, Place
from splitspec.model.typechecker.expressions import infer
from splitspec.model.typechecker.type_expressions import read_binders
from splitspec.model.types import Nothing


def type_definitions(environments: Mapping[str, Environment], symbols: list[Symbol]) -> None:
    """Fill the table of typed definitions."""
    calling: list[Symbol] = []

    def visit(symbol: Symbol) -> None:
        env = environments[symbol.module].at(Place.DEFINITION)
        if symbol.path in env.typed.definitions:
            return
        if symbol in calling:
            _report_recursion(env, [*calling[calling.index(symbol) :], symbol])
            for member in calling[calling.index(symbol) :]:
                env.typed.definitions[member.path] = None
            return
        calling.append(symbol)
        for callee in _callees(env, symbol):
            visit(callee)
        calling.pop()
        if symbol.path not in env.typed.definitions:
            env.typed.definitions[symbol.path] = _typed(env, symbol)

    for symbol in symbols:
        visit(symbol)


def _typed(env: Environment, symbol: Symbol) -> DefinitionFacts | None:
    declared = symbol.declaration
    assert isinstance(declared, syntax.Definition)
    parameters, inner = read_binders(env, declared.parameters, "a parameter")
    body = infer(inner, declared.body)
    if body is None or parameters is None:
        return None
    if isinstance(body.type, Nothing):
        env.report(
            "SS308",
            f"`{symbol.name}` is `none`",
            declared.body.span,
            label="of which type?",
            help="write `none` where it is used",
        )
        return None
    reads: dict[VariableKind, str] = {}
    counts = False
    for node in _nodes(body):
        match node:
            case ir.Read(path):
                variable = env.typed.variables[path]
                assert variable is not None
                reads.setdefault(variable.kind, path)
            case ir.Call(path):
                facts = env.typed.definitions[path]
                assert facts is not None
                reads = {**facts.reads, **reads}
                counts = counts or facts.counts
            case ir.Count():
                counts = True
    definition = ir.Definition(symbol.path, parameters, body, declared.span)
    return DefinitionFacts(definition, reads, counts)


def _nodes(typed: ir.Expression) -> Iterator[ir.Expression]:
    yield typed
    for operand in operands(typed):
        yield from _nodes(operand)


def _report_recursion(env: Environment, cycle: list[Symbol]) -> None:
    chain = " -> ".join(f"`{symbol.name}`" for symbol in cycle)
    env.report(
        "SS413",
        f"definition `{cycle[0].name}` calls itself",
        cycle[0].span,
        label=f"{chain}" if len(cycle) > 2 else "calls itself",
        help="definitions do not recurse: state what is needed as a variable that actions keep",
    )


def _callees(env: Environment, symbol: Symbol) -> list[Symbol]:
    declared = symbol.declaration
    assert isinstance(declared, syntax.Definition)
    bound = {str(parameter.name) for parameter in declared.parameters}
    callees = []
    for name in _names(declared.body, bound):
        found = find(env.names, env.module, name, (SymbolKind.DEFINITION,), "a definition")
        if isinstance(found, Symbol):
            callees.append(found)
    return callees


def _names(written: syntax.Expression, bound: set[str]) -> Iterator[syntax.Name]:
    """Iterate over the free names that may be definitions."""
    match written:
        case syntax.Name(parts):
            if len(parts) > 1 or parts[0] not in bound:
                yield written
        case syntax.Call(name, arguments):
            yield name
            yield from _names_of(arguments, bound)
        case syntax.Index(_, arguments):
            yield from _names_of(arguments, bound)
        case syntax.Negation(operand) | syntax.NextOf(operand) | syntax.UnchangedOf(operand):
            yield from _names(operand, bound)
        case syntax.Binary(_, left, right):
            yield from _names_of((left, right), bound)
        case syntax.Quantified(_, binders, body) | syntax.CountOf(binders, body):
            yield from _names(body, bound | {str(binder.name) for binder in binders})
        case syntax.IfElse(condition, positive, negative):
            yield from _names_of((condition, positive, negative), bound)
        case syntax.Block(block_lines):
            yield from _names_of(tuple(line.expression for line in block_lines), bound)
        case syntax.Number() | syntax.Truth() | syntax.NoneLiteral() | syntax.ActorWord():
            pass
        case _:
            assert_never(written)


def _names_of(written: tuple[syntax.Expression, ...], bound: set[str]) -> Iterator[syntax.Name]:
    for expression in written:
        yield from _names(expression, bound)
