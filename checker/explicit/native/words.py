"""Write the words after a step, from the writes of an instance.

Constants that replace known values are one `xor` of a word, other constants an `and` and an `or`;
only what depends on the state or on a condition is written cell by cell.
"""

from __future__ import annotations

from collections.abc import Mapping

from splitspec.checker.explicit.native.assembly import Assembler, signed
from splitspec.checker.explicit.native.circuit import (
    Cell,
    Constant,
    Is,
    Not,
    Predicate,
    conjuncts,
)
from splitspec.checker.explicit.native.effects import Write
from splitspec.checker.explicit.native.instances import Instance


class WordWriter:
    """Computes the words after a step from its writes."""

    def __init__(self, asm: Assembler, known: Mapping[tuple[str, int], int]) -> None:
        self._asm = asm
        self._known = known
        size = asm.layout.words
        self._flips = [0] * size  # Bits that change, where the value before is known.
        self._holes = [0] * size  # Bits that are overwritten by constants.
        self._constants = [0] * size
        self._writes: list[Write] = []

    def add(self, write: Write) -> None:
        """Take up a write."""
        array = self._asm.layout.arrays[write.array]
        if array.fixed is not None:
            return
        match write:
            case Write(path, Constant(cell), Constant(value), condition) if condition_is_true(
                condition
            ):
                word, shift = array.locate(cell)
                before = self._known.get((path, cell))
                if before is None:
                    self._holes[word] |= ((1 << array.bits) - 1) << shift
                    self._constants[word] |= value << shift
                else:
                    self._flips[word] |= (before ^ value) << shift
            case _:
                self._writes.append(write)

    def words(self) -> list[str]:
        """Write the code, and return the operands of the words."""
        asm = self._asm
        words = [f"%w{j}" for j in range(asm.layout.words)]
        for j, hole in enumerate(self._holes):
            if hole:
                words[j] = asm.op(f"and i64 {words[j]}, {signed(~hole)}")
                if self._constants[j]:
                    words[j] = asm.op(f"or i64 {words[j]}, {signed(self._constants[j])}")
            if self._flips[j]:
                words[j] = asm.op(f"xor i64 {words[j]}, {signed(self._flips[j])}")
        for write in self._writes:
            self._put(words, write)
        return words

    def _put(self, words: list[str], write: Write) -> None:
        asm, array = self._asm, self._asm.layout.arrays[write.array]
        mask = (1 << array.bits) - 1
        value = asm.integer(write.value)
        if isinstance(write.index, Constant):
            word, shift = array.locate(write.index.value)
            kept = asm.op(f"and i64 {words[word]}, {signed(~(mask << shift))}")
            self._blend(words, word, kept, asm.op(f"shl i64 {value}, {shift}"), write)
            return
        index = asm.integer(write.index)
        for chunk in array.chunks:
            amount = asm.amount(array, chunk.shift - array.bits * chunk.first, index)
            hole = asm.op(f"xor i64 {asm.op(f'shl i64 {mask}, {amount}')}, -1")
            kept = asm.op(f"and i64 {words[chunk.word]}, {hole}")
            put = asm.op(f"shl i64 {value}, {amount}")
            inside = None
            if len(array.chunks) > 1:
                offset = asm.op(f"sub i64 {index}, {chunk.first}")
                inside = asm.op(f"icmp ult i64 {offset}, {chunk.count}")
            self._blend(words, chunk.word, kept, put, write, inside)

    def _blend(
        self,
        words: list[str],
        word: int,
        kept: str,
        put: str,
        write: Write,
        inside: str | None = None,
    ) -> None:
        asm = self._asm
        whole = asm.op(f"or i64 {kept}, {put}")
        if not condition_is_true(write.condition):
            happens = asm.predicate(write.condition)
            inside = asm.op(f"and i1 {inside}, {happens}") if inside else happens
        if inside:
            whole = asm.op(f"select i1 {inside}, i64 {whole}, i64 {words[word]}")
        words[word] = whole


def condition_is_true(predicate: Predicate) -> bool:
    """Whether a condition always holds."""
    return conjuncts(predicate) == ()


def known_values(instance: Instance) -> dict[tuple[str, int], int]:
    """Return the encoded values that the guards of an instance fix."""
    known = {}
    for _, guard in instance.guards:
        for part in conjuncts(guard):
            match part:
                case Is(Cell(array, cell), value):
                    known[array, cell] = value
                case Not(Is(Cell(array, cell, 0, 1), 1)):
                    known[array, cell] = 0
                case _:
                    pass
    return known
