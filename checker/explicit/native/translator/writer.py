"""Write the body of one function in LLVM's language, block by block."""

from __future__ import annotations


class Writer:
    """Names that it makes have a point in them, which no name of Python has."""

    def __init__(self) -> None:
        self.block = "entry"
        self._places: list[str] = []
        self._lines: list[str] = []
        self._names = 0

    def text(self) -> str:
        """Return the body: the places of local variables first."""
        return "\n".join(["entry:", *self._places, *self._lines])

    def place(self, name: str, llvm: str) -> str:
        """Return a new place for a value of an LLVM type, which lives as long as the call."""
        self._names += 1
        place = f"%{name}.{self._names}"
        self._places.append(f"  {place} = alloca {llvm}")
        return place

    def label(self, name: str) -> str:
        """Return a new label; the name is for readers."""
        self._names += 1
        return f"{name}.{self._names}"

    def write(self, instruction: str) -> None:
        self._lines.append(f"  {instruction}")

    def assign(self, instruction: str) -> str:
        """Write an instruction that has a result; return the operand that holds it."""
        self._names += 1
        operand = f"%.{self._names}"
        self._lines.append(f"  {operand} = {instruction}")
        return operand

    def begin(self, label: str) -> None:
        """Begin the block of a label; the block before it must have ended."""
        self.block = label
        self._lines.append(f"{label}:")

    def jump(self, label: str) -> None:
        self.write(f"br label %{label}")

    def branch(self, condition: str, yes: str, no: str) -> None:
        self.write(f"br i1 {condition}, label %{yes}, label %{no}")
