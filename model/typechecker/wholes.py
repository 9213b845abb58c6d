"""Check what only the whole program shows: labels of flattened actions, recursion, first values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from splitspec.model import ir
from splitspec.model.diagnostic import Diagnostic, Note
from splitspec.model.ir import Program, VariableKind
from splitspec.model.types import Sort


def recursive_parts(parts: Mapping[str, ir.Part]) -> Iterator[Diagnostic]:
    """Iterate over reports of parts that do themselves."""
    done: set[str] = set()

    def visit(part: ir.Part, doing: tuple[str, ...]) -> Iterator[Diagnostic]:
        for item in part.items:
            if not isinstance(item, ir.Do) or item.part not in parts:
                continue
            if item.part in doing:
                name = item.part.rpartition(".")[2]
                yield Diagnostic(
                    "SS413",
                    f"part `{name}` does itself",
                    item.span,
                    label="expected a part that ends",
                    help="parts do not recurse: what is done for all of something is an update "
                    "with `for`",
                )
            elif item.part not in done:
                yield from visit(parts[item.part], (*doing, item.part))
        done.add(part.path)

    for part in parts.values():
        if part.path not in done:
            yield from visit(part, (part.path,))


def repeated_labels(program: Program) -> Iterator[Diagnostic]:
    """Iterate over reports of labels that two lines of a flattened action have.

    A part that is done twice does not repeat its labels: they are numbered. Parts must not recurse.
    """
    extensions: dict[str, list[ir.Extension]] = {}
    for extension in program.extensions:
        extensions.setdefault(extension.action, []).append(extension)
    reported: set[tuple[int, int]] = set()
    for action in program.actions.values():
        first: dict[str, ir.Guard | ir.Update] = {}
        for body in (action, *extensions.get(action.path, ())):
            for item in labelled(program.parts, body.items):
                earlier = first.setdefault(item.label, item)
                pair = (id(earlier), id(item))
                if earlier is not item and pair not in reported:
                    reported.add(pair)
                    yield _repeated(action, item, earlier)


def labelled(
    parts: Mapping[str, ir.Part], items: Iterable[ir.Item]
) -> Iterator[ir.Guard | ir.Update]:
    """Iterate over the guards and updates with labels, also of the parts that are done."""
    for item in items:
        match item:
            case ir.Do(part):
                yield from labelled(parts, parts[part].items)
            case ir.Guard(label) | ir.Update(label):
                if label:
                    yield item


def _repeated(
    action: ir.Action, item: ir.Guard | ir.Update, earlier: ir.Guard | ir.Update
) -> Diagnostic:
    name = action.path.rpartition(".")[2]
    return Diagnostic(
        "SS412",
        f"two lines of `{name}` are labelled `{item.label}`",
        item.span,
        label="already a label of this action",
        notes=(Note("the first one", earlier.span),),
        help=f"`{name}.{item.label}` names one guard or update, wherever it is written: "
        "choose another label",
    )


def without_first_value(program: Program) -> Iterator[Diagnostic]:
    """Iterate over reports of sort-typed variables that `init` does not give a value everywhere."""
    covered = {update.variable for update in program.initial if _is_everywhere(program, update)}
    touched = {update.variable for update in program.initial}
    for variable in program.variables.values():
        written = variable.kind in (VariableKind.STATE, VariableKind.GHOST)
        if written and isinstance(variable.type, Sort) and variable.path not in covered:
            yield _no_first_value(variable, partly=variable.path in touched)


def _is_everywhere(program: Program, update: ir.Update) -> bool:
    """Whether an update writes every place of its variable: a binder may stand for a shorter range
    than that of the index."""
    types = program.variables[update.variable].indices
    whole = all(index.type == type_ for index, type_ in zip(update.indices, types, strict=True))
    return whole and update.condition is None and len(update.binders) == len(types)


def _no_first_value(variable: ir.Variable, *, partly: bool) -> Diagnostic:
    name = variable.path.rpartition(".")[2]
    letters = [f"x{number + 1}" for number in range(len(variable.indices))]
    place = f"{name}[{', '.join(letters)}]" if letters else name
    binders = ", ".join(f"{x}: {t}" for x, t in zip(letters, variable.indices, strict=True))
    update = f"{place} := k for {binders}" if letters else f"{place} := k"
    return Diagnostic(
        "SS410",
        f"`{name}` has no first value" + (" at some places" if partly else ""),
        variable.span,
        label=f"no element of `{variable.type}` is the first",
        help=f"write `init` with `{update}`, where `const k: {variable.type}`; "
        f"or give the variable the type `{variable.type}?`, which begins with `none`",
    )
