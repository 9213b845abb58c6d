"""Turn parts, actions and extensions into typed ones (docs/language.md, sections 5 to 7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from splitspec.model import ir, syntax
from splitspec.model.diagnostic import Note
from splitspec.model.ir import ActorKind
from splitspec.model.resolver import Symbol, SymbolKind, did_you_mean
from splitspec.model.typechecker.environment import Environment, Signature
from splitspec.model.typechecker.items import type_items
from splitspec.model.typechecker.type_expressions import pair, read_binders
from splitspec.model.types import IndexType

_ACTORS = tuple(kind.value for kind in ActorKind if kind is not ActorKind.ASSUMPTION)


def signature(env: Environment, declared: syntax.Action | syntax.Part) -> Signature:
    """Return the parameters of an action or part."""
    parameters, inner = read_binders(env, declared.parameters, "a parameter")
    return Signature(parameters, inner.locals)


def part(env: Environment, symbol: Symbol) -> ir.Part | None:
    """Return the part that a symbol declares; its signature is known."""
    declared = symbol.declaration
    assert isinstance(declared, syntax.Part)
    known = env.typed.signatures[symbol.path]
    items = type_items(replace(env, locals=known.locals), declared.items)
    if items is None or known.parameters is None:
        return None
    return ir.Part(symbol.path, known.parameters, items, text_of(declared.text), declared.span)


def action(
    env: Environment, path: str, known: Signature, declared: syntax.Action
) -> ir.Action | None:
    """Return the action with this path and signature."""
    actor = _actor(env, declared)
    _check_names(env, known, [name for fair in declared.fairness for name in fair.names], "`fair`")
    if declared.hostile and actor is not None and not actor.kind.is_untrusted:
        env.report(
            "SS418",
            f"`{declared.name}` is hostile, and by the {actor.kind.value}",
            declared.actor.span,
            label="is always honest",
            help="leave out `hostile`, or say `by host` or `by container[c]`",
        )
    items = type_items(replace(env, locals=known.locals), declared.items)
    if actor is None or items is None or known.parameters is None:
        return None
    return ir.Action(
        path,
        known.parameters,
        actor,
        declared.hostile,
        tuple(ir.Fairness(f.strong, tuple(map(str, f.names))) for f in declared.fairness),
        items,
        text_of(declared.text),
        declared.span,
    )


def extension(env: Environment, declared: syntax.Extension) -> ir.Extension | None:
    """Return what an `extend` adds to an action of an imported module."""
    symbol = env.find(declared.action, (SymbolKind.ACTION,), "an action of an imported module")
    if symbol is None:
        return None
    if symbol.module == env.module:
        env.report(
            "SS414",
            f"`{symbol.name}` is an action of this module",
            declared.action.span,
            label="expected an action of an imported module",
            help="write the lines in the action itself",
            notes=(Note("it is declared here", symbol.span),),
        )
        return None
    renamed = renamed_parameters(env, symbol, declared.names, f"extend {declared.action}")
    inner = replace(env, locals=renamed.locals)
    added, inner = read_binders(inner, declared.parameters, "a parameter")
    items = type_items(inner, declared.items)
    if renamed.parameters is None or added is None or items is None:
        return None
    parameters = (*renamed.parameters, *added)
    text = text_of(declared.text)
    return ir.Extension(env.module, symbol.path, parameters, items, text, declared.span)


def renamed_parameters(
    env: Environment, symbol: Symbol, names: Sequence[syntax.Name], usage: str
) -> Signature:
    """Return the parameters of an action or part under the names given to them, in order."""
    known = env.typed.signatures[symbol.path].parameters
    locals_: dict[str, IndexType | None] = {}
    for name in names:
        if str(name) in locals_:
            env.report(
                "SS208",
                f"`{name}` is bound twice",
                name.span,
                label="already a name here",
                help="give every parameter a name of its own",
            )
        locals_[str(name)] = None
    if known is None:
        return Signature(None, locals_)
    span = names[0].span.to(names[-1].span) if names else symbol.span
    own = ", ".join(parameter.name for parameter in known)
    if not pair(env, span, (len(names), len(known)), f"`{symbol.name}`", f"{usage}({own})"):
        return Signature(None, locals_)
    parameters = tuple(
        replace(parameter, name=str(name), span=name.span)
        for parameter, name in zip(known, names, strict=True)
    )
    return Signature(parameters, {p.name: p.type for p in parameters})


def _actor(env: Environment, declared: syntax.Action) -> ir.Actor | None:
    clause = declared.actor
    if str(clause.kind) not in _ACTORS:
        env.report(
            "SS415",
            f"`{clause.kind}` is no kind of actor",
            clause.kind.span,
            label=f"expected one of {', '.join(_ACTORS)}",
            help=did_you_mean(str(clause.kind), _ACTORS),
        )
        return None
    kind = ActorKind(str(clause.kind))
    if (kind is ActorKind.CONTAINER) != (clause.form == "index"):
        one = clause.subject if clause.subject is not None else "c"
        right = f"container[{one}]" if kind is ActorKind.CONTAINER else f"{kind.value} for {one}"
        env.report(
            "SS423",
            f"`by {clause.span.text}` does not say who acts"
            if kind is ActorKind.CONTAINER
            else f"there is one {kind.value}",
            clause.span,
            label=f"expected `by {right}`",
            help=f"write `by {right}`, with a parameter `{one}` of the action",
        )
        return None
    if clause.subject is None:
        return ir.Actor(kind, None)
    names = [str(parameter.name) for parameter in declared.parameters]
    if str(clause.subject) not in names:
        _report_no_parameter(env, clause.subject, names, "`by`")
        return None
    return ir.Actor(kind, str(clause.subject))


def _check_names(
    env: Environment, known: Signature, names: Sequence[syntax.Name], word: str
) -> None:
    for name in names:
        if str(name) not in known.locals:
            _report_no_parameter(env, name, list(known.locals), word)


def _report_no_parameter(
    env: Environment, name: syntax.Name, parameters: list[str], word: str
) -> None:
    listed = f"the parameters are: {', '.join(parameters)}" if parameters else ""
    env.report(
        "SS416",
        f"`{name}` is no parameter of the action",
        name.span,
        label=f"{word} names a parameter",
        help=did_you_mean(str(name), parameters) or listed or "the action has no parameters",
    )


def text_of(text: syntax.Text | None) -> str:
    """Return the value of a text, or ""."""
    return "" if text is None else text.value
