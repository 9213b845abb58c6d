"""Draw random functions of the translator's subset, as text.

Every function ends: loops over ranges have seven rounds at most, and other loops use up `fuel`.
Nothing leaves 64 bits unless `wrapped` stands around it, and indices stay within eight elements.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import strategies as st

VARIABLES = ("a", "b", "c", "d")
BITWISE = ("&", "|", "^")
RELATIONS = ("<", "<=", ">", ">=", "==", "!=")
INTEGERS = (
    "wrapped(I + I)",
    "wrapped(I - I)",
    "wrapped(I * I)",
    "wrapped(-I)",
    "wrapped(I << (I & 63))",
    "(I >> (I & 63))",
    *(f"(I {operator} I)" for operator in BITWISE),
    "(~I)",
    "min(I, I)",
    "max(I, I)",
    "(I if C else I)",
    "p[I & 7]",
)
CONDITIONS = (
    *(f"I {relation} I" for relation in RELATIONS),
    "(C and C)",
    "(C or C)",
    "(not C)",
    "(is_set and C)",
    "(C if is_set else C)",
)


@st.composite
def programs(draw: st.DrawFn) -> str:
    """Draw `f`, which calls `g`."""
    writer = _Writer(draw)
    return "\n".join([*writer.function("g", 1, "c"), *writer.function("f", 2, "g(d, c, p)")]) + "\n"


class _Writer:
    """Writes functions by drawing what comes next."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self._calls = "c"
        self._loops = 0

    def function(self, name: str, depth: int, call: str) -> Iterator[str]:
        """Write a function of two integers and a buffer; `call` may stand where a value does."""
        self._calls = call
        yield "@native"
        yield f"def {name}(a: int, b: int, p: Words) -> int:"
        yield "    c, d, fuel = wrapped(a - b), 1, 40"
        yield "    is_set = a < b"
        yield from self._block(depth, "    ", in_loop=False)
        yield f"    return {self._integer(2)}"

    def _pick(self, *choices: str) -> str:
        return self._draw(st.sampled_from(choices))

    def _block(self, depth: int, indent: str, in_loop: bool) -> Iterator[str]:
        for _ in range(self._draw(st.integers(1, 3))):
            yield from self._statement(depth, indent, in_loop)

    def _statement(self, depth: int, indent: str, in_loop: bool) -> Iterator[str]:
        inner = indent + "    "
        kinds = ["assign", "assign", "swap", "store", "augment", "truth"]
        if depth:
            kinds += ["if", "for", "while"]
        if in_loop:
            kinds += ["break", "continue"]
        kind = self._pick(*kinds)
        match kind:
            case "assign":
                yield f"{indent}{self._pick(*VARIABLES)} = {self._integer(2)}"
            case "swap":
                first, second = self._pick("a", "b"), self._pick("c", "d", "p[3]")
                yield f"{indent}{first}, {second} = {self._integer(1)}, {self._integer(1)}"
            case "store":
                yield f"{indent}p[{self._integer(1)} & 7] = {self._integer(2)}"
            case "augment":
                target = self._pick(*VARIABLES, f"p[{self._integer(0)} & 7]")
                yield f"{indent}{target} {self._pick(*BITWISE)}= {self._integer(1)}"
            case "truth":
                yield f"{indent}is_set = {self._condition(2)}"
            case "if":
                yield f"{indent}if {self._condition(2)}:"
                yield from self._block(depth - 1, inner, in_loop)
                if self._draw(st.booleans()):
                    yield f"{indent}elif {self._condition(1)}:"
                    yield from self._block(depth - 1, inner, in_loop)
                    yield f"{indent}else:"
                    yield from self._block(depth - 1, inner, in_loop)
            case "for":
                self._loops += 1
                start = self._pick("", f"{self._integer(1)} & 3, ")
                yield f"{indent}for i{self._loops} in range({start}{self._integer(1)} & 7):"
                yield f"{inner}d ^= i{self._loops}"
                yield from self._block(depth - 1, inner, in_loop=True)
            case "while":
                yield f"{indent}while fuel > 0 and {self._condition(1)}:"
                yield f"{inner}fuel -= 1"
                yield from self._block(depth - 1, inner, in_loop=True)
            case leave:
                yield f"{indent}if {self._condition(1)}:"
                yield f"{inner}{leave}"

    def _integer(self, depth: int) -> str:
        if depth == 0:
            constant = self._draw(st.integers(-9, 9) | st.integers(-(1 << 63) + 1, (1 << 63) - 1))
            return self._pick(*VARIABLES, *VARIABLES, "p[1]", "p[6]", f"({constant})")
        form = self._pick(*INTEGERS, self._calls)
        return self._fill(form, depth - 1)

    def _condition(self, depth: int) -> str:
        if depth == 0:
            return f"{self._integer(0)} {self._pick(*RELATIONS)} {self._integer(0)}"
        return self._fill(self._pick(*CONDITIONS), depth - 1)

    def _fill(self, form: str, depth: int) -> str:
        """Draw what stands for the capital letters of a form: integers and conditions."""
        parts = {"I": self._integer, "C": self._condition}
        return "".join(parts[sign](depth) if sign in parts else sign for sign in form)
