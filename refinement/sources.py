"""Find the files of which an implementation is made: its mapping, and what that imports.

The imports are read and not run, so that the answer is the same whatever was imported before. Of
modules that stand in none of the folders (the standard library, installed packages) nothing is
said. Of this program's own modules only the shipped implementation and its mappings count: the
rest is what judges them.
"""

from __future__ import annotations

import ast
import hashlib
import io
import sys
import tokenize
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import splitspec

OWN = ("splitspec.impl", "splitspec.refinement.machine")
HIDDEN = ("__pycache__",)
STARTS = (tokenize.ENCODING, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
"""Tokens behind which a statement begins."""


class OtherSourceError(Exception):
    """A module that was imported is not the file that is looked at; the message names both."""


class MissingSourceError(Exception):
    """A file or folder that should be part of an implementation is not there."""


@dataclass(frozen=True, slots=True)
class SourceReader:
    """Reads what implementations are made of. What a file imports and says is found once: a hundred
    mappings are made of the same machine."""

    _imported: dict[tuple[str, Path], tuple[str, ...]] = field(default_factory=dict)
    _said: dict[Path, bytes] = field(default_factory=dict)

    def sources_of(self, module: str, folders: Sequence[Path]) -> dict[str, Path]:
        """Return the files of a module and of all that it imports from the folders, by module
        name."""
        is_own = module.partition(".")[0] == splitspec.__name__
        roots = (Path(str(splitspec.__file__)).parents[1],) if is_own else tuple(folders)
        found: dict[str, Path] = {}
        todo = [module]
        while todo:
            name = todo.pop()
            path = _path(name, roots)
            if name in found or path is None or not _counts(name, is_own=is_own):
                continue
            found[name] = path
            todo += [*_parents(name), *self._imports(name, path)]
        return found

    def digest(self, sources: Mapping[str, Path]) -> str:
        """Return a digest of what the files say: comments and empty lines of Python do not
        count."""
        hashed = hashlib.sha256()
        for name, path in sorted(sources.items()):
            said = self._content(path)
            hashed.update(f"{name}\0{len(said)}\0".encode(errors="surrogateescape"))
            hashed.update(said)
        return hashed.hexdigest()[:16]

    def _imports(self, name: str, path: Path) -> tuple[str, ...]:
        """Return the modules that a file may import, with the names that may be modules."""
        if (name, path) not in self._imported:
            self._imported[name, path] = tuple(_imports(name, path))
        return self._imported[name, path]

    def _content(self, path: Path) -> bytes:
        if path not in self._said:
            content = path.read_bytes()
            self._said[path] = _uncommented(content) if path.suffix == ".py" else content
        return self._said[path]


def refuse_others(sources: Mapping[str, Path]) -> None:
    """Raise `OtherSourceError` if a module of the sources was imported from another file: what runs
    is not what they are."""
    for name, path in sources.items():
        imported = getattr(sys.modules.get(name), "__file__", None)
        if imported is not None and Path(imported).resolve() != path.resolve():
            raise OtherSourceError(f"{name} was imported from {imported}, and not from {path}")


def _counts(name: str, *, is_own: bool) -> bool:
    if not is_own:
        return name.partition(".")[0] != splitspec.__name__
    return any(name == part or name.startswith(f"{part}.") for part in OWN)


def _path(name: str, roots: Iterable[Path]) -> Path | None:
    for root in roots:
        place = root.joinpath(*name.split("."))
        for path in (place / "__init__.py", place.with_suffix(".py")):
            if path.is_file():
                return path
    return None


def _parents(name: str) -> Iterator[str]:
    """Iterate over the packages in which a module stands: they are imported with it."""
    parts = name.split(".")
    for length in range(1, len(parts)):
        yield ".".join(parts[:length])


def _imports(name: str, path: Path) -> Iterator[str]:
    """Iterate over the modules that a file may import, with the names that may be modules."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            start = ".".join(above) if node.level else ""
            base = ".".join(part for part in (start, node.module or "") if part)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def named_sources(names: Iterable[str], folder: Path) -> dict[str, Path]:
    """Return files, and all files of folders, by their path from a folder; raise
    `MissingSourceError`."""
    found: dict[str, Path] = {}
    for name in names:
        place = folder / name
        if place.is_file():
            found[name] = place
            continue
        inside = list(_files(place))
        if not inside:
            raise MissingSourceError(f"there is no file at {name}, from the folder of models.toml")
        found |= {f"{name}/{path.relative_to(place).as_posix()}": path for path in inside}
    return found


def _files(folder: Path, above: frozenset[Path] = frozenset()) -> Iterator[Path]:
    """Iterate over the files of a folder, and of those below it, also where links lead."""
    above |= {folder.resolve()}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name in HIDDEN:
            continue
        if path.is_file():
            yield path
        elif path.is_dir() and path.resolve() not in above:
            yield from _files(path, above)


def _uncommented(content: bytes) -> bytes:
    """Return the lines of a Python text without comments, and without lines that are then empty.
    What stands in a string over several lines is kept as it is, unless the string is a text that
    says what something is for."""
    lines = content.splitlines()
    try:
        tokens = list(tokenize.tokenize(io.BytesIO(content).readline))
    except (tokenize.TokenError, SyntaxError):
        return content
    for token in tokens:
        if token.type == tokenize.COMMENT:
            row, column = token.start
            # Columns are of characters, lines of bytes.
            text = lines[row - 1].decode(errors="replace")
            lines[row - 1] = text[:column].encode()
    kept = {row for rows in _strings(tokens) for row in rows}
    return b"\n".join(
        line if row in kept else line.rstrip()
        for row, line in enumerate(lines, start=1)
        if row in kept or line.strip()
    )


def _strings(tokens: Sequence[tokenize.TokenInfo]) -> Iterator[range]:
    """Iterate over the lines, but for the last, of strings that are no statements by themselves."""
    said = [token for token in tokens if token.type not in (tokenize.COMMENT, tokenize.NL)]
    begun: list[int] = []
    for before, token, after in zip(said, said[1:], said[2:], strict=False):
        match tokenize.tok_name[token.type]:
            case "STRING" if before.type in STARTS and after.type == tokenize.NEWLINE:
                pass
            case "STRING":
                yield range(token.start[0], token.end[0])
            case "FSTRING_START":
                begun.append(token.start[0])
            case "FSTRING_END":
                yield range(begun.pop(), token.end[0])
