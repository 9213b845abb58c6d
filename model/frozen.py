"""Make a class what `dataclass(frozen=True, slots=True)` makes of it, in a fifth of the time.

A command makes three hundred such classes before it does anything. For each of them `dataclasses`
of Python 3.11 compiles six functions from text, which was half of the start (ADR 0019). Here one
function is compiled, `__init__`, as each class has parameters of its own; it sets the slots
themselves, so that instances are made faster, too. The other functions are those of all classes:
comparison and hash read what counts by `operator.attrgetter`.

Fields, slots and the order for patterns are made by `dataclasses`, so that `replace`, `fields`,
`match` and pickling work as for any dataclass. Type checkers are told by `dataclass_transform` (PEP
681).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from functools import partial
from operator import attrgetter
from typing import Any, TypeVar, cast, dataclass_transform, overload

Class = TypeVar("Class", bound=type[Any])

_slotted = dataclass(init=False, repr=False, eq=False, slots=True)


@overload
def frozen(cls: Class, /) -> Class: ...


@overload
def frozen(*, eq: bool) -> Callable[[Class], Class]: ...


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: Class | None = None, /, *, eq: bool = True) -> Class | Callable[[Class], Class]:
    """Return the class with slots for its fields, whose instances are never changed. What its text
    defines itself stays. Without `eq` an instance is equal to itself alone."""

    return partial(_frozen, eq=eq) if cls is None else _frozen(cls, eq=eq)


def _frozen(plain: Class, *, eq: bool) -> Class:
    own = dict(plain.__dict__)
    # The text that would stand here in its place takes as long to make as the class.
    plain.__doc__ = plain.__doc__ or plain.__name__
    cls = cast("Class", _slotted(plain))
    methods: dict[str, Callable[..., Any]] = {
        "__init__": _initializer(cls),
        "__repr__": _text,
        "__setattr__": _refuse_assignment,
        "__delattr__": _refuse_deletion,
        "__getstate__": _state,
        "__setstate__": _restore,
    }
    if eq:
        methods |= _comparisons(f.name for f in fields(cls) if f.compare)
    for name, method in methods.items():
        if own.get(name) is None:  # A class that defines `__eq__` alone has None for `__hash__`.
            setattr(cls, name, method)
    return cls


def _comparisons(names: Iterable[str]) -> dict[str, Callable[..., Any]]:
    """Return `__eq__` and `__hash__` of a class of which only these fields count."""
    counted = tuple(names)
    what: Callable[[object], object] = attrgetter(*counted) if counted else lambda _: ()

    def equals(self: object, other: object) -> object:
        if other.__class__ is self.__class__:
            return what(self) == what(other)
        return NotImplemented

    def number(self: object) -> int:
        return hash(what(self))

    return {"__eq__": equals, "__hash__": number}


def _initializer(cls: type[Any]) -> Callable[..., None]:
    """Return `__init__` of a class with slots. It is compiled from names of fields alone."""
    names: dict[str, Any] = {"missing": MISSING}
    parameters, keywords = ["self"], ["*"]
    lines: list[str] = []
    for each in fields(cls):
        names[f"set_{each.name}"] = getattr(cls, each.name).__set__
        names[f"default_{each.name}"] = _default(each)
        if each.init:
            (keywords if each.kw_only else parameters).append(_parameter(each))
        lines += _assignment(each)
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    words = ", ".join(parameters + (keywords if len(keywords) > 1 else []))
    exec(f"def __init__({words}):\n " + ("\n ".join(lines) or "pass"), names)
    initializer: Callable[..., None] = names["__init__"]
    initializer.__annotations__ = {f.name: f.type for f in fields(cls) if f.init} | {"return": None}
    initializer.__qualname__ = f"{cls.__qualname__}.__init__"
    return initializer


def _default(each: Field[Any]) -> Any:
    return each.default if each.default_factory is MISSING else each.default_factory


def _parameter(each: Field[Any]) -> str:
    if each.default_factory is not MISSING:
        return f"{each.name}=missing"
    return each.name if each.default is MISSING else f"{each.name}=default_{each.name}"


def _assignment(each: Field[Any]) -> Iterator[str]:
    """Iterate over the statement that sets a field, if one does."""
    made = f"default_{each.name}" + ("" if each.default_factory is MISSING else "()")
    if each.init and each.default_factory is not MISSING:
        yield f"set_{each.name}(self, {made} if {each.name} is missing else {each.name})"
    elif each.init:
        yield f"set_{each.name}(self, {each.name})"
    elif _default(each) is not MISSING:
        yield f"set_{each.name}(self, {made})"


def _text(self: Any) -> str:
    shown = (f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if f.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse_assignment(self: object, name: str, value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_deletion(self: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[object]:
    return [getattr(self, f.name) for f in fields(self)]


def _restore(self: Any, state: Iterable[object]) -> None:
    for each, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)
