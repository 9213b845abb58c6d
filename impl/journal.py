"""Undo log: every mutable store of the machine writes through it.

A table is a dictionary of immutable rows, a frame is an array of bytes. Before a write, the journal
notes what stood there; `rollback` puts it back, newest first. So a mark is an integer, restoring
costs what was written since, and two equal marks mean that nothing was written between them.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Final, TypeVar

Key = TypeVar("Key")
Row = TypeVar("Row")


class _Absent:
    """The row of a key that a table does not have; there is one."""

    def __deepcopy__(self, memo: dict[int, Any]) -> _Absent:
        return self


ABSENT: Final = _Absent()


class Journal:
    """What stood where something was written since recording began."""

    __slots__ = ("_entries", "recording")

    def __init__(self) -> None:
        self._entries: list[tuple[Any, Any, Any]] = []
        self.recording = False

    def note(self, store: object, key: object, old: object) -> None:
        """Remember what `store` holds at `key`, which is about to be overwritten."""
        if self.recording:
            self._entries.append((store, key, old))

    def mark(self) -> int:
        """Begin to record, if nothing does yet, and return where the log stands."""
        self.recording = True
        return len(self._entries)

    def rollback(self, mark: int) -> None:
        """Undo every write since `mark`, newest first.

        Raises ValueError if the log has been rolled back or forgotten beyond the mark.
        """
        entries = self._entries
        if not self.recording or not 0 <= mark <= len(entries):
            raise ValueError(f"mark {mark} is not in the journal")
        while len(entries) > mark:
            store, key, old = entries.pop()
            if type(store) is bytearray:
                store[key : key + len(old)] = old
            elif old is ABSENT:
                dict.__delitem__(store, key)
            else:
                dict.__setitem__(store, key, old)

    def rows(self, mark: int = 0) -> Iterator[tuple[Any, Any, Any, Any]]:
        """Iterate over the writes of tables since `mark`, oldest first: the table, the key, and the
        rows before and after it, None for no row."""
        later: dict[tuple[int, object], Any] = {}
        found: list[tuple[Any, Any, Any, Any]] = []
        for store, key, old in reversed(self._entries[mark:]):
            if type(store) is not bytearray:
                new = later.get((id(store), key), dict.get(store, key))
                later[id(store), key] = row = None if old is ABSENT else old
                found.append((store, key, row, new))
        yield from reversed(found)

    def forget(self) -> None:
        """Drop the log and stop recording: what was written stays."""
        self._entries.clear()
        self.recording = False


class Table(dict[Key, Row]):
    """A dictionary of immutable rows; only single rows are set and deleted, through the journal."""

    __slots__ = ("_journal",)

    def __init__(self, journal: Journal) -> None:
        super().__init__()
        self._journal = journal

    def __deepcopy__(self, memo: dict[int, Any]) -> Table[Key, Row]:
        """Return a table like this one, under a journal like its own: copying is no write."""
        journal = copy.deepcopy(self._journal, memo)
        if id(self) not in memo:  # Else the journal has noted a write of it.
            twin: Table[Key, Row] = Table(journal)
            dict.update(twin, self)  # Rows are immutable.
            memo[id(self)] = twin
        copied: Table[Key, Row] = memo[id(self)]
        return copied

    def __setitem__(self, key: Key, row: Row) -> None:
        old = self.get(key, ABSENT)
        if old != row:
            self._journal.note(self, key, old)
            super().__setitem__(key, row)

    def __delitem__(self, key: Key) -> None:
        self._journal.note(self, key, self[key])
        super().__delitem__(key)

    def discard(self, key: Key) -> None:
        """Delete the row of `key` if there is one."""
        if key in self:
            del self[key]

    def _refuse(self, *_: object, **__: object) -> Any:
        raise TypeError("a table is written one row at a time, through its journal")

    pop = popitem = clear = update = setdefault = __ior__ = _refuse
