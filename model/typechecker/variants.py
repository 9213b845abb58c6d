"""Turn variants into typed ones, against the program of their model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from splitspec.model import ir, syntax
from splitspec.model.diagnostic import Diagnostic, Note
from splitspec.model.frozen import frozen
from splitspec.model.ir import Program, PropertyKind, VariableKind
from splitspec.model.resolver import Symbol, SymbolKind, did_you_mean, find
from splitspec.model.source import Span
from splitspec.model.typechecker.actions import action, renamed_parameters, signature, text_of
from splitspec.model.typechecker.comparisons import in_range
from splitspec.model.typechecker.environment import Environment, Place
from splitspec.model.typechecker.expressions import infer
from splitspec.model.typechecker.items import type_items
from splitspec.model.typechecker.type_expressions import fits, shown
from splitspec.model.typechecker.wholes import labelled

_OBLIGATIONS = {
    "exact": (SymbolKind.VARIABLE, "a counter"),
    "overlap": (SymbolKind.ACTION, "an action"),
    "range": (SymbolKind.ACTION, "an action"),
}


@frozen
class _Subject:
    """The program that variants differ from, and what they see of it."""

    program: Program
    env: Environment


def type_variants(
    program: Program, env: Environment, declared: list[syntax.Variant]
) -> tuple[tuple[ir.Variant, ...], tuple[Diagnostic, ...]]:
    """Return the sound variants of a model, and what is wrong with the others."""
    env = replace(env, module="", diagnostics=[])
    first: dict[str, Span] = {}
    typed = []
    for one in declared:
        name = str(one.name)
        if first.setdefault(name, one.name.span) is not one.name.span:
            env.report(
                "SS202",
                f"variant `{name}` of `{one.model}` is declared twice",
                one.name.span,
                label="already a variant of this model",
                notes=(Note("first declared here", first[name]),),
                help="rename one of the two",
            )
        before = len(env.diagnostics)
        # Models of one module share what is known of it; what one variant names is its own.
        ends = set(env.typed.ends)
        own = replace(env, typed=replace(env.typed, ends=ends))
        variant = _variant(_Subject(program, own), one)
        for path in sorted(ends - env.typed.ends):
            env.report(
                "SS309",
                f"`{path.rpartition('.')[2]}` ends a range in a variant only",
                one.name.span,
                label="a model pins the ends of its own ranges",
                help="write a number, or name the constant in a type of the model, too",
            )
        if variant is not None and len(env.diagnostics) == before:
            typed.append(variant)
    return tuple(typed), tuple(env.diagnostics)


def _variant(subject: _Subject, declared: syntax.Variant) -> ir.Variant | None:
    differences = [_difference(subject, one) for one in declared.differences]
    sound = tuple(one for one in differences if one is not None)
    _check_size(subject.env, declared)
    new = [one.action for one in sound if isinstance(one, ir.Add)]
    added = {new_action.path.rpartition(".")[2]: new_action for new_action in new}
    violated = None
    expectation = declared.expectation
    if expectation is None:
        subject.env.report(
            "SS427",
            f"variant `{declared.name}` expects nothing",
            declared.name.span,
            label="expected a line `expect …`",
            help="write `expect violated PROPERTY within N steps`, or `expect redundant`",
        )
    elif expectation.path is not None:
        violated = _violated(subject, expectation.path, added)
    if len(sound) < len(differences) or expectation is None:
        return None
    return ir.Variant(
        str(declared.name),
        str(declared.model),
        sound,
        violated,
        expectation.steps,
        tuple(source.value for source in declared.cites),
        text_of(declared.text),
        declared.span,
    )


def _check_size(env: Environment, declared: syntax.Variant) -> None:
    differences = declared.differences
    if len(differences) == 1 and isinstance(differences[0], syntax.Drop | syntax.SetConstant):
        return
    if not differences:
        env.report(
            "SS428",
            f"variant `{declared.name}` differs in nothing",
            declared.name.span,
            label="expected `drop`, `change`, `action` or `set`",
        )
    elif not declared.cites:
        env.report(
            "SS428",
            f"variant `{declared.name}` differs in more than one guard or update",
            differences[-1].span if len(differences) > 1 else declared.name.span,
            label="nothing says why",
            help='drop a single label, or write `cites "…"` with the source of the difference',
        )


def _difference(
    subject: _Subject, written: syntax.Drop | syntax.Change | syntax.Action | syntax.SetConstant
) -> ir.Drop | ir.Change | ir.Add | ir.SetConstant | None:
    match written:
        case syntax.Drop():
            return _drop(subject, written)
        case syntax.Change():
            return _change(subject.env, written)
        case syntax.Action():
            return _add(subject, written)
        case syntax.SetConstant():
            return _set(subject.env, written)
        case _:
            assert_never(written)


def _drop(subject: _Subject, written: syntax.Drop) -> ir.Drop | None:
    env, program = subject.env, subject.program
    *owner, label = written.path.parts
    if not owner:
        env.report(
            "SS424",
            f"`{label}` names no guard or update",
            written.path.span,
            label="expected `action.label`",
            help=f"write the action or part before it: `drop ACTION.{label}`",
        )
        return None
    name = syntax.Name(tuple(owner), written.path.span)
    symbol = env.find(name, (SymbolKind.ACTION, SymbolKind.PART), "an action or part")
    if symbol is None:
        return None
    if symbol.path in program.parts:
        bodies = [program.parts[symbol.path].items]
    else:
        bodies = [program.actions[symbol.path].items]
        bodies += [e.items for e in program.extensions if e.action == symbol.path]
    labels = [item.label for body in bodies for item in labelled(program.parts, body)]
    if label not in labels:
        env.report(
            "SS424",
            f"`{symbol.name}` has no guard or update labelled `{label}`",
            written.path.span,
            label="expected the label of one of its lines",
            help=did_you_mean(label, labels) or f"its labels are: {', '.join(labels) or 'none'}",
            notes=(Note("it is declared here", symbol.span),),
        )
        return None
    return ir.Drop(symbol.path, label, written.span)


def _change(env: Environment, written: syntax.Change) -> ir.Change | None:
    symbol = env.find(written.action, (SymbolKind.ACTION,), "an action")
    if symbol is None:
        return None
    renamed = renamed_parameters(env, symbol, written.names, f"change {written.action}")
    items = type_items(replace(env, locals=renamed.locals), written.items)
    if renamed.parameters is None or items is None:
        return None
    return ir.Change(symbol.path, renamed.parameters, items, written.span)


def _add(subject: _Subject, written: syntax.Action) -> ir.Add | None:
    env, main = subject.env, subject.program.name
    own = env.names.tables[main].get(str(written.name))
    if own is not None:
        env.report(
            "SS202",
            f"`{written.name}` is declared already",
            written.name.span,
            label=f"already {own.kind.phrase}",
            notes=(Note("it is declared here", own.span),),
            help=f"choose another name, or write `change {written.name}(…)`",
        )
    typed = action(env, f"{main}.{written.name}", signature(env, written), written)
    return None if typed is None else ir.Add(typed)


def _set(env: Environment, written: syntax.SetConstant) -> ir.SetConstant | None:
    symbol = env.find(written.name, (SymbolKind.VARIABLE,), "a constant")
    variable = None if symbol is None else env.typed.variables[symbol.path]
    if symbol is None or variable is None:
        return None
    if variable.kind is not VariableKind.CONSTANT or variable.indices:
        env.report(
            "SS425",
            f"`{written.name}` cannot be set",
            written.name.span,
            label="expected a constant without indices",
            help="what a step does is another `change`",
        )
        return None
    value = infer(env.at(Place.RIGID), written.value, variable.type)
    if value is None:
        return None
    if not isinstance(value, ir.Literal) or not fits(value.type, variable.type):
        env.report(
            "SS425",
            f"`{written.value.span.text}` is no value of `{written.name}`",
            written.value.span,
            label=f"expected a value of {shown(variable.type)}",
            help="write a number, `true`, `false`, `none` or a member; an element of a sort has "
            "no name here: pin the constant in models.toml",
        )
        return None
    if not in_range(env, value, variable.type):
        return None
    return ir.SetConstant(symbol.path, value.value, written.span)


def _violated(subject: _Subject, path: syntax.Name, added: Mapping[str, ir.Action]) -> str | None:
    """Return the path of a property or obligation, or None after a report."""
    env = subject.env
    if path.parts == ("deadlock",):
        return "deadlock"
    found = find(env.names, "", path, (SymbolKind.PROPERTY,), "a property")
    if isinstance(found, Symbol):
        return _checked_claim(subject, path, found)
    if path.parts[-1] not in _OBLIGATIONS or not path.parts[1:]:
        if found is not None:
            env.diagnostics.append(_unknown_claim(env, path, found))
        return None
    obligation = path.parts[-1]
    if obligation != "exact" and len(path.parts) == 2 and path.parts[0] in added:
        return f"{added[path.parts[0]].path}.{obligation}"
    kind, wanted = _OBLIGATIONS[obligation]
    owner = env.find(syntax.Name(path.parts[:-1], path.span), (kind,), wanted)
    if owner is None:
        return None
    if kind is SymbolKind.VARIABLE and subject.program.variables[owner.path].counted is None:
        env.report(
            "SS426",
            f"`{owner.name}` is not a counter",
            path.span,
            label="only counters have to be exact",
        )
        return None
    return f"{owner.path}.{obligation}"


def _checked_claim(subject: _Subject, path: syntax.Name, found: Symbol) -> str | None:
    kind = subject.program.properties[found.path].kind
    if kind not in (PropertyKind.WITNESS, PropertyKind.PROGRESS):
        return found.path
    subject.env.report(
        "SS426",
        f"`{path}` is a {kind.value}",
        path.span,
        label="expected a property that a run can violate",
        help="name an invariant, a lemma, a step property or a recoverable one",
    )
    return None


def _unknown_claim(env: Environment, path: syntax.Name, found: Diagnostic) -> Diagnostic:
    names = [n for n, s in env.names.visible[""].items() if s[0].kind is SymbolKind.PROPERTY]
    return Diagnostic(
        "SS426",
        f"`{path}` is no property of the model",
        path.span,
        label="expected a property or obligation",
        notes=found.notes,
        help=did_you_mean(path.parts[-1], names)
        or "write its name, or `deadlock`, `COUNTER.exact`, `ACTION.overlap`, `ACTION.range`",
    )
