"""The types of translated values, and the error of what cannot be translated."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from splitspec.checker.explicit.native.translator.subset import Bytes, Links, Shorts, Words
from splitspec.model.frozen import frozen


class TranslationError(Exception):
    """A function says what the subset does not have: an error of this program, never of a model."""

    def __init__(self, path: Path, line: int, problem: str) -> None:
        super().__init__(f"{path}:{line}: {problem}")


class Kind(Enum):
    """A type, with LLVM's name for it and, of pointers, the bits of an element."""

    INTEGER = ("int", "i64", 0)
    TRUTH = ("bool", "i1", 0)
    NOTHING = ("None", "void", 0)
    WORDS = ("Words", "ptr", 64)
    LINKS = ("Links", "ptr", 32)
    SHORTS = ("Shorts", "ptr", 16)
    BYTES = ("Bytes", "ptr", 8)

    @property
    def written(self) -> str:
        """The type as Python writes it."""
        return self.value[0]

    @property
    def llvm(self) -> str:
        """The type as LLVM writes it."""
        return self.value[1]

    @property
    def bits(self) -> int:
        """The bits of an element; 0 iff this is no pointer."""
        return self.value[2]


KINDS: dict[object, Kind] = {
    int: Kind.INTEGER,
    bool: Kind.TRUTH,
    None: Kind.NOTHING,
    Words: Kind.WORDS,
    Links: Kind.LINKS,
    Shorts: Kind.SHORTS,
    Bytes: Kind.BYTES,
}
"""What an annotation stands for."""


@frozen
class Value:
    """A value: its type, and the operand that holds it."""

    kind: Kind
    operand: str

    @property
    def number(self) -> int | None:
        """The value, if it is known when it is translated."""
        digits = self.operand.removeprefix("-")
        return int(self.operand) if digits.isdecimal() else None


@frozen
class Callee:
    """A function that can be called: its symbol, and the types of parameters and result."""

    symbol: str
    parameters: tuple[tuple[str, Kind], ...]
    result: Kind
