"""Find steps that may not do what their text seems to say."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from splitspec.model import ir
from splitspec.model.diagnostic import Diagnostic, Note, Severity
from splitspec.model.expressions import subterms, variables_read
from splitspec.model.ir import (
    Action,
    Equal,
    Expression,
    Extension,
    FlatAction,
    FlatUpdate,
    Literal,
    Local,
    Part,
    Program,
    Read,
)
from splitspec.model.passes.compose import compose
from splitspec.model.passes.fold import fold_term, is_true
from splitspec.model.passes.inline import inline
from splitspec.model.passes.separate import always_differ, conjuncts
from splitspec.model.passes.substitute import substitute
from splitspec.model.source import Span


def warn_of_steps(program: Program) -> Iterator[Diagnostic]:
    """Iterate over warnings about guards, updates and promises."""
    plain = inline(program)
    owners: list[Action | Part | Extension] = [*plain.actions.values(), *plain.parts.values()]
    owners.extend(plain.extensions)
    for owner in owners:
        yield from _idle_guards(owner)
    guards = [item for owner in owners for item in owner.items if isinstance(item, ir.Guard)]
    spoken = {guard.span for guard in guards if guard.kind is not None}
    for action in compose(plain).actions:
        yield from _stale_reads(plain, action)
        yield from _mere_promises(action, spoken)
        yield from _borrowed_ledgers(plain, action)


def _idle_guards(owner: Action | Part | Extension) -> Iterator[Diagnostic]:
    for item in owner.items:
        if isinstance(item, ir.Guard) and all(
            is_true(fold_term(line.expression)) for line in item.lines
        ):
            message = f"guard `{item.label}` is always true"
            yield Diagnostic(
                "SS605",
                message,
                item.span,
                help="Take it out, or write the condition that was meant.",
                severity=Severity.WARNING,
            )


def _stale_reads(program: Program, action: FlatAction) -> Iterator[Diagnostic]:
    """Iterate over reads of a place that another update of the same step writes."""
    for writer in action.updates:
        for reader in action.updates:
            if reader is not writer:
                yield from _stale_reads_between(program, action, writer, reader)


def _stale_reads_between(
    program: Program, action: FlatAction, writer: FlatUpdate, reader: FlatUpdate
) -> Iterator[Diagnostic]:
    terms = [reader.value] if reader.condition is None else [reader.value, reader.condition]
    for read in (t for term in terms for t in subterms(term) if isinstance(t, Read)):
        if (
            read.variable == writer.variable
            and not always_differ(action, writer, reader, read.indices)
            and not _must_mean_the_old(program, writer, reader, read)
        ):
            name = read.variable.rpartition(".")[2]
            short = action.path.rpartition(".")[2]
            yield Diagnostic(
                "SS606",
                f"`{name}` is read as it was before `{short}`, which assigns it",
                reader.span,
                notes=(Note("it is assigned here", writer.span),),
                help="All updates read the state before the step. If that is meant, leave it.",
                severity=Severity.WARNING,
            )
            return


def _must_mean_the_old(
    program: Program, writer: FlatUpdate, reader: FlatUpdate, read: Read
) -> bool:
    """Whether nobody can take the read for one of the new value.

    `before[f] := data[f]` beside `data[f] := none`: who meant the new value would have written
    `none`. `data[h] := data[f]` beside `latest[h] := data[f]`: old and new are one. `usage[d] -= 1
    for d: Container where charged[f] = d`: a counter lets go of what it has counted.
    """
    counted = program.variables[reader.variable].counted
    if reader.operator == "-=" and counted is not None:
        return read.variable in variables_read([counted.condition])
    if writer.operator != ":=":
        return False
    if writer.value == read:
        return not writer.binders
    fixed = _fixed(reader)
    return isinstance(writer.value, Literal) and _resolve(read.indices, fixed) == _resolve(
        writer.indices, fixed
    )


def _fixed(update: FlatUpdate) -> dict[str, Expression]:
    """Return the binders to which the condition of an update gives one value."""
    binders = {binder.name for binder in update.binders}
    fixed: dict[str, Expression] = {}
    for condition in conjuncts(update.condition) if update.condition is not None else ():
        match condition:
            case Equal(Local(name), value) | Equal(value, Local(name)) if name in binders:
                fixed[name] = value
    return fixed


def _resolve(terms: Sequence[Expression], values: dict[str, Expression]) -> list[Expression]:
    return [substitute(term, values) for term in terms]


def _mere_promises(action: FlatAction, spoken: Collection[Span]) -> Iterator[Diagnostic]:
    """Say where an untrusted actor is held back by its word alone, and no line says so."""
    if action.hostile or not action.actor.kind.is_untrusted or not action.guards:
        return
    unspoken = [guard for guard in action.guards if guard.span not in spoken]
    if unspoken and all(guard.kind.is_untrusted for guard in action.guards):
        names = ", ".join(f"`{guard.name}`" for guard in unspoken)
        short = action.path.rpartition(".")[2]
        kind = action.actor.kind.value
        yield Diagnostic(
            "SS608",
            f"only promises of the {kind} restrain `{short}`: {names}",
            action.span,
            help=f"A {kind} that is not honest can do it always. If something enforces a guard, "
            f"say what: `@hardware`, `@kernel`. If it is a promise, say that: `@{kind}`.",
            severity=Severity.WARNING,
        )


def _borrowed_ledgers(program: Program, action: FlatAction) -> Iterator[Diagnostic]:
    """Say where an enforced guard rests on a counter that an untrusted actor keeps."""
    for guard in action.guards:
        if guard.kind.is_untrusted:
            continue
        for path in sorted(variables_read(line.expression for line in guard.lines)):
            counted = program.variables[path].counted
            if counted is not None and counted.given:
                keeper = " and ".join(sorted(kind.value for kind in counted.given))
                name = path.rpartition(".")[2]
                kind = guard.kind.value
                yield Diagnostic(
                    "SS612",
                    f"the guard `{guard.name}` of the {kind} reads `{name}`, "
                    f"which is exact only if the {keeper} is honest",
                    guard.span,
                    help=f"Whoever keeps the counter can have it say anything. Let the {kind} "
                    "count for itself, or make the guard a promise.",
                    severity=Severity.WARNING,
                )
