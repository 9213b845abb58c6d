"""Typed expressions are written as the language reads them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from splitspec.model.expressions import map_children
from splitspec.model.ir import And, Expression, Or, Program, PropertyKind
from splitspec.model.ir_text import writer_for
from splitspec.model.loader import load
from splitspec.model.passes.inline import inline

ROOT = Path(__file__).parents[2]
MODULES = ("cofunc", "memory", "sev", "tdx")

# Written with as few parentheses as the language allows: the text is its own canonical form.
LINES = (
    "x[p] and not y[p] or z = p implies n[p] < 2",
    "(x[p] implies y[p]) implies z = p",
    "x[p] implies y[p] implies z = p",
    "x[p] and (y[p] or z != p)",
    "not (x[p] and y[p])",
    "n[p] - (n[p] - 1) <= n[p] + 1 - 1",
    "z = none",
    "(all q: P: q = p) and x[p]",
    "x[p] implies (all q, r: P, b: bool: b = x[q] or r = p)",
    "no q: P: some r: P: x[q] and r != q",
    "(count q: P where x[q]) <= 2",
    "e[p] = low or (if x[p] then y[p] else not y[p])",
)


@pytest.mark.parametrize("line", LINES)
def test_a_canonical_line_is_written_as_it_was_read(line: str, tmp_path: Path) -> None:
    program = _load(tmp_path, line)
    (claim,) = program.properties.values()
    written = writer_for(program).expression(claim.lines[0].expression)
    # A quantifier needs no parentheses after `implies`; the writer leaves them out.
    assert written == line.replace("implies (all", "implies all").rstrip(
        ")" if "implies (all" in line else ""
    )


@pytest.mark.parametrize("module", MODULES)
def test_what_is_written_reads_as_the_same_formula(module: str, tmp_path: Path) -> None:
    """Every claim of a shipped model, with its definitions replaced, is read again."""
    program = load(ROOT / "spec" / f"{module}.split").program
    assert program is not None
    program = inline(program)
    writer = writer_for(program)
    terms = dict.fromkeys(_conditions(program))
    written = "".join(
        f"step claim{n}\n  {writer.expression(term)}\n" for n, term in enumerate(terms)
    )
    (tmp_path / "again.split").write_text(f"module again\nimport {module}\n{written}")
    (tmp_path / f"{module}.split").write_text((ROOT / "spec" / f"{module}.split").read_text())
    again = load(tmp_path / "again.split")
    assert again.program is not None, [d.message for d in again.diagnostics]
    claims = [c for path, c in again.program.properties.items() if path.startswith("again.")]
    assert [_flat(c.lines[0].expression) for c in claims] == [_flat(term) for term in terms]


def _conditions(program: Program) -> Iterator[Expression]:
    """Iterate over the closed formulas of a program; progress speaks of its parameters."""
    for claim in program.properties.values():
        if claim.kind is not PropertyKind.PROGRESS:
            yield from (line.expression for line in claim.lines)
    yield from (line.expression for line in program.finals)


def _flat(term: Expression) -> Expression:
    """Return the formula with conjunctions in conjunctions joined, as the type checker does."""
    term = map_children(_flat, term)
    if not isinstance(term, And | Or):
        return term
    operands: list[Expression] = []
    for operand in term.operands:
        inner = operand.operands if isinstance(operand, And | Or) else ()
        operands.extend(inner if type(operand) is type(term) else (operand,))
    return replace(term, operands=tuple(operands))


def _load(folder: Path, line: str) -> Program:
    path = folder / "m.split"
    path.write_text(
        "module m\nsort P\nenum E = low | high\nvar x[P]: bool\nvar y[P]: bool\nvar z: P?\n"
        f"var n[P]: 0..3\nvar e[P]: E\nconst p: P\ninvariant a\n  {line}\n"
    )
    program = load(path).program
    assert program is not None
    return program
