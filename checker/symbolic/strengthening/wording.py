"""From clauses to lemmas that can be pasted into a specification.

What is denied in a clause is a premise, what is asserted a conclusion. Clauses that differ in one
value of one place become one line with an `or`.
"""

from __future__ import annotations

from collections.abc import Iterable

from splitspec.checker.symbolic.strengthening.candidates import Clause
from splitspec.checker.symbolic.strengthening.vocabulary import Atom, Vocabulary
from splitspec.model import ir
from splitspec.model.ir import ActorKind, Expression, PropertyKind
from splitspec.model.ir_text import Writer
from splitspec.model.types import Boolean


def expression_of(vocabulary: Vocabulary, clause: Clause) -> Expression:
    """Return a clause as a formula of the program."""
    return _formula(vocabulary, [[n] for n in sorted(clause)])


def merged(vocabulary: Vocabulary, clauses: Iterable[Clause]) -> list[list[list[int]]]:
    """Return lemmas as lists of groups of literals: the premises of a group are alternatives."""
    lemmas: list[list[list[int]]] = []
    rest = [sorted(clause) for clause in clauses]
    while rest:
        first = rest.pop(0)
        groups = [[literal] for literal in first]
        for position, literal in enumerate(first):
            if not literal & 1:
                continue
            others = [c for c in rest if _differs_at(vocabulary, first, c, literal)]
            if others:
                for other in others:
                    rest.remove(other)
                    groups[position] += [n for n in other if n not in first]
                break
        lemmas.append(groups)
    return lemmas


def _differs_at(vocabulary: Vocabulary, clause: list[int], other: list[int], literal: int) -> bool:
    """Whether another clause has, in the place of a denied literal, one about the same place."""
    changed = [n for n in other if n not in clause]
    missing = [n for n in clause if n not in other]
    if missing != [literal] or len(changed) != 1 or not changed[0] & 1:
        return False
    return _atom(vocabulary, changed[0]).place == _atom(vocabulary, literal).place


def lemma_of(
    vocabulary: Vocabulary, path: str, given: frozenset[ActorKind], groups: list[list[int]]
) -> ir.Property:
    """Return a lemma as a declaration of the program."""
    formula = _formula(vocabulary, groups)
    line = ir.Line("", formula, formula.span)
    return ir.Property(path, PropertyKind.LEMMA, given, (), (line,), "", (), formula.span)


def lemma_text(lemma: ir.Property, writer: Writer) -> str:
    """Return the text of a lemma."""
    given = " and ".join(f"honest {kind}" for kind in sorted(k.value for k in lemma.given))
    name = lemma.path.rpartition(".")[2]
    heading = f"lemma {name}" + (f" given {given}" if given else "")
    return "\n".join(
        [heading, *(f"  {writer.expression(line.expression)}" for line in lemma.lines)]
    )


def _atom(vocabulary: Vocabulary, literal: int) -> Atom:
    return vocabulary.atoms[literal // 2]


def _formula(vocabulary: Vocabulary, groups: list[list[int]]) -> Expression:
    span = _atom(vocabulary, groups[0][0]).expression.span
    truth = Boolean()
    premises: list[Expression] = []
    conclusions: list[Expression] = []
    for group in groups:
        atoms = [_atom(vocabulary, literal).expression for literal in group]
        joined = atoms[0] if len(atoms) == 1 else ir.Or(tuple(atoms), truth, span)
        (premises if group[0] & 1 else conclusions).append(joined)
    if not conclusions:
        conclusions.append(ir.Not(premises.pop(), truth, span))
    body = conclusions[0] if len(conclusions) == 1 else ir.Or(tuple(conclusions), truth, span)
    if premises:
        premise = premises[0] if len(premises) == 1 else ir.And(tuple(premises), truth, span)
        body = ir.Implies(premise, body, truth, span)
    names = frozenset[str]().union(*(_atom(vocabulary, n).names for g in groups for n in g))
    binders = tuple(p for p in vocabulary.variables if p.name in names)
    return ir.Quantifier("all", binders, body, truth, span) if binders else body
