"""The table of system calls says what the talk counts, and what the specification delegates."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from splitspec.impl.libos.calls import CALLS as LIBRARY
from splitspec.impl.libos.calls import Treatment
from splitspec.model import ir
from splitspec.model.expressions import subterms
from splitspec.model.loader import load
from splitspec.model.types import Enumeration

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "syscalls.md").read_text(encoding="utf-8")

# The classes and numbers on the slide of the talk (USENIX Security 2025).
TALK = {
    "filesystem": 26,
    "network": 12,
    "memory": 6,
    "sync": 3,
    "thread": 3,
    "event": 4,
    "miscellany": 5,
    "dummy": 15,
}
CLASSES = re.findall(r"^\| (\w+) \| (\d+) \| (yes|no) \|", PAGE, re.MULTILINE)
CALLS = re.findall(r"^\| `(\w+)` \| (\w+) \| (known|inferred) \| ([^|]+) \|$", PAGE, re.MULTILINE)


def test_the_table_has_the_numbers_of_the_talk() -> None:
    assert {name: int(count) for name, count, _ in CLASSES} == TALK
    assert sum(TALK.values()) == 74


def test_every_class_lists_as_many_calls_as_it_counts() -> None:
    assert Counter(kind for _, kind, _, _ in CALLS) == TALK
    assert len({call for call, _, _, _ in CALLS}) == len(CALLS)


def test_the_library_has_the_calls_of_the_table_and_treats_them_so() -> None:
    """What the table delegates the library gives to the host, and nothing else."""
    assert {name: kind for name, kind, _, _ in CALLS} == {n: g for n, (g, _) in LIBRARY.items()}
    delegated = {kind: answer == "yes" for kind, _, answer in CLASSES}
    for name, (kind, treatment) in LIBRARY.items():
        assert treatment.value.startswith("delegated") == delegated[kind], name
    hints = {kind for kind, treatment in LIBRARY.values() if treatment is Treatment.HINT}
    assert hints == {"event"}


def test_a_name_is_known_iff_the_artifact_serves_it() -> None:
    for call, _, name, service in CALLS:
        assert (name == "inferred") == (service == "not in its list"), call


def test_the_specification_has_the_classes_of_the_table() -> None:
    program = load(ROOT / "spec" / "io.split").program
    assert program is not None
    call = program.variables["io.call"].type
    assert isinstance(call, Enumeration)
    assert set(call.members) == set(TALK)


def test_the_specification_delegates_what_the_table_says() -> None:
    program = load(ROOT / "spec" / "io.split").program
    assert program is not None
    members = program.enums["io.Call"]
    (guard,) = (
        item
        for item in program.actions["io.request"].items
        if isinstance(item, ir.Guard) and item.label == "delegable"
    )
    assert guard.kind is ir.ActorKind.KERNEL
    inside = program.definitions["io.is_served_inside"].body
    named = [e for line in guard.lines for e in _literals(line.expression)] + _literals(inside)
    refused = {members[value] for value in named if isinstance(value, int)}
    assert refused == {name for name, _, delegated in CLASSES if delegated == "no"}


def _literals(expression: ir.Expression) -> list[ir.Value]:
    """Return the enum members that an expression compares with."""
    return [
        term.value
        for term in subterms(expression)
        if isinstance(term, ir.Literal) and isinstance(term.type, Enumeration)
    ]
