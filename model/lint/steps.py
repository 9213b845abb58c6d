"""Find steps that may not do what their text seems to say."""

from __future__ import annotations

from collections.abc import Iterator

from splitspec.model import ir
from splitspec.model.diagnostic import Diagnostic, Note, Severity
from splitspec.model.expressions import subterms
from splitspec.model.ir import Action, Extension, FlatAction, FlatUpdate, Part, Program, Read
from splitspec.model.passes.compose import compose
from splitspec.model.passes.fold import fold_term, is_true
from splitspec.model.passes.inline import inline
from splitspec.model.passes.separate import always_differ


def warn_of_steps(program: Program) -> Iterator[Diagnostic]:
    """Iterate over warnings about guards, updates and promises."""
    plain = inline(program)
    owners: list[Action | Part | Extension] = [*plain.actions.values(), *plain.parts.values()]
    for owner in (*owners, *plain.extensions):
        yield from _idle_guards(owner)
    for action in compose(plain).actions:
        yield from _stale_reads(action)
        yield from _mere_promises(action)


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


def _stale_reads(action: FlatAction) -> Iterator[Diagnostic]:
    """Iterate over reads of a place that another update of the same step writes."""
    for writer in action.updates:
        for reader in action.updates:
            if reader is not writer:
                yield from _stale_reads_between(action, writer, reader)


def _stale_reads_between(
    action: FlatAction, writer: FlatUpdate, reader: FlatUpdate
) -> Iterator[Diagnostic]:
    terms = [reader.value] if reader.condition is None else [reader.value, reader.condition]
    for read in (t for term in terms for t in subterms(term) if isinstance(t, Read)):
        if read.variable == writer.variable and not always_differ(
            action, writer, reader, read.indices
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


def _mere_promises(action: FlatAction) -> Iterator[Diagnostic]:
    """Say where an untrusted actor is held back by its word alone."""
    if action.hostile or not action.actor.kind.is_untrusted or not action.guards:
        return
    if all(guard.kind.is_untrusted for guard in action.guards):
        names = ", ".join(f"`{guard.name}`" for guard in action.guards)
        short = action.path.rpartition(".")[2]
        kind = action.actor.kind.value
        yield Diagnostic(
            "SS608",
            f"only promises of the {kind} restrain `{short}`: {names}",
            action.span,
            help=f"A {kind} that is not honest can do it always. If something enforces a guard, "
            "say what: `@hardware`, `@kernel`.",
            severity=Severity.WARNING,
        )
