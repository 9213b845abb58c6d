"""Read a log line by line. Whatever is no log is refused with its line and the reason: text that is
no JSON, keys and types that are none of the schema, lines that are missing, repeated or out of
order, and a log without its end.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from splitspec.refinement.log import SCHEMA, Event, Header, LogError, refuse, shown

LINE_MAX = 2**20
"""Longer lines are no lines of a log."""

HEADER_KEYS = ("schema", "model", "given", "sizes", "pins", "unlogged")
EVENT_KEYS = ("n", "action", "arguments", "refused", "state", "note")


class LogReader:
    """A log that is being read: the header, then events until the end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._name = str(path)
        self._line = 0
        self._text = ""

    def read(self) -> tuple[Header, Iterator[Event]]:
        """Return the header, and the events to iterate over; both raise `LogError`."""
        try:
            stream = self._path.open("rb")
        except OSError as error:
            reason = (error.strerror or "unknown reason").lower()
            raise refuse("SS811", f"the log cannot be read: {reason}", self._name, 1, "") from error
        first = self._object(stream)
        if first is None:
            stream.close()
            raise refuse("SS812", "the log is empty", self._name, 1, "", "begin with the header")
        try:
            return self._header(first), self._events(stream)
        except LogError:
            stream.close()
            raise

    def refuse(self, code: str, message: str, help_: str = "") -> LogError:
        """Return the refusal of the present line."""
        return refuse(code, message, self._name, self._line, self._text, help_)

    def _object(self, stream: BinaryIO) -> dict[str, Any] | None:
        """Return the object of the next line; None at the end of the file."""
        data = stream.readline(LINE_MAX + 1)
        if not data:
            return None
        self._line += 1
        self._text = data[:200].decode("utf-8", "replace").rstrip("\r\n")
        if len(data) > LINE_MAX:
            raise self.refuse("SS811", f"the line is longer than {LINE_MAX:,} bytes")
        if not data.endswith(b"\n"):
            raise self.refuse("SS815", "the last line is cut", "it does not end with a line end")
        try:
            text = data.decode("utf-8")
            found = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
        except UnicodeDecodeError as error:
            raise self.refuse("SS811", f"byte {error.start + 1} is not UTF-8") from error
        except RecursionError as error:
            raise self.refuse("SS811", "the line is nested too deeply") from error
        except ValueError as error:
            raise self.refuse("SS811", f"the line is no JSON: {shown(str(error))}") from error
        if not isinstance(found, dict):
            raise self.refuse("SS811", "the line is no JSON object")
        return found

    def _header(self, found: Mapping[str, Any]) -> Header:
        if found.get("schema") != SCHEMA:
            help_ = f'the first line is {{"schema": "{SCHEMA}", "model": …}}'
            raise self.refuse("SS812", f"the first line is no header of {SCHEMA}", help_)
        self._refuse_unknown(found, HEADER_KEYS)
        model = found.get("model")
        if not isinstance(model, str):
            raise self.refuse("SS812", "the header names no model")
        sizes = self._table(found, "sizes", int)
        pins = self._table(found, "pins", (str, int, bool))
        given, unlogged = self._names(found, "given"), self._names(found, "unlogged")
        return Header(model, given, sizes, pins, unlogged)

    def _events(self, stream: BinaryIO) -> Iterator[Event]:
        """Iterate over the events; raise `LogError` where the log is none, or has no end."""
        number = 0
        with stream:
            while (found := self._object(stream)) is not None:
                if "end" in found:
                    self._end(found, number, stream)
                    return
                self._refuse_unknown(found, EVENT_KEYS)
                self._check_number(found.get("n"), number + 1)
                number += 1
                yield self._event(found)
        self._line += 1
        self._text = ""
        raise self.refuse("SS815", f"the log has no end after event {number}", 'write {"end": N}')

    def _end(self, found: Mapping[str, Any], number: int, stream: BinaryIO) -> None:
        end = found["end"]
        self._refuse_unknown(found, ("end",))
        if isinstance(end, bool) or end != number:
            message = f"the log ends after {number} events, and says {shown(end)}"
            raise self.refuse("SS815", message)
        if self._object(stream) is not None:
            raise self.refuse("SS814", "a line stands after the end")

    def _check_number(self, found: object, wanted: int) -> None:
        if isinstance(found, bool) or not isinstance(found, int):
            raise self.refuse("SS813", "the event has no number `n`", f"this is event {wanted}")
        if found != wanted:
            what = "repeated or out of order" if found < wanted else "missing or out of order"
            message = f"event {wanted} is expected here, and this is {shown(found)}"
            raise self.refuse("SS814", message, f"lines are {what}")

    def _event(self, found: Mapping[str, Any]) -> Event:
        action = found.get("action")
        if action is not None and not isinstance(action, str):
            raise self.refuse("SS813", "`action` is no string")
        refused = found.get("refused", False)
        if not isinstance(refused, bool | str) or refused == "":
            raise self.refuse("SS813", "`refused` is neither true, false nor the name of a guard")
        if action is None and ("arguments" in found or refused is not False):
            raise self.refuse("SS813", "an event without an action has no arguments")
        guard = refused if isinstance(refused, str) else "?" if refused else ""
        arguments = self._table(found, "arguments", str)
        state = self._table(found, "state", (str, int, bool, type(None)))
        seen = {place: _written(value) for place, value in state.items()}
        return Event(self._line, action, arguments, guard, seen)

    def _table(self, found: Mapping[str, Any], key: str, types: Any) -> dict[str, Any]:
        table = found.get(key, {})
        if not isinstance(table, dict):
            raise self.refuse("SS813", f"`{key}` is no object")
        for name, value in table.items():
            if not isinstance(value, types) or (types is int and isinstance(value, bool)):
                raise self.refuse("SS813", f"`{shown(name)}` of `{key}` is {shown(value)}")
        return table

    def _names(self, found: Mapping[str, Any], key: str) -> tuple[str, ...]:
        names = found.get(key, [])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise self.refuse("SS813", f"`{key}` is no list of names")
        return tuple(names)

    def _refuse_unknown(self, found: Mapping[str, Any], known: tuple[str, ...]) -> None:
        for key in found:
            if key not in known:
                help_ = f"here may stand: {', '.join(known)}"
                raise self.refuse("SS813", f"unknown key `{shown(key)}`", help_)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is no value of JSON")


def _written(value: str | int | bool | None) -> str:
    """Return a value as traces write it."""
    match value:
        case None:
            return "none"
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)
