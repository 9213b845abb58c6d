"""From a function to its source: the syntax tree, and what the names in it mean."""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType

from splitspec.checker.explicit.native.translator import subset
from splitspec.checker.explicit.native.translator.kinds import KINDS, Kind, TranslationError
from splitspec.checker.explicit.native.translator.subset import Function


@dataclass(frozen=True)
class Source:
    """A function as it was written. `instructions` is the body in LLVM's language, if it has one.

    The names of its module are read as they are when it is translated.
    """

    function: FunctionType
    tree: ast.FunctionDef
    path: Path
    parameters: tuple[tuple[str, Kind], ...]
    result: Kind
    instructions: str | None

    def resolve(self, name: ast.Name) -> object:
        """Return what a name that is not local stands for."""
        return _resolve(self.function, self.path, name)

    def refuse(self, node: ast.AST, problem: str) -> TranslationError:
        """Return the error that names the place of a node."""
        return TranslationError(self.path, getattr(node, "lineno", self.tree.lineno), problem)


class Sources:
    """Reads every module once."""

    def __init__(self) -> None:
        self._modules: dict[Path, ast.Module] = {}

    def read(self, function: Function) -> Source:
        """Return the source of a function that is marked."""
        assert isinstance(function, FunctionType)
        path = Path(function.__code__.co_filename)
        tree = self._definition(path, function)
        text = _instructions(function, path, tree)
        parameters = _parameters(function, path, tree)
        if tree.returns is None:
            raise TranslationError(path, tree.lineno, f"{tree.name} has no type of its result")
        result = _kind(function, path, tree.returns)
        return Source(function, tree, path, parameters, result, text)

    def _definition(self, path: Path, function: FunctionType) -> ast.FunctionDef:
        if path not in self._modules:
            self._modules[path] = ast.parse(path.read_text(encoding="utf-8"))
        line = function.__code__.co_firstlineno
        for node in self._modules[path].body:
            if isinstance(node, ast.FunctionDef) and line == _first_line(node):
                return node
        problem = f"{function.__name__} does not stand at the top of a module"
        raise TranslationError(path, line, problem)


def _first_line(node: ast.FunctionDef) -> int:
    return min((mark.lineno for mark in node.decorator_list), default=node.lineno)


def _resolve(function: FunctionType, path: Path, name: ast.Name) -> object:
    for names in (function.__globals__, vars(builtins)):
        if name.id in names:
            return names[name.id]
    raise TranslationError(path, name.lineno, f"{name.id} is not defined")


def _instructions(function: FunctionType, path: Path, tree: ast.FunctionDef) -> str | None:
    """Return the body that a mark gives, None if the mark is `native`."""
    match tree.decorator_list:
        case [ast.Name() as mark] if _resolve(function, path, mark) is subset.native:
            return None
        case [ast.Call(ast.Name() as mark, [ast.Constant(str() as text)], [])] if (
            _resolve(function, path, mark) is subset.instructions
        ):
            return text
    raise TranslationError(path, tree.lineno, f"{tree.name} is not marked native")


def _parameters(
    function: FunctionType, path: Path, tree: ast.FunctionDef
) -> tuple[tuple[str, Kind], ...]:
    given = tree.args
    if given.posonlyargs or given.kwonlyargs or given.vararg or given.kwarg or given.defaults:
        raise TranslationError(path, tree.lineno, "parameters are given by position, and all are")
    parameters = []
    for parameter in given.args:
        if parameter.annotation is None:
            raise TranslationError(path, parameter.lineno, f"{parameter.arg} has no type")
        kind = _kind(function, path, parameter.annotation)
        if kind is Kind.NOTHING:
            raise TranslationError(path, parameter.lineno, "a parameter is a value")
        parameters.append((parameter.arg, kind))
    return tuple(parameters)


def _kind(function: FunctionType, path: Path, annotation: ast.expr) -> Kind:
    match annotation:
        case ast.Constant(None):
            return Kind.NOTHING
        case ast.Name():
            meaning = _resolve(function, path, annotation)
            if isinstance(meaning, type) and meaning in KINDS:
                return KINDS[meaning]
    written = ast.unparse(annotation)
    raise TranslationError(path, annotation.lineno, f"{written} is not a type of the subset")
