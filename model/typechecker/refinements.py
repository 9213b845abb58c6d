"""Turn refinements into typed ones: state of the abstract module, its actions and parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from splitspec.model import ir, syntax
from splitspec.model.diagnostic import Note
from splitspec.model.ir import VariableKind
from splitspec.model.resolver import Symbol, SymbolKind
from splitspec.model.source import Span
from splitspec.model.typechecker import comparisons
from splitspec.model.typechecker.actions import renamed_parameters, text_of
from splitspec.model.typechecker.environment import Environment, Place
from splitspec.model.typechecker.expressions import infer, values
from splitspec.model.typechecker.type_expressions import fits, pair, shown_apart

_STEPS = (SymbolKind.ACTION, SymbolKind.PART)


def refinement(
    env: Environment, declared: syntax.Refinement, environments: Mapping[str, Environment]
) -> ir.Refinement | None:
    """Return the refinement; its abstract module must be among the environments."""
    if str(declared.name) != env.module:
        env.report(
            "SS429",
            f"a refinement of module `{declared.name}` in module `{env.module}`",
            declared.name.span,
            label=f"expected `{env.module}`",
            help="a refinement stands in the concrete module and has its name",
        )
    abstract = environments.get(str(declared.abstract))
    if abstract is None:
        return None
    abstract = replace(abstract, diagnostics=env.diagnostics)
    lets = [_abstraction(env, abstract, let) for let in declared.lets]
    maps = [_realisation(env, abstract, pair_) for pair_ in declared.maps]
    abstractions = tuple(let for let in lets if let is not None)
    realisations = tuple(pair_ for pair_ in maps if pair_ is not None)
    if len(abstractions) < len(lets) or len(realisations) < len(maps):
        return None
    _check_complete(env, abstract, declared, abstractions)
    _check_steps(env, abstract, declared, realisations)
    path, text = f"{env.module}.{declared.name}", text_of(declared.text)
    return ir.Refinement(path, abstract.module, abstractions, realisations, text, declared.span)


def _abstraction(env: Environment, abstract: Environment, let: syntax.Let) -> ir.Abstraction | None:
    symbol = abstract.find(let.target, (SymbolKind.VARIABLE,), f"a variable of {abstract.module}")
    variable = None if symbol is None else abstract.typed.variables.get(symbol.path)
    if symbol is None or variable is None:
        return None
    names = ", ".join(str(type_) for type_ in variable.indices)
    usage = f"let {let.target}[{names}] = …" if names else f"let {let.target} = …"
    number = len(let.indices), len(variable.indices)
    if not pair(env, let.target.span, number, f"`{let.target}`", usage, "index"):
        return None
    parameters = tuple(
        ir.Parameter(str(name), type_, name.span)
        for name, type_ in zip(let.indices, variable.indices, strict=True)
    )
    inner = env.at(Place.PROPERTY).binding(parameters)
    value = infer(inner, let.value, variable.type)
    if value is None:
        return None
    if not fits(value.type, variable.type):
        actual, expected = shown_apart(value.type, variable.type)
        env.report(
            "SS301",
            f"`{let.value.span.text}` is {actual}",
            let.value.span,
            label=f"expected {expected}, the type of `{symbol.path}`",
        )
        return None
    settled = comparisons.settled(value, variable.type)
    return ir.Abstraction(symbol.path, parameters, settled, let.span)


def _realisation(
    env: Environment, abstract: Environment, written: syntax.ActionMap
) -> ir.Realisation | None:
    concrete = env.find(written.concrete, _STEPS, "an action or part")
    if concrete is None:
        return None
    renamed = renamed_parameters(env, concrete, written.names, str(written.concrete))
    if renamed.parameters is None:
        return None
    if written.abstract is None:
        return ir.Realisation(concrete.path, renamed.parameters, None, (), written.span)
    wanted = f"an action or part of {abstract.module}"
    target = abstract.find(written.abstract, _STEPS, wanted)
    known = None if target is None else abstract.typed.signatures[target.path].parameters
    if target is None or known is None:
        return None
    usage = f"{written.abstract}({', '.join(p.name for p in known)})"
    number = len(written.arguments), len(known)
    if not pair(env, written.abstract.span, number, f"`{written.abstract}`", usage):
        return None
    inner = env.at(Place.PROPERTY).binding(renamed.parameters)
    arguments = values(inner, written.arguments, [p.type for p in known])
    if arguments is None:
        return None
    return ir.Realisation(concrete.path, renamed.parameters, target.path, arguments, written.span)


def _check_complete(
    env: Environment,
    abstract: Environment,
    declared: syntax.Refinement,
    abstractions: tuple[ir.Abstraction, ...],
) -> None:
    """Report abstract variables with no abstraction, or with two."""
    lines = [(let.variable, let.span) for let in abstractions]
    first = _check_once(env, lines, "SS430", "defined", "expected one `let` for each variable")
    shared = env.names.closures[env.module]
    for module in env.names.closures[abstract.module]:
        for symbol in env.names.tables[module].values() if module not in shared else ():
            variable = env.typed.variables.get(symbol.path)
            if variable is None or symbol.path in first:
                continue
            if symbol.kind is SymbolKind.VARIABLE and variable.kind is not VariableKind.CONSTANT:
                place = symbol.name + (f"[{', '.join('xyzw'[: len(variable.indices)])}]")
                env.report(
                    "SS430",
                    f"`{symbol.path}` is not defined by the concrete state",
                    declared.abstract.span,
                    label="expected a `let` for each of its variables",
                    notes=(Note("it is declared here", symbol.span),),
                    help=f"write `let {place if variable.indices else symbol.name} = …`",
                )


def _check_steps(
    env: Environment,
    abstract: Environment,
    declared: syntax.Refinement,
    realisations: tuple[ir.Realisation, ...],
) -> None:
    """Report own actions of which nothing says what they are in the abstract module, and those of
    which two lines do."""
    lines = [(pair_.concrete, pair_.span) for pair_ in realisations]
    mapped = _check_once(env, lines, "SS431", "mapped", "expected one line for each action")
    theirs = env.names.tables[abstract.module]
    for symbol in env.names.tables[env.module].values():
        if symbol.kind is SymbolKind.ACTION and symbol.path not in mapped:
            if _is_step(theirs.get(symbol.name)):
                continue  # Same name: it realises its namesake.
            env.report(
                "SS431",
                f"action `{symbol.name}` realises nothing",
                declared.name.span,
                label=f"expected a line for each action of `{env.module}`",
                notes=(Note("it is declared here", symbol.span),),
                help=f"write `{symbol.name}(…) is stutter`, or which action or part of "
                f"`{abstract.module}` it is",
            )


def _check_once(
    env: Environment, lines: Iterable[tuple[str, Span]], code: str, what: str, label: str
) -> Mapping[str, Span]:
    """Report each further line about one path, and return where each path is first spoken of."""
    first: dict[str, Span] = {}
    for path, span in lines:
        if first.setdefault(path, span) is not span:
            notes = (Note(f"first {what} here", first[path]),)
            env.report(code, f"`{path}` is {what} twice", span, label=label, notes=notes)
    return first


def _is_step(symbol: Symbol | None) -> bool:
    return symbol is not None and symbol.kind in _STEPS
