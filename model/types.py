"""The types of the language (docs/language.md, section 2)."""

from __future__ import annotations

from splitspec.model.frozen import frozen


@frozen
class Sort:
    """A scalarset: its elements can only be compared for equality."""

    path: str

    def __str__(self) -> str:
        return self.path.rpartition(".")[2]


@frozen
class Enumeration:
    """Named values, in order of declaration; the first is the initial one."""

    path: str
    members: tuple[str, ...]

    def __str__(self) -> str:
        return self.path.rpartition(".")[2]


@frozen
class Boolean:
    def __str__(self) -> str:
        return "bool"


@frozen
class Range:
    """The integers 0..high; `high` is a number or the path of a pinned constant."""

    high: int | str

    def __str__(self) -> str:
        return f"0..{self.high}"


@frozen
class Natural:
    """The integers from 0; finite runs cut it at a bound of the model."""

    def __str__(self) -> str:
        return "nat"


@frozen
class Integer:
    """The type of integer literals, sums and counts; no variable has it."""

    def __str__(self) -> str:
        return "integer"


@frozen
class Option:
    """`none`, or a value of `of`."""

    of: Sort | Enumeration | Boolean | Range

    def __str__(self) -> str:
        return f"{self.of}?"


@frozen
class Nothing:
    """The type of the literal `none` before it meets an option."""

    def __str__(self) -> str:
        return "none"


IndexType = Sort | Enumeration | Boolean | Range
Type = Sort | Enumeration | Boolean | Range | Natural | Integer | Option | Nothing
