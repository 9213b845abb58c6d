"""A strategy for small systems of two modules, as text.

The lower module has constants, assumptions on them, and initial values; the upper one extends its
actions, and has variants that drop, change and add, or set a constant. Formulas, updates and
properties are those of `random_systems`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st
from tests.agreement.random_systems import MEMBERS, Author, Variable

END = Variable("K", (), "nat")
"""The constant at which a range ends; a run pins it."""


@dataclass(frozen=True)
class RandomComposition:
    """A module named `random` that imports `low`, with sizes, bounds, and values of constants."""

    text: str
    low: str
    sizes: dict[str, int] = field(hash=False)
    bounds: dict[str, int] = field(hash=False)
    pins: dict[str, int] = field(hash=False)


class _Composer(Author):
    """Draws two modules."""

    def value(self, type_: str, scope: dict[str, str]) -> str | None:
        found = super().value(type_, scope)
        if type_ != "0..K":
            return found
        return self.pick("0", "K", *([] if found is None else [found]))

    def constant(self, type_: str) -> str:
        constant = Variable(self.name("k"), (), type_)
        self.constants.append(constant)
        return f"const {constant.name}: {type_}"

    def rigid(self) -> list[str]:
        """Declare constants, and perhaps assume something of them."""
        kinds = [self.pick("S", "bool", "0..2", "E") for _ in range(self.draw(st.integers(0, 2)))]
        lines = [f"const {END.name}: nat", *(self.constant(type_) for type_ in ("S", *kinds))]
        if self.chance(40):
            lines += [f"assume {self.name('sane')}", f"  {self.of_constants({}, 1)}"]
        return lines

    def of_constants(self, scope: dict[str, str], depth: int) -> str:
        """Return a formula that reads constants alone."""
        self.variables, kept = list(self.constants), self.variables
        formula = self.formula(scope, depth)
        self.variables = kept
        return formula

    def declare(self) -> list[str]:
        self.types = (*self.types, "S", "S", "0..K")
        return super().declare()

    def initial(self) -> list[str]:
        """Give some variables other values than the first, those of a sort always."""
        lines = []
        for variable in self.variables:
            if variable.type == "S" or self.chance(30):
                lines.append(f"  {self.initially(variable)}")
        return ["init", *lines] if lines else []

    def initially(self, variable: Variable) -> str:
        binders: dict[str, str] = {}
        indices, is_total = [], variable.type == "S"
        for type_ in variable.indices:
            known = [c.name for c in self.constants if c.type == type_]
            known += list(MEMBERS) if type_ == "E" else []
            if known and not is_total and self.chance(30):
                indices.append(self.pick(*known))
            else:
                indices.append(self.local(binders))
                binders[indices[-1]] = type_
        self.variables, kept = [], self.variables
        value = self.value(variable.type.rstrip("?"), binders)
        self.variables = kept
        target = f"{variable.name}[{', '.join(indices)}]" if indices else variable.name
        line = f"{target} := {'none' if value is None else value}"
        if not binders:
            return line
        line += f" for {', '.join(f'{name}: {type_}' for name, type_ in binders.items())}"
        if is_total or self.chance(50):
            return line
        return f"{line} where {self.of_constants(binders, 1)}"

    # The upper module.

    def aliases(self, parameters: dict[str, str]) -> dict[str, str]:
        """Return other names for parameters."""
        scope: dict[str, str] = {}
        for type_ in parameters.values():
            scope[self.local(scope)] = type_
        return scope

    def extension(self, counter: tuple[str, Variable] | None) -> list[str]:
        action, parameters = self.draw(st.sampled_from(self.actions))
        scope = self.aliases(parameters)
        names, added = ", ".join(scope), ""
        if self.chance(40):
            name = self.local(scope)
            scope[name] = self.pick("S", "T")
            added = f" with {name}: {scope[name]}"
        return [f"extend low.{action}({names}){added}", *self.items(action, scope, counter)]

    def variants(self) -> list[str]:
        lines = super().variants() if self.guards else []
        if self.chance(50):
            lines += [f"variant {self.name('var')} of random", *self.difference()]
            lines += ["  expect redundant", '  cites "chance"']
        return lines

    def difference(self) -> list[str]:
        kinds = [c for c in self.constants if c.type in ("bool", "0..2", "E")]
        kind = self.pick("change", "change", "add", *(("set",) if kinds else ()))
        if kind == "set":
            constant = self.draw(st.sampled_from(kinds))
            self.constants, kept = [], self.constants
            self.variables, variables = [], self.variables
            value = self.value(constant.type, {})
            self.constants, self.variables = kept, variables
            return [f"  set {constant.name} = {value}"]
        if kind == "add":
            return [f"  {line}" for line in self.action(None)]
        action, parameters = self.draw(st.sampled_from(self.actions))
        scope = self.aliases(parameters)
        lines = [f"change {action}({', '.join(scope)})", *self.items(action, scope, None)]
        return [f"  {line}" for line in lines]


@st.composite
def random_compositions(draw: st.DrawFn) -> RandomComposition:
    """Draw two modules and sizes; most of their state spaces are small."""
    author = _Composer(draw, naturals=True)
    constants = author.rigid()
    low = ["module low", *author.declare(), *constants]
    declared, counter = author.counter()
    low += [*declared, *author.initial()]
    for _ in range(draw(st.integers(1, 3))):
        low += author.action(counter)
    if counter is not None and author.chance(50):
        low += author.upkeep(counter)
    low += [*author.properties(counter), *author.texts]
    author.texts, author.counts = [], False
    upper = ["module random", "import low"]
    more = Variable(author.name("v"), (author.pick("S", "T"),), author.pick("bool", "S?", "0..2"))
    author.variables.append(more)
    upper.append(f"var {more.name}[{more.indices[0]}]: {more.type}")
    for _ in range(draw(st.integers(1, 3))):
        upper += author.extension(counter)
    if author.chance(40):
        upper += author.action(counter)
    upper += author.properties(counter)
    author.counts = False  # in what follows nothing may
    upper += author.variants()
    upper += author.texts
    bounded = [variable.name for variable in author.variables if variable.type == "nat"]
    bounds = {f"low.{name}": draw(st.integers(1, 3)) for name in bounded}
    sizes = {"low.S": draw(st.integers(1, 3)), "low.T": draw(st.integers(1, 2))}
    pins = {"low.K": draw(st.integers(0, 2))}
    return RandomComposition("\n".join(upper) + "\n", "\n".join(low) + "\n", sizes, bounds, pins)
