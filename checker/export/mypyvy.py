"""Write a system without counters in the language of mypyvy (github.com/wilcoxjay/mypyvy): sorts,
relations, functions, transitions over two states, and claims that `mypyvy verify` proves.

An option is a relation that says whether it is there, and a function of its value; an enum is a
sort of which all elements are named.
"""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import fill

from splitspec.checker.export import phrase as p
from splitspec.checker.export.formula import Code, Speaker, code_of
from splitspec.checker.export.naming import Names, member_path, name_all, present_path
from splitspec.checker.export.phrase import TRUE
from splitspec.checker.export.transition import Narrator
from splitspec.checker.export.uncounted import Part, Uncounted, Unsayable
from splitspec.model import ir
from splitspec.model.types import Natural, Option, Range, Sort, Type

WIDTH = 100
HEADER = (
    "Counters are left out. Where a guard or a claim compares one with a small number, quantifiers "
    "say the same, as long as the counter is exact. A step whose updates overlap or leave a range "
    "does not exist. That both is so is claimed in the model and not here; then what is proved of "
    "this file holds of the model. Where a guard is left out there are more steps here than there, "
    "and what is refuted here may hold."
)


def write(uncounted: Uncounted, title: str) -> str | Unsayable:
    """Return the text of a file; the title says whose system it is."""
    bad = next(_unsayable(uncounted), None)
    if bad is not None:
        return bad
    return _Document(uncounted).text(title)


def _unsayable(uncounted: Uncounted) -> Iterator[Unsayable]:
    for variable in uncounted.system.variables.values():
        if any(isinstance(t, Range) and isinstance(t.high, str) for t in variable.indices):
            reason = f"{variable.path} has an index that ends with a constant"
            yield Unsayable(reason, variable.span)
    for path, value in uncounted.constants.items():
        variable = uncounted.system.variables[path]
        if isinstance(variable.type, Sort):
            yield Unsayable(f"{path} is set to element {value} of a sort", variable.span)


class _Document:
    """The parts of a file, in the order in which they stand there."""

    def __init__(self, uncounted: Uncounted) -> None:
        self.uncounted, self.system = uncounted, uncounted.system
        variables = self.system.variables
        self.codes = tuple(_codes(self.system))
        added = [path for code in self.codes for path in (code.path, *code.members)]
        added += [present_path(v.path) for v in variables.values() if isinstance(v.type, Option)]
        self.names: Names = name_all(self.system, uncounted.claims, added)
        self.speaker = Speaker(self.names, variables)
        self.narrator = Narrator(self.speaker, self.system)

    def text(self, title: str) -> str:
        parts = (
            self._header(title),
            self._sorts(),
            self._variables(),
            self._axioms(),
            self._initial(),
            *(self._transition(action) for action in self.system.actions),
            self._ranges(),
            *(self._claim(claim) for claim in self.uncounted.claims),
        )
        blocks = ["\n".join(part) for part in parts]
        return "\n\n".join(block for block in blocks if block) + "\n"

    def _header(self, title: str) -> Iterator[str]:
        yield f"# {title}, as mypyvy has it; written by splitspec export."
        yield "#"
        yield _comment(HEADER)
        omissions = self.uncounted.omissions
        for part in Part:
            left = [omission for omission in omissions if omission.part is part]
            if left:
                yield "#"
                yield f"# Left out, {part.value}:"
            yield from (f"#   {omission.path}: {omission.reason}" for omission in left)

    def _sorts(self) -> Iterator[str]:
        for path in self.system.sorts:
            yield f"sort {self.names.path(path)}"
        for path, members in self.system.enums.items():
            yield from self._enumerated(path, tuple(member_path(path, m) for m in members))
        for code in self.codes:
            yield from self._enumerated(code.path, code.members)

    def _enumerated(self, path: str, members: tuple[str, ...]) -> Iterator[str]:
        sort, names = self.names.path(path), [self.names.path(member) for member in members]
        yield f"sort {sort}"
        yield from (f"immutable constant {name}: {sort}" for name in names)
        if len(names) > 1:
            yield f"axiom distinct({', '.join(names)})"
        yield f"axiom forall X0: {sort}. {' | '.join(f'X0 = {name}' for name in names)}"

    def _variables(self) -> Iterator[str]:
        for variable in self.system.variables.values():
            rigid = variable.kind is ir.VariableKind.CONSTANT
            mutability = "immutable" if rigid else "mutable"
            sorts = [self.speaker.index_sort(type_) for type_ in variable.indices]
            if isinstance(variable.type, Option):
                present = self.names.path(present_path(variable.path))
                yield f"{mutability} {_symbol(present, sorts, 'bool')}"
            name = self.names.path(variable.path)
            line = f"{mutability} {_symbol(name, sorts, self.speaker.sort(variable.type))}"
            yield f"{line}  # {variable.comment}" if variable.comment else line

    def _axioms(self) -> Iterator[str]:
        for variable in self.system.variables.values():
            if variable.kind is ir.VariableKind.CONSTANT and _is_integer(variable.type):
                yield f"axiom {self.narrator.legal(variable)}"
        for path, value in self.uncounted.constants.items():
            variable = self.system.variables[path]
            literal = ir.Literal(value, variable.type, variable.span)
            read = ir.Read(path, (), variable.type, variable.span)
            yield f"axiom {self.speaker.same(read, literal, {})}"
        for assumption in self.system.assumptions:
            for line in assumption.lines:
                yield f"axiom {self.speaker.truth(line.expression, {})}"

    def _initial(self) -> Iterator[str]:
        for variable in self.system.variables.values():
            if variable.kind is not ir.VariableKind.CONSTANT:
                for formula in self.narrator.initially(variable):
                    yield f"init {formula}"

    def _transition(self, action: ir.FlatAction) -> Iterator[str]:
        made = self.narrator.transition(action)
        parameters = (f"{name}: {sort}" for name, sort in self.speaker.binders(action.parameters))
        if action.text:
            yield _comment(action.text)
        yield f"transition {self.names.path(action.path)}({', '.join(parameters)})"
        # Without a clause of what changes, mypyvy wants a sign before the formula.
        yield f"  modifies {', '.join(made.modified)}" if made.modified else "  ="
        formulas = [c.within(p.AND + 1) for c in made.conjuncts] or [str(TRUE)]
        yield "  " + "\n  & ".join(formulas)

    def _ranges(self) -> Iterator[str]:
        for variable in self.system.variables.values():
            if variable.kind is not ir.VariableKind.CONSTANT and _is_integer(variable.type):
                name = self.names.path(variable.path)
                yield f"invariant [{name}_is_in_range] {self.narrator.legal(variable)}"

    def _claim(self, claim: ir.Property) -> Iterator[str]:
        word = "invariant" if claim.kind is ir.PropertyKind.LEMMA else "safety"
        if claim.text:
            yield _comment(claim.text)
        for number, line in enumerate(claim.lines, start=1):
            name = self.names.path(claim.path)
            if len(claim.lines) > 1:
                name += f"_{number}"
            yield f"{word} [{name}] {self.speaker.truth(line.expression, {})}"


def _codes(system: ir.System) -> Iterator[Code]:
    """Iterate over the sorts that code indices, each once."""
    types = (type_ for variable in system.variables.values() for type_ in variable.indices)
    yield from dict.fromkeys(code for code in map(code_of, types) if code is not None)


def _symbol(name: str, sorts: list[str], result: str) -> str:
    places = f"({', '.join(sorts)})" if sorts else ""
    if result == "bool":
        return f"relation {name}{places}"
    return f"{'function' if sorts else 'constant'} {name}{places}: {result}"


def _is_integer(type_: Type) -> bool:
    inner = type_.of if isinstance(type_, Option) else type_
    return isinstance(inner, Range | Natural)


def _comment(text: str) -> str:
    words = " ".join(text.split())
    return fill(words, WIDTH, initial_indent="# ", subsequent_indent="# ")
