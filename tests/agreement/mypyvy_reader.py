"""Read mypyvy's language, as much of it as is exported, and say what it means in finite structures.

It is written from mypyvy's grammar (src/parser.py there) and knows nothing of the export.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

Formula = tuple[Any, ...]
"""An operator with its operands: ("&", a, b), ("forall", binders, body), ("apply", name, args)."""

Value = int | bool | str
Structure = Mapping[str, Mapping[tuple[Value, ...], Value]]

TOKEN = re.compile(r"\s*(<->|->|<=|>=|!=|[A-Za-z_]\w*|\d+|[=<>&|!().,:+\-\[\]])")
WORDS = "sort|mutable|immutable|axiom|init|transition|safety|invariant"
DECLARATION = re.compile(rf"^(?=(?:{WORDS})\b)", re.MULTILINE)
LEVELS = (("<->",), ("->",), ("|",), ("&",), ("=", "!=", "<", "<=", ">", ">="), ("+", "-"))
INTEGERS = range(-1, 5)


@dataclass(frozen=True)
class Transition:
    parameters: tuple[tuple[str, str], ...]
    modified: tuple[str, ...]
    formula: Formula


@dataclass
class File:
    """What a file declares. `symbols` gives sorts of arguments, sort of the value, mutability."""

    sorts: list[str] = field(default_factory=list)
    symbols: dict[str, tuple[tuple[str, ...], str, bool]] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)  # by sort, immutable constants
    axioms: list[Formula] = field(default_factory=list)
    inits: list[Formula] = field(default_factory=list)
    transitions: dict[str, Transition] = field(default_factory=dict)
    claims: dict[str, tuple[str, Formula]] = field(default_factory=dict)


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = TOKEN.findall(text)
        assert "".join(self.tokens) == "".join(text.split()), text
        self.at = 0

    @property
    def next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, expected: str | None = None) -> str:
        token = self.next
        assert token, "the text ends too early"
        assert expected in (None, token), (expected, self.tokens[self.at :][:9])
        self.at += 1
        return token

    def has(self, token: str) -> bool:
        if self.next != token:
            return False
        self.at += 1
        return True

    def names(self, end: str) -> Iterator[str]:
        while not self.has(end):
            yield self.take()
            self.has(",")

    def binders(self, end: str) -> tuple[tuple[str, str], ...]:
        found = []
        while not self.has(end):
            name, _, sort = self.take(), self.take(":"), self.take()
            found.append((name, sort))
            self.has(",")
        return tuple(found)

    def formula(self, level: int = 0) -> Formula:
        if level == len(LEVELS):
            return self.atom()
        left = self.formula(level + 1)
        while self.next in LEVELS[level]:
            operator = self.take()
            # `->` is to the right; of relations and `<->` only one may stand.
            right = self.formula(level if operator == "->" else level + 1)
            left = (operator, left, right)
            assert operator in ("&", "|", "+", "-", "->") or self.next not in LEVELS[level]
        return left

    def atom(self) -> Formula:
        token = self.take()
        match token:
            case "!":
                return ("!", self.atom())
            case "(":
                inner = self.formula()
                self.take(")")
                return inner
            case "forall" | "exists":
                return (token, self.binders("."), self.formula())
            case "if":
                condition, _, positive = self.formula(), self.take("then"), self.formula()
                self.take("else")
                return ("if", condition, positive, self.formula())
            case "true" | "false":
                return ("value", token == "true")
        if token.isdigit():
            return ("value", int(token))
        if not self.has("("):
            return ("apply", token, ())
        arguments = []
        while not self.has(")"):
            arguments.append(self.formula())
            self.has(",")
        if token in ("new", "distinct"):
            return (token, *arguments)
        return ("apply", token, tuple(arguments))


def read(text: str) -> File:
    """Return what a file declares; an assertion fails where it is not well formed."""
    file = File()
    lines = "\n".join(line.partition("#")[0] for line in text.splitlines())
    for block in DECLARATION.split(lines):
        if block.strip():
            parser = _Parser(block)
            _declaration(parser, file)
            assert parser.next == "", block
    return file


def _declaration(parser: _Parser, file: File) -> None:
    match parser.take():
        case "sort":
            file.sorts.append(parser.take())
        case "mutable" | "immutable" as mutability:
            _symbol(parser, file, mutability == "mutable")
        case "axiom":
            file.axioms.append(parser.formula())
        case "init":
            file.inits.append(parser.formula())
        case "transition":
            name, _ = parser.take(), parser.take("(")
            parameters, modified = parser.binders(")"), []
            if not parser.has("="):
                parser.take("modifies")
                modified = [parser.take()]
                while parser.has(","):
                    modified.append(parser.take())
            file.transitions[name] = Transition(parameters, tuple(modified), parser.formula())
        case word:
            assert parser.take() == "["
            name = parser.take()
            parser.take("]")
            assert name not in file.claims
            file.claims[name] = (word, parser.formula())


def _symbol(parser: _Parser, file: File, mutable: bool) -> None:
    kind, name = parser.take(), parser.take()
    sorts = tuple(parser.names(")")) if parser.has("(") else ()
    if kind == "relation":
        result = "bool"
    else:
        parser.take(":")
        result = parser.take()
        assert bool(sorts) == (kind == "function")
    assert name not in file.symbols
    assert all(sort in file.sorts for sort in sorts)
    file.symbols[name] = (sorts, result, mutable)
    if kind == "constant" and not mutable and result in file.sorts:
        file.members.setdefault(result, []).append(name)


@dataclass(frozen=True)
class Meaning:
    """The meaning of formulas over domains of the sorts."""

    domains: Mapping[str, list[Value]]

    def value(self, term: Formula, at: Structure, env: Mapping[str, Value]) -> Value:
        match term:
            case ("value", value):
                found: Value = value
                return found
            case ("apply", name, ()) if name in env:
                return env[name]
            case ("apply", name, arguments):
                return at[name][tuple(self.value(a, at, env) for a in arguments)]
            case ("!", operand):
                return not self.value(operand, at, env)
            case ("forall" | "exists" as word, binders, body):
                inner = (self.value(body, at, e) for e in self.bindings(binders, env))
                return all(inner) if word == "forall" else any(inner)
            case ("if", condition, positive, negative):
                chosen = positive if self.value(condition, at, env) else negative
                return self.value(chosen, at, env)
            case ("distinct", *arguments):
                values = [self.value(a, at, env) for a in arguments]
                return len(set(values)) == len(values)
            case ("->", premise, conclusion):
                met = self.value(premise, at, env)
                return not met or bool(self.value(conclusion, at, env))
            case (operator, left, right):
                return _joined(operator, self.value(left, at, env), self.value(right, at, env))
        raise AssertionError(term)

    def bindings(
        self, binders: tuple[tuple[str, str], ...], env: Mapping[str, Value]
    ) -> Iterator[dict[str, Value]]:
        names = [name for name, _ in binders]
        for values in product(*(self.domains[sort] for _, sort in binders)):
            yield {**env, **dict(zip(names, values, strict=True))}

    def successor(
        self, step: Transition, at: Structure, env: Mapping[str, Value]
    ) -> dict[str, dict[tuple[Value, ...], Value]] | None:
        """Return the one state after a transition, None if it is not enabled.

        Every modified symbol is defined by one conjunct, `new(f(X)) = …` for all X; the other
        conjuncts are about the state before.
        """
        after = {name: dict(values) for name, values in at.items()}
        defined = []
        for conjunct in _conjuncts(step.formula):
            definition = _definition(conjunct)
            if definition is None:
                if not self.value(conjunct, at, env):
                    return None
                continue
            binders, name, indices, value = definition
            defined.append(name)
            for inner in self.bindings(binders, env):
                place = tuple(self.value(index, at, inner) for index in indices)
                after[name][place] = self.value(value, at, inner)
        assert sorted(defined) == sorted(step.modified)
        return after


def _joined(operator: str, left: Value, right: Value) -> Value:
    match operator:
        case "=" | "<->":
            return left == right
        case "!=":
            return left != right
        case "&":
            return bool(left) and bool(right)
        case "|":
            return bool(left) or bool(right)
    assert isinstance(left, int)
    assert isinstance(right, int)
    match operator:
        case "<":
            return left < right
        case "<=":
            return left <= right
        case "+":
            return left + right
        case "-":
            return left - right
    raise AssertionError(operator)


def _conjuncts(term: Formula) -> Iterator[Formula]:
    if term[0] == "&":
        yield from _conjuncts(term[1])
        yield from _conjuncts(term[2])
    else:
        yield term


def _definition(
    term: Formula,
) -> tuple[tuple[tuple[str, str], ...], str, tuple[Formula, ...], Formula] | None:
    binders = ()
    if term[0] == "forall":
        _, binders, term = term
    match term:
        case ("=" | "<->", ("new", ("apply", name, indices)), value):
            return binders, name, indices, value
        case ("new", ("apply", name, indices)):
            return binders, name, indices, ("value", True)
        case ("!", ("new", ("apply", name, indices))):
            return binders, name, indices, ("value", False)
    return None
