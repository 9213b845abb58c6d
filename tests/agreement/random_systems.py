"""A strategy for small well-typed specifications, as text.

Text, and not IR, is drawn: a failing example can be read, kept as a file and run, and the parser
and the type checker take part. What is drawn covers every construct that the explicit engines treat
in a way of their own: index types of all kinds, options, constants, counters with right and wrong
upkeep, naturals that a bound cuts, promises and hostile actions, variants, comprehension updates
that may collide, parameters that a guard fixes, definitions and parts that bind names of the text
that uses them, sums of counts that hold and that do not, and every kind of property that they
decide.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st

INDEX_TYPES = ("S", "T", "E", "bool", "0..2")
VALUE_TYPES = ("S?", "T?", "E", "bool", "0..2", "E?", "0..1?", "nat")
MEMBERS = ("red", "green", "blue")
LOCALS = ("x", "y", "z", "u", "w", *(f"x{number}" for number in range(9)))
"""Few names for parameters and binders: what the passes put into one another shall hide some."""


@dataclass(frozen=True)
class Variable:
    name: str
    indices: tuple[str, ...]
    type: str


@dataclass(frozen=True)
class RandomSystem:
    """A module named `random`, the sizes of its sorts and the bounds of its naturals."""

    text: str
    sizes: dict[str, int] = field(hash=False)
    bounds: dict[str, int] = field(hash=False)


class Author:
    """Draws one module; `draw` is hypothesis's."""

    def __init__(self, draw: st.DrawFn, naturals: bool) -> None:
        self.draw = draw
        self.types = VALUE_TYPES if naturals else VALUE_TYPES[:-1]
        self.fresh = 0
        self.variables: list[Variable] = []
        self.constants: list[Variable] = []
        self.actions: list[tuple[str, dict[str, str]]] = []  # with their parameters
        self.guards: list[str] = []  # what a variant may drop
        self.texts: list[str] = []  # definitions and parts
        self.counts = False  # whether a formula may count

    def pick(self, *options: str) -> str:
        return self.draw(st.sampled_from(options))

    def chance(self, percent: int) -> bool:
        return self.draw(st.integers(0, 99)) < percent

    def name(self, prefix: str) -> str:
        self.fresh += 1
        return f"{prefix}{self.fresh}"

    def local(self, *scopes: dict[str, str]) -> str:
        """Return a name for a parameter or binder that stands in none of the scopes."""
        return self.pick(*[n for n in LOCALS if all(n not in scope for scope in scopes)][:3])

    def passed(self, scope: dict[str, str]) -> tuple[dict[str, str], list[str]]:
        """Return parameters for some of the names of a scope, and these names."""
        inner: dict[str, str] = {}
        names = [name for name in scope if self.chance(70)]
        for name in names:
            inner[self.local(inner)] = scope[name]
        return inner, names

    # Values and formulas. `scope` maps parameters and bound variables to their types.

    def value(self, type_: str, scope: dict[str, str]) -> str | None:
        """Return an expression of a type without an option, or None if there is none."""
        options = [name for name, t in scope.items() if t == type_]
        options += [c.name for c in self.constants if c.type == type_]
        match type_:
            case "bool":
                options += ["true", "false"]
            case "E":
                options += list(MEMBERS)
            case "0..2" | "nat":
                options += ["0", "1", "2"]
            case "0..1":
                options += ["0", "1"]
        for variable in self.variables:
            if variable.type == type_ and self.chance(40):
                read = self.read(variable, scope)
                options += [] if read is None else [read]
        return self.pick(*options) if options else None

    def number(self, scope: dict[str, str]) -> str | None:
        """Return a name or a reading of type `0..2`, or None if there is none."""
        options = [name for name, t in scope.items() if t == "0..2"]
        reads = (self.read(v, scope) for v in self.variables if v.type == "0..2")
        options += [read for read in reads if read is not None]
        return self.pick(*options) if options else None

    def read(self, variable: Variable, scope: dict[str, str]) -> str | None:
        """Return the variable at indices that are names or literals."""
        indices = []
        for type_ in variable.indices:
            options = [name for name, t in scope.items() if t == type_]
            if type_ == "E":
                options += MEMBERS
            elif type_ == "bool":
                options += ["true", "false"]
            elif type_ == "0..2":
                options += ["0", "1", "2"]
            if not options:
                return None
            indices.append(self.pick(*options))
        return f"{variable.name}[{', '.join(indices)}]" if indices else variable.name

    def atom(self, scope: dict[str, str]) -> str:
        """Return a formula without connectives."""
        variable = self.draw(st.sampled_from(self.variables))
        read = self.read(variable, scope)
        if read is None:
            return self.pick("true", *[n for n, t in scope.items() if t == "bool"])
        type_ = variable.type.rstrip("?")
        if variable.type.endswith("?") and self.chance(30):
            return f"{read} {self.pick('=', '!=')} none"
        other = self.value(type_, scope)
        if other is None:
            return f"{read} = none" if variable.type.endswith("?") else "true"
        if variable.type in ("0..2", "nat") and self.chance(50):
            return f"{read} {self.pick('<', '<=', '>', '>=')} {other}"
        return f"{read} {self.pick('=', '!=')} {other}"

    def formula(self, scope: dict[str, str], depth: int, quantifier: str | None = "all") -> str:
        """Return a formula; `quantifier` is the only one that may stand in it, positively."""
        kinds = ("atom", "not", "and", "or", "implies", "if", "quantified", "call")
        kind = self.pick(*kinds, *(("count",) if self.counts else ()))
        if depth == 0 or kind == "atom":
            return self.atom(scope)
        if kind == "not":
            return f"not ({self.formula(scope, depth - 1, None)})"
        if kind == "quantified":
            if quantifier is None:
                return self.atom(scope)
            bound, type_ = self.local(scope), self.pick(*INDEX_TYPES[:3])
            body = self.formula({**scope, bound: type_}, depth - 1, quantifier)
            return f"({quantifier} {bound}: {type_}: {body})"
        if kind == "call":
            return self.call(scope, depth, quantifier)
        if kind == "count":
            bound, type_ = self.local(scope), self.pick(*INDEX_TYPES[:3])
            body = self.formula({**scope, bound: type_}, depth - 1, None)
            return f"(count {bound}: {type_} where {body}) {self.pick('=', '<', '>=')} 1"
        if kind == "if":
            condition = self.formula(scope, depth - 1, None)
            left, right = (self.formula(scope, depth - 1, None) for _ in range(2))
            return f"(if {condition} then {left} else {right})"
        left = self.formula(scope, depth - 1, None if kind == "implies" else quantifier)
        right = self.formula(scope, depth - 1, quantifier)
        return f"({left} {kind} {right})"

    def call(self, scope: dict[str, str], depth: int, quantifier: str | None) -> str:
        """Define a formula, and return the call of it."""
        inner, names = self.passed(scope)
        if not inner:
            return self.atom(scope)
        body, name = self.formula(inner, depth - 1, quantifier), self.name("d")
        parameters = ", ".join(f"{n}: {type_}" for n, type_ in inner.items())
        self.texts.append(f"def {name}({parameters}) = {body}")
        return f"{name}({', '.join(names)})"

    # Declarations.

    def declare(self) -> list[str]:
        lines = ["sort S", "sort T", f"enum E = {' | '.join(MEMBERS)}"]
        for _ in range(self.draw(st.integers(0, 1))):
            constant = Variable(self.name("k"), (), self.pick("S", "bool", "0..2"))
            self.constants.append(constant)
            lines.append(f"const {constant.name}: {constant.type}")
        for _ in range(self.draw(st.integers(2, 4))):
            count = self.draw(st.integers(0, 2)) if self.chance(95) else 4
            types = (*INDEX_TYPES[:3], "S", "T") if count < 4 else ("T", "bool")
            indices = tuple(self.pick(*types) for _ in range(count))
            variable = Variable(self.name("v"), indices, self.pick(*self.types))
            self.variables.append(variable)
            signature = f"[{', '.join(indices)}]" if indices else ""
            lines.append(f"var {variable.name}{signature}: {variable.type}")
        return lines

    def counter(self) -> tuple[list[str], tuple[str, Variable] | None]:
        """Count the places of an option that hold a key, if there is such a variable."""
        suitable = [v for v in self.variables if v.indices in (("T",), ("S",)) and v.type == "S?"]
        lines = []
        if not suitable and self.chance(40):
            place = self.pick("S", "T")
            suitable = [Variable(self.name("v"), (place,), "S?")]
            self.variables += suitable
            lines = [f"var {suitable[0].name}[{place}]: S?"]
        elif not suitable or self.chance(40):
            return [], None
        variable, name = suitable[0], self.name("n")
        given = " given honest host" if self.chance(30) else ""
        key, counted = self.pick("z", "u"), self.pick("x", "y")
        of = f"{counted}: {variable.indices[0]} where {variable.name}[{counted}] = {key}"
        return [*lines, f"counter {name}[{key}: S] counts {of}{given}"], (name, variable)

    def action(self, counter: tuple[str, Variable] | None) -> list[str]:
        scope: dict[str, str] = {}
        for _ in range(self.draw(st.integers(0, 3))):
            scope[self.local(scope)] = self.pick(*INDEX_TYPES, "S", "T")
        subject = next((name for name, type_ in scope.items() if type_ == "S"), None)
        actors = ["host", "kernel"] + ([f"container[{subject}]"] if subject else [])
        actor = self.pick(*actors)
        hostile = " hostile" if actor != "kernel" and self.chance(20) else ""
        parameters = ", ".join(f"{name}: {type_}" for name, type_ in scope.items())
        action = self.name("act")
        self.actions.append((action, scope))
        head = f"action {action}({parameters}) by {actor}{hostile}"
        return [head, *self.items(action, scope, counter)]

    def items(
        self, action: str, scope: dict[str, str], counter: tuple[str, Variable] | None
    ) -> list[str]:
        """Write guards and updates of an action, over the names of a scope."""
        lines = []
        for _ in range(self.draw(st.integers(0, 2))):
            kind = self.pick("", "", "", " @kernel", " @hardware", " @host")
            label = self.name("g")
            lines.append(f"  when {label}: {self.formula(scope, 2)}{kind}")
            self.guards.append(f"{action}.{label}")
        free = list(self.variables)
        for _ in range(self.draw(st.integers(1, 2))):
            variable = self.draw(st.sampled_from(free if free else self.variables))
            # Two updates of one variable mostly collide: that is worth a few examples, not most.
            free = [other for other in free if other is not variable or self.chance(20)]
            if self.chance(75):
                lines.append(f"  {self.update(variable, scope)}")
            else:
                lines.append(f"  {self.part(variable, scope)}")
        if counter is not None and self.chance(60):
            lines += self.tally(counter, scope)
        return lines

    def part(self, variable: Variable, scope: dict[str, str]) -> str:
        """Write a part that updates a variable, and return the line that does it."""
        inner, names = self.passed(scope)
        name = self.name("part")
        parameters = ", ".join(f"{n}: {type_}" for n, type_ in inner.items())
        lines = [f"part {name}({parameters})"]
        if self.chance(30):
            lines.append(f"  when {self.name('g')}: {self.formula(inner, 1)} @kernel")
        self.texts += [*lines, f"  {self.update(variable, inner)}"]
        return f"do {name}({', '.join(names)})"

    def update(self, variable: Variable, scope: dict[str, str]) -> str:
        bound: dict[str, str] = {}
        indices = []
        for type_ in variable.indices:
            known = [name for name, t in scope.items() if t == type_]
            if known and self.chance(75):
                indices.append(self.pick(*known))
            else:
                name = self.local(scope, bound)
                bound[name] = "0..1" if type_ == "0..2" and self.chance(40) else type_
                indices.append(name)
        inner = {**scope, **bound}
        value = self.value(variable.type.rstrip("?"), inner)
        if variable.type == "0..1?" and self.chance(30):  # A step may put too large a number there.
            value = self.number(inner) or value
        if variable.type.endswith("?") and (value is None or self.chance(30)):
            value = "none"
        assert value is not None
        target = f"{variable.name}[{', '.join(indices)}]" if indices else variable.name
        label = f"{self.name('u')}: " if self.chance(40) else ""
        if variable.type in ("0..2", "nat") and self.chance(30):
            return f"{label}{target} {self.pick('+=', '-=')} 1{self.where(bound, inner)}"
        return f"{label}{target} := {value}{self.where(bound, inner)}"

    def where(self, bound: dict[str, str], scope: dict[str, str]) -> str:
        if not bound:
            return ""
        binders = ", ".join(f"{name}: {type_}" for name, type_ in bound.items())
        condition = f" where {self.formula(scope, 1)}" if self.chance(50) else ""
        return f" for {binders}{condition}"

    def tally(self, counter: tuple[str, Variable], scope: dict[str, str]) -> list[str]:
        name, _ = counter
        keys = [n for n, t in scope.items() if t == "S"]
        return [f"  {name}[{self.pick(*keys)}] {self.pick('+=', '-=')} 1"] if keys else []

    def upkeep(self, counter: tuple[str, Variable]) -> list[str]:
        """Two steps that keep a counter exact."""
        (name, variable), action = counter, self.name("act")
        place = variable.indices[0]
        return [
            f"action {action}(x: S, y: {place}) by kernel",
            f"  when free: {variable.name}[y] = none",
            f"  {variable.name}[y] := x",
            f"  {name}[x] += 1",
            f"action {action}_back(y: S, x: {place}) by kernel",
            f"  when mine: {variable.name}[x] = y",
            f"  {variable.name}[x] := none",
            f"  {name}[y] -= 1",
        ]

    def sum(self, counter: tuple[str, Variable] | None) -> list[str]:
        """Claim an equation between counts: of a whole and its parts, or of what is no whole."""
        key, kind = self.local(), self.pick("S", "S", "T")
        scope, type_ = {key: kind}, self.pick("S", "T", "T", "E")
        names = [self.local(scope) for _ in range(3)]
        inner = {**scope, "@": type_}  # stands for the name that is counted
        whole, part = (self.atom(inner) for _ in range(2))
        other = self.pick(part, part, self.atom(inner))
        sides = (f"({whole})", f"({whole}) and ({part})", f"({whole}) and not ({other})")
        first, second, third = (
            f"(count {name}: {type_} where {side.replace('@', name)})"
            for name, side in zip(names, sides, strict=True)
        )
        if counter is not None and kind == "S" and self.chance(50):
            (kept, of), name = counter, names[1]
            owner = name if of.indices == ("S",) and self.chance(30) else key
            first = f"{kept}[{key}]"
            second = f"(count {name}: {of.indices[0]} where {of.name}[{name}] = {owner})"
        added = self.pick("", f" + {third}", " + 0", " + 1")
        return [
            f"invariant {self.name('claim')}",
            f"  all {key}: {kind}: {first} = {second}{added}",
        ]

    def properties(self, counter: tuple[str, Variable] | None) -> list[str]:
        lines = self.sum(counter) if self.chance(30 if counter is None else 70) else []
        self.counts = self.chance(40)
        for _ in range(self.draw(st.integers(1, 3))):
            kind = self.pick("invariant", "invariant", "lemma", "witness", "recoverable", "step")
            given = self.pick("", "", " given honest host", " given honest container")
            lines.append(f"{kind} {self.name('claim')}{given}")
            bound, type_ = self.local(), self.pick("S", "T")
            quantifier = "some" if kind in ("witness", "recoverable") else "all"
            body = self.formula({bound: type_}, 2, quantifier)
            if kind == "step":
                variable = self.draw(st.sampled_from(self.variables))
                read = self.read(variable, {bound: type_})
                change = "actor != host" if read is None else f"unchanged {read}"
                body = f"next({self.atom({bound: type_})}) or {change} or ({body})"
            lines.append(f"  {quantifier} {bound}: {type_}: {body}")
        return lines

    def variants(self) -> list[str]:
        if not self.guards or self.chance(70):
            return []
        lines = []
        for _ in range(self.draw(st.integers(1, 2))):
            dropped = self.draw(st.sampled_from(self.guards))
            lines += [
                f"variant {self.name('var')} of random",
                f"  drop {dropped}",
                "  expect redundant",
            ]
        return lines


@st.composite
def random_systems(draw: st.DrawFn, naturals: bool = True) -> RandomSystem:
    """Draw a module and sizes; most of its state spaces are small."""
    author = Author(draw, naturals)
    lines = ["module random", *author.declare()]
    declared, counter = author.counter()
    lines += declared
    for _ in range(draw(st.integers(2, 5))):
        lines += author.action(counter)
    if counter is not None and author.chance(50):
        lines += author.upkeep(counter)
    if author.chance(50):
        lines += ["final", f"  {author.atom({})}"]
    lines += author.properties(counter)
    lines += author.texts
    lines += author.variants()
    bounded = [variable.name for variable in author.variables if variable.type == "nat"]
    bounds = {name: draw(st.integers(1, 3)) for name in bounded}
    sizes = {"S": draw(st.integers(1, 3)), "T": draw(st.integers(1, 2))}
    return RandomSystem("\n".join(lines) + "\n", sizes, bounds)
