"""Find out on which modules of ours a module relies."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path


def imports_below(module: Path, root: Path) -> set[Path]:
    """Return a module of the package at `root`, and all those that it imports, however far."""
    todo, found = [module], set[Path]()
    while todo:
        each = todo.pop()
        if each not in found:
            found.add(each)
            todo += imported_by(each, root)
    return found


def imported_by(module: Path, root: Path) -> Iterator[Path]:
    """Iterate over the modules of ours that a module imports."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("splitspec."):
            base = root / Path(*str(node.module).split(".")[1:])
            inside = [base / f"{alias.name}.py" for alias in node.names]
            yield from (path for path in (base.with_suffix(".py"), *inside) if path.exists())
