"""Turn two values into the places, as paths of attributes and keys, at which they differ: what an
implementation was before a call, by a deep copy, and what it is.

An object counts by what it holds: the items of a container, also of a class of the user's own that
is one; attributes; what else it shows when it is pickled, such as the bytes of a stream and the
state of a random generator. What is never copied, such as a function, counts by what it is. One
that shows nothing, and knows no equality, such as a key of a library, is taken for the same.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, is_dataclass
from itertools import zip_longest
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

NEVER_COPIED = (type, FunctionType, BuiltinFunctionType)
PICKLING = ("__reduce__", "__reduce_ex__", "__getstate__", "__getnewargs__", "__getnewargs_ex__")
"""Methods by which a class says what its objects hold besides attributes."""
MISSING = object()


def differences(before: Any, after: Any, *, caches: Collection[str] = ()) -> Iterable[str]:
    """Iterate over the places at which two values differ; attributes of the names in `caches` are
    none."""
    return _Comparison(frozenset(caches)).of(before, after, "")


@dataclass(frozen=True, slots=True)
class _Comparison:
    """One comparison under way. `seen` are the pairs that were looked at; it keeps them, so that no
    other objects get their numbers."""

    caches: frozenset[str]
    seen: dict[tuple[int, int], tuple[Any, Any]] = field(default_factory=dict)

    def of(self, before: Any, after: Any, path: str) -> Iterator[str]:
        pair = id(before), id(after)
        if before is after or pair in self.seen:
            return
        self.seen[pair] = before, after
        if type(before) is not type(after) or isinstance(before, NEVER_COPIED):
            yield path or "the whole"
        elif isinstance(before, MethodType):
            yield from self.of(before.__func__, after.__func__, path)
            yield from self.of(before.__self__, after.__self__, path)
        else:
            yield from self._items(before, after, path)
            yield from self._attributes(before, after, path)

    def _items(self, before: Any, after: Any, path: str) -> Iterator[str]:
        """Iterate over what differs in the objects themselves, besides attributes."""
        if isinstance(before, Mapping):
            for key in before.keys() | after.keys():
                old, new = before.get(key, MISSING), after.get(key, MISSING)
                yield from self.of(old, new, f"{path}[{key!r}]")
            is_ordered = isinstance(before, OrderedDict) and before.keys() == after.keys()
            if is_ordered and list(before) != list(after):
                yield f"the order of {path or 'the whole'}"
        elif isinstance(before, list | tuple | deque):
            if len(before) != len(after):
                yield path or "the whole"
            for number, (old, new) in enumerate(zip(before, after, strict=False)):
                yield from self.of(old, new, f"{path}[{number}]")
        elif isinstance(before, Set):
            if before != after:
                yield path or "the whole"
        else:
            yield from self._value(before, after, path)

    def _value(self, before: Any, after: Any, path: str) -> Iterator[str]:
        """Iterate over what differs in two objects that are no containers: one without attributes
        is its value."""
        if not _names(before) and _has_equality(before):
            differ = before != after
            if isinstance(differ, bool):  # An array says it place by place.
                if differ:
                    yield path or "the whole"
                return
        for old, new in zip_longest(_pickled(before), _pickled(after)):
            if any(True for _ in self.of(old, new, path)):
                yield path or "the whole"
                return

    def _attributes(self, before: Any, after: Any, path: str) -> Iterator[str]:
        for name in sorted(_names(before) | _names(after)):
            if name not in self.caches:
                old, new = getattr(before, name, None), getattr(after, name, None)
                yield from self.of(old, new, f"{path}.{name}" if path else name)


def _names(value: Any) -> frozenset[str]:
    """Return the names of the attributes that an object of its own has."""
    slots = (getattr(kind, "__slots__", ()) for kind in type(value).__mro__)
    named = {name for each in slots for name in ((each,) if isinstance(each, str) else each)}
    return frozenset({*named, *getattr(value, "__dict__", ())} - {"__dict__", "__weakref__"})


def _has_equality(value: Any) -> bool:
    return any("__eq__" in vars(kind) for kind in type(value).__mro__[:-1])


def _pickled(value: Any) -> tuple[Any, ...]:
    """Return what an object shows when it is pickled and does not hold as attributes."""
    kinds = type(value).__mro__[:-1]
    if is_dataclass(value) or not any(name in vars(kind) for kind in kinds for name in PICKLING):
        return ()
    try:
        reduced = value.__reduce_ex__(4)
    except Exception:  # Whatever a class does that is copied in a way of its own.
        return ()
    if isinstance(reduced, str):
        return ()
    _, arguments, state, items, pairs = (*reduced, None, None, None)[:5]
    parts = state if isinstance(state, tuple) else (state,)
    shown = tuple(None if isinstance(part, dict) else part for part in parts)  # As attributes.
    return arguments, shown, list(items or ()), list(pairs or ())
