"""Find what a reader misses: sections in order, comments at variables, sentences at properties."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from splitspec.model import syntax
from splitspec.model.diagnostic import Diagnostic, Severity
from splitspec.model.ir import Program, PropertyKind
from splitspec.model.source import Span


def warn_of_style(modules: Iterable[syntax.Module], program: Program) -> Iterator[Diagnostic]:
    """Iterate over warnings about the form of modules."""
    for module in modules:
        yield from _misplaced(module)
    for variable in program.variables.values():
        if not variable.comment:
            message = f"`{_short(variable.path)}` has no comment"
            help_ = "Say behind it what the value is: `# the frame that backs the page`."
            yield _warning("SS610", message, variable.span, help_)
    for claim in program.properties.values():
        # Witnesses and lemmas serve the other claims, and their names say enough.
        if not claim.text and claim.kind not in (PropertyKind.WITNESS, PropertyKind.LEMMA):
            message = f"`{_short(claim.path)}` has no text"
            help_ = 'Say in one sentence what is claimed: `"""No page has two owners."""`.'
            yield _warning("SS611", message, claim.span, help_)


def _misplaced(module: syntax.Module) -> Iterator[Diagnostic]:
    """Iterate over the declarations that stand behind a later section, the first of each."""
    highest, reported = 0, set[int]()
    for declaration in module.declarations:
        place, section = _section(declaration)
        if place < highest and place not in reported:
            reported.add(place)
            message = f"{section} stand before what is above"
            help_ = "The order of sections is in docs/language.md, section 1."
            yield _warning("SS609", message, declaration.span, help_)
        highest = max(highest, place)


def _section(declaration: syntax.Declaration) -> tuple[int, str]:
    """Return the place of a declaration's section, and its name."""
    match declaration:
        case syntax.Import():
            return 0, "imports"
        case syntax.SortDeclaration() | syntax.EnumDeclaration():
            return 1, "sorts and enums"
        case syntax.StateDeclaration(kind="const") | syntax.Assume():
            return 2, "constants and assumptions"
        case syntax.StateDeclaration() | syntax.CounterDeclaration():
            return 3, "variables and counters"
        case syntax.Init():
            return 4, "initial values"
        case syntax.Definition():
            return 5, "definitions"
        case syntax.Part():
            return 6, "parts"
        case syntax.Action():
            return 7, "actions"
        case syntax.Extension():
            return 8, "extensions"
        case syntax.Final():
            return 9, "final states"
        case syntax.Property() | syntax.Progress():
            return 10, "properties"
        case syntax.Refinement():
            return 11, "refinements"
        case syntax.Variant():
            return 12, "variants"
        case syntax.View():
            return 13, "views"
        case _:
            assert_never(declaration)


def _short(path: str) -> str:
    return path.rpartition(".")[2]


def _warning(code: str, message: str, span: Span, help_: str) -> Diagnostic:
    return Diagnostic(code, message, span, help=help_, severity=Severity.WARNING)
