"""What a translatable function is written with: marks, types, and the meaning of both.

A function that is translated is marked `native` and stands at the top of its module. It is ordinary
typed Python, which also runs as such, and is written with:

- the types `int`, `bool` and the four pointers below, in the annotations of all parameters and of
  the result; a local variable has the type of its first value, and is assigned on every path to
  its use;
- `=` (also of tuples, and chained), augmented assignment, `p[i]`, `if`, `while`, `break`,
  `continue`, `return`, `for i in range(…)` with one bound or two;
- `+ - * & | ^ << >> ~`, the six comparisons of two integers, `and`, `or`, `not`, and `a if c else
  b`, where conditions are of type `bool`;
- `range`, `min` and `max` of two integers, `ahead`, other marked functions, and constants of
  modules.

Everything else is refused. Integers have 64 bits and two's complement: sums, differences, products
and left shifts wrap around, `>>` keeps the sign, and the amount of a shift counts modulo 64. As
Python, a function means the same as long as no value leaves 64 bits; where one is meant to,
`wrapped` of `intrinsics` stands around it. Division is refused, for Python rounds it otherwise than
processors do.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from splitspec.model.frozen import frozen

Function = Callable[..., Any]
F = TypeVar("F", bound=Function)
P = TypeVar("P", bound="Pointer")


def native(function: F) -> F:
    """Mark a function as one that can be translated."""
    return function


def instructions(text: str) -> Callable[[F], F]:
    """Mark a function as one whose translation is written down: a body in LLVM's language, over its
    parameters by name. What it declares stands in lines of their own before it.
    """
    return lambda function: function


@frozen
class Pointer:
    """The address of elements of one width in memory that somebody else owns."""

    address: int
    element: ClassVar[Any]

    def __getitem__(self, index: int) -> int:
        return int(self._place(index).value)

    def __setitem__(self, index: int, value: int) -> None:
        self._place(index).value = value

    def _place(self, index: int) -> Any:
        # Assignment to the element keeps the bits of the value for which it has room.
        return self.element.from_address(ahead(self, index).address)


class Words(Pointer):
    """A pointer to 64-bit words, which are signed."""

    element = ctypes.c_int64


class Links(Pointer):
    """A pointer to 32-bit indices, which are never negative."""

    element = ctypes.c_uint32


class Shorts(Pointer):
    """A pointer to 16-bit action numbers."""

    element = ctypes.c_uint16


class Bytes(Pointer):
    """A pointer to bytes."""

    element = ctypes.c_uint8


def ahead(pointer: P, count: int) -> P:
    """Return the pointer moved on by `count` elements."""
    return type(pointer)(pointer.address + count * ctypes.sizeof(pointer.element))
