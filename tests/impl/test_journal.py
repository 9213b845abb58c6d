"""The undo log: what was written is taken back, exactly, newest first."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from splitspec.impl.geometry import Geometry
from splitspec.impl.journal import Journal, Table
from splitspec.impl.machine import Machine, PlatformKind

WRITES = st.lists(st.tuples(st.integers(0, 3), st.one_of(st.none(), st.integers(0, 2))))


@given(WRITES, WRITES, WRITES)
def test_a_rollback_restores_every_state_that_was_marked(
    before: list[tuple[int, int | None]],
    between: list[tuple[int, int | None]],
    after: list[tuple[int, int | None]],
) -> None:
    journal = Journal()
    table: Table[int, int] = Table(journal)
    write(table, before)
    states, marks = [dict(table)], [journal.mark()]
    for writes in (between, after):
        write(table, writes)
        states.append(dict(table))
        marks.append(journal.mark())
    for state, mark in reversed(list(zip(states, marks, strict=True))):
        journal.rollback(mark)
        assert dict(table) == state


def write(table: Table[int, int], writes: list[tuple[int, int | None]]) -> None:
    """Set rows; None deletes."""
    for key, row in writes:
        if row is None:
            table.discard(key)
        else:
            table[key] = row


def test_writing_what_stands_there_is_no_change() -> None:
    journal = Journal()
    table: Table[int, int] = Table(journal)
    table[1] = 5
    mark = journal.mark()
    table[1] = 5
    table.discard(2)
    assert journal.mark() == mark


def test_a_mark_that_was_rolled_back_or_forgotten_is_an_error() -> None:
    journal = Journal()
    table: Table[int, int] = Table(journal)
    first = journal.mark()
    table[1] = 1
    second = journal.mark()
    journal.rollback(first)
    with pytest.raises(ValueError, match="not in the journal"):
        journal.rollback(second)
    journal.forget()
    with pytest.raises(ValueError, match="not in the journal"):
        journal.rollback(first)


@given(WRITES, WRITES)
def test_the_rows_of_a_journal_lead_from_what_was_marked_to_what_there_is(
    before: list[tuple[int, int | None]], after: list[tuple[int, int | None]]
) -> None:
    journal = Journal()
    table, other = Table[int, int](journal), Table[int, int](journal)
    write(table, before)
    mark, now = journal.mark(), dict(table)
    for each in after:
        write(table, [each])
        other[0] = len(now)
    for store, key, old, new in journal.rows(mark):
        if store is table:
            assert now.get(key) == old
            now = {k: row for k, row in {**now, key: new}.items() if row is not None}
    assert now == dict(table)


@pytest.mark.parametrize(
    "bulk",
    [
        lambda table: table.clear(),
        lambda table: table.update({1: 1}),
        lambda table: table.pop(1),
        lambda table: table.popitem(),
        lambda table: table.setdefault(1, 1),
        lambda table: table.__ior__({1: 1}),
    ],
)
def test_a_table_refuses_every_write_that_would_pass_the_journal_by(
    bulk: Callable[[Table[int, int]], object],
) -> None:
    table: Table[int, int] = Table(Journal())
    table[1] = 2
    kept = copy.copy(dict(table))
    with pytest.raises(TypeError):
        bulk(table)
    assert dict(table) == kept


def test_a_copy_of_a_machine_is_a_machine_of_its_own() -> None:
    """Its log is its own too: what was done before the copy can be taken back in the copy."""
    scene = Machine(Geometry(), PlatformKind.SNP)
    mark, before = scene.checkpoint(), scene.digest()
    scene.kernel.lifecycle.create(0)
    after = scene.digest()
    twin = copy.deepcopy(scene)
    assert twin.checkpoint() == scene.checkpoint()
    twin.rollback(mark)
    assert (twin.digest(), scene.digest()) == (before, after)
