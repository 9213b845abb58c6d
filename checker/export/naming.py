"""Give everything in a system a name of its own in mypyvy's language.

A path keeps its last part where that is unique, else its module comes with it. Locals keep their
names, since nothing else has them: mypyvy lets no local hide a declaration.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from splitspec.model.expressions import subterms
from splitspec.model.ir import (
    Count,
    Expression,
    FlatUpdate,
    Line,
    Local,
    Parameter,
    Property,
    Quantifier,
    System,
)
from splitspec.model.passes.substitute import fresh_name

RESERVED = frozenset(
    "modifies sort mutable immutable derived relation constant function init transition invariant "
    "axiom new forall exists true false zerostate onestate twostate theorem definition assert "
    "safety any trace if then else let in sat unsat distinct bool int fbii prophecy by".split()
)
PLACE = re.compile(r"X\d+")
"""What the indices of a place are called: nothing else has such a name."""


@dataclass(frozen=True)
class Names:
    """The names of sorts, members of enums, variables, actions and claims, by path; of locals by
    their own."""

    paths: Mapping[str, str]
    locals: Mapping[str, str]

    def path(self, path: str) -> str:
        return self.paths[path]

    def local(self, name: str) -> str:
        return self.locals[name]


def name_all(system: System, claims: Iterable[Property], added: Iterable[str]) -> Names:
    """Return names for a system with its claims. `added` are paths of the export's own."""
    claimed = tuple(claims)
    named = sorted(set(_locals(system, claimed)))
    taken = set(RESERVED) | {name for name in named if _fit(name) == name}
    locals_: dict[str, str] = {}
    for name in named:
        locals_[name] = name if name in taken - RESERVED else fresh_name(_fit(name), taken)
        taken.add(locals_[name])
    paths: dict[str, str] = {}
    for path, short in _shortened([*_declared(system), *added]).items():
        paths[path] = fresh_name(_fit(short), taken)
        taken.add(paths[path])
    # Transitions and claims are named nowhere else, and have names of their own kind.
    for kind in ([a.path for a in system.actions], [c.path for c in claimed]):
        taken_here = set(RESERVED) | set(paths.values())
        for path, short in _shortened(kind).items():
            paths[path] = fresh_name(_fit(short), taken_here)
            taken_here.add(paths[path])
    return Names(paths, locals_)


def member_path(enum: str, member: str) -> str:
    return f"{enum}.{member}"


def present_path(variable: str) -> str:
    """Return the path of the relation that says whether an option is there."""
    return f"{variable}_is_there"


def _declared(system: System) -> Iterator[str]:
    yield from system.sorts
    yield from system.enums
    for enum, members in system.enums.items():
        yield from (member_path(enum, member) for member in members)
    yield from system.variables


def _shortened(paths: Iterable[str]) -> dict[str, str]:
    """Return the last part of each path, or, where others have it too, all of it."""
    all_paths = list(dict.fromkeys(paths))
    counts = Counter(path.rpartition(".")[2] for path in all_paths)
    return {
        path: last if counts[last := path.rpartition(".")[2]] == 1 else path.replace(".", "_")
        for path in all_paths
    }


def _fit(name: str) -> str:
    """Return a name that is no word of the language, and none of a place."""
    return f"{name}_" if name in RESERVED or PLACE.fullmatch(name) else name


def _locals(system: System, claims: Iterable[Property]) -> Iterator[str]:
    lines: list[Line] = [line for a in system.assumptions for line in a.lines]
    lines += [line for claim in claims for line in claim.lines]
    updates: list[FlatUpdate] = list(system.initial)
    for action in system.actions:
        yield from _binders(action.parameters)
        lines += [line for guard in action.guards for line in guard.lines]
        updates += action.updates
    terms: list[Expression] = [line.expression for line in lines]
    for update in updates:
        yield from _binders(update.binders)
        terms += [*update.indices, update.value]
        terms += [] if update.condition is None else [update.condition]
    for term in terms:
        for part in subterms(term):
            if isinstance(part, Local):
                yield part.name
            if isinstance(part, Quantifier | Count):
                yield from _binders(part.binders)


def _binders(binders: Iterable[Parameter]) -> Iterator[str]:
    return (binder.name for binder in binders)
