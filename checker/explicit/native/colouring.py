"""Write the code that colours elements: hashes of what they take part in, which permutations of a
state permute alike.

The first round sees, for each element, the cells that it indexes or is the value of; every further
round also sees the colours of the other elements there. Hashes of cells are added up, so that their
order does not matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b

from splitspec.checker.explicit.native.assembly import Assembler, signed
from splitspec.checker.explicit.native.circuit import Circuit
from splitspec.checker.explicit.native.symmetry import Orbits, Position
from splitspec.model.types import Option

Element = tuple[str, int]
Colours = Mapping[Element, str]
"""The operands that hold the colours of the elements that move."""


class Colouring:
    """Writes rounds of colouring for one layout."""

    def __init__(self, group: Orbits, cells: Sequence[Position], circuit: Circuit) -> None:
        self._group = group
        self._cells = cells
        self._circuit = circuit
        self.elements: tuple[Element, ...] = tuple(
            (sort, e) for sort, moving in group.moving.items() for e in moving
        )
        self._moving = frozenset(self.elements)

    def round(self, asm: Assembler, colours: Colours | None) -> Colours:
        """Return the colours after one more round; without colours, after the first."""
        totals: dict[Element, list[str]] = {element: [] for element in self.elements}
        for cell in self._cells:
            if cell.participants >= (1 if colours is None else 2):
                self._contribute(asm, cell, colours, totals)
        result = {}
        for element, parts in totals.items():
            total = "0" if colours is None else asm.op(f"mul i64 {colours[element]}, {odd('old')}")
            for part in parts:
                total = asm.op(f"add i64 {total}, {part}")
            result[element] = total
        return result

    def _contribute(
        self,
        asm: Assembler,
        cell: Position,
        colours: Colours | None,
        totals: dict[Element, list[str]],
    ) -> None:
        array, sort = cell.array, cell.value
        value = asm.integer(self._circuit.cell(array.variable.path, cell.cell, array.size))
        same = {}
        if sort is None:
            term = value
        else:
            code = int(isinstance(array.variable.type, Option))
            same = {
                e: asm.op(f"icmp eq i64 {value}, {e + code}")
                for e in range(self._group.sizes[sort])
            }
            term = "0"
            for e, is_e in same.items():
                term = asm.op(
                    f"select i1 {is_e}, i64 {self._colour((sort, e), colours)}, i64 {term}"
                )
        for p, kind, element in cell.indices:
            if (kind, element) not in totals:
                continue
            others = tuple(i for i in cell.indices if i[0] != p)
            seed = asm.op(f"mul i64 {term}, {odd('value')}") if array.size > 2 or sort else "0"
            if sort == kind:
                is_own = asm.op(f"zext i1 {same[element]} to i64")
                own = asm.op(f"mul i64 {is_own}, {odd('own')}")
                seed = asm.op(f"add i64 {seed}, {own}")
            part = self._mixed(asm, cell, p, others, seed, colours)
            if array.size == 2 and sort is None:
                part = asm.op(f"mul i64 {part}, {value}")
            totals[kind, element].append(part)
        if sort is not None:
            part = self._mixed(asm, cell, -1, cell.indices, "0", colours)
            for e, is_e in same.items():
                if (sort, e) in totals:
                    chosen = asm.op(f"select i1 {is_e}, i64 {part}, i64 0")
                    totals[sort, e].append(chosen)

    def _mixed(
        self,
        asm: Assembler,
        cell: Position,
        role: int,
        others: tuple[tuple[int, str, int], ...],
        seed: str,
        colours: Colours | None,
    ) -> str:
        """Return a hash of what one participant of a cell sees there: its role, and the others'
        colours.
        """
        pattern = tuple(
            (p, q)
            for p, s, e in cell.indices
            for q, t, f in cell.indices
            if p < q and (s, e) == (t, f)
        )
        key = (cell.array.variable.path, cell.plain, role, pattern)
        total = asm.op(f"add i64 {seed}, {odd(key)}")
        for p, sort, element in others:
            colour = self._colour((sort, element), colours)
            total = asm.op(f"add i64 {total}, {asm.op(f'mul i64 {colour}, {odd(p)}')}")
        folded = asm.op(f"xor i64 {total}, {asm.op(f'lshr i64 {total}, 31')}")
        return asm.op(f"mul i64 {folded}, {odd('fold')}")

    def _colour(self, element: Element, colours: Colours | None) -> str:
        if element not in self._moving:
            return str(odd(element))
        return str(odd("first")) if colours is None else colours[element]


def odd(key: object) -> int:
    """Return an odd constant with mixed bits, the same in every process."""
    digest = blake2b(repr(key).encode(), digest_size=8).digest()
    return signed(int.from_bytes(digest, "little") | 1)
