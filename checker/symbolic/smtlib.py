"""Write terms as SMT-LIB 2.6 text, for solvers that share nothing with the first one, and for
people.

Every name is quoted, so that names of the language can be read off. Terms without bound variables
that stand in several places are written once: in a script by `define-fun`, and in a dialogue by
`let`, so that the text of an assertion depends on nothing else and is made once for all questions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from splitspec.checker.symbolic.term import (
    Application,
    AtMost,
    Bound,
    Choice,
    Conjunction,
    Difference,
    Disjunction,
    Enumerated,
    Equality,
    Existential,
    Function,
    Kind,
    Member,
    Negation,
    Number,
    Plain,
    Sum,
    Term,
    Truth,
    Uninterpreted,
    Universal,
    kind_of,
    parts_of,
)
from splitspec.model.frozen import frozen


def script(assertions: Iterable[Term]) -> str:
    """Return the script that asks whether the assertions can hold together."""
    return "\n".join(_Script(tuple(assertions)).lines()) + "\n"


@frozen
class Sentence:
    """The text of a truth value that needs nothing but its declarations, each a line."""

    declarations: tuple[str, ...]
    text: str


class Texts:
    """Writes each term once, however many questions assert it."""

    def __init__(self) -> None:
        self._written: dict[Term, Sentence] = {}

    def of(self, term: Term) -> Sentence:
        found = self._written.get(term)
        if found is None:
            script = _Script((term,))
            found = Sentence(tuple(script.declarations()), script.sentence())
            self._written[term] = found
        return found


class Dialogue:
    """Writes questions for one solver, one after the other: what they have in common is declared
    and asserted once, and the rest of a question is forgotten after its answer."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._declared: set[str] = set()

    def opening(self, assertions: Iterable[Term]) -> str:
        """Return the text that asserts what holds in all questions."""
        return "\n".join(["(set-logic ALL)", *self._said(assertions, before=())]) + "\n"

    def question(self, assertions: Iterable[Term]) -> str:
        """Return the text that asks whether the assertions can hold together."""
        said = self._said(assertions, before=("(push 1)",))
        return "\n".join([*said, "(check-sat)", "(pop 1)"]) + "\n"

    def _said(self, assertions: Iterable[Term], before: Iterable[str]) -> list[str]:
        """Return the declarations that were not made yet, and behind some lines the assertions."""
        written = [self._texts.of(term) for term in assertions if not _is_true(term)]
        declared = (line for each in written for line in each.declarations)
        new = [line for line in dict.fromkeys(declared) if line not in self._declared]
        self._declared.update(new)
        return [*new, *before, *(f"(assert {each.text})" for each in written)]


def _is_true(term: Term) -> bool:
    return isinstance(term, Truth) and term.value


class _Script:
    def __init__(self, assertions: tuple[Term, ...]) -> None:
        self._assertions = assertions
        self._order: dict[Term, None] = {}
        self._uses: dict[Term, int] = {}
        self._open: dict[Term, bool] = {}
        for term in assertions:
            self._visit(term)
        self._defined: dict[Term, str] = {}

    def _visit(self, root: Term) -> None:
        """Number all terms below, parts first, and count how often each stands somewhere."""
        self._uses[root] = self._uses.get(root, 0) + 1
        todo = [root]
        while todo:
            term = todo[-1]
            if term in self._order:
                todo.pop()
                continue
            parts = parts_of(term)
            waiting = [part for part in parts if part not in self._order]
            if waiting:
                todo += waiting
                continue
            todo.pop()
            self._order[term] = None
            self._open[term] = isinstance(term, Bound) or any(self._open[part] for part in parts)
            for part in parts:
                self._uses[part] = self._uses.get(part, 0) + 1

    def lines(self) -> Iterator[str]:
        yield "(set-logic ALL)"
        yield from self.declarations()
        yield from self.assertions()
        yield "(check-sat)"

    def assertions(self) -> Iterator[str]:
        for term, name in self._shared():
            yield f"(define-fun {name} () {sort(kind_of(term))} {self._text(term)})"
            self._defined[term] = name
        for assertion in self._assertions:
            yield f"(assert {self._text(assertion)})"

    def sentence(self) -> str:
        """Return the only assertion, which binds itself what stands in several of its places."""
        opened = ""
        for term, name in self._shared():
            opened += f"(let (({name} {self._text(term)})) "
            self._defined[term] = name
        (assertion,) = self._assertions
        return opened + self._text(assertion) + ")" * len(self._defined)

    def _shared(self) -> Iterator[tuple[Term, str]]:
        """Iterate over what is written once, parts first, with names."""
        # A quantified term is closed, but its parts are not: they are written in place.
        shared = (
            term
            for term in self._order
            if self._uses[term] > 1 and not self._open[term] and parts_of(term)
        )
        return ((term, f"|shared {number}|") for number, term in enumerate(shared))

    def declarations(self) -> Iterator[str]:
        functions: dict[Function, None] = {}
        kinds: dict[Kind, None] = {}
        for term in self._order:
            kinds[kind_of(term)] = None
            if isinstance(term, Application):
                functions[term.function] = None
                kinds.update(dict.fromkeys((*term.function.arguments, term.function.result)))
            if isinstance(term, Universal | Existential):
                kinds.update(dict.fromkeys(bound.kind for bound in term.bound))
        for kind in kinds:
            match kind:
                case Uninterpreted():
                    yield f"(declare-sort {sort(kind)} 0)"
                case Enumerated(_, members):
                    constructors = " ".join(f"({_member(kind, i)})" for i in range(len(members)))
                    yield f"(declare-datatypes (({sort(kind)} 0)) (({constructors})))"
                case Plain():
                    pass
        for function in functions:
            arguments = " ".join(sort(kind) for kind in function.arguments)
            yield f"(declare-fun {quoted(function.name)} ({arguments}) {sort(function.result)})"

    def _text(self, term: Term) -> str:
        if term in self._defined:
            return self._defined[term]
        match term:
            case Truth(value):
                return "true" if value else "false"
            case Number(value):
                return str(value) if value >= 0 else f"(- {-value})"
            case Member(kind, index):
                return _member(kind, index)
            case Bound(name):
                return quoted(name)
            case Application(function, arguments):
                name = quoted(function.name)
                return f"({name} {self._all(arguments)})" if arguments else name
            case Negation(operand):
                return f"(not {self._text(operand)})"
            case Conjunction(operands):
                return f"(and {self._all(operands)})"
            case Disjunction(operands):
                return f"(or {self._all(operands)})"
            case Equality(left, right):
                return f"(= {self._all((left, right))})"
            case AtMost(left, right):
                return f"(<= {self._all((left, right))})"
            case Sum(left, right):
                return f"(+ {self._all((left, right))})"
            case Difference(left, right):
                return f"(- {self._all((left, right))})"
            case Choice(condition, positive, negative):
                return f"(ite {self._all((condition, positive, negative))})"
            case Universal(bound, body):
                return f"(forall ({_bound(bound)}) {self._text(body)})"
            case Existential(bound, body):
                return f"(exists ({_bound(bound)}) {self._text(body)})"
            case _:
                assert_never(term)

    def _all(self, terms: Iterable[Term]) -> str:
        return " ".join(self._text(term) for term in terms)


def sort(kind: Kind) -> str:
    """Return the name of a kind."""
    match kind:
        case Plain():
            return kind.value
        case Uninterpreted(name) | Enumerated(name):
            return quoted(name)
        case _:
            assert_never(kind)


def quoted(name: str) -> str:
    """Return a name as a quoted symbol; names hold neither of the two signs that cannot."""
    assert "|" not in name
    assert "\\" not in name
    return f"|{name}|"


def _member(kind: Enumerated, index: int) -> str:
    return quoted(f"{kind.name}.{kind.members[index]}")


def _bound(bound: Iterable[Bound]) -> str:
    return " ".join(f"({quoted(b.name)} {sort(b.kind)})" for b in bound)
