"""Write `canonical`: replace a state by the representative of its orbit.

Every element gets a colour, a hash of the cells in which it takes part that no permutation changes;
a second round takes the colours of the other elements in these cells into account. Elements are
sorted by colour. Where elements of one colour are interchangeable (swapping two leaves the state as
it is, which is an equivalence relation) their order does not matter. Elsewhere one of them after
the other is given a colour of its own, colours are computed anew, and the least of the states that
result is the representative (individualisation and refinement: McKay and Piperno, "Practical graph
isomorphism, II", 2014, without their use of automorphisms other than swaps).

Soundness: the representative is a permutation of the state, and depends on its orbit alone: colours
are functions of the state that commute with permutations, collisions only make classes larger, and
every choice between elements of a class that are not interchangeable is tried.
"""

from __future__ import annotations

from collections.abc import Iterator

from splitspec.checker.explicit.native.assembly import Assembler, signed
from splitspec.checker.explicit.native.circuit import Circuit
from splitspec.checker.explicit.native.colouring import Colouring, Colours, Element, odd
from splitspec.checker.explicit.native.layout import Layout
from splitspec.checker.explicit.native.symmetry import Orbits, Position, positions
from splitspec.model.types import Option

ROUNDS_APART = 2
"""Rounds after an element got a colour of its own: as far as from a container to the frames of its
pages.
"""


class CanonicalEmitter:
    """Writes `canonical` and the functions that it calls."""

    def __init__(self, layout: Layout, group: Orbits) -> None:
        self.layout = layout
        self.group = group
        self.circuit = Circuit()
        self.cells = tuple(positions(layout, group))
        self.sorts = tuple(group.moving)
        self.colouring = Colouring(group, self.cells, self.circuit)
        self.elements = self.colouring.elements
        self.slots = {element: i for i, element in enumerate(self.elements)}
        self.packs = ", ".join(f"i64 %p{s}" for s in range(len(self.sorts)))

    def emit(self) -> str:
        """Return the text of all functions."""
        return "\n".join(
            [self._permute(), self._keeps(), self._refine(), self._descend(), self._canonical()]
        )

    # Applying permutations

    def _permute(self) -> str:
        """Write the state that results when every element moves as the packs say.

        Four bits of a pack, at 4 (e + 1), hold the new number of element e, plus one; those at 0
        are 0, for `none`.
        """
        asm = Assembler(self.layout)
        asm.lines += [
            "define internal void @permute(ptr noalias readonly %state, ptr noalias %out, "
            f"{self.packs}) {{",
            "entry:",
        ]
        asm.load_words()
        words = [f"and i64 %w{j}, {signed(self._untouched(j))}" for j in range(self.layout.words)]
        totals = [asm.op(word) for word in words]
        for cell in self.cells:
            if cell.participants:
                self._move(asm, cell, totals)
        for j, total in enumerate(totals):
            pointer = asm.op(f"getelementptr i64, ptr %out, i64 {j}")
            asm.write(f"store i64 {total}, ptr {pointer}")
        return "\n".join([*asm.lines, "  ret void", "}"])

    def _untouched(self, word: int) -> int:
        """Return the bits of a word that no permutation moves or renames."""
        mask = 0
        for cell in self.cells:
            where, shift = cell.array.locate(cell.cell)
            if where == word and not cell.participants:
                mask |= ((1 << cell.array.bits) - 1) << shift
        return mask

    def _move(self, asm: Assembler, cell: Position, totals: list[str]) -> None:
        array = cell.array
        value = asm.integer(self.circuit.cell(array.variable.path, cell.cell, array.size))
        if cell.value is not None:
            value = self._renamed(asm, cell, value)
        strides = array.strides
        rest = cell.cell - sum(strides[p] * e for p, _, e in cell.indices)
        if not cell.indices:
            word, shift = array.locate(cell.cell)
            totals[word] = asm.op(f"or i64 {totals[word]}, {asm.op(f'shl i64 {value}, {shift}')}")
            return
        # The packs hold numbers plus one.
        number = str(rest - sum(strides[p] for p, _, _ in cell.indices))
        for p, sort, element in cell.indices:
            moved = self._new_number(asm, sort, element)
            scaled = asm.op(f"mul i64 {moved}, {strides[p]}") if strides[p] > 1 else moved
            number = asm.op(f"add i64 {number}, {scaled}")
        for chunk in array.chunks:
            amount = asm.amount(array, chunk.shift - array.bits * chunk.first, number)
            put = asm.op(f"shl i64 {value}, {amount}")
            if len(array.chunks) > 1:
                offset = asm.op(f"sub i64 {number}, {chunk.first}")
                inside = asm.op(f"icmp ult i64 {offset}, {chunk.count}")
                put = asm.op(f"select i1 {inside}, i64 {put}, i64 0")
            totals[chunk.word] = asm.op(f"or i64 {totals[chunk.word]}, {put}")

    def _new_number(self, asm: Assembler, sort: str, element: int) -> str:
        """Return the new number of an element, plus one."""
        if element not in self.group.moving[sort]:
            return str(element + 1)
        register = self.circuit.register(f"{sort} {element}", 16)
        known = asm.known_name(register)
        if known is None:
            pack = f"%p{self.sorts.index(sort)}"
            known = asm.op(f"and i64 {asm.op(f'lshr i64 {pack}, {4 * (element + 1)}')}, 15")
            asm.remember(register, known)
        return known

    def _renamed(self, asm: Assembler, cell: Position, value: str) -> str:
        """Return the code of the element to which the element of a code moves."""
        assert cell.value is not None
        pack = f"%p{self.sorts.index(cell.value)}"
        optional = isinstance(cell.array.variable.type, Option)
        code = value if optional else asm.op(f"add i64 {value}, 1")
        amount = asm.op(f"shl i64 {code}, 2")
        moved = asm.op(f"and i64 {asm.op(f'lshr i64 {pack}, {amount}')}, 15")
        return moved if optional else asm.op(f"sub i64 {moved}, 1")

    def _keeps(self) -> str:
        """Write a function that says whether a permutation leaves the state as it is."""
        asm = Assembler(self.layout)
        size = self.layout.words
        asm.lines += [
            f"define internal i1 @keeps(ptr noalias readonly %state, {self.packs}) {{",
            "entry:",
        ]
        asm.write(f"%image = alloca [{size} x i64]")
        asm.write(f"call void @permute(ptr %state, ptr %image, {self.packs})")
        different = self._difference(asm, "%state", "%image")
        asm.write(f"ret i1 {asm.op(f'icmp eq i64 {different}, 0')}")
        return "\n".join([*asm.lines, "}"])

    def _difference(self, asm: Assembler, left: str, right: str) -> str:
        different = ""
        for j in range(self.layout.words):
            one = self._load(asm, left, j)
            other = self._load(asm, right, j)
            change = asm.op(f"xor i64 {one}, {other}")
            different = asm.op(f"or i64 {different}, {change}") if different else change
        return different

    def _load(self, asm: Assembler, array: str, i: int) -> str:
        return asm.op(f"load i64, ptr {asm.op(f'getelementptr i64, ptr {array}, i64 {i}')}")

    def _store(self, asm: Assembler, value: str, array: str, i: int) -> None:
        pointer = asm.op(f"getelementptr i64, ptr {array}, i64 {i}")
        asm.write(f"store i64 {value}, ptr {pointer}")

    # Colours

    def _refine(self) -> str:
        """Write a function that replaces colours in memory by those of some rounds later."""
        asm = Assembler(self.layout)
        asm.lines += [
            "define internal void @refine(ptr noalias readonly %state, ptr noalias %colours) {",
            "entry:",
        ]
        asm.load_words()
        colours: Colours = {
            element: self._load(asm, "%colours", i) for element, i in self.slots.items()
        }
        for _ in range(ROUNDS_APART):
            colours = self.colouring.round(asm, colours)
        for element, i in self.slots.items():
            self._store(asm, colours[element], "%colours", i)
        return "\n".join([*asm.lines, "  ret void", "}"])

    # Sorting

    def _sorting(self, asm: Assembler, colours: Colours) -> list[str]:
        """Return the packs that sort the elements by colour, and by number within a colour."""
        packs = []
        for sort in self.sorts:
            moving = self.group.moving[sort]
            pack = str(
                sum(
                    (e + 1) << 4 * (e + 1) for e in range(self.group.sizes[sort]) if e not in moving
                )
            )
            for e in moving:
                rank = ""
                for f in moving:
                    if f == e:
                        continue
                    relation = "ule" if f < e else "ult"
                    before = asm.op(f"icmp {relation} i64 {colours[sort, f]}, {colours[sort, e]}")
                    one = asm.op(f"zext i1 {before} to i64")
                    rank = asm.op(f"add i64 {rank}, {one}") if rank else one
                place = self._place_of_rank(asm, moving, rank)
                put = asm.op(f"shl i64 {asm.op(f'add i64 {place}, 1')}, {4 * (e + 1)}")
                pack = asm.op(f"or i64 {pack}, {put}")
            packs.append(pack)
        return packs

    def _place_of_rank(self, asm: Assembler, moving: tuple[int, ...], rank: str) -> str:
        if moving == tuple(range(moving[0], moving[0] + len(moving))):
            return asm.op(f"add i64 {rank}, {moving[0]}")
        table = sum(e << 4 * i for i, e in enumerate(moving))
        amount = asm.op(f"shl i64 {rank}, 2")
        return asm.op(f"and i64 {asm.op(f'lshr i64 {signed(table)}, {amount}')}, 15")

    def _identity(self, sort: str, swapped: tuple[int, int] | None = None) -> int:
        numbers = list(range(self.group.sizes[sort]))
        if swapped is not None:
            e, f = swapped
            numbers[e], numbers[f] = f, e
        return signed(sum((n + 1) << 4 * (e + 1) for e, n in enumerate(numbers)))

    def _swap(self, sort: str, e: int, f: int) -> str:
        """Return the packs of a swap, as arguments."""
        return ", ".join(
            f"i64 {self._identity(s, (e, f) if s == sort else None)}" for s in self.sorts
        )

    def _pairs(self) -> Iterator[tuple[str, int, int]]:
        for sort, moving in self.group.moving.items():
            for i, e in enumerate(moving):
                for f in moving[i + 1 :]:
                    yield sort, e, f

    def _canonical(self) -> str:
        asm = Assembler(self.layout)
        size, count = self.layout.words, len(self.elements)
        asm.lines += ["define void @canonical(ptr noalias %state) {", "entry:"]
        asm.write(f"%best = alloca [{size} x i64]")
        asm.write(f"%colours = alloca [{count} x i64]")
        asm.load_words()
        colours = self.colouring.round(asm, self.colouring.round(asm, None))
        equal = {
            (s, e, f): asm.op(f"icmp eq i64 {colours[s, e]}, {colours[s, f]}")
            for s, e, f in self._pairs()
        }
        tied = ""
        for pair in equal.values():
            tied = asm.op(f"or i1 {tied}, {pair}") if tied else pair
        order, ties, search, write, end = (asm.label() for _ in range(5))
        asm.branch(tied, ties, order)
        asm.place(ties)
        for (sort, e, f), is_equal in equal.items():
            # Neighbours in a class suffice, because to be interchangeable is transitive.
            nearest = is_equal
            for g in self.group.moving[sort]:
                if e < g < f:
                    apart = asm.op(f"xor i1 {equal[sort, e, g]}, true")
                    nearest = asm.op(f"and i1 {nearest}, {apart}")
            test, on = asm.label(), asm.label()
            asm.branch(nearest, test, on)
            asm.place(test)
            kept = asm.op(f"call i1 @keeps(ptr %state, {self._swap(sort, e, f)})")
            asm.branch(kept, on, search)
            asm.place(on)
        asm.jump(order)
        asm.place(order)
        packs = self._sorting(asm, colours)
        moved = ""
        for sort, pack in zip(self.sorts, packs, strict=True):
            change = asm.op(f"xor i64 {pack}, {self._identity(sort)}")
            moved = asm.op(f"or i64 {moved}, {change}") if moved else change
        permute = asm.label()
        asm.branch(asm.op(f"icmp eq i64 {moved}, 0"), end, permute)
        asm.place(permute)
        arguments = ", ".join(f"i64 {pack}" for pack in packs)
        asm.write(f"call void @permute(ptr %state, ptr %best, {arguments})")
        asm.jump(write)
        asm.place(search)
        for element, i in self.slots.items():
            self._store(asm, colours[element], "%colours", i)
        for j in range(size):
            self._store(asm, "-1", "%best", j)
        asm.write("call void @descend(ptr %state, ptr %colours, ptr %best)")
        asm.jump(write)
        asm.place(write)
        for j in range(size):
            self._store(asm, self._load(asm, "%best", j), "%state", j)
        asm.jump(end)
        asm.place(end)
        return "\n".join([*asm.lines, "  ret void", "}"])

    # Searching

    def _descend(self) -> str:
        """Write the search: give each element of the first class in turn a colour of its own."""
        asm = Assembler(self.layout)
        count = len(self.elements)
        asm.lines += [
            "define internal void @descend(ptr %state, ptr %colours, ptr %best) {",
            "entry:",
        ]
        asm.write(f"%image = alloca [{self.layout.words} x i64]")
        asm.write(f"%next = alloca [{count} x i64]")
        colours = {element: self._load(asm, "%colours", i) for element, i in self.slots.items()}
        for sort in self.sorts:
            self._descend_sort(asm, sort, colours)
        packs = ", ".join(f"i64 {pack}" for pack in self._sorting(asm, colours))
        asm.write(f"call void @permute(ptr %state, ptr %image, {packs})")
        self._keep_least(asm)
        return "\n".join([*asm.lines, "}"])

    def _descend_sort(self, asm: Assembler, sort: str, colours: dict[Element, str]) -> None:
        """Search below the class of the least colour that two elements of a sort share, if there is
        one.
        """
        moving = self.group.moving[sort]
        least, tied = "-1", "false"
        for i, e in enumerate(moving):
            for f in moving[i + 1 :]:
                equal = asm.op(f"icmp eq i64 {colours[sort, e]}, {colours[sort, f]}")
                tied = asm.op(f"or i1 {tied}, {equal}")
                smaller = asm.op(f"icmp ult i64 {colours[sort, e]}, {least}")
                better = asm.op(f"and i1 {equal}, {smaller}")
                least = asm.op(f"select i1 {better}, i64 {colours[sort, e]}, i64 {least}")
        inside, outside = asm.label(), asm.label()
        asm.branch(tied, inside, outside)
        asm.place(inside)
        members = {e: asm.op(f"icmp eq i64 {colours[sort, e]}, {least}") for e in moving}
        for i, e in enumerate(moving):
            choose, on = asm.label(), asm.label()
            asm.branch(members[e], choose, on)
            asm.place(choose)
            for f in moving[:i]:
                test, differs = asm.label(), asm.label()
                asm.branch(members[f], test, differs)
                asm.place(test)
                kept = asm.op(f"call i1 @keeps(ptr %state, {self._swap(sort, f, e)})")
                asm.branch(kept, on, differs)
                asm.place(differs)
            for element, slot in self.slots.items():
                self._store(asm, colours[element], "%next", slot)
            own = asm.op(f"add i64 {asm.op(f'mul i64 {least}, {odd(1)}')}, {odd('alone')}")
            self._store(asm, own, "%next", self.slots[sort, e])
            asm.write("call void @refine(ptr %state, ptr %next)")
            asm.write("call void @descend(ptr %state, ptr %next, ptr %best)")
            asm.jump(on)
            asm.place(on)
        asm.write("ret void")
        asm.place(outside)

    def _keep_least(self, asm: Assembler) -> None:
        """Copy the image to the best state if it is less, comparing words from the first."""
        copy, keep = asm.label(), asm.label()
        images = [self._load(asm, "%image", j) for j in range(self.layout.words)]
        for j, image in enumerate(images):
            best = self._load(asm, "%best", j)
            differs, next_ = asm.label(), asm.label()
            asm.branch(asm.op(f"icmp eq i64 {image}, {best}"), next_, differs)
            asm.place(differs)
            asm.branch(asm.op(f"icmp ult i64 {image}, {best}"), copy, keep)
            asm.place(next_)
        asm.jump(keep)
        asm.place(copy)
        for j, image in enumerate(images):
            self._store(asm, image, "%best", j)
        asm.jump(keep)
        asm.place(keep)
        asm.write("ret void")
