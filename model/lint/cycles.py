"""Find cycles among the sorts: state functions that lead from a sort back to it.

With them, what a quantifier ranges over can be stepped through without end, and unbounded proof is
no longer guaranteed to terminate. Systems of pages and frames have such cycles by nature; it is a
remark, not a mistake.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from splitspec.model.diagnostic import Diagnostic, Note, Severity
from splitspec.model.ir import Program, Variable
from splitspec.model.types import Option, Sort


def warn_of_cycles(program: Program) -> Iterator[Diagnostic]:
    """Iterate over one remark for each set of sorts that reach one another."""
    edges = _edges(program)
    reach = {sort: _reachable(sort, edges) for sort in program.sorts}
    named: set[str] = set()
    for sort in program.sorts:
        if sort in named or sort not in reach[sort]:
            continue
        group = [other for other in program.sorts if other in reach[sort] and sort in reach[other]]
        named.update(group)
        functions = [
            variable
            for source in group
            for target, variables in edges.get(source, {}).items()
            if target in group
            for variable in variables
        ]
        yield _remark(group, list(dict.fromkeys(v.path for v in functions)), program)


def _remark(group: list[str], functions: list[str], program: Program) -> Diagnostic:
    first, *others = (program.variables[path] for path in functions)
    sorts = ", ".join(f"`{sort.rpartition('.')[2]}`" for sort in group)
    back = "itself" if len(group) == 1 else "one another"
    return Diagnostic(
        "SS607",
        f"state functions lead from {sorts} to {back}",
        first.span,
        notes=tuple(Note(f"so does `{_short(other)}`", other.span) for other in others),
        help="This is a remark: `prove` may not terminate, and then says so.",
        severity=Severity.WARNING,
    )


def _edges(program: Program) -> Mapping[str, Mapping[str, list[Variable]]]:
    """Return the variables from each sort of an index to the sort of the value."""
    edges: dict[str, dict[str, list[Variable]]] = {}
    for variable in program.variables.values():
        value = variable.type.of if isinstance(variable.type, Option) else variable.type
        for index in variable.indices:
            if isinstance(index, Sort) and isinstance(value, Sort):
                edges.setdefault(index.path, {}).setdefault(value.path, []).append(variable)
    return edges


def _reachable(sort: str, edges: Mapping[str, Mapping[str, object]]) -> set[str]:
    """Return the sorts that one or more functions lead to."""
    reached: set[str] = set()
    todo = [sort]
    while todo:
        for target in edges.get(todo.pop(), {}):
            if target not in reached:
                reached.add(target)
                todo.append(target)
    return reached


def _short(variable: Variable) -> str:
    return variable.path.rpartition(".")[2]
