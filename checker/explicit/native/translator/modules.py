"""From functions of the subset, and all that they call, to one LLVM module in text."""

from __future__ import annotations

from collections.abc import Mapping

from splitspec.checker.explicit.native.translator.expressions import Expressions
from splitspec.checker.explicit.native.translator.kinds import Callee, Kind
from splitspec.checker.explicit.native.translator.sources import Source, Sources
from splitspec.checker.explicit.native.translator.statements import Statements
from splitspec.checker.explicit.native.translator.subset import Function
from splitspec.checker.explicit.native.translator.writer import Writer


def translate(entries: Mapping[str, Function]) -> str:
    """Return the LLVM text in which each entry is a function with its name, and all else is hidden.

    Raise `TranslationError` where a function says what the subset does not have. Equal sources give
    equal texts.
    """
    return _Module(entries).text()


class _Module:
    def __init__(self, entries: Mapping[str, Function]) -> None:
        self._sources = Sources()
        self._names = {function: name for name, function in entries.items()}
        self._callees: dict[Function, Callee] = {}
        self._translating: list[Function] = []
        self._declarations: dict[str, None] = {}
        self._definitions: list[str] = []

    def text(self) -> str:
        for function in self._names:
            self._find(function)
        return "\n".join([*self._declarations, *self._definitions])

    def _find(self, function: Function) -> Callee | None:
        """Return what is called, translated if it was not yet; None if it calls itself."""
        if function in self._translating:
            return None
        if function not in self._callees:
            self._translating.append(function)
            self._callees[function] = self._define(self._sources.read(function))
            self._translating.pop()
        return self._callees[function]

    def _define(self, source: Source) -> Callee:
        function = source.function
        name = self._names.get(function)
        if name and Kind.TRUTH in (source.result, *(kind for _, kind in source.parameters)):
            raise source.refuse(source.tree, "a truth value is no part of an entry")
        callee = Callee(
            name or f"{function.__module__}.{function.__name__}", source.parameters, source.result
        )
        body = self._body(source)
        parameters = ", ".join(f"{kind.llvm} %{each}" for each, kind in callee.parameters)
        head = f"{callee.result.llvm} @{callee.symbol}({parameters}) nounwind"
        # An entry has its callees inside it, so that nothing is passed through memory.
        define = f"define {head}" if name else f"define internal {head} alwaysinline"
        self._definitions.append(f"{define} {{\n{body}\n}}\n")
        return callee

    def _body(self, source: Source) -> str:
        if source.instructions is None:
            writer = Writer()
            Statements(Expressions(source, writer, self._find)).write()
            return writer.text()
        lines = source.instructions.strip("\n").splitlines()
        declared = [line for line in lines if line.startswith("declare ")]
        self._declarations |= dict.fromkeys(declared)
        return "\n".join(line for line in lines if line not in declared)
